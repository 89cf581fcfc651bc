// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"net/netip"
	"testing"

	"github.com/ovskit/ovskit/flows"
)

// eachFamily runs a test with IPv4 and with IPv6 addresses.
func eachFamily(t *testing.T, test func(t *testing.T, l *lab)) {
	t.Run("IPv4", func(t *testing.T) { test(t, newLab(t)) })
	t.Run("IPv6", func(t *testing.T) {
		l := newLab(t)
		l.dual()
		test(t, l)
	})
}

// spare is a spare address of the link in the family that the lab goes by.
func (l *lab) spare() netip.Addr {
	if l.host.addr.Is4() {
		return netip.MustParseAddr("192.0.2.50")
	}
	return netip.MustParseAddr("2001:db8::50")
}

// gateway is that of a network in the family that the lab goes by.
func (l *lab) gateway(n flows.Network) netip.Addr {
	if l.host.addr.Is4() {
		return n.Gateways[0].Addr()
	}
	return n.Gateways[1].Addr()
}

// behind puts the network web behind spare addresses.
func (l *lab) behind() netip.Addr {
	l.t.Helper()
	l.web.Egress = flows.Behind("x")
	l.mustSet(flows.Address{
		Name: "x", Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.50"), netip.MustParseAddr("2001:db8::50")},
	}, l.web)
	return l.spare()
}

func TestBehindAddress(t *testing.T) {
	eachFamily(t, func(t *testing.T, l *lab) {
		x := l.behind()
		for _, proto := range protocols {
			ask := packet(proto, l.web2, &station{mac: l.host.mac, addr: l.far}, 1000, 53)
			// It is translated before the host routes it, and leaves the bridge as it is then.
			seen := ask.with(func(f *frame) { f.src = netip.AddrPortFrom(x, 1000) })
			l.send(l.web2, ask, delivery{l.host, seen})
			routed := seen.with(func(f *frame) { f.from, f.to, f.ttl = l.host.mac, l.router.mac, 63 })
			l.send(l.host, routed, delivery{l.router, routed})

			answer := routed.reply().with(func(f *frame) { f.ttl = 50 })
			l.send(l.router, answer, delivery{l.host, answer})
			back := answer.with(func(f *frame) { f.from, f.to, f.ttl = l.host.mac, l.host.mac, 49 })
			l.send(l.host, back, delivery{l.web2, back.with(func(f *frame) {
				f.from, f.to, f.ttl, f.dst = l.host.mac, l.web2.mac, 48, netip.AddrPortFrom(l.web2.addr, 1000)
			})})
		}
	})
}

func TestPublishedBehindAddress(t *testing.T) {
	eachFamily(t, func(t *testing.T, l *lab) {
		x := l.behind()
		// As the host forwards it, and as the host itself asks.
		for _, from := range []netip.Addr{l.far, l.host.addr, l.gateway(l.web), l.gateway(l.dbNet)} {
			client := &station{mac: l.host.mac, addr: from}
			ask := packet("tcp", client, &station{mac: l.host.mac, addr: x}, 4000, 8080)
			arrives := ask.with(func(f *frame) {
				f.from, f.to, f.ttl, f.dst = l.host.mac, l.web2.mac, 63, netip.AddrPortFrom(l.web2.addr, 80)
			})
			l.send(l.host, ask, delivery{l.web2, arrives})
			answer := arrives.reply().with(func(f *frame) { f.ttl = 64 })
			l.send(l.web2, answer, delivery{l.host, answer.with(func(f *frame) { f.src = netip.AddrPortFrom(x, 8080) })})
		}
		// Nothing else of the address, neither the host's port nor one at the host's address.
		for _, proto := range protocols {
			l.send(l.host, packet(proto, &station{mac: l.host.mac, addr: l.far}, &station{mac: l.host.mac, addr: x}, 4000, 22))
			l.send(l.web2, packet(proto, l.web2, &station{mac: l.host.mac, addr: x}, 4000, 22))
		}
		host := packet("tcp", l.router, l.host, 4000, 8080)
		l.send(l.router, host, delivery{l.host, host})
	})
}

// The host forwards what is for a spare address: to rules, who sends it is whose address it has.
func TestRulesTellTheHostFromWhatItForwards(t *testing.T) {
	eachFamily(t, func(t *testing.T, l *lab) {
		x := l.behind()
		senders := map[string]flows.Selector{"host": flows.TheHost(), "outside": flows.Outside()}
		srcPort := uint16(4000)
		for _, denied := range []string{"host", "outside"} {
			l.mustSet(flows.Rule{
				Name: "denied", From: []flows.Selector{senders[denied]}, To: endpoints("web2"), Deny: true,
			})
			for from, who := range map[netip.Addr]string{
				l.far: "outside", l.host.addr: "host", l.gateway(l.web): "host", l.gateway(l.dbNet): "host",
			} {
				srcPort++
				ask := packet("tcp", &station{mac: l.host.mac, addr: from}, &station{mac: l.host.mac, addr: x}, srcPort, 8080)
				if who == denied {
					l.send(l.host, ask)
					continue
				}
				l.send(l.host, ask, delivery{l.web2, ask.with(func(f *frame) {
					f.from, f.to, f.ttl, f.dst = l.host.mac, l.web2.mac, 63, netip.AddrPortFrom(l.web2.addr, 80)
				})})
			}
		}
		// Nor does an endpoint's own address come from the host.
		l.send(l.host, packet("tcp", l.web3, &station{mac: l.host.mac, addr: x}, srcPort, 8080))
	})
}

func TestHairpinBehindAddress(t *testing.T) {
	eachFamily(t, func(t *testing.T, l *lab) {
		x := l.behind()
		gateway := l.gateway(l.web)
		for _, from := range []*station{l.web3, l.db2} {
			ask := packet("tcp", from, &station{mac: l.host.mac, addr: x}, 5000+uint16(from.port), 8080)
			arrives := ask.with(func(f *frame) {
				f.from, f.to, f.ttl = l.host.mac, l.web2.mac, 63
				f.src, f.dst = netip.AddrPortFrom(gateway, ask.src.Port()), netip.AddrPortFrom(l.web2.addr, 80)
			})
			l.send(from, ask, delivery{l.web2, arrives})
			answer := arrives.reply().with(func(f *frame) { f.ttl = 64 })
			l.send(l.web2, answer, delivery{from, ask.reply().with(func(f *frame) { f.ttl = 63 })})
		}
	})
}

func TestSpareAddressIsAnsweredFor(t *testing.T) {
	l := newLab(t)
	l.dual()
	l.behind()
	mac := append(l.host.mac[:5:5], l.host.mac[5]^1)
	ask := solicit(l.host, l.host.addr, l.spare())
	l.send(l.host, ask, delivery{l.host, advert(ask, mac, 0x60)})
	arp := frame{from: l.host.mac, to: broadcast, proto: "arp?", src: addrPort("192.0.2.1:0"), dst: addrPort("192.0.2.50:0")}
	l.send(l.host, arp, delivery{l.host, frame{from: mac, to: l.host.mac, proto: "arp!", src: arp.dst, dst: arp.src}})
}

func TestRouted(t *testing.T) {
	eachFamily(t, func(t *testing.T, l *lab) {
		l.web.Egress = flows.Routed()
		l.mustSet(l.web, l.endpoint(l.web2, "web", flows.PortMapping{Proto: flows.TCP, Port: 80}))
		far := &station{mac: l.host.mac, addr: l.far}
		for _, proto := range protocols {
			ask := packet(proto, l.web2, far, 1000, 53)
			l.send(l.web2, ask, delivery{l.host, ask})
			out := ask.with(func(f *frame) { f.from, f.to, f.ttl = l.host.mac, l.router.mac, 63 })
			l.send(l.host, out, delivery{l.router, out})
			answer := out.reply().with(func(f *frame) { f.ttl = 50 })
			l.send(l.router, answer, delivery{l.host, answer})
			back := answer.with(func(f *frame) { f.from, f.to, f.ttl = l.host.mac, l.web2.mac, 49 })
			l.send(l.host, back, delivery{l.web2, back})
		}
		// From outside, the published port and pings, and nothing else.
		for _, proto := range protocols {
			in := packet(proto, far, l.web2, 4000, 80)
			if proto == "udp" {
				l.send(l.host, in)
				continue
			}
			l.send(l.host, in, delivery{l.web2, in})
			l.send(l.web2, in.reply(), delivery{l.host, in.reply()})
		}
		l.send(l.host, packet("tcp", far, l.web2, 4001, 81))
		l.send(l.host, packet("tcp", far, l.web3, 4001, 80))
		// From another network, the published port.
		l.passes("tcp", l.db2, l.web2, 4000, 80, true)
		l.passes("tcp", l.db2, l.web2, 4000, 81, false)
		l.passes("tcp", l.db2, l.web3, 4000, 80, false)
		l.passes("ping", l.db2, l.web2, 4000, 0, false)
		// Another network's addresses are not believed to come from outside.
		l.send(l.host, packet("tcp", &station{mac: l.host.mac, addr: l.db2.addr}, l.web2, 4002, 80))
	})
}

// A router outside tells that a packet did not get through. It is believed of connections that there are, and what the
// host itself has to say of any.
func TestErrorsReachRoutedEndpoints(t *testing.T) {
	eachFamily(t, func(t *testing.T, l *lab) {
		l.web.Egress = flows.Routed()
		l.mustSet(l.web, l.endpoint(l.web2, "web"))
		ask := packet("udp", l.web2, &station{mac: l.host.mac, addr: l.far}, 1000, 53)
		l.send(l.web2, ask, delivery{l.host, ask})
		tooBig := func(src netip.Addr, lost frame) frame {
			return frame{
				from: l.host.mac, to: l.web2.mac, proto: "too big", ttl: 60, payload: lost.bytes(t)[14:],
				src: netip.AddrPortFrom(src, 0), dst: netip.AddrPortFrom(l.web2.addr, 0),
			}
		}
		l.send(l.host, tooBig(l.router.addr, ask), delivery{l.web2, tooBig(l.router.addr, ask)})
		never := ask.with(func(f *frame) { f.src = netip.AddrPortFrom(l.web2.addr, 1001) })
		l.send(l.host, tooBig(l.router.addr, never))
		l.send(l.host, tooBig(l.host.addr, never), delivery{l.web2, tooBig(l.host.addr, never)})
	})
}

func TestPerFamily(t *testing.T) {
	l := newLab(t)
	l.dual()
	l.web.Egress = flows.PerFamily(flows.Via("eth0"), flows.Routed())
	if err := l.sw.Set(l.ctx, l.web); err == nil {
		t.Error("a port published at another number became routed without an error")
	}
	l.mustSet(l.web, l.endpoint(l.web2, "web", flows.PortMapping{Proto: flows.TCP, HostPort: 80, Port: 80}))
	in := packet("tcp", &station{mac: l.host.mac, addr: l.far}, l.web2, 4000, 80)
	l.send(l.host, in, delivery{l.web2, in})
	ask := packet("tcp", l.router, l.host, 4000, 80).with(func(f *frame) {
		f.src, f.dst = addrPort("192.0.2.254:4000"), addrPort("192.0.2.1:80")
	})
	l.send(l.router, ask, delivery{l.web2, ask.with(func(f *frame) {
		f.from, f.to, f.ttl, f.dst = l.host.mac, l.web2.mac, 63, addrPort("10.1.0.2:80")
	})})
}

func TestIsolatedEndpoints(t *testing.T) {
	eachFamily(t, func(t *testing.T, l *lab) {
		l.web.Isolated = true
		l.mustSet(l.web)
		for _, proto := range protocols {
			l.send(l.web2, packet(proto, l.web2, l.web3, 1000, 80))
			// The way out is as before.
			ask := packet(proto, l.web2, &station{mac: l.host.mac, addr: l.far}, 1000, 53)
			l.send(l.web2, ask, delivery{l.host, ask})
		}
	})
}

func TestPublishedRanges(t *testing.T) {
	eachFamily(t, func(t *testing.T, l *lab) {
		l.mustSet(l.endpoint(l.web2, "web",
			flows.PortMapping{Proto: flows.UDP, HostPort: 1000, HostPortEnd: 1999, Port: 1000},
			flows.PortMapping{Proto: flows.UDP, HostPort: 3000, HostPortEnd: 3009, Port: 80}))
		for host, port := range map[uint16]uint16{999: 0, 1000: 1000, 1500: 1500, 1999: 1999, 2000: 0, 2999: 0, 3000: 80, 3009: 89, 3010: 0} {
			ask := packet("udp", l.router, l.host, 4000, host)
			want := delivery{l.host, ask}
			if port != 0 {
				want = delivery{l.web2, ask.with(func(f *frame) {
					f.from, f.to, f.ttl, f.dst = l.host.mac, l.web2.mac, 63, netip.AddrPortFrom(l.web2.addr, port)
				})}
			}
			l.send(l.router, ask, want)
		}
	})
}

func TestPublishedAtOneAddress(t *testing.T) {
	l := newLab(t)
	second := netip.MustParseAddr("192.0.2.2")
	host := flows.Host{MAC: l.host.mac, Addrs: []netip.Prefix{netip.PrefixFrom(l.host.addr, 24), netip.PrefixFrom(second, 24)}}
	l.mustSet(host, l.endpoint(l.web2, "web",
		flows.PortMapping{Proto: flows.TCP, HostAddr: second, HostPort: 8080, Port: 80},
		flows.PortMapping{Proto: flows.TCP, HostAddr: netip.MustParseAddr("127.0.0.1"), HostPort: 9090, Port: 80}))
	to := func(a netip.Addr, port uint16) frame {
		return packet("tcp", l.router, &station{mac: l.host.mac, addr: a}, 4000, port)
	}
	l.send(l.router, to(l.host.addr, 8080), delivery{l.host, to(l.host.addr, 8080)})
	l.send(l.router, to(second, 8080), delivery{l.web2, to(second, 8080).with(func(f *frame) {
		f.from, f.to, f.ttl, f.dst = l.host.mac, l.web2.mac, 63, netip.AddrPortFrom(l.web2.addr, 80)
	})})
	// What is published at a loopback address is for the host's own programs.
	l.send(l.router, to(l.host.addr, 9090), delivery{l.host, to(l.host.addr, 9090)})
}
