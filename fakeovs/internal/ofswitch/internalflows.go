// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// addInternalFlows fills the table that belongs to the switch itself, as Open vSwitch does: controllers can see its flows
// but not change them.
func (s *Switch) addInternalFlows() {
	now := s.dp.now()
	for _, f := range []openflow.Flow{
		{Match: openflow.Match{openflow.Reg(0, 1)}, Instructions: openflow.Instructions{Apply: []openflow.Action{
			openflow.Controller{Reason: reasonImplicitMiss, MaxLen: openflow.WholePacket},
		}}},
		{Match: openflow.Match{openflow.Reg(0, 2)}},
		{Match: openflow.Match{openflow.Reg(0, 3)}},
		{Priority: 2, Match: openflow.Match{openflow.Uint(openflow.FieldRecircID, 0)}},
	} {
		f.Table = visibleTables
		s.flows.insertNew(func() (key, mask *packet.Key) {
			k, m := packet.Match(f.Match)
			return &k, &m
		}, newFlow(f, instructionSteps(&f.Instructions), now, now))
	}
	s.flows.count = 0
}
