// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"net"
	"net/netip"
)

// addrs are addresses by name.
type addrs map[string]netip.Addr

// Whoever an endpoint says it is, but for itself: it is not heard.
func attackByIdentity(r *raid) {
	m, f := r.mallory.at(r.family), r.family
	targets := map[string]struct {
		to      *station
		reaches []*party
	}{
		"web1":             {r.web1.at(f), reaches(r.web1)},
		"web1's MAC alone": {&station{mac: r.web1.MAC(), addr: r.db0.at(f).addr}, nobody()},
		"db0":              {r.by(r.db0.at(f).addr), nobody()},
		"the outside":      {r.by(r.outside.at(f).addr), reaches(r.host, r.outside)},
		"the host":         {r.by(r.host.at(f).addr), nobody()},
		"the gateway":      {r.gateway("web"), nobody()},
	}
	sources := addrs{
		"web1": r.web1.at(f).addr, "db0": r.db0.at(f).addr, "the gateway": r.gateway("web").addr, "the host": r.host.at(f).addr,
		"the outside": r.outside.at(f).addr, "a neighbour that is not there": m.addr.Next(),
	}
	if r.v6() {
		for name, a := range map[string]string{
			"nobody": "::", "loopback": "::1", "all": "ff02::1", "a link-local address": "fe80::66", "loopback in IPv4": "::ffff:127.0.0.1",
		} {
			sources[name] = netip.MustParseAddr(a)
		}
	} else {
		for name, a := range map[string]string{
			"nobody": "0.0.0.0", "loopback": "127.0.0.1", "all": "255.255.255.255", "a group": "224.0.0.1", "the subnet": "10.77.1.255",
			"a link-local address": "169.254.1.1",
		} {
			sources[name] = netip.MustParseAddr(a)
		}
	}
	for at, target := range targets {
		for _, proto := range []string{"udp", "tcp", "ping"} {
			legal := packet(proto, m, target.to, 4000, 4001)
			r.add("itself to "+at, r.mallory, target.reaches, legal)
			for name, src := range sources {
				r.add(name+" to "+at, r.mallory, nobody(), legal.with(func(f *frame) { f.src = netip.AddrPortFrom(src, 4000) }))
			}
			for name, mac := range map[string]net.HardwareAddr{
				"web1": r.web1.MAC(), "db0": r.db0.MAC(), "the host": r.Bridge().MAC, "the outside": r.outside.MAC(), "all": broadcast,
				"a group": {1, 0, 0x5e, 0, 0, 1}, "nobody": make(net.HardwareAddr, 6),
			} {
				r.add("the MAC of "+name+" to "+at, r.mallory, nobody(), legal.with(func(f *frame) { f.from = mac }))
			}
		}
	}
	// What is for all by its MAC alone reaches whom its address tells, as it would by that one's.
	for _, mac := range []net.HardwareAddr{broadcast, {1, 0, 0x5e, 0, 0, 1}, {0x33, 0x33, 0, 0, 0, 1}, {1, 0x80, 0xc2, 0, 0, 0}} {
		to := func(s *station) frame {
			return packet("udp", m, s, 4000, 4001).with(func(f *frame) { f.to = mac })
		}
		r.add("MAC "+mac.String()+" for web1", r.mallory, reaches(r.web1), to(r.web1.at(f)))
		for _, s := range []*station{r.db0.at(f), r.host.at(f), r.outside.at(f), r.gateway("web")} {
			r.add("MAC "+mac.String()+" for "+s.name, r.mallory, nobody(), to(s))
		}
	}
	for name, dst := range r.toAll() {
		for _, mac := range []net.HardwareAddr{r.web1.MAC(), r.Bridge().MAC, broadcast, {0x33, 0x33, 0, 0, 0, 1}, {1, 0, 0x5e, 0, 0, 1}} {
			r.add("address of "+name+" by "+mac.String(), r.mallory, nobody(), packet("udp", m, &station{mac: mac, addr: dst}, 4000, 4001))
		}
	}
}

// toAll are addresses that several have.
func (r *raid) toAll() addrs {
	if r.v6() {
		return addrs{
			"all nodes": netip.MustParseAddr("ff02::1"), "all routers": netip.MustParseAddr("ff02::2"),
			"all of the machine": netip.MustParseAddr("ff01::1"), "a group": netip.MustParseAddr("ff05::1234"),
		}
	}
	return addrs{
		"all": netip.MustParseAddr("255.255.255.255"), "the subnet": netip.MustParseAddr("10.77.1.255"),
		"the subnet's first": netip.MustParseAddr("10.77.1.0"),
		"the other subnet":   netip.MustParseAddr("10.77.2.255"), "the link outside": netip.MustParseAddr("192.0.2.255"),
		"all nodes": netip.MustParseAddr("224.0.0.1"), "a group": netip.MustParseAddr("239.1.2.3"),
	}
}
