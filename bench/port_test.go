// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"testing"

	"github.com/vishvananda/netlink"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/port"
)

// portAttach puts one veth pair with an address and a default route into a namespace and onto a switch, ready when it
// returns, beside the same netlink calls with the kernel's bridge in place of the switch.
var portAttach = comparison{name: "port.attach/bridge", setup: func(b *testing.B) (ours, peer side) {
	return attachOVS(b), attachBridge(b)
}}

var (
	benchMAC     = net.HardwareAddr{2, 0, 0, 0, 0, 2}
	benchAddr    = netip.MustParsePrefix("10.1.0.2/24")
	benchGateway = netip.MustParsePrefix("10.1.0.1/24")
)

func attachOVS(b *testing.B) side {
	ctx := context.Background()
	n := newNode(b)
	if _, err := bridge.Ensure(ctx, n.db, bridge.Config{
		Name: "br0", SwitchNetns: n.Host().Path(), Addrs: []netip.Prefix{benchGateway},
	}); err != nil {
		b.Fatal(err)
	}
	ports, err := port.Open(n.db, port.Options{SwitchNetns: n.Host().Path()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(ports.Close)
	c := port.Config{
		Bridge: "br0", Name: "web0", Netns: nodetest.Endpoint(b, n.Node, "web").Path(),
		Ifname: "eth0", MAC: benchMAC, Addrs: []netip.Prefix{benchAddr}, Gateway: benchGateway.Addr(),
	}
	return side{
		run: func(int) error {
			_, err := ports.Attach(ctx, c)
			return err
		},
		undo: func(int) error { return ports.Detach(ctx, c.Name) },
	}
}

func attachBridge(b *testing.B) side {
	host, endpoint := newNamespace(b, "bridge"), newNamespace(b, "endpoint")
	hostLinks, err := host.Netlink()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(hostLinks.Close)
	links, err := endpoint.Netlink()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(links.Close)
	br := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "br0"}}
	if err := hostLinks.LinkAdd(br); err != nil {
		b.Fatal(err)
	}
	if err := hostLinks.AddrAdd(br, &netlink.Addr{IPNet: ipNet(benchGateway)}); err != nil {
		b.Fatal(err)
	}
	if err := hostLinks.LinkSetUp(br); err != nil {
		b.Fatal(err)
	}
	attach := func(int) error {
		veth := &netlink.Veth{
			LinkAttrs: netlink.LinkAttrs{Name: "web0", MasterIndex: br.Index}, PeerName: "eth0",
			PeerNamespace: netlink.NsFd(endpoint.Fd()), PeerHardwareAddr: benchMAC,
		}
		if err := hostLinks.LinkAdd(veth); err != nil {
			return fmt.Errorf("add veth: %w", err)
		}
		if err := hostLinks.LinkSetUp(veth); err != nil {
			return fmt.Errorf("set veth up: %w", err)
		}
		inside, err := links.LinkByName("eth0")
		if err != nil {
			return fmt.Errorf("find the inner end: %w", err)
		}
		if err := links.AddrAdd(inside, &netlink.Addr{IPNet: ipNet(benchAddr)}); err != nil {
			return fmt.Errorf("add address: %w", err)
		}
		if err := links.LinkSetUp(inside); err != nil {
			return fmt.Errorf("set the inner end up: %w", err)
		}
		return links.RouteAdd(&netlink.Route{LinkIndex: inside.Attrs().Index, Gw: benchGateway.Addr().AsSlice()})
	}
	detach := func(int) error {
		veth, err := hostLinks.LinkByName("web0")
		if err != nil {
			return err
		}
		return hostLinks.LinkDel(veth)
	}
	return side{run: attach, undo: detach}
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
