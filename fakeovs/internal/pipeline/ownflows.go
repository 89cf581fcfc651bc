// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import "github.com/ovskit/ovskit/openflow"

// AddFlow adds a flow as an OpenFlow flow-mod does, replacing one of the same table, priority and match. The error is
// or wraps the openflow.ErrorCode that a switch answers with.
func (s *Bridge) AddFlow(f openflow.Flow) error {
	f.Match = f.Match.Canonical()
	return s.change(openflow.Add(f))
}

// ClearFlows removes all flows.
func (s *Bridge) ClearFlows() {
	// Deleting everything cannot fail.
	_ = s.change(openflow.FlowMod{Command: openflow.FlowDelete, Flow: openflow.Flow{Table: openflow.AllTables}})
}

// Flush removes all flows, groups and meters, and tells controllers of the flows alone.
func (s *Bridge) Flush() {
	s.ClearFlows()
	s.Begin()
	defer s.End()
	s.finished(s.flows.deleteGroups(openflow.GroupAll))
	s.deleteMeters(openflow.MeterAll)
}

// change carries out a flow mod.
func (s *Bridge) change(m openflow.FlowMod) error {
	f, err := prepare(m, s.Options())
	if err != nil {
		return err
	}
	s.Begin()
	defer s.End()
	changes, err := s.flows.apply(&f, s.now)
	if err != nil {
		return err
	}
	s.finished(changes)
	return nil
}

// finished tells the controllers about changes that the bridge itself has made, and that have come to stay. The bridge is
// locked.
func (s *Bridge) finished(changes []Change) {
	if len(changes) == 0 {
		return
	}
	s.controllers.Changed(changes)
	s.Unlearn(changes)
}
