// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"net/netip"

	"github.com/ovskit/ovskit/internal/testbed"
)

// From outside, with a route to the networks, nothing but published ports is reached, and only by who is outside.
func attackFromOutside(r *raid) {
	o, f := r.outside.at(r.family), r.family
	outsiders := addrs{"the outside": o.addr, "beyond": beyond[f], "a third party": thirdParty[f]}
	insiders := addrs{"web1": r.web1.at(f).addr, "db0": r.db0.at(f).addr}
	if r.onBridge() || r.Kind() == testbed.Real && !r.v6() { // else the host's stack forwards them as if they were its own
		insiders["the host"], insiders["the gateway"] = r.host.at(f).addr, r.gateway("web").addr
	}
	for name, text := range [2]map[string]string{
		{"loopback": "127.0.0.1", "a group": "224.0.0.1", "all": "255.255.255.255"},
		{"loopback": "::1", "a group": "ff02::1", "loopback of IPv4": "::ffff:127.0.0.1"},
	}[f] {
		insiders[name] = netip.MustParseAddr(text)
	}
	published := r.published(r.web1, f, r.web1.publish)
	own := netip.AddrPortFrom(r.web1.at(f).addr, r.web1.publish)
	for name, to := range map[string]netip.AddrPort{
		"its published port":        published,
		"a port that it listens at": own,
		"another port":              netip.AddrPortFrom(own.Addr(), 4001),
		"another published port":    netip.AddrPortFrom(own.Addr(), published.Port()),
		"an endpoint that is not":   netip.AddrPortFrom(own.Addr().Next(), own.Port()),
		"the gateway":               netip.AddrPortFrom(r.gateway("web").addr, published.Port()),
		"the host's port":           netip.AddrPortFrom(published.Addr(), 4001),
		"the host's loopback":       netip.AddrPortFrom(loopback[f], 4001),
		"the host's other loopback": netip.AddrPortFrom([]netip.Addr{netip.MustParseAddr("127.1.2.3"), netip.IPv6Loopback()}[f], 4002),
	} {
		ask := packet("udp", o, r.byNIC(to.Addr()), 4000, to.Port())
		for who, src := range outsiders {
			r.add("from "+who+" to "+name, r.outside, r.fromOutside(to), ask.with(func(f *frame) { f.src = netip.AddrPortFrom(src, 4000) }))
		}
		for who, src := range insiders {
			if name == "the gateway" && !r.onBridge() {
				continue // the host answers
			}
			r.add("from "+who+" to "+name, r.outside, nobody(), ask.with(func(f *frame) { f.src = netip.AddrPortFrom(src, 4000) }))
		}
		if to.Addr() != own.Addr() {
			continue
		}
		to := r.fromOutside(to)
		if len(to) == 2 { // the host's stack does not route it
			to = to[:1]
		}
		for _, mac := range [][]byte{r.web1.MAC(), broadcast, {0x33, 0x33, 0, 0, 0, 1}} {
			r.add("by another MAC to "+name, r.outside, to, ask.with(func(f *frame) { f.to = mac }))
		}
	}
}

// The addresses of stations that are not there, beyond the outside and on its link.
var (
	beyond     = []netip.Addr{netip.MustParseAddr("203.0.113.1"), netip.MustParseAddr("2001:db8:ffff::1")}
	thirdParty = []netip.Addr{netip.MustParseAddr("192.0.2.77"), netip.MustParseAddr("2001:db8:0:1::77")}
)

// fromOutside is whom a datagram from outside reaches.
func (r *raid) fromOutside(to netip.AddrPort) (who []*party) {
	web1 := r.web1.at(r.family).addr
	switch {
	case to == r.published(r.web1, r.family, r.web1.publish):
		who = reaches(r.web1)
		if to.Addr() == web1 { // by way of the host
			who = reaches(r.host, r.web1)
		}
	case to.Addr() == r.host.at(r.family).addr:
		who = reaches(r.host)
	case r.way == "routed" && !to.Addr().IsLoopback(): // for the host to route
		who = reaches(r.host)
	}
	return who
}
