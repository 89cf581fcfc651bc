// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/openflow"
)

// learnedFlows are the flows that learn actions with delete_learned have made, or may have.
type learnedFlows struct {
	table  uint8
	cookie uint64
}

// eachLearned calls do for what the flow's learn actions with delete_learned make.
func eachLearned(f *Flow, do func(learnedFlows)) {
	flowcheck.Each(&f.Instructions, func(a openflow.Action) bool {
		if l, ok := a.(openflow.Learn); ok && l.DeleteLearned {
			do(learnedFlows{l.Table, l.Cookie})
		}
		return true
	})
}

// countLearners notes that a flow that learns is there, or, by -1, that it is no longer.
func (t *flowTables) countLearners(f *Flow, by int) {
	eachLearned(f, func(l learnedFlows) {
		if t.learners == nil {
			t.learners = make(map[learnedFlows]int)
		}
		if t.learners[l] += by; t.learners[l] == 0 {
			delete(t.learners, l)
		}
	})
}

// Unlearn deletes the flows that none of the flows can have learned that are left after changes. The bridge is locked.
func (s *Bridge) Unlearn(changes []Change) {
	for i := range changes {
		if changes[i].Removed == nil {
			continue
		}
		eachLearned(changes[i].Removed, func(l learnedFlows) {
			if s.flows.learners[l] != 0 {
				return
			}
			m := &FlowMod{FlowMod: openflow.FlowMod{
				Command: openflow.FlowDelete, Flow: openflow.Flow{Table: l.table, Cookie: l.cookie}, CookieMask: ^uint64(0),
			}}
			if gone, err := s.flows.apply(m, s.now); err == nil {
				s.finished(gone)
			}
		})
	}
}
