// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/ovskit/ovskit/internal/testbed"
)

// probes are all that can be asked at the same time.
func (s *scenario) probes() []probe {
	return slices.Concat(
		s.sameNetwork(),
		s.acrossNetworks(),
		s.egress(),
		s.publishing(),
		s.fromOutside(),
		s.hostAccess(),
		s.spoofing(),
	)
}

// to is a call to a machine's own address.
func (m *machine) to(p proto, to *machine, port uint16) call {
	return m.toAddr(p, to, to.addr, port)
}

// toAddr is a call to an address that leads, or would lead, to a machine.
func (m *machine) toAddr(p proto, to *machine, addr netip.Addr, port uint16) call {
	if p == icmp {
		port = 0
	}
	return call{p, m, to, netip.AddrPortFrom(addr, port)}
}

func (s *scenario) sameNetwork() (ps []probe) {
	for _, p := range protos {
		ps = append(ps,
			s.answered(s.web0.to(p, s.web1, servicePort)),
			s.answered(s.web1.to(p, s.web0, servicePort)))
	}
	return ps
}

func (s *scenario) acrossNetworks() (ps []probe) {
	for _, p := range protos {
		ps = append(ps,
			s.blocked(s.web0.to(p, s.db0, servicePort)),
			s.blocked(s.db0.to(p, s.web0, servicePort)))
	}
	return ps
}

// egress is the way out, masqueraded as the host's address; the host's own connections take it as well.
func (s *scenario) egress() (ps []probe) {
	for _, from := range []*machine{s.web0, s.db0, s.host} {
		ps = append(ps, s.answered(from.toAddr(icmp, s.outside, testbed.BeyondAddr, 0)))
		for _, p := range []proto{tcp, udp} {
			ps = append(ps, s.seenAs(from.toAddr(p, s.outside, testbed.BeyondAddr, servicePort), s.host.addr))
		}
	}
	return append(ps, s.sharedSource())
}

// sharedSource wants two endpoints to be connected to the same service at the same time, both from the same port.
func (s *scenario) sharedSource() probe {
	name := fmt.Sprintf("tcp web0 and web1 -> outside, both from port %d", sharedPort)
	want := "both seen as " + s.host.addr.String()
	return probe{name, want, func(ctx context.Context) string {
		ctx, cancel := context.WithTimeout(ctx, s.within)
		defer cancel()
		local := netip.AddrPortFrom(netip.IPv4Unspecified(), sharedPort)
		var conns []net.Conn
		for _, m := range []*machine{s.web0, s.web1} {
			c, err := m.DialTCP(ctx, local, netip.AddrPortFrom(testbed.BeyondAddr, servicePort))
			if err != nil {
				return m.Name() + ": " + verdict(err)
			}
			defer c.Close()
			conns = append(conns, c)
		}
		seen := make([]string, len(conns))
		for range 2 { // in turns
			for i, c := range conns {
				a, err := askOver(ctx, c)
				if err != nil {
					return verdict(err)
				}
				seen[i] = a.client
			}
		}
		if host(seen[0]) != host(seen[1]) || seen[0] == seen[1] {
			return fmt.Sprintf("seen as %s and %s", seen[0], seen[1])
		}
		return "both seen as " + host(seen[0])
	}}
}

// publishing is web0's service at the host's address.
func (s *scenario) publishing() []probe {
	published := func(from *machine) call { return from.toAddr(tcp, s.web0, s.host.addr, publishedPort) }
	return []probe{
		s.seenAs(published(s.outside), s.outside.addr),
		s.answered(published(s.web0)),
		s.answered(published(s.web1)),
		s.answered(published(s.db0)),
		s.fails(s.outside.toAddr(tcp, s.web0, s.host.addr, hiddenPort), refused),
	}
}

// fromOutside is what the outside may and may not reach without a published port.
func (s *scenario) fromOutside() (ps []probe) {
	ps = append(ps, s.answered(s.outside.to(tcp, s.host, hostPort)))
	for _, p := range protos {
		ps = append(ps, s.blocked(s.outside.to(p, s.web0, servicePort)))
	}
	return ps
}

// hostAccess is both ways for the network web, none for db.
func (s *scenario) hostAccess() (ps []probe) {
	for _, p := range protos {
		// A service that answers datagrams does so from the address nearest to the client.
		ps = append(ps,
			s.answered(s.host.to(p, s.web0, servicePort)),
			s.answered(s.web0.toAddr(p, s.host, webGateway, hostPort)),
			s.blocked(s.host.to(p, s.db0, servicePort)),
			s.blocked(s.db0.toAddr(p, s.host, dbGateway, hostPort)))
	}
	return append(ps,
		s.answered(s.web0.to(tcp, s.host, hostPort)),
		s.blocked(s.db0.to(tcp, s.host, hostPort)))
}
