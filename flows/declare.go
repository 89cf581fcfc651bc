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
	if s.host != nil {
		for _, p := range s.host.Addrs {
			unassign(s, s.addrs, p.Addr())
		}
	}
	for _, p := range h.Addrs {
		for _, n := range s.networks {
			if s.pending[n.Name] {
				continue
			}
			if g, ok := overlapping(n.Gateways, p); ok {
				return fmt.Errorf("address %s overlaps the subnet %s of %s: %w", p, g.Masked(), n, ErrConflict)
			}
		}
		if err := s.claimAddr(p.Addr(), h.ref()); err != nil {
			return err
		}
	}
	if s.host != nil && !slices.Equal(s.host.Addrs, h.Addrs) {
		// What is published at all of the host's addresses is so at others now.
		s.touchEndpoints(func(e *endpointState) bool { return len(e.Publish) > 0 })
		for _, p := range s.balanced {
			s.touch(p.ref())
		}
	}
	s.replaceHost(&h)
	s.touchNetworks()
	for _, a := range s.addresses {
		s.touch(a.ref())
	}
	return nil
}

// touchEndpoints has the endpoints that are concerned compiled again.
func (s *state) touchEndpoints(concerned func(e *endpointState) bool) {
	for _, e := range s.endpoints {
		if concerned(e) {
			s.touch(e.ref())
		}
	}
}

// overlapping finds the gateway whose subnet overlaps that of p.
func overlapping(gateways []netip.Prefix, p netip.Prefix) (netip.Prefix, bool) {
	for _, g := range gateways {
		if g.Overlaps(p) {
			return g, true
		}
	}
	return netip.Prefix{}, false
}

func (s *state) replaceHost(h *Host) {
	old := s.host
	s.host = h
	s.undo = append(s.undo, func() { s.host = old })
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
	if err := onePerFamily(u.Addrs); err != nil {
		return err
	}
	for _, a := range u.Addrs {
		if !s.host.has(a) {
			return fmt.Errorf("address %s is not the host's: %w", a, ErrInvalid)
		}
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

func onePerFamily(addrs []netip.Addr) error {
	for i, a := range addrs {
		if !a.IsValid() || a.Zone() != "" || a.Is4In6() {
			return fmt.Errorf("address %s is not an address of IPv4 or IPv6: %w", a, ErrInvalid)
		}
		for _, b := range addrs[:i] {
			if familyOf(a) == familyOf(b) {
				return fmt.Errorf("addresses %s and %s are both %s: %w", b, a, familyOf(a).name, ErrInvalid)
			}
		}
	}
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
	for _, a := range s.addresses {
		s.touch(a.ref())
	}
}

func (s *state) touchNetworks() {
	for _, n := range s.networks {
		s.touch(n.ref())
	}
}

func (s *state) putAddress(a Address) error {
	switch {
	case a.Name == "":
		return fmt.Errorf("no name: %w", ErrInvalid)
	case len(a.Addrs) == 0:
		return fmt.Errorf("no address: %w", ErrInvalid)
	case s.host == nil:
		return fmt.Errorf("the host is not declared: %w", ErrNotFound)
	}
	if err := onePerFamily(a.Addrs); err != nil {
		return err
	}
	for _, x := range a.Addrs {
		if err := checkUnicast(single(x)); err != nil {
			return err
		}
		for _, n := range s.networks {
			if g, ok := overlapping(n.Gateways, single(x)); ok && !s.pending[n.Name] {
				return fmt.Errorf("address %s is in the subnet %s of %s: %w", x, g.Masked(), n, ErrConflict)
			}
		}
		if err := s.claimAddr(x, a.ref()); err != nil {
			return err
		}
	}
	if len(s.addresses) == 0 {
		s.touchNetworks()
	}
	assign(s, s.addresses, a.Name, a)
	return s.touchBehind(a.Name)
}

func (s *state) releaseAddress(name string) {
	for _, x := range s.addresses[name].Addrs {
		unassign(s, s.addrs, x)
	}
}

// touchBehind has what is translated to an address compiled again.
func (s *state) touchBehind(name string) error {
	if s.host != nil {
		s.touch(s.host.ref())
	}
	for _, n := range s.networks {
		if n.Egress.uses(behindAddress, name) {
			s.touch(n.ref())
			if err := s.claimAgain(n); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *state) putNetwork(n Network, before kept) error {
	if err := s.checkNetwork(n); err != nil {
		return err
	}
	delete(s.pending, n.Name)
	for _, g := range n.Gateways {
		for _, other := range s.networks {
			if other.Name == n.Name || s.pending[other.Name] {
				continue
			}
			if o, ok := overlapping(other.Gateways, g); ok {
				return fmt.Errorf("subnet %s overlaps %s of %s: %w", g.Masked(), o.Masked(), other, ErrConflict)
			}
		}
		for _, p := range s.host.Addrs {
			if g.Overlaps(p) {
				return fmt.Errorf("subnet %s overlaps the host's %s: %w", g.Masked(), p, ErrConflict)
			}
		}
		for _, a := range s.addresses {
			for _, x := range a.Addrs {
				if g.Contains(x) {
					return fmt.Errorf("subnet %s contains %s of %s: %w", g.Masked(), x, a, ErrConflict)
				}
			}
		}
		if err := s.claimAddr(g.Addr(), n.ref()); err != nil {
			return err
		}
	}
	put := &networkState{Network: n, endpoints: map[string]uint32{}}
	old := s.networks[n.Name]
	if old != nil {
		put.setID(old.id)
		put.endpoints = old.endpoints
	} else {
		id, err := s.number(n, before)
		if err != nil {
			return err
		}
		put.setID(id)
		assign(s, s.zones, id, n.Name)
		s.touchRules(InNetwork(n.Name).key())
	}
	assign(s, s.networks, n.Name, put)
	if old != nil && !slices.Equal(old.Gateways, n.Gateways) {
		// A server of DHCP answers from the gateway's address.
		s.touchEndpoints(func(e *endpointState) bool { return e.DHCP && e.Network == n.Name })
	}
	if old != nil && old.Egress != n.Egress {
		return s.claimAgain(put)
	}
	return nil
}

// checkNetwork holds a network against itself and what it refers to.
func (s *state) checkNetwork(n Network) error {
	switch {
	case n.Name == "":
		return fmt.Errorf("no name: %w", ErrInvalid)
	case len(n.Gateways) == 0:
		return fmt.Errorf("no gateway: %w", ErrInvalid)
	case s.host == nil:
		return fmt.Errorf("the host is not declared: %w", ErrNotFound)
	}
	if n.Isolated && n.Multicast {
		return fmt.Errorf("isolated endpoints have no multicast: %w", ErrInvalid)
	}
	for i, g := range n.Gateways {
		if err := checkAddr(g); err != nil {
			return fmt.Errorf("gateway: %w", err)
		}
		if err := checkUnicast(g.Masked()); err != nil {
			return err
		}
		f := familyOf(g.Addr())
		if i > 0 && f == familyOf(n.Gateways[0].Addr()) {
			return fmt.Errorf("gateways %s and %s are both %s: %w", n.Gateways[0], g, f.name, ErrInvalid)
		}
		switch w := n.Egress.way(f); w.mode {
		case viaUplink:
			if s.uplink == nil || s.uplink.Name != w.name {
				return fmt.Errorf("uplink %q is not declared: %w", w.name, ErrNotFound)
			}
			if _, ok := pickAddr(f, s.uplink.Addrs); !ok {
				return fmt.Errorf("%s has no %s address to share: %w", s.uplink, f.name, ErrInvalid)
			}
		case behindAddress:
			a, ok := s.addresses[w.name]
			if !ok {
				return fmt.Errorf("address %q is not declared: %w", w.name, ErrNotFound)
			}
			if _, ok := pickAddr(f, a.Addrs); !ok {
				return fmt.Errorf("%s has no %s address to share: %w", a, f.name, ErrInvalid)
			}
		}
	}
	if len(n.Gateways) > 2 {
		return fmt.Errorf("%d gateways: one of each family is all there can be: %w", len(n.Gateways), ErrInvalid)
	}
	return nil
}

// number finds a network's number: the one it had before, else the next one that nobody has. They go round, so that the number
// of a network that is gone, in whose zone connections may live on, is the last to be taken again.
func (s *state) number(n Network, before kept) (uint16, error) {
	if id, ok := before.networks[objectCookie(n.ref())]; ok && id > s.otherZone() && !s.numbered(id) {
		return id, nil
	}
	for _, avoid := range []map[uint16]bool{before.numbers(), nil} {
		id := s.lastNumber
		for range math.MaxUint16 - int(s.otherZone()) {
			if id++; id <= s.otherZone() {
				id = s.otherZone() + 1
			}
			if !s.numbered(id) && !avoid[id] {
				last := s.lastNumber
				s.lastNumber = id
				s.undo = append(s.undo, func() { s.lastNumber = last })
				return id, nil
			}
		}
	}
	return 0, fmt.Errorf("no conntrack zone is left: %w", ErrConflict)
}

func (s *state) releaseNetwork(name string) {
	if n := s.networks[name]; n != nil {
		for _, g := range n.Gateways {
			unassign(s, s.addrs, g.Addr())
		}
	}
}

func (s *state) putEndpoint(e Endpoint, before kept) error {
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
	asked := e.Publish
	e.Publish = slices.Clone(asked)
	outside, err := s.claimPublished(&e, before)
	if err != nil {
		return err
	}
	assign(s, s.endpoints, e.Name, &endpointState{Endpoint: e, asked: asked, outside: outside})
	s.join(e)
	for k := range e.labelKeys() {
		s.enter(s.members, k, e.Name)
	}
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
	if err := checkLabels(e.Labels); err != nil {
		return err
	}
	if err := s.checkMirror(e); err != nil {
		return err
	}
	if e.Limit != nil && e.Limit.Kbps == 0 {
		return fmt.Errorf("limit of nothing: %w", ErrInvalid)
	}
	if len(e.Addrs) == 0 {
		return fmt.Errorf("no address: %w", ErrInvalid)
	}
	for _, a := range e.Addrs {
		if !a.IsValid() {
			return fmt.Errorf("address %s is not one: %w", a, ErrInvalid)
		}
		g, ok := n.gateway(familyOf(a))
		if !ok {
			return fmt.Errorf("address %s: %s has no %s: %w", a, n, familyOf(a).name, ErrInvalid)
		}
		if !g.Contains(a) {
			return fmt.Errorf("address %s is outside the subnet %s of %s: %w", a, g.Masked(), n, ErrInvalid)
		}
		if err := checkAddr(netip.PrefixFrom(a, g.Bits())); err != nil {
			return err
		}
	}
	for _, m := range e.Publish {
		if err := m.check(n.Network, e); err != nil {
			return err
		}
		if err := s.checkHostAddr(m, n); err != nil {
			return err
		}
	}
	return nil
}

// checkMirror holds the port that gets copies to be one that nothing else goes by.
func (s *state) checkMirror(e Endpoint) error {
	if e.MirrorTo == 0 {
		return nil
	}
	if e.MirrorTo >= maxPort {
		return fmt.Errorf("mirror to port %#x, which is not the number of a port: %w", e.MirrorTo, ErrInvalid)
	}
	if by, taken := s.ports[e.MirrorTo]; taken || e.MirrorTo == e.Port {
		if !taken {
			by = e.ref()
		}
		return fmt.Errorf("mirror to port %d, which belongs to %s: %w", e.MirrorTo, by, ErrConflict)
	}
	return nil
}

// checkHostAddr holds the address a port is published at against those of the network's way out.
func (s *state) checkHostAddr(m PortMapping, n *networkState) error {
	if !m.HostAddr.IsValid() || m.HostAddr.IsLoopback() {
		return nil
	}
	w := n.Egress.way(familyOf(m.HostAddr))
	switch w.mode {
	case viaUplink:
		if s.host.has(m.HostAddr) {
			return nil
		}
	case behindAddress:
		a := s.addresses[w.name]
		if slices.Contains(a.Addrs, m.HostAddr) {
			return nil
		}
		return fmt.Errorf("port %s: %s is behind %s, which has another address: %w", m, n, a, ErrInvalid)
	}
	return fmt.Errorf("port %s: address %s is not the host's: %w", m, m.HostAddr, ErrInvalid)
}

func (s *state) releaseEndpoint(name string) {
	e := s.endpoints[name]
	if e == nil {
		return
	}
	unassign(s, s.ports, e.Port)
	s.releaseMAC(e.Network, e.MAC)
	for _, a := range e.Addrs {
		unassign(s, s.addrs, a)
	}
	s.releasePublished(e)
	for k := range e.labelKeys() {
		s.leave(s.members, k, name)
	}
	n := s.networks[e.Network]
	unassign(s, n.endpoints, name)
	if n.Multicast {
		s.touch(n.ref())
	}
	if e.MirrorTo != 0 {
		assign(s, s.mirrors, e.MirrorTo, s.mirrors[e.MirrorTo]-1)
	}
}

// join makes an endpoint one of its network.
func (s *state) join(e Endpoint) {
	n := s.networks[e.Network]
	assign(s, n.endpoints, e.Name, e.Port)
	if n.Multicast {
		s.touch(n.ref())
	}
	if e.MirrorTo != 0 {
		assign(s, s.mirrors, e.MirrorTo, s.mirrors[e.MirrorTo]+1)
	}
}

func (s *state) putRule(r Rule) error {
	if err := r.check(); err != nil {
		return err
	}
	put := &ruleState{Rule: r, id: s.ruleID(r)}
	if len(s.rules) == 0 {
		s.touchNetworks()
	}
	assign(s, s.rules, r.Name, put)
	assign(s, s.ruleIDs, put.id, r.Name)
	for _, sel := range slices.Concat(put.From, put.To) {
		if k := sel.key(); k != "" {
			s.enter(s.selecting, k, r.Name)
			s.touchMembers(sel)
		}
	}
	return nil
}

// releaseRule takes back what a rule has. Its members are compiled again.
func (s *state) releaseRule(name string) {
	r := s.rules[name]
	if r == nil {
		return
	}
	for _, sel := range slices.Concat(r.From, r.To) {
		if k := sel.key(); k != "" {
			s.leave(s.selecting, k, name)
			s.touchMembers(sel)
		}
	}
	unassign(s, s.ruleIDs, r.id)
	unassign(s, s.rules, name)
	if len(s.rules) == 0 {
		s.touchNetworks()
	}
}

// ruleID finds a rule's number: one that follows from its name, so that it stays the same from run to run.
func (s *state) ruleID(r Rule) uint32 {
	id := ruleNumber(r.ref())
	for {
		if _, taken := s.ruleIDs[id]; !taken && id != 0 {
			return id
		}
		id++
	}
}

// ruleNumber is the number of a rule unless another has it.
func ruleNumber(r ref) uint32 { return uint32(objectCookie(r)) }

// touchMembers has the endpoints that a selector may select compiled again.
func (s *state) touchMembers(sel Selector) {
	if sel.kind == selectEndpoint {
		if e := s.endpoints[sel.name]; e != nil {
			s.touch(e.ref())
		}
		return
	}
	for name := range s.members[sel.key()] {
		s.touch(ref{kindEndpoint, name})
	}
}

// touchRules has the rules that select by a key compiled again.
func (s *state) touchRules(key string) {
	for name := range s.selecting[key] {
		s.touch(ref{kindRule, name})
	}
}

// concerning are the rules that select an endpoint.
func (s *state) concerning(e *Endpoint) []*ruleState {
	if len(s.rules) == 0 {
		return nil
	}
	names := map[string]bool{}
	maps.Copy(names, s.selecting[EndpointNamed(e.Name).key()])
	for k := range e.labelKeys() {
		maps.Copy(names, s.selecting[k])
	}
	rules := make([]*ruleState, 0, len(names))
	for name := range names {
		rules = append(rules, s.rules[name])
	}
	return rules
}
