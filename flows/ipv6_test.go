// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"net"
	"net/netip"
	"testing"

	"github.com/ovskit/ovskit/flows"
)

// dual gives the lab's stations addresses of IPv6 as well; after it they go by those alone.
func (l *lab) dual() {
	l.t.Helper()
	for s, addr := range map[*station]string{
		l.host: "2001:db8::1", l.router: "2001:db8::fe", l.web2: "fd00:1::2", l.web3: "fd00:1::3", l.db2: "fd00:2::2",
	} {
		s.addr4, s.addr = s.addr, netip.MustParseAddr(addr)
	}
	l.far = netip.MustParseAddr("2001:db8:f::1")
	l.web.Gateways = append(l.web.Gateways, netip.MustParsePrefix("fd00:1::1/64"))
	l.dbNet.Gateways = append(l.dbNet.Gateways, netip.MustParsePrefix("fd00:2::1/64"))
	l.mustSet(l.objects()...)
}

func TestIPv6SameNetwork(t *testing.T) {
	l := newLab(t)
	l.dual()
	for _, proto := range protocols {
		ask := packet(proto, l.web2, l.web3, 1000, 80)
		l.send(l.web2, ask, delivery{l.web3, ask})
		l.send(l.web3, ask.reply(), delivery{l.web2, ask.reply()})
		l.send(l.web2, packet(proto, l.web2, l.db2, 1000, 80))
		l.send(l.web2, packet(proto, l.web2, l.db2, 1000, 80).with(func(f *frame) { f.to = l.host.mac }))
	}
}

func TestIPv6Masquerade(t *testing.T) {
	l := newLab(t)
	l.dual()
	for _, proto := range protocols {
		ask := packet(proto, l.web2, &station{mac: l.host.mac, addr: l.far}, 1000, 53)
		l.send(l.web2, ask, delivery{l.host, ask})
		routed := ask.with(func(f *frame) { f.from, f.to, f.ttl = l.host.mac, l.router.mac, 63 })
		seen := routed.with(func(f *frame) { f.src = netip.AddrPortFrom(l.host.addr, 1000) })
		l.send(l.host, routed, delivery{l.router, seen})
		answer := seen.reply().with(func(f *frame) { f.ttl = 50 })
		l.send(l.router, answer, delivery{l.web2, answer.with(func(f *frame) {
			f.from, f.to, f.ttl, f.dst = l.host.mac, l.web2.mac, 49, netip.AddrPortFrom(l.web2.addr, 1000)
		})})
	}
}

func TestIPv6PublishedPort(t *testing.T) {
	l := newLab(t)
	l.dual()
	ask := packet("tcp", l.router, l.host, 4000, 8080)
	arrives := ask.with(func(f *frame) {
		f.from, f.to, f.ttl, f.dst = l.host.mac, l.web2.mac, 63, netip.AddrPortFrom(l.web2.addr, 80)
	})
	l.send(l.router, ask, delivery{l.web2, arrives})
	answer := arrives.reply().with(func(f *frame) { f.ttl = 64 })
	l.send(l.web2, answer, delivery{l.host, answer})
	routed := answer.with(func(f *frame) { f.from, f.to, f.ttl = l.host.mac, l.router.mac, 63 })
	l.send(l.host, routed, delivery{l.router, routed.with(func(f *frame) { f.src = netip.AddrPortFrom(l.host.addr, 8080) })})
	// A port that is not published is the host's.
	other := packet("tcp", l.router, l.host, 4000, 80)
	l.send(l.router, other, delivery{l.host, other})
}

func TestIPv6HostAccess(t *testing.T) {
	l := newLab(t)
	l.dual()
	gateway := &station{mac: l.host.mac, addr: netip.MustParseAddr("fd00:1::1")}
	for _, proto := range protocols {
		for _, address := range []*station{l.host, gateway} {
			to := packet(proto, l.web2, address, 2000, 22)
			l.send(l.web2, to, delivery{l.host, to})
			l.send(l.host, to.reply(), delivery{l.web2, to.reply()})
			from := packet(proto, address, l.web3, 3000, 22)
			l.send(l.host, from, delivery{l.web3, from})
			l.send(l.web3, from.reply(), delivery{l.host, from.reply()})
		}
		l.send(l.db2, packet(proto, l.db2, l.host, 2000, 22))
		l.send(l.host, packet(proto, l.host, l.db2, 3000, 22))
	}
}

// solicit asks for the MAC of target, to its solicited-node address (RFC 4291, 2.7.1).
func solicit(from *station, src, target netip.Addr) frame {
	low := target.As16()
	node := netip.MustParseAddr("ff02::1:ff00:0").As16()
	copy(node[13:], low[13:])
	return frame{
		from: from.mac, to: net.HardwareAddr{0x33, 0x33, node[12], node[13], node[14], node[15]}, proto: "nd?", ttl: 255,
		src: netip.AddrPortFrom(src, 0), dst: netip.AddrPortFrom(netip.AddrFrom16(node), 0), target: target,
	}
}

func advert(ask frame, mac net.HardwareAddr, flags byte) frame {
	return frame{
		from: mac, to: ask.from, proto: "nd!", ttl: 255, target: ask.target, ndFlags: flags,
		src: netip.AddrPortFrom(ask.target, 0), dst: ask.src,
	}
}

func TestNeighboursAreAnswered(t *testing.T) {
	l := newLab(t)
	l.dual()
	gateway := netip.MustParseAddr("fd00:1::1")
	link := netip.MustParseAddr("fe80::2")
	for _, src := range []netip.Addr{l.web2.addr, link} {
		ask := solicit(l.web2, src, l.web3.addr)
		l.send(l.web2, ask, delivery{l.web2, advert(ask, l.web3.mac, 0x60)})
		ask = solicit(l.web2, src, gateway)
		l.send(l.web2, ask, delivery{l.web2, advert(ask, l.host.mac, 0xe0)})
	}
	ask := solicit(l.host, gateway, l.web2.addr)
	l.send(l.host, ask, delivery{l.host, advert(ask, l.web2.mac, 0x60)})

	// Nobody answers for the asker itself, for another network, for nobody, nor to another's MAC.
	for _, target := range []string{"fd00:1::2", "fd00:2::2", "fd00:2::1", "fd00:1::9", "2001:db8::fe"} {
		l.send(l.web2, solicit(l.web2, l.web2.addr, netip.MustParseAddr(target)))
	}
	l.send(l.web2, solicit(l.web3, l.web2.addr, gateway))
	// The host looks whether another machine has its address.
	l.send(l.host, solicit(l.host, netip.IPv6Unspecified(), gateway))
	// What it asks outside goes there, and the answer comes back.
	ask = solicit(l.host, l.host.addr, l.router.addr)
	l.send(l.host, ask, delivery{l.router, ask})
	answer := advert(ask, l.router.mac, 0x60)
	l.send(l.router, answer, delivery{l.host, answer})
	ask = solicit(l.router, l.router.addr, l.host.addr)
	l.send(l.router, ask, delivery{l.host, ask})
}

// Who looks for a duplicate of its address to be has none yet (RFC 4862, 5.4); all are told.
func TestDuplicateAddressDetection(t *testing.T) {
	l := newLab(t)
	l.dual()
	free := solicit(l.web2, netip.IPv6Unspecified(), l.web2.addr)
	l.send(l.web2, free)
	taken := solicit(l.web2, netip.IPv6Unspecified(), l.web3.addr)
	in := l.ovs.Bridge("br0").Inject(l.web2.port, taken.bytes(t))
	out := in.Outputs()
	if len(out) != 1 || out[0].Port != l.web2.port {
		t.Fatalf("got %v, want an advertisement to web2; trace:\n%s", out, in.Trace())
	}
	if got, want := net.HardwareAddr(out[0].Frame[:6]).String(), "33:33:00:00:00:01"; got != want {
		t.Errorf("got the answer to %s, want it to %s", got, want)
	}
}

// The host forwards from the bridge's own port to that port, and tells its neighbours that there is a shorter way.
func TestRedirectsGoNowhere(t *testing.T) {
	l := newLab(t)
	l.dual()
	l.web.Egress = flows.Routed()
	l.mustSet(l.web, l.endpoint(l.web2, "web"))
	for _, to := range []*station{l.router, l.web2} {
		l.send(l.host, frame{
			from: l.host.mac, to: to.mac, proto: "redirect", ttl: 255, target: l.web3.addr,
			src: addrPort("[fe80::1]:0"), dst: netip.AddrPortFrom(to.addr, 0),
		})
	}
}

func TestIPv6InternalNetworkHasNoWayOut(t *testing.T) {
	l := newLab(t)
	l.dual()
	out := packet("udp", l.db2, &station{mac: l.host.mac, addr: l.far}, 1000, 53)
	l.send(l.db2, out)
	l.send(l.host, out.with(func(f *frame) { f.from, f.to = l.host.mac, l.router.mac }))
	for _, dst := range []string{"[ff02::1]:1", "[::1]:1", "[ff05::2]:1"} {
		l.send(l.web2, packet("udp", l.web2, l.host, 68, 67).with(func(f *frame) { f.dst = addrPort(dst) }))
	}
}
