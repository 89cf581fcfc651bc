// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/port"
)

var portComparisons = []comparison{
	portAttach, portAttachMany, portAttachCommands, portDetachMany, portDetachCommands,
}

// portAttach puts one veth pair with an address and a default route into a namespace and onto a switch, ready when it
// returns, beside the same netlink calls with the kernel's bridge in place of the switch.
var portAttach = comparison{name: "port.attach/bridge", setup: func(b *testing.B) (ours, peer side) {
	return attachOVS(b), attachBridge(b)
}}

var (
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
		Ifname: "eth0", Addrs: []netip.Prefix{benchAddr}, Gateway: benchGateway.Addr(),
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
	h, err := host.Netlink()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(h.Close)
	inside, err := endpoint.Netlink()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(inside.Close)
	br := addBridge(b, h, benchGateway)
	return side{
		run: func(int) error {
			return attachToBridge(h, inside, br, "web0", endpoint, benchAddr, benchGateway.Addr())
		},
		undo: func(int) error {
			veth, err := h.LinkByName("web0")
			if err != nil {
				return err
			}
			return h.LinkDel(veth)
		},
	}
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
