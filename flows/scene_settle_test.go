// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"

	"github.com/ovskit/ovskit/flows/internal/oracle"
	"github.com/ovskit/ovskit/openflow"
)

// settle returns when all that the machines have sent before it has come to its end: everything that will arrive of it has
// been noted. Each machine asks for a neighbour, as who looks for a duplicate does, which no rule forbids, and gets an answer
// by the queues that its other packets pass. An answer shows that the switch began to work off what was sent before the
// question, a second one that it has done so. What it gave to the host for forwarding is behind the host's questions in the
// same way, and what it gave to anybody before the last answers.
func (s *scene) settle(ctx context.Context) error {
	var others []*machine
	for name, m := range s.machines {
		if name != oracle.TheHost {
			others = append(others, m)
		}
	}
	host := s.machines[oracle.TheHost]
	for _, turn := range [][]*machine{others, {host}, append(others, host)} {
		var wg sync.WaitGroup
		errs := make([]error, len(turn))
		for i, m := range turn {
			goIn(&wg, func() { errs[i] = errors.Join(s.ask(ctx, m), s.ask(ctx, m)) })
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			return err
		}
	}
	return nil
}

// ask has a machine ask for a neighbour and waits for the answer.
func (s *scene) ask(ctx context.Context, m *machine) error {
	target := s.neighbour(m)
	if !target.IsValid() {
		return nil // it is in no network that is declared
	}
	var before int
	s.note(func() { before = m.answers })
	if err := m.SendFrames(s.marker(m, target)); err != nil {
		return err
	}
	return s.await(ctx, fmt.Sprintf("%s asks for %s", m.party, target), func() bool { return m.answers > before })
}

// neighbour is an address that somebody answers for to a machine, whatever the rules.
func (s *scene) neighbour(m *machine) (target netip.Addr) {
	switch m.party {
	case oracle.Outside:
		return plans[false].host
	case oracle.TheHost:
		for _, e := range s.world.Endpoints {
			for _, a := range e.Addrs {
				if !target.IsValid() || a.Less(target) {
					target = a
				}
			}
		}
		return target
	}
	for _, g := range s.world.Networks[s.world.Endpoints[m.party].Network].Gateways {
		if !target.IsValid() || g.Addr().Is4() {
			target = g.Addr()
		}
	}
	return target
}

// marker is a question for a neighbour by who has no address yet (RFC 5227, 2.1.1; RFC 4862, 5.4), as no kernel sends it here.
func (s *scene) marker(m *machine, target netip.Addr) []byte {
	if target.Is6() {
		return solicit(&station{mac: m.MAC()}, netip.IPv6Unspecified(), target).bytes(s.t)
	}
	return frame{
		from: m.MAC(), to: broadcast, proto: "arp?",
		src: netip.AddrPortFrom(netip.IPv4Unspecified(), 0), dst: netip.AddrPortFrom(target, 0),
	}.bytes(s.t)
}

// isMarker tells the answers to markers: to nobody's address, or to all.
func isMarker(b []byte) bool {
	switch {
	case len(b) < 42:
		return false
	case binary.BigEndian.Uint16(b[12:]) == openflow.EthTypeARP:
		return b[21] == 2 && slices.Equal(b[38:42], make([]byte, 4))
	case binary.BigEndian.Uint16(b[12:]) == openflow.EthTypeIPv6 && len(b) >= 78:
		all := netip.MustParseAddr("ff02::1").As16()
		return b[20] == 58 && b[54] == openflow.ICMPv6NeighborAdvert && slices.Equal(b[38:54], all[:])
	}
	return false
}
