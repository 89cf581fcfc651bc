// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
)

// probes are all that can be asked at the same time.
func (s *scenario) probes() (ps []probe) {
	for _, v := range s.views {
		ps = slices.Concat(ps,
			v.sameNetwork(),
			v.acrossNetworks(),
			v.out(),
			v.publishing(),
			v.loopback(),
			v.fromOutside(),
			v.hostAccess(),
			v.spoofing(),
		)
	}
	return ps
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

func (v *view) sameNetwork() (ps []probe) {
	for _, p := range protos {
		ps = append(ps,
			v.answered(v.web0.to(p, v.web1, servicePort)),
			v.answered(v.web1.to(p, v.web0, servicePort)))
	}
	return ps
}

func (v *view) acrossNetworks() (ps []probe) {
	for _, p := range protos {
		ps = append(ps,
			v.blocked(v.web0.to(p, v.db0, servicePort)))
		if v.egress != Routed || p != tcp { // where the port is published at its own address, to everyone
			ps = append(ps, v.blocked(v.db0.to(p, v.web0, servicePort)))
		}
	}
	return ps
}

// out is the way out; the host's own connections take it as well.
func (v *view) out() (ps []probe) {
	for _, from := range []*machine{v.web0, v.db0, v.host} {
		ps = append(ps, v.answered(from.toAddr(icmp, v.outside, v.in.beyond, 0)))
		for _, p := range []proto{tcp, udp} {
			ps = append(ps, v.seenAs(from.toAddr(p, v.outside, v.in.beyond, servicePort), v.seen(from)))
		}
	}
	if v.egress == Routed {
		return ps
	}
	return append(ps, v.sharedSource())
}

// sharedSource wants two endpoints to be connected to the same service at the same time, both from the same port.
func (v *view) sharedSource() probe {
	name := fmt.Sprintf("tcp web0 and web1 -> outside, both from port %d (%s)", sharedPort, v.in.name)
	want := "both seen as " + v.seen(v.web0).String()
	return probe{name, want, func(ctx context.Context) string {
		ctx, cancel := context.WithTimeout(ctx, v.within)
		defer cancel()
		local := netip.AddrPortFrom(netip.Addr{}, sharedPort)
		var conns []net.Conn
		for _, m := range []*machine{v.web0, v.web1} {
			c, err := m.DialTCP(ctx, local, netip.AddrPortFrom(v.in.beyond, servicePort))
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

// publishing is web0's service where it is reached from outside.
func (v *view) publishing() []probe {
	published := func(from *machine) call {
		return from.toAddr(tcp, v.web0, v.published.Addr(), v.published.Port())
	}
	hidden := v.outside.toAddr(tcp, v.web0, v.published.Addr(), hiddenPort)
	ps := []probe{v.seenAs(published(v.outside), v.outside.addr)}
	switch v.egress {
	case Uplink:
		ps = append(ps, v.fails(hidden, refused)) // by the host, whose address it is
	case Address:
		ps = append(ps, v.blocked(hidden), v.answered(published(v.host)))
	case Routed:
		return append(ps, v.blocked(hidden), v.answered(published(v.db0))) // endpoints of its network reach every port
	}
	return append(ps,
		v.answered(published(v.web0)),
		v.answered(published(v.web1)),
		v.answered(published(v.db0)))
}

// loopback is published ports as the host's own programs see them, at addresses that no packet to leaves the host for.
func (v *view) loopback() (ps []probe) {
	if !v.forwards() {
		return nil
	}
	for _, own := range []netip.Addr{v.in.loopback, v.host.addr} {
		ps = append(ps,
			v.fails(v.host.toAddr(tcp, v.web0, own, publishedPort), refused),
			v.seenAs(v.host.toAddr(tcp, v.web0, own, forwardedPort), v.in.web.Addr()),
			v.listens(netip.AddrPortFrom(own, publishedPort)))
	}
	return append(ps, v.seenAs(v.outside.toAddr(tcp, v.web0, v.published.Addr(), forwardedPort), v.outside.addr))
}

// listens wants a program of the host not to get a port that is published.
func (v *view) listens(at netip.AddrPort) probe {
	return probe{"tcp program of the host listens at " + at.String(), taken, func(ctx context.Context) string {
		l, err := v.host.ListenTCP(ctx, at)
		switch {
		case errors.Is(err, syscall.EADDRINUSE):
			return taken
		case err != nil:
			return "error: " + err.Error()
		}
		l.Close()
		return "listens"
	}}
}

// fromOutside is what the outside may and may not reach without a published port.
func (v *view) fromOutside() (ps []probe) {
	ps = append(ps, v.answered(v.outside.to(tcp, v.host, hostPort)))
	for _, p := range protos {
		if v.egress == Routed {
			ps = append(ps, v.routedIn(p)...)
			continue
		}
		ps = append(ps, v.blocked(v.outside.to(p, v.web0, servicePort)))
	}
	return ps
}

// routedIn is what the outside may and may not reach of endpoints of routed networks: all of them answer pings.
func (v *view) routedIn(p proto) []probe {
	if p == icmp {
		return []probe{v.answered(v.outside.to(p, v.web0, 0)), v.answered(v.outside.to(p, v.db0, 0))}
	}
	ps := []probe{v.blocked(v.outside.to(p, v.web1, servicePort)), v.blocked(v.outside.to(p, v.db0, servicePort))}
	if p == udp { // the port is published for TCP
		ps = append(ps, v.blocked(v.outside.to(p, v.web0, servicePort)))
	}
	return ps
}

// hostAccess is both ways for the network web, none for db.
func (v *view) hostAccess() (ps []probe) {
	for _, p := range protos {
		// A service that answers datagrams does so from the address nearest to the client.
		ps = append(ps,
			v.answered(v.host.to(p, v.web0, servicePort)),
			v.answered(v.web0.toAddr(p, v.host, v.in.web.Addr(), hostPort)),
			v.blocked(v.host.to(p, v.db0, servicePort)),
			v.blocked(v.db0.toAddr(p, v.host, v.in.db.Addr(), hostPort)))
	}
	return append(ps,
		v.answered(v.web0.to(tcp, v.host, hostPort)),
		v.blocked(v.db0.to(tcp, v.host, hostPort)))
}
