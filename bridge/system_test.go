// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/genl"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/vishvananda/netlink"
)

// state is what a namespace's devices have: names, addresses and routes.
func state(t *testing.T, ns *netns.NS) (lines []string) {
	t.Helper()
	h := nodetest.Netlink(t, ns)
	defer h.Close()
	links, err := h.LinkList()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		line := l.Attrs().Name
		if line == "ovs-netdev" || line == "ovs-system" {
			continue // comes with the first bridge of its type
		}
		if l.Attrs().Flags&net.FlagUp != 0 {
			line += " up"
		}
		addrs, err := h.AddrList(l, netlink.FAMILY_V4)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range addrs {
			line += " " + a.IPNet.String()
		}
		lines = append(lines, line)
	}
	routes, err := h.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range routes {
		lines = append(lines, "route "+r.Dst.String())
	}
	slices.Sort(lines)
	return lines
}

func TestOwnPort(t *testing.T) {
	t.Parallel()
	n := nodetest.New(t)
	db := switchtest.Dial(t, n.OVS().DatabaseEndpoint())
	ctx := testContext(t)
	before := state(t, n.Host())
	mac := net.HardwareAddr{2, 0, 0, 0, 0, 1}
	config := bridge.Config{
		Name: "br0", Datapath: nodetest.Datapath(), MAC: mac, MTU: 1400, SwitchNetns: n.Host().Name(),
		Addrs: []netip.Prefix{node.HostAddr, netip.MustParsePrefix("2001:db8::1/64")},
		Routes: []bridge.Route{
			{Dst: netip.MustParsePrefix("0.0.0.0/0"), Via: node.OutsideAddr.Addr()},
			{Dst: netip.MustParsePrefix("198.51.100.0/24")},
			{Dst: netip.MustParsePrefix("::/0"), Via: netip.MustParseAddr("2001:db8::2")},
		},
	}
	for range 2 { // the second time nothing is to be done
		ensure(t, db, config)
	}
	link := nodetest.Link(t, n.Host(), "br0")
	if got, want := link.Attrs().HardwareAddr.String(), mac.String(); got != want {
		t.Errorf("MAC of the device = %s, want %s", got, want)
	}
	if got, want := link.Attrs().MTU, 1400; got != want {
		t.Errorf("MTU of the device = %d, want %d", got, want)
	}
	h := nodetest.Netlink(t, n.Host())
	defer h.Close()
	defaults, err := h.RouteListFiltered(netlink.FAMILY_V6,
		&netlink.Route{LinkIndex: link.Attrs().Index, Gw: net.ParseIP("2001:db8::2")}, netlink.RT_FILTER_OIF|netlink.RT_FILTER_GW)
	if err != nil || len(defaults) != 1 {
		t.Errorf("default routes of IPv6 are %v, %v; want one", defaults, err)
	}
	want := append(slices.Clone(before), "br0 up 192.0.2.1/24", "route 0.0.0.0/0", "route 192.0.2.0/24", "route 198.51.100.0/24")
	slices.Sort(want)
	if got := state(t, n.Host()); !slices.Equal(got, want) {
		t.Errorf("host has %q, want %q", got, want)
	}

	// A failure in an existing bridge takes back only what was added.
	after := state(t, n.Host())
	config.Addrs = append(config.Addrs, netip.MustParsePrefix("10.9.0.1/24"))
	config.Routes = append(config.Routes,
		bridge.Route{Dst: netip.MustParsePrefix("10.8.0.0/24"), Via: netip.MustParseAddr("10.9.0.2")},
		bridge.Route{Dst: netip.MustParsePrefix("198.51.100.0/24"), Via: netip.MustParseAddr("10.9.0.2")}) // taken
	if _, err := bridge.Ensure(ctx, db, config); err == nil {
		t.Error("Ensure with a route that conflicts succeeded")
	}
	if got := state(t, n.Host()); !slices.Equal(got, after) {
		t.Errorf("after a failed Ensure the host has %q, want %q", got, after)
	}

	if err := bridge.Delete(ctx, db, "br0"); err != nil {
		t.Fatal(err)
	}
	if got := state(t, n.Host()); !slices.Equal(got, before) {
		t.Errorf("after Delete the host has %q, want %q", got, before)
	}
}

func TestFailedCreationLeavesNothing(t *testing.T) {
	t.Parallel()
	n := nodetest.New(t)
	db := switchtest.Dial(t, n.OVS().DatabaseEndpoint())
	before := state(t, n.Host())
	for _, tt := range []struct {
		name   string
		config bridge.Config
		as     any
	}{
		{"device of that name", bridge.Config{Name: node.Uplink, Datapath: nodetest.Datapath()}, new(*vswitch.InterfaceError)},
		{"no kernel module", bridge.Config{Name: "br0", Datapath: "system"}, new(*bridge.DatapathError)},
		{"route through another device", bridge.Config{Name: "br0", Datapath: nodetest.Datapath(), Addrs: []netip.Prefix{node.HostAddr},
			Routes: []bridge.Route{{Dst: netip.MustParsePrefix("198.51.100.0/24"), Via: netip.MustParseAddr("192.0.2.9")}, {Dst: netip.MustParsePrefix("198.51.100.0/24")}}}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "no kernel module" && kernelHasDatapath(t) {
				t.Log("the kernel has the module")
				return
			}
			tt.config.SwitchNetns = n.Host().Path()
			_, err := bridge.Ensure(testContext(t), db, tt.config)
			if err == nil {
				t.Fatal("Ensure succeeded")
			}
			if tt.as != nil && !errors.As(err, tt.as) {
				t.Errorf("error %q is no %T", err, tt.as)
			}
			t.Log(err)
			if got := state(t, n.Host()); !slices.Equal(got, before) {
				t.Errorf("host has %q, want %q", got, before)
			}
			if left := len(db.Bridges()) + len(db.Ports()) + len(db.Interfaces()); left != 0 {
				t.Errorf("%d rows left", left)
			}
		})
	}
}

func kernelHasDatapath(t *testing.T) bool {
	t.Helper()
	_, err := genl.Family("ovs_datapath")
	return err == nil
}

func TestDatapathIsChosen(t *testing.T) {
	t.Parallel()
	n := nodetest.New(t)
	db := switchtest.Dial(t, n.OVS().DatabaseEndpoint())
	br := ensure(t, db, bridge.Config{Name: "br0", SwitchNetns: n.Host().Path()})
	want := "netdev"
	if kernelHasDatapath(t) {
		want = "system"
	}
	if br.DatapathType != want {
		t.Errorf("datapath type %q, want %q", br.DatapathType, want)
	}
}

func TestUnusableDatapathOfExistingBridgeIsNoticed(t *testing.T) {
	t.Parallel()
	n := nodetest.New(t)
	if kernelHasDatapath(t) {
		t.Log("the kernel has the module")
		return
	}
	db := switchtest.Dial(t, n.OVS().DatabaseEndpoint())
	ctx := testContext(t)
	ensure(t, db, bridge.Config{Name: "br0", Datapath: "netdev", SwitchNetns: n.Host().Path()})
	_, err := bridge.Ensure(ctx, db, bridge.Config{Name: "br0", Datapath: "system", SwitchNetns: n.Host().Path()})
	if !errors.As(err, new(*bridge.DatapathError)) {
		t.Errorf("Ensure: %v, want a DatapathError", err)
	}
	b, err := bridge.Get(db, "br0")
	if err != nil {
		t.Fatal(err)
	}
	if b.DatapathType != "netdev" || b.DatapathID == 0 || len(b.Errors) != 0 {
		t.Errorf("the bridge is not back on its datapath: %+v", b)
	}
}
