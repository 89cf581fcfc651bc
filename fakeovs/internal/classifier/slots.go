// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package classifier

import "github.com/ovskit/ovskit/fakeovs/internal/packet"

// slots are the matches of a subtable by the hash of their keys, each as its rule of the highest priority. A match stands in
// the first free place from the one on that the low bits of its hash say; of those places a quarter at least is free.
type slots[V any] struct {
	list []slot[V]
	n    int
}

type slot[V any] struct {
	hash uint64
	rule *Rule[V]
}

const leastSlots = 8

// place is where the search for a hash begins.
func (s *slots[V]) place(hash uint64) int { return int(hash) & (len(s.list) - 1) }

// find returns the rule of the highest priority that matches a packet with the hash.
func (s *slots[V]) find(hash uint64, k *packet.Key) *Rule[V] {
	if s.n == 0 {
		return nil
	}
	last := len(s.list) - 1
	for i := int(hash) & last; ; i = (i + 1) & last {
		e := &s.list[i]
		if e.rule == nil {
			return nil
		}
		if e.hash == hash && e.rule.matches(k) {
			return e.rule
		}
	}
}

// add enters a match that there is not yet.
func (s *slots[V]) add(hash uint64, r *Rule[V]) {
	if s.n >= len(s.list)/4*3 {
		old := s.list
		s.list = make([]slot[V], max(leastSlots, 2*len(old)))
		for _, e := range old {
			if e.rule != nil {
				s.put(e)
			}
		}
	}
	s.n++
	s.put(slot[V]{hash, r})
}

func (s *slots[V]) put(e slot[V]) {
	i := s.place(e.hash)
	for s.list[i].rule != nil {
		i = (i + 1) & (len(s.list) - 1)
	}
	s.list[i] = e
}

// index is where the match is whose first rule this is.
func (s *slots[V]) index(hash uint64, r *Rule[V]) int {
	i := s.place(hash)
	for s.list[i].rule != r {
		i = (i + 1) & (len(s.list) - 1)
	}
	return i
}

// replace makes another rule the first one of its match.
func (s *slots[V]) replace(hash uint64, old, other *Rule[V]) { s.list[s.index(hash, old)].rule = other }

// remove takes a match out, and moves those up that could not have its place.
func (s *slots[V]) remove(hash uint64, r *Rule[V]) {
	last := len(s.list) - 1
	hole := s.index(hash, r)
	for i := (hole + 1) & last; s.list[i].rule != nil; i = (i + 1) & last {
		if from := s.place(s.list[i].hash); (i-from)&last >= (i-hole)&last {
			s.list[hole] = s.list[i]
			hole = i
		}
	}
	s.list[hole] = slot[V]{}
	if s.n--; s.n == 0 {
		s.list = nil
	}
}
