// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"math"

	"github.com/ovskit/ovskit/openflow"
)

// Reasons for a packet to go to a controller that Open vSwitch tells apart from the ones that OpenFlow has: the flow of a
// table's misses, and that there is none.
const (
	reasonExplicitMiss openflow.PacketInReason = 6
	reasonImplicitMiss openflow.PacketInReason = 7
)

// internalFlows are what is done with packets that match no flow but go to the controllers, and with fragments where those
// are dropped.
type internalFlows struct{ miss, fragments *flow }

func newInternalFlows() internalFlows {
	internal := func(priority uint16) *flow {
		return &flow{Flow: openflow.Flow{Table: visibleTables, Priority: priority}, steps: steps{}}
	}
	f := internalFlows{miss: internal(1), fragments: internal(2)}
	f.miss.steps = steps{worded{
		Action: openflow.Controller{MaxLen: math.MaxUint16, Reason: reasonImplicitMiss}, words: "controller(reason=)",
	}}
	return f
}

// missed is what becomes of a packet that no flow of a table matches, nil for nothing.
func (x *translation) missed(table uint8) *flow {
	s := x.s
	switch s.miss(table) {
	case missController, missContinue: // the latter where no table follows
		p := s.ports[uint32(x.flow.Uint(openflow.FieldInPort))]
		if p == nil || p.config&openflow.PortConfigNoPacketIn != 0 {
			return nil
		}
	case missDefault:
		if !s.wantsMisses() {
			return nil
		}
	default:
		return nil
	}
	return s.internal.miss
}

// wantsMisses reports whether there is a controller of a version of OpenFlow in which it is told of packets that no flow
// matches.
func (s *Switch) wantsMisses() bool {
	s.connMu.Lock()
	defer s.connMu.Unlock()
	for c := range s.conns {
		c.mu.Lock()
		wants := c.id == 0 && c.version < openflow.Version13
		c.mu.Unlock()
		if wants {
			return true
		}
	}
	return false
}

// missReason is a reason in the words of a version.
func missReason(r openflow.PacketInReason, v openflow.Version) openflow.PacketInReason {
	switch {
	case r == reasonExplicitMiss && v < openflow.Version13:
		return openflow.PacketInAction
	case r == reasonExplicitMiss || r == reasonImplicitMiss:
		return openflow.PacketInNoMatch
	}
	return r
}
