// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/sockets"
)

// A program is in the way of the ports that it has, at the addresses that it has them, where flows lead elsewhere.
func TestCheckHostPorts(t *testing.T) {
	endpoint := func(name, network string, addrs []string, publish ...flows.PortMapping) flows.Endpoint {
		e := flows.Endpoint{Name: name, Network: network, Publish: publish}
		for _, a := range addrs {
			e.Addrs = append(e.Addrs, netip.MustParseAddr(a))
		}
		return e
	}
	four, both := []string{"10.1.0.2"}, []string{"10.1.0.3", "fd00:1::3"}
	needs := flows.Intents{Bridge: "br0", Objects: []flows.Object{
		flows.Host{MAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, Addrs: []netip.Prefix{
			netip.MustParsePrefix("192.0.2.1/24"), netip.MustParsePrefix("198.51.100.1/24"), netip.MustParsePrefix("2001:db8::1/64"),
		}},
		flows.Network{Name: "up", Egress: flows.Via("eth0")},
		flows.Network{Name: "spare", Egress: flows.Behind("x")},
		flows.Network{Name: "routed", Egress: flows.Routed()},
		endpoint("four", "up", four, flows.PortMapping{Proto: flows.TCP, HostPort: 80, HostPortEnd: 89, Port: 80},
			flows.PortMapping{Proto: flows.UDP, HostAddr: netip.MustParseAddr("198.51.100.1"), HostPort: 53, Port: 53}),
		endpoint("both", "up", both, flows.PortMapping{Proto: flows.TCP, HostPort: 443, Port: 443}),
		endpoint("spare", "spare", four, flows.PortMapping{Proto: flows.TCP, HostPort: 8080, Port: 80},
			flows.PortMapping{Proto: flows.TCP, HostAddr: netip.MustParseAddr("127.0.0.1"), HostPort: 9090, Port: 80}),
		endpoint("routed", "routed", four, flows.PortMapping{Proto: flows.TCP, HostPort: 22, Port: 22}),
	}}.Needs()
	const tcp, udp = 6, 17
	for _, test := range []struct {
		proto uint8
		at    string
		both  bool
		want  string // "": nothing
	}{
		{tcp, "0.0.0.0:80", false, "four"}, {tcp, "192.0.2.1:89", false, "four"}, {tcp, "[::]:85", true, "four"},
		{tcp, "[::]:85", false, ""}, {tcp, "[2001:db8::1]:80", false, ""}, {tcp, "127.0.0.1:80", false, ""}, {tcp, "10.1.0.1:80", false, ""},
		{tcp, "0.0.0.0:90", false, ""}, {udp, "0.0.0.0:80", false, ""},
		{udp, "0.0.0.0:53", false, "four"}, {udp, "198.51.100.1:53", false, "four"}, {udp, "192.0.2.1:53", false, ""},
		{tcp, "0.0.0.0:443", false, "both"}, {tcp, "[::]:443", true, "both"}, {tcp, "[2001:db8::1]:443", false, "both"},
		{tcp, "0.0.0.0:8080", false, ""}, {tcp, "0.0.0.0:22", false, ""},
		{tcp, "0.0.0.0:9090", false, "spare"}, {tcp, "192.0.2.1:9090", false, ""},
	} {
		p := program{
			sockets.Socket{Proto: test.proto, Local: netip.MustParseAddrPort(test.at), Both: test.both},
			[]sockets.Program{{PID: 7, Name: "httpd"}},
		}
		var want, got []string
		if test.want != "" {
			want = []string{flows.Endpoint{Name: test.want}.String()}
		}
		for _, f := range checkHostPorts(needs, []program{p}, 8) {
			got = append(got, f.Object)
		}
		if !slices.Equal(got, want) {
			t.Errorf("a program at %d %s: got findings of %q, want %q", test.proto, test.at, got, want)
		}
		if own := checkHostPorts(needs, []program{p}, 7); own != nil {
			t.Errorf("%d %s, which the process has itself: got %v", test.proto, test.at, own)
		}
	}
}
