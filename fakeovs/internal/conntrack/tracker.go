// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack

import (
	"sync"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// DefaultLimit is how many connections a Tracker holds unless told otherwise.
const DefaultLimit = 1 << 18

// Meta is the connection state that a packet carries from one pass through the tracker to the next. The zero value is
// that of a packet that has not been there.
type Meta struct {
	State openflow.CTFlags
	Zone  uint16
	Mark  uint32
	// Label is the high and the low half.
	Label [2]uint64

	// orig is the original tuple of the connection.
	orig tuple
	// known is the connection that the last pass found, as long as the packet has kept its addresses and ports.
	known          *conn
	reply, related bool
}

// Forget makes the next pass look the connection up again, as it must after a change of the packet's addresses or
// ports.
func (m *Meta) Forget() { m.known = nil }

// Request is what a pass through the tracker does.
type Request struct {
	Zone uint16
	// Commit enters the connection; Force, which implies it, replaces one of the opposite direction.
	Commit, Force bool
	// NAT translates, nil does not.
	NAT *openflow.NAT
	// Mark and Label are written to the connection in the bits of their masks.
	Mark, MarkMask   uint32
	Label, LabelMask [2]uint64
}

// Tracker is a table of connections. Its methods may be called from any goroutine.
type Tracker struct {
	now   func() time.Time
	limit int

	mu sync.Mutex
	// index finds a connection by both its tuples. Connections that were entered without NAT may share a reply tuple
	// with another; the later one is found.
	index map[tuple]*entry
	// conns are all connections, in no order; sweep is where the search for expired ones goes on.
	conns []*conn
	sweep int
}

// entry is a connection under one of its tuples.
type entry struct {
	c     *conn
	reply bool
	next  *entry
}

type conn struct {
	orig, reply tuple
	nat         translation
	state       protocol
	expires     time.Time
	mark        uint32
	label       [2]uint64
	// at is the connection's place in Tracker.conns, -1 if it is gone.
	at int
}

// New makes an empty Tracker with a clock. A limit of 0 is DefaultLimit.
func New(now func() time.Time, limit int) *Tracker {
	if limit == 0 {
		limit = DefaultLimit
	}
	return &Tracker{now: now, limit: limit, index: make(map[tuple]*entry)}
}

// Len is how many connections there are, expired ones included as long as they have not been swept.
func (t *Tracker) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.conns)
}

// Flush forgets all connections.
func (t *Tracker) Flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range t.conns {
		c.at = -1
	}
	clear(t.index)
	t.conns, t.sweep = nil, 0
}

// FlushZone forgets the connections of a zone.
func (t *Tracker) FlushZone(zone uint16) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := len(t.conns) - 1; i >= 0; i-- {
		// The last one takes the place of one that is removed; it has been looked at.
		if c := t.conns[i]; c.orig.zone == zone {
			t.remove(c)
		}
	}
}

// Track sends a packet through the tracker: it sets m, and translates the packet if r says so.
func (t *Tracker) Track(p *packet.Packet, m *Meta, r *Request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if c := m.known; c != nil && c.orig.zone == r.Zone && !r.Force {
		if r.NAT != nil {
			c.apply(p, m, r.Zone, m.reply, m.related)
			m.known = nil
		}
		m.Zone = r.Zone
		c.write(m, r)
		return
	}
	key, related, ok := extract(p, r.Zone)
	if !ok {
		m.State = openflow.CTInvalid
		m.leave(r.Zone, nil, nil)
		return
	}
	if m.Zone != r.Zone {
		m.State = 0
	}
	c, reply := t.find(&key, m.translated(), now)
	if c != nil && r.Force {
		// Open vSwitch finds a translated connection by its reply tuple through a second entry, whose direction it
		// has not turned round when it looks at force, and whose removal does not remove the connection.
		second := c.nat != none && reply != m.translated() && c.reply != c.orig.reverse()
		if reply != second {
			if !second {
				t.remove(c)
			}
			c, reply = nil, true
		}
	}
	isNew := false
	switch {
	case c != nil:
		isNew = t.update(c, p, m, reply, related, now)
		if r.NAT != nil && !isNew {
			c.apply(p, m, r.Zone, reply, related)
		}
	case t.original(&key, m, r, now) != nil:
		c = t.original(&key, m, r, now)
		isNew = t.update(c, p, m, reply, related, now)
	case related:
		// There is no connection for an error without one.
		m.State = openflow.CTInvalid
	default:
		isNew = true
	}
	if isNew {
		c = nil
		if other, _ := t.lookup(&key, now); other == nil {
			c = t.enter(&key, p, m, r, now)
		}
	}
	m.leave(r.Zone, c, &key)
	if c != nil {
		c.write(m, r)
	}
	m.known = nil
	if r.NAT == nil {
		m.known, m.reply, m.related = c, reply, related
	}
}

// translated reports whether an earlier pass in the zone has translated the packet.
func (m *Meta) translated() bool { return m.State&(openflow.CTSrcNAT|openflow.CTDstNAT) != 0 }

// leave notes the result of a pass.
func (m *Meta) leave(zone uint16, c *conn, key *tuple) {
	m.State |= openflow.CTTracked
	m.Zone = zone
	m.Mark, m.Label, m.orig, m.known = 0, [2]uint64{}, tuple{}, nil
	switch {
	case c != nil:
		m.Mark, m.Label, m.orig = c.mark, c.label, c.orig
	case key != nil:
		m.orig = *key
	}
}

// write sets mark and label of the connection and the packet.
func (c *conn) write(m *Meta, r *Request) {
	m.Mark, m.Label = c.mark, c.label
	m.Mark = m.Mark&^r.MarkMask | r.Mark&r.MarkMask
	for i := range m.Label {
		m.Label[i] = m.Label[i]&^r.LabelMask[i] | r.Label[i]&r.LabelMask[i]
	}
	c.mark, c.label = m.Mark, m.Label
}

// apply translates a packet of an existing connection, once in a zone.
func (c *conn) apply(p *packet.Packet, m *Meta, zone uint16, reply, related bool) {
	if c.nat == none || m.translated() && m.Zone == zone {
		return
	}
	m.State &^= openflow.CTSrcNAT | openflow.CTDstNAT
	c.translate(p, m, reply, related)
}

// find looks a connection up by a packet's tuple. The tuple of a translated packet is not that of its own direction,
// but the reverse of the other's; *key becomes its own.
func (t *Tracker) find(key *tuple, translated bool, now time.Time) (c *conn, reply bool) {
	if !translated {
		return t.lookup(key, now)
	}
	rev := key.reverse()
	if c, reply = t.lookup(&rev, now); c == nil {
		return nil, false
	}
	if *key = c.reply; reply {
		*key = c.orig
	}
	return c, !reply
}

func (t *Tracker) lookup(key *tuple, now time.Time) (c *conn, reply bool) {
	for e := t.index[*key]; e != nil; e = e.next {
		if now.Before(e.c.expires) {
			return e.c, e.reply
		}
	}
	return nil, false
}

// taken reports whether a connection has the tuple in one of its directions.
func (t *Tracker) taken(key *tuple) bool {
	c, _ := t.lookup(key, t.now())
	return c != nil
}

// original finds the connection of a translated packet by the original tuple that the packet carries.
func (t *Tracker) original(key *tuple, m *Meta, r *Request, now time.Time) *conn {
	if !m.translated() || r.NAT != nil || m.orig.proto == 0 || m.orig.v6 != key.v6 {
		return nil
	}
	c, _ := t.lookup(&m.orig, now)
	return c
}

// update brings a connection on and says what it makes of the packet. It removes a connection that the packet
// opens anew, and returns true.
func (t *Tracker) update(c *conn, p *packet.Packet, m *Meta, reply, related bool, now time.Time) (isNew bool) {
	if related {
		m.State |= openflow.CTRelated
		if reply {
			m.State |= openflow.CTReply
		}
		return false
	}
	v, lasts := c.state.update(p, reply)
	if lasts != 0 {
		c.expires = now.Add(lasts)
	}
	switch v {
	case unanswered:
		m.State |= openflow.CTNew
	case established:
		m.State |= openflow.CTEstablished
		m.State &^= openflow.CTNew
		if reply {
			m.State |= openflow.CTReply
		}
	case invalid:
		m.State = openflow.CTInvalid
	case reopened:
		t.remove(c)
		return true
	}
	return false
}

// enter starts a connection with the packet. It returns nil where the packet cannot start one, where nothing is to be
// committed, or where no room or no NAT port is left; the packet then passes as it is.
func (t *Tracker) enter(key *tuple, p *packet.Packet, m *Meta, r *Request, now time.Time) *conn {
	if !mayOpen(key, p) {
		m.State = openflow.CTInvalid
		return nil
	}
	m.State = openflow.CTNew
	if !r.Commit && !r.Force {
		return nil
	}
	t.expire(now)
	if len(t.conns) >= t.limit {
		return nil
	}
	c := &conn{orig: *key, reply: key.reverse()}
	var lasts time.Duration
	c.state, lasts = open(key, p)
	c.expires = now.Add(lasts)
	if r.NAT != nil {
		if !t.choose(c, r.NAT) {
			return nil
		}
		c.translate(p, m, false, false)
	}
	c.at = len(t.conns)
	t.conns = append(t.conns, c)
	// A connection of an end with itself is found in its original direction.
	t.index[c.reply] = &entry{c: c, reply: true, next: t.index[c.reply]}
	t.index[c.orig] = &entry{c: c, next: t.index[c.orig]}
	return c
}

// expire looks at a few connections, more than come in, so that the expired ones among them do not pile up, and at
// all of them if there is no room.
func (t *Tracker) expire(now time.Time) {
	n := 2
	if len(t.conns) >= t.limit {
		n = len(t.conns)
	}
	for ; n > 0 && len(t.conns) > 0; n-- {
		if t.sweep >= len(t.conns) {
			t.sweep = 0
		}
		if c := t.conns[t.sweep]; !now.Before(c.expires) {
			t.remove(c)
		} else {
			t.sweep++
		}
	}
}

func (t *Tracker) remove(c *conn) {
	if c.at < 0 {
		return
	}
	t.unlink(c.orig, c)
	t.unlink(c.reply, c)
	last := len(t.conns) - 1
	t.conns[c.at] = t.conns[last]
	t.conns[c.at].at = c.at
	t.conns[last] = nil
	t.conns = t.conns[:last]
	c.at = -1
}

// unlink takes a connection from one of its tuples, with which others may share it.
func (t *Tracker) unlink(key tuple, c *conn) {
	head := t.index[key]
	for p := &head; *p != nil; p = &(*p).next {
		if (*p).c == c {
			*p = (*p).next
			break
		}
	}
	if head == nil {
		delete(t.index, key)
	} else {
		t.index[key] = head
	}
}
