// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"slices"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// RunBonds lets time pass for the bonds. Those whose active member is another one now tell the switches at their other end,
// by frames from all stations that are reached by other links.
func (s *Bridge) RunBonds() {
	s.Begin()
	e := &evaluation{dp: s.dp, s: s}
	for _, l := range s.links {
		if l.bond == nil {
			continue
		}
		l.bond.run(s.now)
		if l.bond.announce && l.bond.announces() {
			s.announceStations(e, l)
		}
		l.bond.announce = false
	}
	frames := s.deliveries(e.outputs, false)
	s.End()
	s.leave(frames, nil)
}

// announces reports whether the other end of the bond has to be told where stations are.
func (b *bond) announces() bool {
	return b.active != nil && (b.fallenBack() || !b.config.LACP && b.config.Mode != BalanceTCP)
}

func (s *Bridge) announceStations(e *evaluation, l *link) {
	for at := s.macs.used.Front(); at != nil; at = at.Next() {
		m := at.Value.(*macEntry)
		if m.link == l {
			continue
		}
		var k packet.Key
		k.SetUint(openflow.FieldEthSrc, m.mac)
		if p := l.bond.output(&k, m.vlan, 0); p != nil {
			e.outputs = append(e.outputs, Output{Port: p.No, Frame: stationFrame(m.mac, m.vlan), port: p})
		}
	}
}

// stationFrame is a RARP request of a station (RFC 903), by which switches learn where it is.
func stationFrame(mac uint64, vlan uint16) []byte {
	addr := mac6(mac)
	f := slices.Concat([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, addr[:])
	if vlan != 0 {
		f = append(f, openflow.EthTypeVLAN>>8, openflow.EthTypeVLAN&0xff, byte(vlan>>8), byte(vlan))
	}
	return slices.Concat(f, []byte{0x80, 0x35, 0, 1, 8, 0, 6, 4, 0, 3}, addr[:], make([]byte, 4), addr[:], make([]byte, 4))
}
