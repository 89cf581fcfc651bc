// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"math/bits"
	"slices"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
)

// classifier is the flows of one table, sought by tuple space search: the flows with the same mask stand in one hash
// table, so that a look-up costs as much as there are masks, however many flows.
type classifier struct {
	seed uint64
	// tuples are ordered by their highest priority, so that a look-up can stop when none that follows has a better
	// flow.
	tuples []*tuple
	byMask map[packet.Key]*tuple
	count  int
}

// tuple is the flows with one mask.
type tuple struct {
	mask packet.Key
	// words are the indices of the mask's words that are not zero.
	words []uint8
	// flows are chains by the hash of the masked key, the highest priority first.
	flows map[uint64]*flow
	// priorities counts the flows of each priority; top is the highest.
	priorities map[uint16]int
	top        uint16
}

func newClassifier(seed uint64) *classifier {
	return &classifier{seed: seed, byMask: make(map[packet.Key]*tuple)}
}

// lookup finds the flow of the highest priority that a packet matches, nil if there is none.
func (c *classifier) lookup(k *packet.Key) *flow {
	var best *flow
	for _, t := range c.tuples {
		if best != nil && best.Priority >= t.top {
			break
		}
		for f := t.flows[t.hash(c.seed, k)]; f != nil; f = f.next {
			if best != nil && f.Priority <= best.Priority {
				break
			}
			if t.matches(f, k) {
				best = f
				break
			}
		}
	}
	return best
}

// find returns the flow with exactly this match and priority, nil if there is none.
func (c *classifier) find(key, mask *packet.Key, priority uint16) *flow {
	t := c.byMask[*mask]
	if t == nil {
		return nil
	}
	for f := t.flows[t.hash(c.seed, key)]; f != nil; f = f.next {
		if f.Priority == priority && f.key == *key {
			return f
		}
	}
	return nil
}

// overlaps reports whether a packet could match both a flow of the priority and one with this match.
func (c *classifier) overlaps(key, mask *packet.Key, priority uint16) bool {
	for _, t := range c.tuples {
		if t.priorities[priority] == 0 {
			continue
		}
		for _, chain := range t.flows {
			for f := chain; f != nil; f = f.next {
				if f.Priority == priority && intersect(&f.key, &t.mask, key, mask) {
					return true
				}
			}
		}
	}
	return false
}

func intersect(key1, mask1, key2, mask2 *packet.Key) bool {
	for i := range key1 {
		if (key1[i]^key2[i])&mask1[i]&mask2[i] != 0 {
			return false
		}
	}
	return true
}

// insert adds a flow, of whose match and priority there is none yet.
func (c *classifier) insert(f *flow) {
	t := c.byMask[f.mask]
	if t == nil {
		t = &tuple{mask: f.mask, flows: make(map[uint64]*flow), priorities: make(map[uint16]int)}
		for i, w := range f.mask {
			if w != 0 {
				t.words = append(t.words, uint8(i))
			}
		}
		c.byMask[f.mask] = t
		c.tuples = append(c.tuples, t)
		t.top = f.Priority
		c.sort()
	}
	h := t.hash(c.seed, &f.key)
	head := t.flows[h]
	at := &head
	for *at != nil && (*at).Priority >= f.Priority {
		at = &(*at).next
	}
	f.next = *at
	*at = f
	t.flows[h] = head
	t.priorities[f.Priority]++
	if f.Priority > t.top {
		t.top = f.Priority
		c.sort()
	}
	c.count++
}

// remove takes a flow out.
func (c *classifier) remove(f *flow) {
	t := c.byMask[f.mask]
	h := t.hash(c.seed, &f.key)
	head := t.flows[h]
	at := &head
	for *at != f {
		at = &(*at).next
	}
	*at = f.next
	f.next = nil
	if head == nil {
		delete(t.flows, h)
	} else {
		t.flows[h] = head
	}
	c.count--
	if t.priorities[f.Priority]--; t.priorities[f.Priority] > 0 {
		return
	}
	delete(t.priorities, f.Priority)
	if len(t.priorities) == 0 {
		delete(c.byMask, t.mask)
		c.tuples = slices.DeleteFunc(c.tuples, func(o *tuple) bool { return o == t })
		return
	}
	if f.Priority == t.top {
		t.top = 0
		for p := range t.priorities {
			t.top = max(t.top, p)
		}
		c.sort()
	}
}

func (c *classifier) sort() {
	slices.SortStableFunc(c.tuples, func(a, b *tuple) int { return int(b.top) - int(a.top) })
}

// all calls yield for each flow in no order; yield must not change the classifier.
func (c *classifier) all(yield func(*flow) bool) {
	for _, t := range c.tuples {
		for _, chain := range t.flows {
			for f := chain; f != nil; f = f.next {
				if !yield(f) {
					return
				}
			}
		}
	}
}

// hash mixes the words of a key that the mask lets through.
func (t *tuple) hash(seed uint64, k *packet.Key) uint64 {
	h := seed
	for _, i := range t.words {
		hi, lo := bits.Mul64(h^k[i]&t.mask[i], 0x9e3779b97f4a7c15)
		h = hi ^ lo ^ seed
	}
	return h
}

func (t *tuple) matches(f *flow, k *packet.Key) bool {
	for _, i := range t.words {
		if k[i]&t.mask[i] != f.key[i] {
			return false
		}
	}
	return true
}
