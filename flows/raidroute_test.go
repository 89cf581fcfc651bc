// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/testbed"
)

// The options of RFC 791, 3.1, by which a packet names stations that it is to pass, or is told which it has passed.
const (
	looseRoute  = 0x83
	strictRoute = 0x89
	recordRoute = 7
)

// routedBy is a frame that is to go on to the next station, by an option of IPv4 or a header of IPv6.
func routedBy(f frame, option byte, next netip.Addr) wire {
	if next.Is6() {
		return extended(f, routingHeader(0, next))
	}
	return crafted(func(t *testing.T, tag []byte) []byte {
		b := sourceRouted(t, f.with(func(f *frame) { f.payload = tag }), next)
		b[34] = option
		clear(b[48:50]) // the checksum of UDP has the last station's address
		clear(b[24:26])
		binary.BigEndian.PutUint16(b[24:], sum(b[14:42]))
		return b
	})
}

// A packet with a route of its own gets nowhere that it could not get without, even where the host goes by such routes.
func attackBySourceRoute(r *raid) {
	f, m, o := r.family, r.mallory.at(r.family), r.outside.at(r.family)
	r.acceptSourceRoutes("1")
	defer r.acceptSourceRoutes("0")
	for _, access := range []flows.HostAccess{flows.FromHost, flows.FromHost | flows.ToHost} {
		toHost := nobody()
		if access != flows.FromHost {
			toHost = reaches(r.host)
		}
		web := r.web
		web.Host = access
		r.set(r.t, web)
		for name, option := range map[string]byte{"loose": looseRoute, "strict": strictRoute, "recorded": recordRoute} {
			onward := toHost
			if access&flows.ToHost != 0 && option != recordRoute && r.Kind() == testbed.Real && !r.v6() {
				onward = reaches(r.host, r.outside) // where it may go
			}
			r.add(name+" by the host to the outside", r.mallory, onward,
				routedBy(packet("udp", m, r.by(r.host.at(f).addr), 4000, 53), option, o.addr))
			for _, next := range []*station{r.db0.at(f), {name: "loopback", addr: loopback[f]}} {
				add := func(at string, from *party, to []*party, f frame) {
					r.add(name+" by "+at+" to "+next.name, from, to, routedBy(f, option, next.addr))
				}
				add("the host", r.mallory, toHost, packet("udp", m, r.by(r.host.at(f).addr), 4000, 53))
				add("the gateway", r.mallory, toHost, packet("udp", m, r.gateway("web"), 4000, 53))
				add("the other gateway", r.mallory, nobody(), packet("udp", m, r.gateway("db"), 4000, 53))
				add("db0", r.mallory, nobody(), packet("udp", m, r.by(r.db0.at(f).addr), 4000, 53))
				add("loopback", r.mallory, nobody(), packet("udp", m, r.by(loopback[f]), 4000, 53))
				to := r.host.at(f).addr
				reach := reaches(r.host)
				if !r.onBridge() {
					reach = nobody()
				}
				add("the host from outside", r.outside, reach, packet("udp", o, r.byNIC(to), 4000, 53))
				own := netip.AddrPortFrom(r.web1.at(f).addr, 53)
				add("web1 from outside", r.outside, r.fromOutside(own), packet("udp", o, r.byNIC(own.Addr()), 4000, 53))
			}
		}
		r.run()
	}
	r.set(r.t, r.web)
}

var loopback = []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.IPv6Loopback()}

// acceptSourceRoutes has a host that is real go by source routes, or not.
func (r *raid) acceptSourceRoutes(value string) {
	r.t.Helper()
	if r.Kind() == testbed.Fake {
		return
	}
	ns, err := netns.Open(r.SwitchNetns())
	if err != nil {
		r.t.Fatal(err)
	}
	defer ns.Close()
	for _, key := range []string{"net/ipv4/conf/all/accept_source_route", "net/ipv6/conf/all/accept_source_route"} {
		if err := ns.SetSysctl(key, value); err != nil {
			r.t.Fatal(err)
		}
	}
}

// A program that listens at the host's loopback address hears the host alone.
func attackLoopback(r *raid) {
	if r.Kind() == testbed.Fake {
		return // its host has no such device
	}
	f, at := r.family, netip.AddrPortFrom(loopback[r.family], 8053)
	program, err := r.host.ListenUDP(r.ctx, at)
	if err != nil {
		r.t.Fatal(err)
	}
	defer program.Close()
	sources := []netip.Addr{r.mallory.at(f).addr, r.outside.at(f).addr, loopback[f], r.host.at(f).addr, r.gateway("web").addr}
	for _, src := range sources {
		for from, mac := range map[*party]net.HardwareAddr{r.mallory: r.Bridge().MAC, r.outside: r.nic} {
			ask := packet("udp", from.at(f), &station{mac: mac, addr: at.Addr()}, 4000, at.Port())
			ask.src = netip.AddrPortFrom(src, 4000)
			r.add("loopback from "+src.String(), from, nobody(), ask)
			ask.to = broadcast
			r.add("loopback to all from "+src.String(), from, nobody(), ask)
		}
	}
	r.run()
	own, err := r.host.DialUDP(r.ctx, netip.AddrPort{}, at)
	if err != nil {
		r.t.Fatal(err)
	}
	defer own.Close()
	if _, err := own.Write([]byte("own")); err != nil {
		r.t.Fatal(err)
	}
	if deadline, ok := r.ctx.Deadline(); ok {
		if err := program.SetReadDeadline(deadline); err != nil {
			r.t.Fatal(err)
		}
	}
	got := make([]byte, 1500)
	n, from, err := program.ReadFrom(got)
	if err != nil || !slices.Equal(got[:n], []byte("own")) {
		r.t.Errorf("the program at %s hears %q from %v, error %v; want the host's own", at, got[:n], from, err)
	}
}
