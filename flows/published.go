// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"fmt"
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
}

// claim is a port outside that an endpoint has taken.
type claim struct {
	key  publishedKey
	addr netip.Addr
}

// outside are the ports outside that a mapping takes.
func (s *state) outside(e *Endpoint, m PortMapping) []claim {
	var claims []claim
	for _, f := range families {
		if _, ok := e.addr(f); !ok || m.HostAddr.IsValid() && !f.has(m.HostAddr) {
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
			claims = append(claims, claim{publishedKey{m.Proto, f.v6, m.HostPort + uint16(i)}, at})
		}
	}
	return claims
}

// claimPublished takes the ports outside that an endpoint publishes.
func (s *state) claimPublished(e *Endpoint) ([]claim, error) {
	var all []claim
	for _, m := range e.Publish {
		for _, c := range s.outside(e, m) {
			taken := s.published[c.key]
			for _, t := range taken {
				if s.sameAddress(t.addr, c.addr) {
					return nil, fmt.Errorf("port %s is published by endpoint %q: %w", m, t.endpoint, ErrConflict)
				}
			}
			assign(s, s.published, c.key, append(slices.Clip(taken), publishedAt{c.addr, e.Name}))
			all = append(all, c)
		}
	}
	return all, nil
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
	for _, c := range e.claims {
		left := slices.DeleteFunc(slices.Clone(s.published[c.key]), func(t publishedAt) bool {
			return t == publishedAt{c.addr, e.Name}
		})
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
	for name := range n.endpoints {
		e := *s.endpoints[name]
		claims, err := s.claimPublished(&e.Endpoint)
		if err != nil {
			return fmt.Errorf("endpoint %q: %w", name, err)
		}
		e.claims = claims
		assign(s, s.endpoints, name, &e)
		s.touch(e.ref())
	}
	return nil
}
