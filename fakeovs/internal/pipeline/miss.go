// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import "github.com/ovskit/ovskit/openflow"

// Reasons for a packet to go to a controller that Open vSwitch tells apart from the ones that OpenFlow has: the flow of a
// table's misses, and that there is none.
const (
	ReasonExplicitMiss openflow.PacketInReason = 6
	ReasonImplicitMiss openflow.PacketInReason = 7
)

// missed is what becomes of a packet that no flow of a table matches, nil for nothing.
func (x *translation) missed(table uint8) *Flow {
	s := x.s
	switch s.miss(table) {
	case missController, missContinue: // the latter where no table follows
		p := s.ports[uint32(x.flow.Uint(openflow.FieldInPort))]
		if p == nil || p.config&openflow.PortConfigNoPacketIn != 0 {
			return nil
		}
	case missDefault:
		if !s.controllers.WantMisses() {
			return nil
		}
	default:
		return nil
	}
	return s.internal.miss
}
