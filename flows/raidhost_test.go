// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"net/netip"

	"github.com/ovskit/ovskit/flows"
)

// hostAddrs are all addresses by which a host may be reached, with what a network that may reach the host does reach.
func (r *raid) hostAddrs() (own, others addrs) {
	own = addrs{"the host": r.host.at(r.family).addr, "the gateway": r.gateway("web").addr}
	others = r.toAll()
	others["the other gateway"] = r.gateway("db").addr
	names := map[string]string{"loopback": "127.0.0.1", "loopback too": "127.1.2.3", "nobody": "0.0.0.0", "this network": "0.1.2.3"}
	if r.v6() {
		m := r.Bridge().MAC
		others["link-local"] = netip.AddrFrom16([16]byte{0xfe, 0x80, 8: m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]})
		names = map[string]string{
			"a router": "fe80::1", "loopback": "::1", "nobody": "::", "loopback of IPv4": "::ffff:127.0.0.1", "host of IPv4": "::ffff:192.0.2.1",
		}
	}
	for name, text := range names {
		others[name] = netip.MustParseAddr(text)
	}
	return own, others
}

// The host's services are reached by the networks that may, at its own address and the network's gateway, and by no other
// address; and by no packet out of a connection that the host has not.
func attackHost(r *raid) {
	m := r.mallory.at(r.family)
	frames := func(to *station) map[string]wire {
		all := map[string]wire{"udp": packet("udp", m, to, 4000, 53), "ping": packet("ping", m, to, 4000, 0)}
		for i, flags := range []string{"S", "A", "R", "FA", "SA"} {
			all["tcp "+flags] = packet("tcp", m, to, uint16(5000+i), 22).with(func(f *frame) { f.flags = flags })
		}
		about := packet("udp", to, m, 4000, 4001)
		all["unreachable"] = packet("icmp", m, to, 0, 0).with(func(f *frame) { f.unreachable(r, about) })
		return all
	}
	own, others := r.hostAddrs()
	for _, open := range []flows.HostAccess{flows.FromHost, flows.FromHost | flows.ToHost} {
		web := r.web
		web.Host = open
		r.set(r.t, web)
		for name, a := range own {
			for what, f := range frames(r.by(a)) {
				to := nobody()
				if open != flows.FromHost && what != "unreachable" && what != "tcp SA" {
					to = reaches(r.host)
				}
				r.add(what+" to "+name, r.mallory, to, f)
			}
		}
		for name, a := range others {
			for what, f := range frames(r.by(a)) {
				r.add(what+" to "+name, r.mallory, nobody(), f)
			}
		}
		r.run()
	}
	r.set(r.t, r.web)
}

// unreachable makes a frame an ICMP error about a packet.
func (f *frame) unreachable(r *raid, about frame) {
	f.icmpType = 3
	if r.v6() {
		f.icmpType = 1
	}
	about.payload = tag(r.tags)
	f.body, f.payload = append(make([]byte, 4), unpadded(about.bytes(r.t))[14:]...), []byte{}
}
