// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/openflow"
)

// refer notes at the groups and meters that a flow uses them, or, by -1, that it does no longer.
func (t *flowTables) refer(f *Flow, by int) {
	if len(t.groups) == 0 && len(t.meters) == 0 {
		return
	}
	if m := t.meters[firstMeter(&f.Instructions)]; m != nil {
		if by > 0 {
			m.flows[f] = struct{}{}
		} else {
			delete(m.flows, f)
		}
	}
	flowcheck.Each(&f.Instructions, func(a openflow.Action) bool {
		o, ok := a.(openflow.OutputGroup)
		if !ok {
			return true
		}
		if g := t.groups[o.ID]; g != nil {
			g.flows.count(f, by)
		}
		return true
	})
}

// firstMeter is the meter that a flow is counted at, 0 if it has none.
func firstMeter(in *openflow.Instructions) uint32 {
	id := in.Meter
	if id == 0 {
		flowcheck.Each(in, func(a openflow.Action) bool {
			if m, ok := a.(openflow.Meter); ok {
				id = m.ID
			}
			return id == 0
		})
	}
	return id
}

// checkReferences refuses actions with groups or meters that there are not.
func (t *flowTables) checkReferences(in *openflow.Instructions) error {
	if in.Meter != 0 && t.meters[in.Meter] == nil {
		return openflow.ErrInvalidMeter
	}
	var err error
	flowcheck.Each(in, func(a openflow.Action) bool {
		switch a := a.(type) {
		case openflow.Meter:
			if t.meters[a.ID] == nil {
				err = openflow.ErrInvalidMeter
			}
		case openflow.OutputGroup:
			if t.groups[a.ID] == nil {
				err = openflow.ErrBadOutGroup
			}
		}
		return err == nil
	})
	return err
}
