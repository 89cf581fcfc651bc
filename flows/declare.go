// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
)

func (s *state) putHost(h Host) error {
	if err := checkMAC(h.MAC); err != nil {
		return err
	}
	for _, p := range h.Addrs {
		if err := checkAddr(p); err != nil {
			return err
		}
	}
	h.MAC, h.Addrs = slices.Clone(h.MAC), slices.Clone(h.Addrs)
	if s.host != nil {
		for _, p := range s.host.Addrs {
			unassign(s, s.addrs, p.Addr())
		}
	}
	for _, p := range h.Addrs {
		for _, n := range s.networks {
			if n.Subnet.Overlaps(p.Masked()) && !s.pending[n.Name] {
				return fmt.Errorf("address %s overlaps the subnet %s of %s: %w", p, n.Subnet, n, ErrConflict)
			}
		}
		if err := s.claimAddr(p.Addr(), h.ref()); err != nil {
			return err
		}
	}
	old := s.host
	s.host = &h
	s.undo = append(s.undo, func() { s.host = old })
	s.touchNetworks()
	return nil
}

func (s *state) putUplink(u Uplink) error {
	if s.uplink != nil && s.uplink.Name != u.Name {
		return fmt.Errorf("the switch has the %s already: %w", s.uplink, ErrConflict)
	}
	if u.Name == "" {
		return fmt.Errorf("no name: %w", ErrInvalid)
	}
	if s.host == nil {
		return fmt.Errorf("the host is not declared: %w", ErrNotFound)
	}
	if !s.host.has(u.Addr) {
		return fmt.Errorf("address %s is not the host's: %w", u.Addr, ErrInvalid)
	}
	if s.uplink != nil {
		unassign(s, s.ports, s.uplink.Port)
	}
	if err := s.claimPort(u.Port, u.ref()); err != nil {
		return err
	}
	s.replaceUplink(&u)
	return nil
}

func (s *state) replaceUplink(u *Uplink) {
	old := s.uplink
	s.uplink = u
	s.undo = append(s.undo, func() { s.uplink = old })
	if s.host != nil {
		s.touch(s.host.ref())
	}
	s.touchNetworks()
	for _, e := range s.endpoints {
		if len(e.Publish) > 0 {
			s.touch(e.ref())
		}
	}
}

func (s *state) touchNetworks() {
	for _, n := range s.networks {
		s.touch(n.ref())
	}
}

func (s *state) putNetwork(n Network, reserved map[uint64]uint16) error {
	switch {
	case n.Name == "":
		return fmt.Errorf("no name: %w", ErrInvalid)
	case !n.Subnet.IsValid() || !n.Subnet.Addr().Is4():
		return fmt.Errorf("subnet %s is not an IPv4 prefix: %w", n.Subnet, ErrInvalid)
	case n.Subnet != n.Subnet.Masked():
		return fmt.Errorf("subnet %s has host bits, mean %s: %w", n.Subnet, n.Subnet.Masked(), ErrInvalid)
	case !n.Subnet.Contains(n.Gateway):
		return fmt.Errorf("gateway %s is outside the subnet %s: %w", n.Gateway, n.Subnet, ErrInvalid)
	case s.host == nil:
		return fmt.Errorf("the host is not declared: %w", ErrNotFound)
	case n.Egress != Egress{} && (s.uplink == nil || s.uplink.Name != n.Egress.uplink):
		return fmt.Errorf("uplink %q is not declared: %w", n.Egress.uplink, ErrNotFound)
	}
	if err := checkUnicast(n.Subnet); err != nil {
		return err
	}
	if err := checkAddr(netip.PrefixFrom(n.Gateway, n.Subnet.Bits())); err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	delete(s.pending, n.Name)
	for _, other := range s.networks {
		if other.Name != n.Name && !s.pending[other.Name] && other.Subnet.Overlaps(n.Subnet) {
			return fmt.Errorf("subnet %s overlaps %s of %s: %w", n.Subnet, other.Subnet, other, ErrConflict)
		}
	}
	for _, p := range s.host.Addrs {
		if n.Subnet.Overlaps(p.Masked()) {
			return fmt.Errorf("subnet %s overlaps the host's %s: %w", n.Subnet, p, ErrConflict)
		}
	}
	if err := s.claimAddr(n.Gateway, n.ref()); err != nil {
		return err
	}
	put := &networkState{Network: n, endpoints: map[string]bool{}}
	if old := s.networks[n.Name]; old != nil {
		put.id, put.endpoints = old.id, old.endpoints
	} else {
		id, err := s.number(n, reserved)
		if err != nil {
			return err
		}
		put.id = id
		assign(s, s.zones, id, n.Name)
	}
	assign(s, s.networks, n.Name, put)
	return nil
}

// number finds a network's number: the one it had before, else the lowest that nobody has or had, for the connections of
// a network that is gone live on in its zone.
func (s *state) number(n Network, reserved map[uint64]uint16) (uint16, error) {
	if id, ok := reserved[objectCookie(n.ref())]; ok && id > s.uplinkZone {
		if _, taken := s.zones[id]; !taken {
			return id, nil
		}
	}
	avoid := maps.Clone(s.retired)
	for _, id := range reserved {
		avoid[id] = true
	}
	for _, avoid := range []map[uint16]bool{avoid, nil} {
		for id := int(s.uplinkZone) + 1; id <= math.MaxUint16; id++ {
			if _, taken := s.zones[uint16(id)]; !taken && !avoid[uint16(id)] {
				return uint16(id), nil
			}
		}
	}
	return 0, fmt.Errorf("no conntrack zone is left: %w", ErrConflict)
}

func (s *state) releaseNetwork(name string) {
	if n := s.networks[name]; n != nil {
		unassign(s, s.addrs, n.Gateway)
	}
}

func (s *state) putEndpoint(e Endpoint) error {
	e.Addrs, e.Publish, e.MAC = slices.Clone(e.Addrs), slices.Clone(e.Publish), slices.Clone(e.MAC)
	if err := s.checkEndpoint(e); err != nil {
		return err
	}
	if err := s.claimPort(e.Port, e.ref()); err != nil {
		return err
	}
	if err := s.claimMAC(e.Network, e.MAC, e.ref()); err != nil {
		return err
	}
	for _, a := range e.Addrs {
		if err := s.claimAddr(a, e.ref()); err != nil {
			return err
		}
	}
	for _, m := range e.Publish {
		key := PortMapping{Proto: m.Proto, HostPort: m.HostPort}
		if by, taken := s.published[key]; taken {
			return fmt.Errorf("port %s is published by endpoint %q: %w", m, by, ErrConflict)
		}
		assign(s, s.published, key, e.Name)
	}
	assign(s, s.endpoints, e.Name, e)
	assign(s, s.networks[e.Network].endpoints, e.Name, true)
	return nil
}

// checkEndpoint holds an endpoint against itself and its network.
func (s *state) checkEndpoint(e Endpoint) error {
	if e.Name == "" {
		return fmt.Errorf("no name: %w", ErrInvalid)
	}
	n := s.networks[e.Network]
	if n == nil {
		return fmt.Errorf("network %q is not declared: %w", e.Network, ErrNotFound)
	}
	if err := checkMAC(e.MAC); err != nil {
		return err
	}
	if len(e.Addrs) == 0 {
		return fmt.Errorf("no address: %w", ErrInvalid)
	}
	for _, a := range e.Addrs {
		if !n.Subnet.Contains(a) {
			return fmt.Errorf("address %s is outside the subnet %s of %s: %w", a, n.Subnet, n, ErrInvalid)
		}
		if err := checkAddr(netip.PrefixFrom(a, n.Subnet.Bits())); err != nil {
			return err
		}
	}
	for _, m := range e.Publish {
		switch {
		case m.Proto != TCP && m.Proto != UDP:
			return fmt.Errorf("port %s: neither tcp nor udp: %w", m, ErrInvalid)
		case m.HostPort == 0 || m.Port == 0:
			return fmt.Errorf("port %s to %d: a port is 1 to 65535: %w", m, m.Port, ErrInvalid)
		case n.Egress == Egress{}:
			return fmt.Errorf("port %s: %s has no way out to be published by: %w", m, n, ErrInvalid)
		}
	}
	return nil
}

func (s *state) releaseEndpoint(name string) {
	e, ok := s.endpoints[name]
	if !ok {
		return
	}
	unassign(s, s.ports, e.Port)
	s.releaseMAC(e.Network, e.MAC)
	for _, a := range e.Addrs {
		unassign(s, s.addrs, a)
	}
	for _, m := range e.Publish {
		unassign(s, s.published, PortMapping{Proto: m.Proto, HostPort: m.HostPort})
	}
	unassign(s, s.networks[e.Network].endpoints, name)
}
