// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"fmt"

	of "github.com/ovskit/ovskit/openflow"
)

// A rule of an earlier run shares flows with those that are declared. So its conditions stand in the book, given by the
// rule's number, until a rule with this number is declared or deleted, or everything is pruned: until then the rule holds
// as it was, and from then on no more than it says.
func former(id uint32) ref { return ref{kindFormer, fmt.Sprint(id)} }

// adopt enters a flow that rules of an earlier run share.
func (b *book) adopt(key string, f *of.Flow) {
	b.flows[key] = f
	givers := map[ref][]of.Flow{}
	for _, a := range f.Apply {
		r := former(a.(of.Conjunction).ID)
		part := *f
		part.Apply = []of.Action{a}
		givers[r] = append(givers[r], part)
		out := b.objects[r]
		out.flows = append(out.flows, entry{key, part})
		b.objects[r] = out
	}
	b.clauses[key] = givers
}

// superseded are the rules of an earlier run that have no conditions any more when objects are what they are compiled to.
func (s *Switch) superseded(objects map[ref]output, prune bool) (gone []ref) {
	if prune {
		for r := range s.book.objects {
			if r.kind == kindFormer {
				gone = append(gone, r)
			}
		}
		return gone
	}
	for r := range objects {
		if r.kind != kindRule {
			continue
		}
		old := former(ruleNumber(r))
		if rule := s.state.rules[r.name]; rule != nil {
			old = former(rule.id)
		}
		if _, there := s.book.objects[old]; there {
			gone = append(gone, old)
		}
	}
	return gone
}
