// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"slices"

	"github.com/ovskit/ovskit/openflow"
)

// Change is what a message did to one flow or group: it removed the old one (nil: none) and put the new one in (nil:
// none).
type Change struct {
	Removed, Added *Flow
	// Reason is why removed is gone; evicted says that it was to make room for added.
	Reason  openflow.FlowRemovedReason
	Evicted bool
	// Modified says that added is removed with other instructions.
	Modified bool

	oldGroup, newGroup *group
}

// ReplacesGroup reports whether changes have replaced or removed a group.
func ReplacesGroup(changes []Change) bool {
	return slices.ContainsFunc(changes, func(c Change) bool { return c.oldGroup != nil })
}

// Apply carries out a flow mod and returns what it changed, in order. Whoever calls it tells the controllers, and calls
// Unlearn when the changes have come to stay, or Revert. The bridge is locked.
func (s *Bridge) Apply(m *FlowMod) ([]Change, error) { return s.flows.apply(m, s.now) }

// ApplyGroup is Apply for a group-mod.
func (s *Bridge) ApplyGroup(m *GroupMod) ([]Change, error) {
	return s.flows.applyGroup(m, s.now)
}

// Revert takes changes back, the last one first. The bridge is locked.
func (s *Bridge) Revert(changes []Change) { s.flows.revert(changes) }

// BeginMany begins n changes that are made together, up to EndMany: the flows are in order only after that. The bridge is
// locked.
func (s *Bridge) BeginMany(n int) {
	s.flows.room = make([]Change, 0, n)
	s.flows.deferOrder(true)
}

// EndMany ends what BeginMany began.
func (s *Bridge) EndMany() {
	s.flows.deferOrder(false)
	s.flows.room = nil
}

// FlowStats is a flow with its counters. The bridge is locked.
func (s *Bridge) FlowStats(f *Flow) openflow.FlowStats { return f.stats(s.now) }
