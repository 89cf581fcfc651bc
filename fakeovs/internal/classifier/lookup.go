// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package classifier

import (
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// lowest is below the priority of any rule.
const lowest = -1

// Lookup finds the rule of the highest priority that a packet matches, nil if there is none, and adds to wc the bits of
// the packet that this depends on.
func (c *Classifier[V]) Lookup(k, wc *packet.Key) *Rule[V] {
	if !c.indexed {
		c.index()
	}
	for i, t := range c.tries {
		c.looked[i] = trieLookup{trie: t}
	}
	return c.lookup(k, wc, true)
}

// lookup leaves rules out that are parts of conjunctive matches if it must.
func (c *Classifier[V]) lookup(k, wc *packet.Key, conjunctive bool) *Rule[V] {
	var hard *Rule[V]
	var soft []*Rule[V]
	hardPriority, softPriority := lowest, lowest
	for _, t := range c.subtables {
		if t.place <= hardPriority {
			break
		}
		r := t.match(c.seed, k, c.looked, wc)
		switch {
		case r == nil || r.Priority <= hardPriority:
		case r.Conjunctions == nil:
			hard, hardPriority = r, r.Priority
		case conjunctive:
			soft = append(soft, r)
			softPriority = max(softPriority, r.Priority)
		}
	}
	if hardPriority >= softPriority {
		return hard
	}
	return c.conjunctive(k, wc, hard, soft)
}

// conjunctive looks whether parts of conjunctive matches that the packet matches make whole ones, of a higher priority than
// the best rule that is none.
func (c *Classifier[V]) conjunctive(k, wc *packet.Key, hard *Rule[V], soft []*Rule[V]) *Rule[V] {
	for {
		hardPriority := lowest
		if hard != nil {
			hardPriority = hard.Priority
		}
		for i := 0; i < len(soft); {
			if soft[i] == nil || soft[i].Priority <= hardPriority {
				soft[i] = soft[len(soft)-1]
				soft = soft[:len(soft)-1]
			} else {
				i++
			}
		}
		if len(soft) == 0 {
			return hard
		}
		top, n := lowest, 0
		for _, r := range soft {
			switch {
			case r.Priority > top:
				top, n = r.Priority, 1
			case r.Priority == top:
				n++
			}
		}
		if r := c.whole(k, wc, soft, top, n); r != nil {
			return r
		}
		// Below a part may stand a rule of the same match.
		for i, r := range soft {
			if r.Priority != top {
				continue
			}
			next := r.next
			soft[i] = next
			if next != nil && next.Conjunctions == nil {
				soft[i] = nil
				if hard == nil || next.Priority > hard.Priority {
					hard = next
				}
			}
		}
	}
}

// whole finds a conjunctive match of which all clauses are among the parts of a priority, of which there are n, and the
// rule that the packet matches with its ID.
func (c *Classifier[V]) whole(k, wc *packet.Key, soft []*Rule[V], priority, n int) *Rule[V] {
	met := make(map[uint32]uint64)
	for _, r := range soft {
		if r.Priority != priority {
			continue
		}
		id, ok := complete(r.Conjunctions, n, met)
		if !ok {
			continue
		}
		saved := k.Uint(openflow.FieldConjID)
		k.SetUint(openflow.FieldConjID, uint64(id))
		found := c.lookup(k, wc, false)
		k.SetUint(openflow.FieldConjID, saved)
		if found != nil {
			return found
		}
	}
	return nil
}

// complete notes which clauses a part meets, and says of which match all are met then. A match with more clauses than there
// are parts is none.
func complete(conjunctions []Conjunction, n int, met map[uint32]uint64) (id uint32, ok bool) {
	for _, j := range conjunctions {
		if int(j.Clauses) > n {
			continue
		}
		clauses, known := met[j.ID]
		if !known {
			clauses = ^uint64(0) << (j.Clauses & 63)
		}
		clauses |= 1 << j.Clause
		met[j.ID] = clauses
		if clauses == ^uint64(0) {
			return j.ID, true
		}
	}
	return 0, false
}
