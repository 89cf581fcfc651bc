// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package classifier

import "github.com/ovskit/ovskit/fakeovs/internal/packet"

// Rule is a match with a priority, and what it stands for. It is in one classifier at a time.
type Rule[V any] struct {
	Value    V
	Priority int
	// Conjunctions make the rule a part of conjunctive matches (ovs-fields(7), "Conjunctive Match Fields").
	Conjunctions []Conjunction

	// table is the classifier's table of the rule's mask, and key the bits of the match under it.
	table *subtable[V]
	key   []uint64
	// next is the next rule of the same match, of a lower priority.
	next *Rule[V]
	// short is room for a short key: beside the rest of the rule it is there when that is.
	short [shortKey]uint64
}

// shortKey is the length of the keys that are a part of their rules.
const shortKey = 4

// Conjunction is the part that a rule has in a conjunctive match.
type Conjunction struct {
	ID uint32
	// Clause counts from 0; there are Clauses.
	Clause, Clauses uint8
}

// Match is the value and the mask of the rule's match, which is not to be written to. The rule is or was in a classifier.
func (r *Rule[V]) Match() (value, mask *packet.Key) { return r.value(), &r.table.mask }

// Mask is the mask of the rule's match. It is the same pointer for all rules of a classifier with the same mask.
func (r *Rule[V]) Mask() *packet.Key { return &r.table.mask }

// Covers reports whether every packet that the rule matches has the bits of a looser match.
func (r *Rule[V]) Covers(key, mask *packet.Key) bool {
	if !r.table.covers(mask) {
		return false
	}
	for i, p := range r.table.parts {
		if (r.key[i]^key[p.word])&mask[p.word]&p.mask != 0 {
			return false
		}
	}
	return true
}

// meets reports whether a packet could match both the rule and another match.
func (r *Rule[V]) meets(key, mask *packet.Key) bool {
	for i, p := range r.table.parts {
		if (r.key[i]^key[p.word])&mask[p.word]&p.mask != 0 {
			return false
		}
	}
	return true
}

func (r *Rule[V]) matches(k *packet.Key) bool {
	for i, p := range r.table.parts {
		if k[p.word]&p.mask != r.key[i] {
			return false
		}
	}
	return true
}
