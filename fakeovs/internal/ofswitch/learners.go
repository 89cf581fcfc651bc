// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// learner names flows that are learned, and that go when no flow is left that learns them (ovs-actions(7), "delete_learned").
type learner struct {
	cookie uint64
	table  uint8
}

// learners are what a flow learns that goes with it.
func learners(in *openflow.Instructions) (list []learner) {
	eachAction(in, func(a openflow.Action) bool {
		if l, ok := a.(openflow.Learn); ok && l.DeleteLearned {
			list = append(list, learner{l.Cookie, l.Table})
		}
		return true
	})
	return list
}

// countLearners notes what a flow learns, or, by -1, that it does no longer.
func (t *flowTables) countLearners(f *flow, by int) {
	for _, l := range f.learners {
		if t.learners == nil {
			t.learners = make(map[learner]int)
		}
		if t.learners[l] += by; t.learners[l] == 0 {
			delete(t.learners, l)
		}
	}
}

// forgetLearned deletes what only flows have learned that changes removed. The switch is locked.
func (s *Switch) forgetLearned(changes []change) {
	for i := range changes {
		f := changes[i].removed
		if f == nil {
			continue
		}
		for _, l := range f.learners {
			if s.flows.learners[l] > 0 {
				continue
			}
			sel := &selection{
				table: l.table, key: new(packet.Key), mask: new(packet.Key), cookie: l.cookie, cookieMask: ^uint64(0),
			}
			var gone []change
			for _, learned := range s.flows.selected(sel) {
				if learned.Table == visibleTables {
					continue
				}
				s.flows.remove(learned)
				gone = append(gone, change{removed: learned, reason: openflow.FlowRemovedDelete})
			}
			s.finished(gone, nil, 0)
		}
	}
}
