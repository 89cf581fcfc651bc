// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package hostport_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/flows/hostport"
	"github.com/ovskit/ovskit/internal/tier"
	"github.com/vishvananda/netlink"
)

// TestOutsideIsNotServed serves the host at its own addresses, and nobody else there or at a loopback address.
func TestOutsideIsNotServed(t *testing.T) {
	tier.Need(t, tier.System)
	h := newHost(t)
	neighbour := &host{t: t, ctx: h.ctx, ns: newNamespace(t, "neighbour")}
	h.link(neighbour)
	p := h.open(h.ctx, hostport.Options{})
	for _, a := range []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")} {
		l, to := h.endpoint(a)
		u, toUDP := h.endpointUDP(a)
		at, atUDP := h.free(flows.TCP, a), h.free(flows.UDP, a)
		mappings := []hostport.Mapping{{Proto: flows.TCP, At: at, To: to}, {Proto: flows.UDP, At: atUDP, To: toUDP}}
		h.mustSet(p, a.String(), mappings...)
		client, server := h.connect(at, l)
		h.say(client, server, "hello")
		neighbour.mustTurnAway("the neighbour", at)
		neighbour.mustDial("udp", atUDP).Write([]byte("from the neighbour"))
		h.mustDial("udp", atUDP).Write([]byte("from the host"))
		hear(t, u, "from the host")
	}

	// The machine lets packets for its loopback addresses in, and they do arrive.
	loopback := netip.MustParseAddr("127.0.0.1")
	open, atOpen, err := h.listen(flows.UDP, netip.AddrPortFrom(netip.IPv4Unspecified(), 0))
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	h.limit(open.(*net.UDPConn))
	neighbour.mustDial("udp", netip.AddrPortFrom(loopback, atOpen.Port())).Write([]byte("let in"))
	hear(t, open.(*net.UDPConn), "let in")

	l, to := h.endpoint(loopback)
	u, toUDP := h.endpointUDP(loopback)
	at, atUDP := h.free(flows.TCP, loopback), h.free(flows.UDP, loopback)
	h.mustSet(p, "loopback", hostport.Mapping{Proto: flows.TCP, At: at, To: to},
		hostport.Mapping{Proto: flows.UDP, At: atUDP, To: toUDP})
	if _, err := neighbour.dial("tcp", at); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the neighbour connects to a loopback address: %v", err)
	}
	neighbour.mustDial("udp", atUDP).Write([]byte("from the neighbour"))
	h.mustDial("udp", atUDP).Write([]byte("from the host"))
	hear(t, u, "from the host")
	client, server := h.connect(at, l)
	h.say(client, server, "hello")
}

// link connects two hosts: h is .1, the neighbour .2, which takes 127.0.0.1 for an address of h.
func (h *host) link(neighbour *host) {
	h.t.Helper()
	links, err := h.ns.Netlink()
	if err != nil {
		h.t.Fatal(err)
	}
	defer links.Close()
	theirs, err := neighbour.ns.Netlink()
	if err != nil {
		h.t.Fatal(err)
	}
	defer theirs.Close()
	must := func(err error) {
		h.t.Helper()
		if err != nil {
			h.t.Fatal(err)
		}
	}
	must(links.LinkAdd(&netlink.Veth{
		LinkAttrs: netlink.LinkAttrs{Name: "veth0"}, PeerName: "veth0", PeerNamespace: netlink.NsFd(neighbour.ns.Fd()),
	}))
	for _, end := range []struct {
		*host
		links *netlink.Handle
		addrs []string
	}{
		{h, links, []string{"192.0.2.1/24", "2001:db8::1/64"}},
		{neighbour, theirs, []string{"192.0.2.2/24", "2001:db8::2/64"}},
	} {
		must(end.ns.SetSysctl("net.ipv4.conf.veth0.route_localnet", "1"))
		must(end.ns.SetSysctl("net.ipv6.conf.veth0.accept_dad", "0"))
		veth, err := end.links.LinkByName("veth0")
		must(err)
		for _, a := range end.addrs {
			addr, err := netlink.ParseAddr(a)
			must(err)
			must(end.links.AddrAdd(veth, addr))
		}
		must(end.links.LinkSetUp(veth))
	}
	lo, err := theirs.LinkByName("lo")
	must(err)
	addr, err := netlink.ParseAddr("127.0.0.1/8")
	must(err)
	must(theirs.AddrDel(lo, addr))
	veth, err := theirs.LinkByName("veth0")
	must(err)
	_, dst, err := net.ParseCIDR("127.0.0.1/32")
	must(err)
	must(theirs.RouteAdd(&netlink.Route{LinkIndex: veth.Attrs().Index, Dst: dst, Gw: net.ParseIP("192.0.2.1")}))
}
