// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"cmp"
	"net/netip"
	"slices"
)

// allowed holds an attempt against the rules: of those that apply the first decides, else the default. It is one to a party
// at an address, which for a published port is that of the endpoint.
func (w *World) allowed(a Attempt, to string, at netip.AddrPort, byDefault bool, why string) Verdict {
	rules := slices.Clone(w.Rules)
	slices.SortStableFunc(rules, func(a, b Rule) int {
		denyFirst := func(r Rule) int {
			if r.Deny {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(denyFirst(a), denyFirst(b)))
	})
	ok := byDefault
	for _, r := range rules {
		if w.meets(r.From, a.From, a.Src.Addr()) && w.meets(r.To, to, at.Addr()) && r.serves(a.Proto, at.Port()) {
			ok, why = !r.Deny, "rule "+r.Name
			break
		}
	}
	if !ok {
		return dropped(why)
	}
	return Verdict{To: to, Src: a.Src, Dst: at, Why: why}
}

// meets reports whether a party with an address is one of those selected.
func (w *World) meets(selectors []Selector, party string, addr netip.Addr) bool {
	e, isEndpoint := w.Endpoints[party]
	return len(selectors) == 0 || slices.ContainsFunc(selectors, func(s Selector) bool {
		switch {
		case s.Endpoint != "":
			return isEndpoint && s.Endpoint == party
		case s.Network != "":
			return isEndpoint && s.Network == e.Network
		case s.Host:
			return party == TheHost
		case s.Outside:
			return party == Outside || party == Forwarded
		case s.Within.IsValid():
			return s.Within.Contains(addr)
		}
		for k, v := range s.Labels {
			if got, has := e.Labels[k]; !has || got != v {
				return false
			}
		}
		return isEndpoint
	})
}

// serves reports whether a rule is about a protocol and destination port.
func (r Rule) serves(proto string, port uint16) bool {
	return len(r.Services) == 0 || slices.ContainsFunc(r.Services, func(s Service) bool {
		return s.Proto == proto && (s.First == 0 && s.Last == 0 || port >= s.First && port <= max(s.First, s.Last))
	})
}
