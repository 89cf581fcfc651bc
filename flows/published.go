// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"maps"
	"net/netip"
	"slices"
)

// publishedKey is a port outside, of one family.
type publishedKey struct {
	proto Proto
	v6    bool
	port  uint16
}

// publishedAt is where an endpoint publishes such a port: at one address, or at all of the host's if addr is not valid.
type publishedAt struct {
	addr     netip.Addr
	endpoint string
	balance  Balance
}

// outsidePort is a port outside that an endpoint has taken, and where it leads.
type outsidePort struct {
	key     publishedKey
	addr    netip.Addr
	to      netip.AddrPort
	balance Balance
}

func (o outsidePort) balanced() balancedPort { return balancedPort{o.key, o.addr} }

// outside are the ports outside that a mapping takes.
func (s *state) outside(e *Endpoint, m PortMapping) []outsidePort {
	var claims []outsidePort
	for _, f := range families {
		to, ok := e.addr(f)
		if !ok || m.HostAddr.IsValid() && !f.has(m.HostAddr) {
			continue
		}
		at := m.HostAddr
		switch w := s.networks[e.Network].Egress.way(f); w.mode {
		case internal, routed:
			continue
		case behindAddress:
			if !at.IsValid() {
				at, _ = pickAddr(f, s.addresses[w.name].Addrs)
			}
		}
		for i := range m.count() {
			claims = append(claims, outsidePort{
				publishedKey{m.Proto, f.v6, m.HostPort + uint16(i)}, at, netip.AddrPortFrom(to, m.Port+uint16(i)), m.Balance,
			})
		}
	}
	return claims
}

// claimPublished takes the ports outside that an endpoint publishes. Those that may be any get the number they had.
func (s *state) claimPublished(e *Endpoint, before kept) ([]outsidePort, error) {
	all := make([]outsidePort, 0, len(e.Publish))
	for i, m := range e.Publish {
		if m.HostPort == 0 {
			var err error
			if m.HostPort, err = s.freePort(e, m, before); err != nil {
				return nil, err
			}
			e.Publish[i] = m
		}
		for _, c := range s.outside(e, m) {
			taken := s.published[c.key]
			for _, t := range taken {
				if err := s.shareable(e, m, c.addr, t); err != nil {
					return nil, err
				}
			}
			if m.Balance != Exclusive {
				if err := s.share(c.balanced(), m.Balance, backend{e.Name, c.to}, before); err != nil {
					return nil, fmt.Errorf("port %s: %w", m, err)
				}
			}
			assign(s, s.published, c.key, append(slices.Clip(taken), publishedAt{c.addr, e.Name, m.Balance}))
			all = append(all, c)
		}
	}
	return all, nil
}

// shareable holds a mapping of an endpoint, at an address, against one of the same port that is there already.
func (s *state) shareable(e *Endpoint, m PortMapping, at netip.Addr, there publishedAt) error {
	switch {
	case !s.sameAddress(there.addr, at):
		return nil
	case there.endpoint == e.Name || there.balance == Exclusive && m.Balance == Exclusive:
		return fmt.Errorf("port %s is published by endpoint %q: %w", m, there.endpoint, ErrConflict)
	case there.balance != m.Balance:
		return fmt.Errorf("port %s is %s, and %s for endpoint %q: %w", m, m.Balance.words(), there.balance.words(), there.endpoint, ErrConflict)
	case there.addr != at:
		return fmt.Errorf("port %s is published by endpoint %q at other addresses: %w", m, there.endpoint, ErrConflict)
	}
	return nil
}

// The ports that are chosen from where a mapping names none, as Linux chooses its own (ip_local_port_range).
const (
	ephemeralFirst = 32768
	ephemeralLast  = 60999
)

// freePort finds a port outside for a mapping that names none: the one it had, else one that follows from the endpoint and
// its port, so that it does not depend on the order in which endpoints are declared.
func (s *state) freePort(e *Endpoint, m PortMapping, before kept) (uint16, error) {
	if len(s.outside(e, m)) == 0 {
		return 0, nil // of a routed network
	}
	h := fnv.New64a()
	fmt.Fprint(h, e.Name, 0, m)
	const n = ephemeralLast - ephemeralFirst + 1
	first := h.Sum64() % n
	free := func(port uint16) bool {
		m.HostPort = port
		return !slices.ContainsFunc(s.outside(e, m), s.taken)
	}
	for _, port := range s.portsBefore(e, m, before, uint16(ephemeralFirst+first)) {
		if free(port) {
			return port, nil
		}
	}
	for i := range uint64(n) {
		if port := uint16(ephemeralFirst + (first+i)%n); free(port) && !slices.ContainsFunc(s.outside(e, m), s.takenByHost) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("port %s: all of %d to %d are published or the host's: %w", m, ephemeralFirst, ephemeralLast, ErrConflict)
}

// takenByHost reports whether a program of the host has a claim's port, at one of the addresses that packets for it may have.
func (s *state) takenByHost(c outsidePort) bool {
	if s.hostHas == nil {
		return false
	}
	at := []netip.Addr{c.addr}
	switch {
	case !c.addr.IsValid():
		at = s.host.own(c.key.v6)
	case !c.addr.IsLoopback() && !s.host.has(c.addr):
		return false // a spare one
	}
	return slices.ContainsFunc(at, func(a netip.Addr) bool {
		return s.hostHas(c.key.proto, netip.AddrPortFrom(a, c.key.port))
	})
}

// portsBefore are the ports outside that were chosen for a mapping: since the program started, else when it ran before.
// Several mappings of an endpoint may be the same; then they are in the order in which they were chosen, as far as that is
// known, for the search for the port of each has begun at first.
func (s *state) portsBefore(e *Endpoint, m PortMapping, before kept, first uint16) (ports []uint16) {
	if old := s.endpoints[e.Name]; old != nil {
		for i, o := range old.asked {
			if o == m && old.Publish[i].HostPort != 0 {
				ports = append(ports, old.Publish[i].HostPort)
			}
		}
	}
	if ports != nil {
		return ports
	}
	addrs := map[netip.Addr]bool{}
	for _, c := range s.outside(e, m) {
		addrs[c.addr] = true
	}
	was := slices.Clone(before.ports[keptPort{objectCookie(e.ref()), m.Proto, m.Port}])
	slices.SortFunc(was, func(a, b keptOutside) int {
		elsewhere := func(k keptOutside) int {
			if addrs[k.addr] {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(elsewhere(a), elsewhere(b)), cmp.Compare(a.port-first, b.port-first))
	})
	for _, k := range was {
		ports = append(ports, k.port)
	}
	return ports
}

// taken reports whether somebody has a claim's port.
func (s *state) taken(c outsidePort) bool {
	return slices.ContainsFunc(s.published[c.key], func(t publishedAt) bool { return s.sameAddress(t.addr, c.addr) })
}

// sameAddress reports whether a packet may be for both: an address that is not valid stands for all of the host's.
func (s *state) sameAddress(a, b netip.Addr) bool {
	if a == b {
		return true
	}
	ours := func(x netip.Addr) bool { return !x.IsValid() || x.IsLoopback() || s.host != nil && s.host.has(x) }
	return (!a.IsValid() || !b.IsValid()) && ours(a) && ours(b)
}

// releasePublished gives back what claimPublished took.
func (s *state) releasePublished(e *endpointState) {
	for _, c := range e.outside {
		left := slices.DeleteFunc(slices.Clone(s.published[c.key]), func(t publishedAt) bool {
			return t.addr == c.addr && t.endpoint == e.Name
		})
		if c.balance != Exclusive {
			s.unshare(c.balanced(), e.Name)
		}
		if len(left) == 0 {
			unassign(s, s.published, c.key)
		} else {
			assign(s, s.published, c.key, left)
		}
	}
}

// claimAgain takes the ports outside of a network's endpoints anew, when its way out has changed.
func (s *state) claimAgain(n *networkState) error {
	for name := range n.endpoints {
		s.releasePublished(s.endpoints[name])
	}
	for _, name := range slices.Sorted(maps.Keys(n.endpoints)) {
		e := *s.endpoints[name]
		e.Publish = slices.Clone(e.asked)
		outside, err := s.claimPublished(&e.Endpoint, kept{})
		if err != nil {
			return fmt.Errorf("endpoint %q: %w", name, err)
		}
		e.outside = outside
		assign(s, s.endpoints, name, &e)
		s.touch(e.ref())
	}
	return nil
}
