// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package classifier

import (
	"slices"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// Classifier is the rules of one flow table. It is not for several goroutines at once.
type Classifier[V any] struct {
	seed uint64
	// subtables are ordered by their highest priority; those of the same stand as they do in Open vSwitch, since which
	// is looked at first shows in what a look-up depends on.
	subtables []*subtable[V]
	byMask    map[packet.Key]*subtable[V]
	tries     []*trie
	looked    []trieLookup
	count     int
	deferred  bool
	// recent is the subtable that was used last.
	recent *subtable[V]
	// indexed says that the subtables' stages and the tries know the rules. They are told at the first look-up, so that rules
	// can be added quickly before.
	indexed bool
}

// New makes an empty classifier. The seed keeps others from choosing matches with the same hashes; prefixes are the
// fields to keep tries of.
func New[V any](seed uint64, prefixes ...openflow.Field) *Classifier[V] {
	c := &Classifier[V]{seed: seed, byMask: make(map[packet.Key]*subtable[V])}
	c.makeTries(prefixes)
	return c
}

func (c *Classifier[V]) makeTries(prefixes []openflow.Field) {
	c.tries = nil
	for _, f := range prefixes {
		if t, ok := fields[f]; ok {
			t.field = f
			c.tries = append(c.tries, &t)
		}
	}
	c.looked = make([]trieLookup, len(c.tries))
}

// SetPrefixes changes of which fields there are tries.
func (c *Classifier[V]) SetPrefixes(prefixes ...openflow.Field) {
	if slices.EqualFunc(c.tries, prefixes, func(t *trie, f openflow.Field) bool { return t.field == f }) {
		return
	}
	c.makeTries(prefixes)
	for _, t := range c.subtables {
		t.setTries(c.tries)
		if !c.indexed {
			continue
		}
		for r := range t.heads {
			c.enterTries(t, r.value())
		}
	}
}

// Defer leaves the subtables in disorder until Publish, as Open vSwitch does while it carries out a bundle. There may be no
// look-ups meanwhile.
func (c *Classifier[V]) Defer() { c.deferred = true }

// Publish puts the subtables in order after Defer.
func (c *Classifier[V]) Publish() {
	c.deferred = false
	c.sort()
}

// Len is how many rules there are.
func (c *Classifier[V]) Len() int { return c.count }

// Masks is how many different masks the rules have.
func (c *Classifier[V]) Masks() int { return len(c.subtables) }

// Find returns the rule with exactly this match and priority, nil if there is none.
func (c *Classifier[V]) Find(key, mask *packet.Key, priority int) *Rule[V] {
	t := c.subtable(mask)
	if t == nil {
		return nil
	}
	for r := t.slots.find(t.hash(c.seed, key), key); r != nil && r.Priority >= priority; r = r.next {
		if r.Priority == priority {
			return r
		}
	}
	return nil
}

// subtable is the one of a mask, nil if there is none.
func (c *Classifier[V]) subtable(mask *packet.Key) *subtable[V] {
	if t := c.recent; t != nil && t.mask == *mask {
		return t
	}
	t := c.byMask[*mask]
	c.recent = t
	return t
}

// Overlaps reports whether a packet could match both a rule of the priority and one with this match.
func (c *Classifier[V]) Overlaps(key, mask *packet.Key, priority int) bool {
	for _, t := range c.subtables {
		if t.top < priority {
			break
		}
		for m := range t.heads {
			for r := m; r != nil && r.Priority >= priority; r = r.next {
				if r.Priority == priority && r.meets(key, mask) {
					return true
				}
			}
		}
	}
	return false
}

// Insert adds a rule, of whose match and priority there is none yet.
func (c *Classifier[V]) Insert(r *Rule[V], key, mask *packet.Key) {
	t := c.subtable(mask)
	fresh := t == nil
	if fresh {
		t = newSubtable[V](mask, c.tries)
		c.byMask[*mask] = t
		c.recent = t
	}
	r.table = t
	r.key = t.room(r)
	for i, p := range t.parts {
		r.key[i] = key[p.word] & p.mask
	}
	c.count++
	h := t.hash(c.seed, key)
	head := t.slots.find(h, key)
	if head == nil {
		t.slots.add(h, r)
		if c.indexed {
			c.enter(t, key)
		}
	} else {
		t.addTo(head, r, h)
	}
	switch {
	case fresh:
		t.top, t.tops, t.place = r.Priority, 1, r.Priority
		c.subtables = append(c.subtables, t)
		c.sort()
	case r.Priority == t.top:
		t.tops++
	case r.Priority > t.top:
		t.top, t.tops = r.Priority, 1
		c.place(t)
	}
}

// index tells the stages and the tries of all rules.
func (c *Classifier[V]) index() {
	c.indexed = true
	for _, t := range c.subtables {
		for r := range t.heads {
			c.enter(t, r.value())
		}
	}
}

// enter tells the stages and the tries of a match that is new in its subtable.
func (c *Classifier[V]) enter(t *subtable[V], key *packet.Key) {
	c.enterTries(t, key)
	if t.portsLen > 0 {
		insert(&t.ports, &prefix{uint32(key[portsWord]>>32) & t.portsMask}, t.portsLen)
	}
	s := c.seed
	for i, counts := range t.counts {
		s = mix(s, t.stage(i), key)
		counts[s]++
	}
}

func (c *Classifier[V]) enterTries(t *subtable[V], key *packet.Key) {
	for i, tr := range c.tries {
		if n := t.plens[i]; n > 0 {
			value := tr.value(key)
			insert(&tr.root, &value, n)
		}
	}
}

// value is the value of the rule's match.
func (r *Rule[V]) value() *packet.Key {
	k := new(packet.Key)
	for i, p := range r.table.parts {
		k[p.word] |= r.key[i]
	}
	return k
}

// addTo puts a rule beside others of the same match, of which head is the first.
func (t *subtable[V]) addTo(head, r *Rule[V], h uint64) {
	if r.Priority > head.Priority {
		r.next = head
		t.slots.replace(h, head, r)
		return
	}
	at := head
	for at.next != nil && at.next.Priority > r.Priority {
		at = at.next
	}
	r.next = at.next
	at.next = r
}

// Remove takes a rule out.
func (c *Classifier[V]) Remove(r *Rule[V]) {
	t := r.table
	key := r.value()
	h := t.hash(c.seed, key)
	c.count--
	switch head := t.slots.find(h, key); {
	case head != r:
		for head.next != r {
			head = head.next
		}
		head.next = r.next
	case r.next != nil:
		t.slots.replace(h, r, r.next)
	default:
		t.slots.remove(h, r)
		if c.indexed {
			c.leave(t, key)
		}
	}
	r.next = nil
	if t.slots.n == 0 {
		c.drop(t)
		return
	}
	if r.Priority != t.top {
		return
	}
	if t.tops--; t.tops > 0 {
		return
	}
	t.top = -1
	for m := range t.heads {
		switch {
		case m.Priority > t.top:
			t.top, t.tops = m.Priority, 1
		case m.Priority == t.top:
			t.tops++
		}
	}
	c.place(t)
}

// leave takes the last rule of a match out of the indices.
func (c *Classifier[V]) leave(t *subtable[V], key *packet.Key) {
	if t.portsLen > 0 {
		remove(&t.ports, &prefix{uint32(key[portsWord]>>32) & t.portsMask}, t.portsLen)
	}
	for i, tr := range c.tries {
		if n := t.plens[i]; n > 0 {
			value := tr.value(key)
			remove(&tr.root, &value, n)
		}
	}
	s := c.seed
	for i, counts := range t.counts {
		s = mix(s, t.stage(i), key)
		if counts[s]--; counts[s] == 0 {
			delete(counts, s)
		}
	}
}

// drop removes a subtable. The last one takes its place before they are put in order, as in Open vSwitch.
func (c *Classifier[V]) drop(t *subtable[V]) {
	delete(c.byMask, t.mask)
	c.recent = nil
	last := len(c.subtables) - 1
	c.subtables[slices.Index(c.subtables, t)] = c.subtables[last]
	c.subtables[last] = nil
	c.subtables = c.subtables[:last]
	c.indexed = c.indexed && last > 0
	c.sort()
}

// place moves a subtable whose highest priority has changed.
func (c *Classifier[V]) place(t *subtable[V]) {
	t.place = t.top
	c.sort()
}

func (c *Classifier[V]) sort() {
	if c.deferred || slices.IsSortedFunc(c.subtables, compare[V]) {
		return
	}
	slices.SortStableFunc(c.subtables, compare[V])
}

func compare[V any](a, b *subtable[V]) int { return b.place - a.place }

// Covered calls yield for each rule that every packet with the bits of a looser match matches (Rule.Covers), by mask and
// otherwise in no order. Yield must not change the classifier.
func (c *Classifier[V]) Covered(key, mask *packet.Key, yield func(*Rule[V]) bool) {
	for _, t := range c.subtables {
		if !t.covers(mask) {
			continue
		}
		for m := range t.heads {
			if !m.meets(key, mask) {
				continue
			}
			for r := m; r != nil; r = r.next {
				if !yield(r) {
					return
				}
			}
		}
	}
}
