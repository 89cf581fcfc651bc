// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// DefaultCapacity is how many connections a Tracker has room for unless told otherwise.
const DefaultCapacity = 1 << 20

// Tracker is a table of connections. Its methods may be called from any goroutine. It has none of its own: what time
// does is done when somebody looks.
type Tracker struct {
	now      func() time.Time
	capacity int

	mu sync.Mutex
	table
	limits   limits
	timeouts timeouts
	expected expectations
	frags    reassembly
	// lenient lets TCP segments pass that are out of their window.
	lenient bool
	// random chooses among NAT ports where many are taken.
	random *rand.Rand
}

// New makes an empty Tracker with a clock. It has room for so many connections, whatever SetMaxConns says; 0 is
// DefaultCapacity.
func New(now func() time.Time, capacity int) *Tracker {
	if capacity == 0 {
		capacity = DefaultCapacity
	}
	t := &Tracker{now: now, capacity: capacity, random: rand.New(rand.NewPCG(1, 2))}
	t.Reset()
	return t
}

// Reset forgets all connections, fragments, limits and settings, as when a datapath is deleted.
func (t *Tracker) Reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	start := t.now().UnixMilli()
	t.table = table{index: make(map[tuple]*node), swept: start}
	t.limits = newLimits()
	t.timeouts = newTimeouts()
	t.expected = newExpectations()
	t.frags = newReassembly(start)
	t.lenient = false
}

// Track sends a packet through the tracker: it sets m, and translates the packet if r says so. If held is true the packet
// is a fragment that waits for the others, and goes no further. The released ones are fragments that have waited: they
// go on in the packet's place, or after it.
func (t *Tracker) Track(p *packet.Packet, m *Meta, r *Request) (held bool, released []Fragment) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.tick()
	held, whole := t.frags.take(p, m, r, now)
	switch {
	case whole != nil:
		t.pass(whole.packet, &whole.meta, r, now)
		whole.divide()
	case !held:
		t.pass(p, m, r, now)
	}
	return held, t.frags.release(held, p.IPv6(), now)
}

// Clean removes what has expired at once. Open vSwitch does it every 20 seconds, as a Tracker does by itself, and whenever
// its time is warped.
func (t *Tracker) Clean() {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.tick()
	t.sweep(now)
	t.frags.purge(now)
}

// tick does what time has done since somebody looked last, and says what time it is.
func (t *Tracker) tick() int64 {
	now := t.now().UnixMilli()
	if n := (now - t.swept) / sweepEvery; n > 0 {
		t.sweep(t.swept + n*sweepEvery)
	}
	if n := (now - t.frags.purged) / fragmentPurge; n > 0 {
		t.frags.purge(t.frags.purged + n*fragmentPurge)
	}
	return now
}

// sweep removes the connections that have expired by then.
func (t *Tracker) sweep(then int64) {
	t.swept = then
	// The last one takes the place of one that is removed; it has been looked at.
	for i := len(t.conns) - 1; i >= 0; i-- {
		if c := t.conns[i]; c.expires <= then {
			t.remove(c)
		}
	}
}

// remove takes a connection out, and what it has announced.
func (t *Tracker) remove(c *conn) {
	if c.at >= 0 && c.helper != "" {
		t.expected.forget(&c.orig)
	}
	t.table.remove(c)
}

// pass sends a packet that is no fragment through the tracker.
func (t *Tracker) pass(p *packet.Packet, m *Meta, r *Request, now int64) {
	if m.State == openflow.CTInvalid {
		m.leave(r.Zone, nil, nil, nil)
		return
	}
	alg := algOf(p, r)
	if c := m.known; c != nil && c.orig.zone == r.Zone && !r.Force && alg == noALG {
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
		m.leave(r.Zone, nil, nil, nil)
		return
	}
	if m.Zone != r.Zone {
		m.State = 0
	}
	v := visit{t: t, p: p, m: m, r: r, now: now, key: key, related: related, alg: alg}
	v.process()
}

// visit is one pass of a packet with a tuple.
type visit struct {
	t   *Tracker
	p   *packet.Packet
	m   *Meta
	r   *Request
	now int64
	// key is the packet's tuple, or for an ICMP error that of what it is about.
	key            tuple
	reply, related bool
	alg            alg
}

func (v *visit) process() {
	t, m, r := v.t, v.m, v.r
	n := v.find()
	if n != nil && v.reply && r.Force {
		if !n.second {
			n.c.expires = 0
		}
		n = nil
	}
	var c *conn
	if n != nil {
		c = n.c
		if n.second {
			near := c.orig
			if n, v.reply = t.lookupNear(&near, &v.key, v.now); n == nil {
				// The connection has expired, and its reply tuple has not been swept yet.
				v.reply = true
				m.State |= openflow.CTInvalid
				m.leave(r.Zone, nil, nil, nil)
				return
			}
			c = n.c
		}
	}
	isNew := false
	switch {
	case c != nil:
		if isNew = v.update(c); r.NAT != nil && !isNew {
			c.apply(v.p, m, r.Zone, v.reply, v.related)
		}
	case v.original() != nil:
		c = v.original()
		isNew = v.advance(c)
	case v.related:
		// There is no connection for an error without one.
		m.State = openflow.CTInvalid
	default:
		isNew = true
	}
	var e *expectation
	if isNew {
		e = t.expected.find(&v.key)
		if !t.taken(&v.key, v.now) {
			c = v.enter(e)
		}
	}
	m.leave(r.Zone, c, &v.key, e)
	if c != nil {
		c.write(m, r)
		if c.helper != "" {
			v.control(c)
		}
	}
	if r.NAT == nil {
		m.known, m.reply, m.related = c, v.reply, v.related
	}
}

// find looks the connection up by the packet's tuple. The tuple of a translated packet is not that of its own direction,
// but the reverse of the other's; v.key becomes its own.
func (v *visit) find() (n *node) {
	if !v.m.translated() {
		n, v.reply = v.t.lookup(&v.key, v.now)
		return n
	}
	key := v.key.reverse()
	if n, v.reply = v.t.lookup(&key, v.now); n == nil {
		return nil
	}
	v.reply = !v.reply
	own, other := n.keys()
	if v.key = *own; v.reply {
		v.key = *other
	}
	return n
}

// original finds the connection of a translated packet by the original tuple that the packet carries.
func (v *visit) original() *conn {
	o := &v.m.Orig
	if !v.m.translated() || v.r.NAT != nil || o.Proto == 0 || o.Src.Is4() == v.key.v6 {
		return nil
	}
	if o.Proto != v.key.proto && !v.related {
		return nil // another packet has taken the place of the one that was here
	}
	key := tuple{zone: v.m.Zone, proto: o.Proto, v6: v.key.v6}
	copy(key.src.addr[:], o.Src.AsSlice())
	copy(key.dst.addr[:], o.Dst.AsSlice())
	if v.key.isICMP() {
		key.src.port, key.dst.port = v.key.src.port, v.key.dst.port
		key.src.icmpType = uint8(o.SrcPort)
		key.dst.icmpType, _ = counterpart(key.v6, key.src.icmpType)
	} else {
		key.src.port, key.dst.port = o.SrcPort, o.DstPort
	}
	n, _ := v.t.lookup(&key, v.now)
	if n == nil {
		return nil
	}
	return n.c
}

// update brings a connection on, and the sequence numbers of one whose control messages have been rewritten: before where
// the packet comes from the other end than they do, and after where it comes from the same.
func (v *visit) update(c *conn) (isNew bool) {
	if v.alg != ftp {
		return v.advance(c)
	}
	before := v.reply != c.skew.reply
	if before {
		v.adjust(c)
	}
	if isNew = v.advance(c); !before && !isNew {
		v.adjust(c)
	}
	return isNew
}

// advance brings a connection on and says what it makes of the packet. It lets a connection go that the packet opens anew,
// and returns true.
func (v *visit) advance(c *conn) (isNew bool) {
	m := v.m
	if v.related {
		m.State |= openflow.CTRelated
		if v.reply {
			m.State |= openflow.CTReply
		}
		return false
	}
	if c.parent != nil {
		m.State |= openflow.CTRelated
	}
	verdict, kind := c.state.update(c.orig.proto, v.p, v.reply, v.t.lenient)
	if kind != unchanged {
		c.expires = v.now + c.policy.milliseconds(kind)
	}
	switch verdict {
	case unanswered:
		m.State |= openflow.CTNew
	case established:
		m.State |= openflow.CTEstablished
		m.State &^= openflow.CTNew
		if v.reply {
			m.State |= openflow.CTReply
		}
	case invalid:
		m.State = openflow.CTInvalid
	case reopened:
		if v.t.taken(&c.orig, v.now) {
			c.expires = 0
		}
		return true
	}
	return false
}

// enter starts a connection with the packet. It returns nil where the packet cannot start one, where nothing is to be
// committed, or where no room or no NAT port is left; the packet then passes as it is.
func (v *visit) enter(e *expectation) *conn {
	t, m, r := v.t, v.m, v.r
	if !mayOpen(v.key.proto, v.p) {
		m.State = openflow.CTInvalid
		return nil
	}
	m.State = openflow.CTNew
	if e != nil {
		m.State |= openflow.CTRelated
	}
	if !r.Commit && !r.Force {
		return nil
	}
	admitted := t.limits.of(v.key.zone)
	if admitted.full() || uint64(len(t.conns)) >= uint64(t.limits.maxConns) || len(t.conns) >= t.capacity {
		return nil
	}
	c := &conn{orig: v.key, reply: v.key.reverse(), admitted: admitted, policy: t.timeouts.of(v.key.zone, v.key.proto)}
	kind := c.state.open(v.key.proto, v.p)
	c.expires = v.now + c.policy.milliseconds(kind)
	if v.alg == noALG || helperOf(r.ALG) == v.alg.String() {
		c.helper = helperOf(r.ALG)
	}
	if e != nil {
		parent := e.parent
		c.parent, c.mark, c.label = &parent, e.mark, e.label
	}
	if r.NAT != nil {
		if e != nil {
			e.translate(c)
		} else if !t.choose(c, r.NAT, v.now) {
			return nil
		}
		c.translate(v.p, m, false, false)
	}
	t.insert(c, r.NAT != nil)
	if admitted != nil {
		admitted.count++
	}
	return c
}
