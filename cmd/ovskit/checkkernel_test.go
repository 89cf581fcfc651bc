// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/internal/tier"
)

// Each thing that the machine lacks is found, and nothing else.
func TestCheckKernel(t *testing.T) {
	tier.Need(t, tier.System)
	ns, err := netns.New(fmt.Sprintf("ovskit-check-%d", os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ns.Delete(); err != nil {
			t.Error(err)
		}
	})
	intents := flows.Intents{Bridge: "br0", Owner: "x", Objects: []flows.Object{
		flows.Host{MAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, Addrs: []netip.Prefix{
			netip.MustParsePrefix("192.0.2.1/24"), netip.MustParsePrefix("2001:db8::1/64"),
		}},
		flows.Uplink{Name: "eth0", Port: 1, Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}},
		flows.Address{Name: "x", Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.50")}},
		flows.Network{Name: "web", Egress: flows.Via("eth0"), Gateways: []netip.Prefix{
			netip.MustParsePrefix("10.1.0.1/24"), netip.MustParsePrefix("fd00:1::1/64"),
		}},
		flows.Network{Name: "lone", Gateways: []netip.Prefix{netip.MustParsePrefix("10.2.0.1/24")}},
	}}
	check := func(want ...string) {
		t.Helper()
		found, err := checkKernel(ns.Name(), intents)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range found {
			got = append(got, f.Problem)
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	check("there is no device br0: the switch runs in another network namespace (--switch-netns) or has no devices (--no-kernel)")

	h, err := ns.Netlink()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	br0 := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "br0", HardwareAddr: net.HardwareAddr{2, 0, 0, 0, 0, 1}}}
	must(h.LinkAdd(br0))
	must(h.LinkSetUp(br0))
	address := func(text string) *netlink.Addr {
		t.Helper()
		a, err := netlink.ParseAddr(text)
		must(err)
		return a
	}
	for _, text := range []string{"192.0.2.1/24", "2001:db8::1/64", "10.1.0.1/24", "fd00:1::1/64", "10.2.0.1/24"} {
		must(h.AddrAdd(br0, address(text)))
	}
	must(h.RouteAdd(&netlink.Route{LinkIndex: br0.Index, Dst: &net.IPNet{IP: net.IPv4(192, 0, 2, 50), Mask: net.CIDRMask(32, 32)}}))
	settings := []flows.Sysctl{
		{Key: "net/ipv4/conf/br0/forwarding", Value: "1"}, {Key: "net/ipv4/conf/all/send_redirects", Value: "0"},
		{Key: "net/ipv4/conf/br0/send_redirects", Value: "0"}, {Key: "net/ipv6/conf/all/forwarding", Value: "1"},
		{Key: "net/ipv4/conf/all/accept_source_route", Value: "0"},
	}
	for _, s := range settings {
		must(ns.SetSysctl(s.Key, s.Value))
	}
	check()

	own := intents.Objects[0].(flows.Host)
	other := own
	other.MAC = net.HardwareAddr{2, 0, 0, 0, 0, 2}
	intents.Objects[0] = other
	check("the device br0 has the MAC 02:00:00:00:00:01, the host of the intents 02:00:00:00:00:02: " +
		"it is another bridge's (--switch-netns), or has another MAC now")
	intents.Objects[0] = own

	for _, s := range settings {
		other := map[string]string{"0": "1", "1": "0"}[s.Value]
		must(ns.SetSysctl(s.Key, other))
		check(fmt.Sprintf("%s is %s, the intents need %[3]s: sysctl -w %[1]s=%[3]s", s.Key, other, s.Value))
		must(ns.SetSysctl(s.Key, s.Value))
	}
	must(h.AddrDel(br0, address("10.2.0.1/24")))
	check("the device br0 has not the address 10.2.0.1")
	must(h.AddrAdd(br0, address("10.2.0.1/24")))
	must(h.AddrAdd(br0, address("10.9.0.1/24")))
	check("the address 10.9.0.1/24 of the device br0 is not among the host's: endpoints reach it as they reach the outside")
	must(h.AddrDel(br0, address("10.9.0.1/24")))
	// The outside is behind a device of the host's own.
	nic := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "nic0"}}
	must(h.LinkAdd(nic))
	must(h.AddrDel(br0, address("192.0.2.1/24")))
	must(h.AddrAdd(nic, address("192.0.2.1/24")))
	must(ns.SetSysctl("net/ipv4/conf/nic0/forwarding", "0"))
	declared := intents.Objects
	intents.Objects = slices.Concat(declared[:1], declared[2:3], []flows.Object{flows.Network{
		Name: "web", Egress: flows.PerFamily(flows.Behind("x"), flows.Routed()), Gateways: declared[3].(flows.Network).Gateways,
	}}, declared[4:])
	check("no device but the bridge's forwards, of: nic0; nothing from outside gets to endpoints: sysctl -w net/ipv4/conf/DEVICE/forwarding=1")
	must(ns.SetSysctl("net/ipv4/conf/nic0/forwarding", "1"))
	check()
	must(h.LinkDel(nic))
	must(h.AddrAdd(br0, address("192.0.2.1/24")))
	intents.Objects = declared
	check()
	lo, err := h.LinkByName("lo")
	must(err)
	must(h.LinkSetUp(lo))
	must(h.RouteReplace(&netlink.Route{LinkIndex: lo.Attrs().Index, Dst: &net.IPNet{IP: net.IPv4(192, 0, 2, 50), Mask: net.CIDRMask(32, 32)}}))
	must(h.RouteReplace(&netlink.Route{LinkIndex: br0.Index, Dst: &net.IPNet{IP: net.IPv4(192, 0, 2, 50), Mask: net.CIDRMask(32, 32)}}))

	intents.Objects = append(intents.Objects, flows.Endpoint{
		Name: "web0", Network: "web", Addrs: []netip.Addr{netip.MustParseAddr("10.1.0.2")},
		Publish: []flows.PortMapping{{Proto: flows.TCP, HostPort: 8080, HostPortEnd: 8089, Port: 80}},
	})
	check()
	var l net.Listener
	must(ns.Do(func() (err error) {
		l, err = net.Listen("tcp4", "0.0.0.0:8081")
		return err
	}))
	defer l.Close()
	name, err := os.ReadFile("/proc/self/comm")
	must(err)
	check(fmt.Sprintf("%s (process %d) has the published port 0.0.0.0:8081/tcp of the host: from outside and from endpoints it is not reached any more",
		strings.TrimSpace(string(name)), os.Getpid()))
	intents.Process = os.Getpid()
	check()
}

// The namespace of a switch is that of who serves its sockets.
func TestPeerNetns(t *testing.T) {
	n := nodetest.New(t)
	same := func(a, b string) bool {
		t.Helper()
		var files [2]os.FileInfo
		for i, path := range []string{a, b} {
			var err error
			if files[i], err = os.Stat(path); err != nil {
				t.Fatal(err)
			}
		}
		return os.SameFile(files[0], files[1])
	}
	if got := peerNetns("unix:" + n.Dir() + "/db.sock"); got == "" || !same(got, n.Host().Path()) {
		t.Errorf("got %q, want the namespace of the node's host", got)
	}
	own, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	for _, endpoint := range []string{"unix:" + own.Addr().String(), "unix:/nonexistent", "tcp:127.0.0.1:1", ""} {
		if got := peerNetns(endpoint); got != "" {
			t.Errorf("%s: got %q, want none but the present one", endpoint, got)
		}
	}
}
