// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/port"
	"github.com/vishvananda/netlink"
)

// The addresses of two nodes on the network between them.
var underlay = [2]netip.Prefix{netip.MustParsePrefix("198.51.100.1/24"), netip.MustParsePrefix("198.51.100.2/24")}

// twoNodes joins two nodes by a cable between their bridges br-phy, which have the
// nodes' addresses.
func twoNodes(t *testing.T) (nodes [2]*lab) {
	t.Helper()
	for i := range nodes {
		nodes[i] = newLab(t, bridge.Standalone)
	}
	h := nodetest.Netlink(t, nodes[0].Host())
	defer h.Close()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = "phy0"
	cable := netlink.NewVeth(attrs)
	cable.PeerName, cable.PeerNamespace = "phy0", netlink.NsFd(nodes[1].Host().Fd())
	if err := h.LinkAdd(cable); err != nil {
		t.Fatal(err)
	}
	for i, l := range nodes {
		l.up(t, "phy0")
		l.bridge(t, bridge.Config{Name: "br-phy", FailMode: bridge.Standalone, Addrs: []netip.Prefix{underlay[i]}})
		l.attach(t, port.Config{Bridge: "br-phy", Name: "phy0", Kind: port.Device})
	}
	return nodes
}

// up sets a device of the host up.
func (l *lab) up(t *testing.T, device string) {
	t.Helper()
	h := nodetest.Netlink(t, l.Host())
	defer h.Close()
	link, err := h.LinkByName(device)
	if err == nil {
		err = h.LinkSetUp(link)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestTunnels joins endpoints on two nodes: by tunnels whose ends are fixed, and by
// those whose ends flows set for each packet.
func TestTunnels(t *testing.T) {
	t.Parallel()
	nodes := twoNodes(t)
	var webs [2]*port.Port
	var from func(to string) error
	for i, l := range nodes {
		p, ns := l.endpoint(t, "web", fmt.Sprintf("10.0.0.%d/24", i+1))
		webs[i] = p
		if i == 0 {
			from = func(to string) error { return ping(t, ns, to, "8") }
		}
	}
	key := uint32(77)
	for _, kind := range []string{"vxlan", "geneve", "gre"} {
		for _, byFlow := range []bool{false, true} {
			name := fmt.Sprintf("%s, by flow: %v", kind, byFlow)
			for i, l := range nodes {
				tunnel := &port.TunnelConfig{Type: kind, Remote: underlay[1-i].Addr(), Key: &key}
				if byFlow {
					tunnel = &port.TunnelConfig{Type: kind}
				}
				p := l.attach(t, port.Config{Bridge: "br0", Name: "tun", Kind: port.Tunnel, Tunnel: tunnel})
				l.ofctl(t, "del-flows", "br0")
				if byFlow {
					l.ofctl(t, "add-flow", "br0", fmt.Sprintf(
						"in_port=%d actions=set_field:%s->tun_dst,set_field:78->tun_id,output:%d",
						webs[i].OFPort, underlay[1-i].Addr(), p.OFPort))
					l.ofctl(t, "add-flow", "br0", fmt.Sprintf("in_port=%d,tun_id=78,tun_src=%s actions=output:%d",
						p.OFPort, underlay[1-i].Addr(), webs[i].OFPort))
				} else {
					l.ofctl(t, "add-flow", "br0", "actions=NORMAL")
				}
			}
			if err := from("10.0.0.2"); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for _, l := range nodes {
				l.detach(t, "tun")
			}
		}
	}
}
