// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"container/list"
	"slices"
	"time"
)

// The defaults of the MAC learning table, and the limits of what it can be set to (ovs-vswitchd.conf.db(5)).
const (
	defaultAging = 300 * time.Second
	minAging     = 15 * time.Second
	maxAging     = time.Hour
	defaultMACs  = 8192
	minMACs      = 10
	maxMACs      = 1_000_000
	// gratuitousLock is for how long an address that a gratuitous ARP message was for is not learned from a bond.
	gratuitousLock = 5 * time.Second
)

// LearningOptions are the settings of NORMAL. The zero value is the usual ones.
type LearningOptions struct {
	// Aging is how long an address is remembered that is not seen; 0 is 300 s.
	Aging time.Duration
	// MaxEntries is how many addresses are remembered; 0 is 8192.
	MaxEntries int
	// FloodVLANs are the VLANs where nothing is learned.
	FloodVLANs []int64
	// ForwardBPDU lets frames be forwarded that are for bridges.
	ForwardBPDU bool
}

// SetLearning changes the settings of NORMAL.
func (s *Bridge) SetLearning(o LearningOptions) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forwardBPDU = o.ForwardBPDU
	s.macs.configure(o)
}

// macTable remembers by which link an Ethernet address is reached.
type macTable struct {
	aging   time.Duration
	max     int
	flooded []int64
	entries map[macKey]*list.Element
	// used are the entries, the one whose address was seen longest ago first.
	used list.List
	// usage is how many there are of each link.
	usage  usage
	counts learningCounts
	// ever are the counts that are never cleared.
	ever learningCounts
}

// learningCounts are what became of entries. As in Open vSwitch a static one counts until it is asked for its end; kept is how often a frame of a static one came in by another link.
type learningCounts struct{ static, learned, expired, evicted, moved, kept uint64 }

type macKey struct {
	vlan uint16
	mac  uint64
}

type macEntry struct {
	macKey
	link   *link
	seen   time.Time
	static bool
	locked time.Time // until when gratuitous ARP by a bond is not heeded
}

func newMACTable() *macTable {
	return &macTable{aging: defaultAging, max: defaultMACs, entries: make(map[macKey]*list.Element)}
}

func (t *macTable) configure(o LearningOptions) {
	t.aging, t.max = defaultAging, defaultMACs
	if o.Aging != 0 {
		t.aging = min(max(o.Aging, minAging), maxAging)
	}
	if o.MaxEntries != 0 {
		t.max = min(max(o.MaxEntries, minMACs), maxMACs)
	}
	if !slices.Equal(o.FloodVLANs, t.flooded) {
		t.flush((*macEntry).dynamic)
	}
	t.flooded = o.FloodVLANs
	excess := len(t.entries) - t.max
	t.flush(func(e *macEntry) bool {
		if excess <= 0 || e.static {
			return false
		}
		excess--
		t.expired()
		return true
	})
}

func (e *macEntry) dynamic() bool { return !e.static }

// learns reports whether anything is learned in a VLAN.
func (t *macTable) learns(vlan uint16) bool { return !slices.Contains(t.flooded, int64(vlan)) }

// learn notes that frames of an address come in by a link.
func (t *macTable) learn(k macKey, l *link, gratuitous bool, now time.Time) (moved bool) {
	if k.mac&groupBit != 0 || !t.learns(k.vlan) {
		return false
	}
	t.expire(now)
	e := t.find(k)
	if e != nil && e.static {
		if e.link != l {
			t.ever.kept++
		}
		return false
	}
	if e == nil {
		e = t.insert(k)
		t.counts.learned++
		t.ever.learned++
	}
	e.seen = now
	t.used.MoveToBack(t.entries[k])
	if gratuitous {
		if l.bond == nil {
			e.locked = now.Add(gratuitousLock)
		} else if now.Before(e.locked) {
			return false
		}
	}
	if e.link == l {
		return false
	}
	if e.link != nil {
		t.counts.moved++
		t.ever.moved++
	}
	t.assign(e, l)
	return true
}

// add notes an address for ever.
func (t *macTable) add(k macKey, l *link, now time.Time) {
	e := t.find(k)
	if e == nil {
		e = t.insert(k)
	}
	if !e.static {
		e.static = true
		t.counts.static++
	}
	e.seen = now
	t.used.MoveToBack(t.entries[k])
	t.assign(e, l)
}

func (t *macTable) assign(e *macEntry, l *link) {
	if e.link != nil {
		t.usage.remove(e.link)
	}
	e.link = l
	t.usage.add(l)
}

func (t *macTable) find(k macKey) *macEntry {
	if at := t.entries[k]; at != nil {
		return at.Value.(*macEntry)
	}
	return nil
}

func (t *macTable) insert(k macKey) *macEntry {
	if len(t.entries) >= t.max {
		t.evict()
	}
	e := &macEntry{macKey: k}
	t.entries[k] = t.used.PushBack(e)
	return e
}

// evict drops the entry of the link with most of them that was seen longest ago.
func (t *macTable) evict() {
	most := t.usage.most()
	for at := t.used.Front(); at != nil; at = at.Next() {
		if e := at.Value.(*macEntry); e.link == most {
			t.drop(e)
			t.counts.evicted++
			t.ever.evicted++
			return
		}
	}
}

func (t *macTable) drop(e *macEntry) {
	t.used.Remove(t.entries[e.macKey])
	delete(t.entries, e.macKey)
	t.usage.remove(e.link)
}

// age is how many seconds ago the address was seen, by a clock that shows whole seconds.
func (e *macEntry) age(now time.Time) int64 { return now.Unix() - e.seen.Unix() }

// expire drops what has not been seen for long.
func (t *macTable) expire(now time.Time) {
	for at := t.used.Front(); at != nil; {
		e := at.Value.(*macEntry)
		at = at.Next()
		if e.static {
			continue
		}
		if e.age(now) < int64(t.aging/time.Second) {
			return
		}
		t.drop(e)
		t.expired()
	}
}

// expired counts an entry that was not seen for long.
func (t *macTable) expired() {
	t.counts.expired++
	t.ever.expired++
}

// lookup is by which link an address is reached, nil if that is not known.
func (t *macTable) lookup(k macKey, now time.Time) *link {
	if k.mac&groupBit != 0 || !t.learns(k.vlan) {
		return nil
	}
	t.expire(now)
	if e := t.find(k); e != nil {
		return e.link
	}
	return nil
}

// flush drops entries.
func (t *macTable) flush(which func(*macEntry) bool) {
	for at := t.used.Front(); at != nil; {
		e := at.Value.(*macEntry)
		at = at.Next()
		if which(e) {
			t.drop(e)
		}
	}
}
