// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// internalFlows are what is done with packets that match no flow but go to the controllers, and with fragments where those
// are dropped. No table has them, so that the counters of the bridge's own table stay at 0.
type internalFlows struct{ miss, fragments *Flow }

// addInternalFlows fills the table that belongs to the bridge itself, as Open vSwitch does: controllers can see its flows but
// not change them.
func (s *Bridge) addInternalFlows() {
	toControllers := openflow.Controller{Reason: ReasonImplicitMiss, MaxLen: openflow.WholePacket}
	missed := steps{worded{Action: toControllers, words: "controller(reason=)"}}
	internal := func(priority uint16, list steps) *Flow {
		return &Flow{Flow: openflow.Flow{Table: flowcheck.VisibleTables, Priority: priority}, steps: list}
	}
	s.internal = internalFlows{miss: internal(1, missed), fragments: internal(2, steps{})}
	now := s.dp.now()
	for _, f := range []openflow.Flow{
		{Match: openflow.Match{openflow.Reg(0, 1)}, Instructions: openflow.Instructions{Apply: []openflow.Action{toControllers}}},
		{Match: openflow.Match{openflow.Reg(0, 2)}},
		{Match: openflow.Match{openflow.Reg(0, 3)}},
		{Priority: 2, Match: openflow.Match{openflow.Uint(openflow.FieldRecircID, 0)}},
	} {
		f.Table = flowcheck.VisibleTables
		s.flows.insertNew(func() (key, mask *packet.Key) {
			k, m := packet.Match(f.Match)
			return &k, &m
		}, newFlow(f, instructionSteps(&f.Instructions), now, now))
	}
	s.flows.count = 0
}
