// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"net"
	"net/netip"
	"testing"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/openflow"
)

var protocols = []string{"tcp", "udp", "ping"}

func addrPort(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

func TestSameNetwork(t *testing.T) {
	l := newLab(t)
	for _, proto := range protocols {
		ask := packet(proto, l.web2, l.web3, 1000, 80)
		l.send(l.web2, ask, delivery{l.web3, ask})
		l.send(l.web3, ask.reply(), delivery{l.web2, ask.reply()})
	}
}

func TestNetworksAreIsolated(t *testing.T) {
	l := newLab(t)
	for _, proto := range protocols {
		direct := packet(proto, l.web2, l.db2, 1000, 80)
		l.send(l.web2, direct)
		// As to a router, to the gateway's MAC.
		l.send(l.web2, direct.with(func(f *frame) { f.to = l.host.mac }))
		l.send(l.db2, packet(proto, l.db2, l.web2, 1000, 80))
		// What the host would forward from one network to the other does not arrive either.
		l.send(l.host, direct.with(func(f *frame) { f.from = l.host.mac }))
	}
}

func TestMasquerade(t *testing.T) {
	l := newLab(t)
	for _, proto := range protocols {
		ask := frame{
			from: l.web2.mac, to: l.host.mac, proto: proto, ttl: 64,
			src: netip.AddrPortFrom(l.web2.addr, 1000), dst: netip.AddrPortFrom(l.far, 53),
		}
		if proto == "tcp" {
			ask.flags = "S"
		}
		l.send(l.web2, ask, delivery{l.host, ask})
		// The host routes it back into the bridge.
		routed := ask.with(func(f *frame) { f.from, f.to, f.ttl = l.host.mac, l.router.mac, 63 })
		seen := routed.with(func(f *frame) { f.src = netip.AddrPortFrom(l.host.addr, 1000) })
		l.send(l.host, routed, delivery{l.router, seen})
		// Once more before there is a reply: the same translation.
		l.send(l.host, routed, delivery{l.router, seen})

		answer := seen.reply().with(func(f *frame) { f.ttl = 50 })
		l.send(l.router, answer, delivery{l.web2, answer.with(func(f *frame) {
			f.from, f.to, f.ttl, f.dst = l.host.mac, l.web2.mac, 49, netip.AddrPortFrom(l.web2.addr, 1000)
		})})
	}
}

func TestMasqueradeSharesSourcePorts(t *testing.T) {
	l := newLab(t)
	remote := netip.AddrPortFrom(l.far, 80)
	routed := func(src netip.Addr) frame {
		return frame{
			from: l.host.mac, to: l.router.mac, proto: "tcp", flags: "S", ttl: 63,
			src: netip.AddrPortFrom(src, 1000), dst: remote,
		}
	}
	used := map[uint16]string{}
	for _, s := range []*station{l.host, l.web2, l.web3} {
		in := l.ovs.Bridge("br0").Inject(openflow.PortLocal, routed(s.addr).bytes(t))
		out := in.Outputs()
		if len(out) != 1 || out[0].Port != l.router.port {
			t.Fatalf("%s: got outputs %v, want one to the uplink; trace:\n%s", s.name, out, in.Trace())
		}
		src := netip.AddrFrom4([4]byte(out[0].Frame[26:30]))
		port := uint16(out[0].Frame[34])<<8 | uint16(out[0].Frame[35])
		if src != l.host.addr {
			t.Errorf("%s: left with source %s, want %s", s.name, src, l.host.addr)
		}
		if other, taken := used[port]; taken {
			t.Errorf("%s and %s left with the same source port %d", other, s.name, port)
		}
		used[port] = s.name
	}
	if used[1000] != "host" {
		t.Errorf("got %v, want the host, which was first, to keep port 1000", used)
	}
}

func TestInternalNetworkHasNoWayOut(t *testing.T) {
	l := newLab(t)
	out := packet("udp", l.db2, l.host, 1000, 53).with(func(f *frame) { f.dst = netip.AddrPortFrom(l.far, 53) })
	l.send(l.db2, out)
	l.send(l.host, out.with(func(f *frame) { f.from, f.to = l.host.mac, l.router.mac }))
}

func TestPublishedPort(t *testing.T) {
	l := newLab(t)
	ask := packet("tcp", l.router, l.host, 4000, 8080).with(func(f *frame) { f.src = netip.AddrPortFrom(l.far, 4000) })
	arrives := ask.with(func(f *frame) {
		f.from, f.to, f.ttl, f.dst = l.host.mac, l.web2.mac, 63, netip.AddrPortFrom(l.web2.addr, 80)
	})
	l.send(l.router, ask, delivery{l.web2, arrives})
	l.send(l.router, ask, delivery{l.web2, arrives}) // a retransmission

	answer := arrives.reply().with(func(f *frame) { f.ttl = 64 })
	l.send(l.web2, answer, delivery{l.host, answer})
	routed := answer.with(func(f *frame) { f.from, f.to, f.ttl = l.host.mac, l.router.mac, 63 })
	l.send(l.host, routed, delivery{l.router, routed.with(func(f *frame) { f.src = netip.AddrPortFrom(l.host.addr, 8080) })})
}

func TestUnpublishedPortIsTheHosts(t *testing.T) {
	l := newLab(t)
	for _, f := range []frame{
		packet("tcp", l.router, l.host, 4000, 80), packet("udp", l.router, l.host, 4000, 8080), packet("ping", l.router, l.host, 1, 0),
	} {
		l.send(l.router, f, delivery{l.host, f})
		l.send(l.host, f.reply(), delivery{l.router, f.reply()})
	}
}

func TestUnpublish(t *testing.T) {
	l := newLab(t)
	l.mustSet(l.endpoint(l.web2, "web"))
	f := packet("tcp", l.router, l.host, 4000, 8080)
	l.send(l.router, f, delivery{l.host, f})
}

func TestOutsideReachesNoEndpoint(t *testing.T) {
	l := newLab(t)
	for _, proto := range protocols {
		f := packet(proto, l.router, l.web2, 4000, 80)
		l.send(l.router, f)
		l.send(l.router, f.with(func(f *frame) { f.to = l.host.mac }))
		// An endpoint's address is not believed from there.
		l.send(l.router, packet(proto, l.router, l.host, 4000, 80).with(func(f *frame) {
			f.src = netip.AddrPortFrom(l.web3.addr, 4000)
		}))
	}
	l.send(l.router, frame{from: l.router.mac, to: broadcast, proto: "arp?", src: addrPort("192.0.2.254:0"), dst: addrPort("10.1.0.2:0")})
	l.send(l.router, frame{from: l.router.mac, to: broadcast, proto: "arp?", src: addrPort("10.1.0.2:0"), dst: addrPort("192.0.2.1:0")})
}

func TestHairpin(t *testing.T) {
	l := newLab(t)
	for _, from := range []*station{l.web2, l.web3, l.db2} {
		ask := packet("tcp", from, l.host, 5000, 8080)
		// The publisher sees its gateway.
		arrives := ask.with(func(f *frame) {
			f.from, f.to, f.ttl = l.host.mac, l.web2.mac, 63
			f.src, f.dst = addrPort("10.1.0.1:5000"), addrPort("10.1.0.2:80")
		})
		in := l.ovs.Bridge("br0").Inject(from.port, ask.bytes(t)).Outputs()
		if len(in) != 1 || in[0].Port != l.web2.port {
			t.Fatalf("%s to the published port: got %v, want one frame to web2", from.name, in)
		}
		// Only the first of them gets its own source port.
		arrives.src = netip.AddrPortFrom(arrives.src.Addr(), uint16(in[0].Frame[34])<<8|uint16(in[0].Frame[35]))
		l.send(from, ask, delivery{l.web2, arrives})
		answer := arrives.reply().with(func(f *frame) { f.ttl = 64 })
		l.send(l.web2, answer, delivery{from, ask.reply().with(func(f *frame) { f.ttl = 63 })})
	}
}

func TestHostAccess(t *testing.T) {
	l := newLab(t)
	gateway := &station{mac: l.host.mac, addr: l.web.Gateways[0].Addr()}
	for _, proto := range protocols {
		for _, address := range []*station{l.host, gateway} {
			// Another source port each time, so that every connection is new.
			to := packet(proto, l.web2, address, 2000, 22)
			l.send(l.web2, to, delivery{l.host, to})
			l.send(l.host, to.reply(), delivery{l.web2, to.reply()})
			from := packet(proto, address, l.web3, 3000, 22)
			l.send(l.host, from, delivery{l.web3, from})
			l.send(l.web3, from.reply(), delivery{l.host, from.reply()})
		}
		l.send(l.db2, packet(proto, l.db2, l.host, 2000, 22))
		l.send(l.db2, packet(proto, l.db2, &station{mac: l.host.mac, addr: l.dbNet.Gateways[0].Addr()}, 2000, 22))
		l.send(l.host, packet(proto, l.host, l.db2, 3000, 22))
		// The host forwards for somebody else: that is not the host's access.
		l.send(l.host, packet(proto, &station{mac: l.host.mac, addr: l.far}, l.web2, 3000, 22))
	}
}

func TestHostAccessOneWay(t *testing.T) {
	for _, access := range []flows.HostAccess{flows.ToHost, flows.FromHost} {
		l := newLab(t)
		l.web.Host = access
		l.mustSet(l.web)
		to, from := packet("tcp", l.web2, l.host, 2000, 22), packet("tcp", l.host, l.web2, 3000, 23)
		if access == flows.ToHost {
			l.send(l.web2, to, delivery{l.host, to})
			l.send(l.host, to.reply(), delivery{l.web2, to.reply()})
			l.send(l.host, from)
		} else {
			l.send(l.host, from, delivery{l.web2, from})
			l.send(l.web2, from.reply(), delivery{l.host, from.reply()})
			l.send(l.web2, to)
		}
	}
}

// The host forwards for endpoints, so it must be able to tell them what it cannot forward, whatever else it may send.
func TestHostsErrorsReachEndpoints(t *testing.T) {
	l := newLab(t)
	l.web.Host = 0
	l.mustSet(l.web)
	lost := packet("udp", l.web2, l.host, 1000, 53).with(func(f *frame) { f.dst = netip.AddrPortFrom(l.far, 53) })
	tooBig := func(src netip.Addr) frame {
		return frame{
			from: l.host.mac, to: l.web2.mac, proto: "too big", ttl: 64, payload: lost.bytes(t)[14:],
			src: netip.AddrPortFrom(src, 0), dst: netip.AddrPortFrom(l.web2.addr, 0),
		}
	}
	l.send(l.host, tooBig(l.web.Gateways[0].Addr()), delivery{l.web2, tooBig(l.web.Gateways[0].Addr())})
	l.send(l.host, tooBig(l.far))
	l.send(l.host, packet("ping", &station{mac: l.host.mac, addr: l.web.Gateways[0].Addr()}, l.web2, 1, 0))
}

func TestHostsOwnTraffic(t *testing.T) {
	l := newLab(t)
	for _, proto := range protocols {
		ask := packet(proto, l.host, l.router, 1000, 53)
		l.send(l.host, ask, delivery{l.router, ask})
		l.send(l.router, ask.reply(), delivery{l.host, ask.reply()})
	}
	arp := frame{from: l.host.mac, to: broadcast, proto: "arp?", src: addrPort("192.0.2.1:0"), dst: addrPort("192.0.2.254:0")}
	l.send(l.host, arp, delivery{l.router, arp})
	answer := frame{from: l.router.mac, to: l.host.mac, proto: "arp!", src: arp.dst, dst: arp.src}
	l.send(l.router, answer, delivery{l.host, answer})
}

var broadcast = net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

func TestARPIsAnswered(t *testing.T) {
	l := newLab(t)
	gateway := &station{mac: l.host.mac, addr: l.web.Gateways[0].Addr()}
	for _, who := range []*station{l.web3, gateway} {
		ask := frame{from: l.web2.mac, to: broadcast, proto: "arp?", src: netip.AddrPortFrom(l.web2.addr, 0), dst: netip.AddrPortFrom(who.addr, 0)}
		l.send(l.web2, ask, delivery{l.web2, frame{from: who.mac, to: l.web2.mac, proto: "arp!", src: ask.dst, dst: ask.src}})
	}
	ask := frame{from: l.host.mac, to: broadcast, proto: "arp?", src: addrPort("10.1.0.1:0"), dst: addrPort("10.1.0.2:0")}
	l.send(l.host, ask, delivery{l.host, frame{from: l.web2.mac, to: l.host.mac, proto: "arp!", src: ask.dst, dst: ask.src}})

	// The host looks whether another machine has its address.
	for _, src := range []string{"0.0.0.0:0", "10.1.0.1:0"} {
		l.send(l.host, frame{from: l.host.mac, to: broadcast, proto: "arp?", src: addrPort(src), dst: addrPort("10.1.0.1:0")})
	}

	// Nobody answers for the asker itself, for another network, for nobody.
	for _, target := range []string{"10.1.0.2:0", "10.2.0.2:0", "10.2.0.1:0", "10.1.0.9:0", "192.0.2.254:0"} {
		l.send(l.web2, frame{from: l.web2.mac, to: broadcast, proto: "arp?", src: addrPort("10.1.0.2:0"), dst: addrPort(target)})
	}
	// A probe for a duplicate (RFC 5227) has no sender address; it is answered if there is one.
	probe := frame{from: l.web2.mac, to: broadcast, proto: "arp?", src: addrPort("0.0.0.0:0"), dst: addrPort("10.1.0.3:0")}
	l.send(l.web2, probe, delivery{l.web2, frame{from: l.web3.mac, to: l.web2.mac, proto: "arp!", src: probe.dst, dst: probe.src}})
	l.send(l.web2, probe.with(func(f *frame) { f.dst = addrPort("10.1.0.2:0") }))
}

func TestSpoofing(t *testing.T) {
	l := newLab(t)
	honest := packet("udp", l.web2, l.web3, 1000, 53)
	l.send(l.web2, honest, delivery{l.web3, honest})
	l.send(l.web2, honest.with(func(f *frame) { f.from = l.web3.mac }))
	l.send(l.web2, honest.with(func(f *frame) { f.src = netip.AddrPortFrom(l.web3.addr, 1000) }))
	l.send(l.web2, honest.with(func(f *frame) { f.src = addrPort("10.1.0.77:1000") }))

	arp := frame{from: l.web2.mac, to: broadcast, proto: "arp?", src: addrPort("10.1.0.2:0"), dst: addrPort("10.1.0.3:0")}
	l.send(l.web2, arp.with(func(f *frame) { f.src = addrPort("10.1.0.1:0") }))
	l.send(l.web2, arp.with(func(f *frame) { f.from = l.web3.mac }))
	l.send(l.web2, frame{from: l.web2.mac, to: l.web3.mac, proto: "arp!", src: addrPort("10.1.0.1:0"), dst: addrPort("10.1.0.3:0")})
	sha := arp.bytes(t)
	copy(sha[22:28], l.web3.mac) // the sender's hardware address inside alone
	l.ovs.Bridge("br0").Inject(l.web2.port, sha).Expect(t)
}

func TestDefaultDeny(t *testing.T) {
	l := newLab(t)
	for _, dst := range []string{"255.255.255.255:67", "224.0.0.251:5353", "10.1.0.255:137", "127.0.0.1:80"} {
		l.send(l.web2, packet("udp", l.web2, l.host, 68, 67).with(func(f *frame) { f.to, f.dst = broadcast, addrPort(dst) }))
	}
	// An endpoint of the switch that was not declared.
	if err := l.sw.Delete(l.ctx, flows.Endpoint{Name: "web3"}); err != nil {
		t.Fatal(err)
	}
	l.send(l.web3, packet("udp", l.web3, l.web2, 1, 2))
	l.send(l.web2, packet("udp", l.web2, l.web3, 1, 2))
}
