// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/ovskit/ovskit/flows"
)

func endpoints(names ...string) []flows.Selector {
	var all []flows.Selector
	for _, n := range names {
		all = append(all, flows.EndpointNamed(n))
	}
	return all
}

// passes reports whether a new connection gets from one station to the other, and what its answer does after it.
func (l *lab) passes(proto string, from, to *station, srcPort, dstPort uint16, want bool) {
	l.t.Helper()
	ask := packet(proto, from, to, srcPort, dstPort)
	if from.network != to.network {
		ask.to = l.host.mac // to the router
	}
	if !want {
		l.send(from, ask)
		return
	}
	arrives, answer := ask, ask.reply()
	if from.network != to.network {
		arrives.from, arrives.to, arrives.ttl = l.host.mac, to.mac, 63
		answer = arrives.reply().with(func(f *frame) { f.ttl = 64 })
		l.send(from, ask, delivery{to, arrives})
		l.send(to, answer, delivery{from, answer.with(func(f *frame) { f.from, f.to, f.ttl = l.host.mac, from.mac, 63 })})
		return
	}
	l.send(from, ask, delivery{to, arrives})
	l.send(to, answer, delivery{from, answer})
}

func TestRuleDeniesInsideANetwork(t *testing.T) {
	eachFamily(t, func(t *testing.T, l *lab) {
		l.mustSet(flows.Rule{
			Name: "no-web", From: endpoints("web2"), To: endpoints("web3"), Deny: true,
			Services: []flows.Service{{Proto: flows.TCP, FirstPort: 80, LastPort: 89}},
		})
		for port, want := range map[uint16]bool{79: true, 80: false, 85: false, 89: false, 90: true} {
			l.passes("tcp", l.web2, l.web3, 1000, port, want)
			l.passes("tcp", l.web3, l.web2, 1000, port, true)
		}
		l.passes("udp", l.web2, l.web3, 1000, 80, true)
		l.passes("ping", l.web2, l.web3, 1000, 0, true)
		if err := l.sw.Delete(l.ctx, flows.Rule{Name: "no-web"}); err != nil {
			t.Fatal(err)
		}
		l.passes("tcp", l.web2, l.web3, 1001, 80, true)
	})
}

func TestRuleAllowsBetweenNetworks(t *testing.T) {
	eachFamily(t, func(t *testing.T, l *lab) {
		l.mustSet(flows.Rule{
			Name: "web-to-db", From: []flows.Selector{flows.InNetwork("web")}, To: endpoints("db2"),
			Services: []flows.Service{{Proto: flows.TCP, FirstPort: 5432}, {Proto: flows.ICMP}},
		})
		l.passes("tcp", l.web2, l.db2, 1000, 5432, true)
		l.passes("tcp", l.web3, l.db2, 1000, 5432, true)
		l.passes("tcp", l.web2, l.db2, 1000, 5433, false)
		l.passes("udp", l.web2, l.db2, 1000, 5432, false)
		l.passes("ping", l.web2, l.db2, 1000, 0, true)
		// Who is allowed to be asked may not ask.
		l.passes("tcp", l.db2, l.web2, 1000, 5432, false)
		l.passes("ping", l.db2, l.web2, 1001, 0, false)
	})
}

func TestRulePriorities(t *testing.T) {
	l := newLab(t)
	l.web.Isolated = true
	l.mustSet(l.web,
		flows.Rule{Name: "all", To: endpoints("web3")},
		flows.Rule{Name: "not-22", To: endpoints("web3"), Services: []flows.Service{{Proto: flows.TCP, FirstPort: 22}}, Deny: true},
		flows.Rule{
			Name: "but-web2", From: endpoints("web2"), To: endpoints("web3"), Priority: 1,
			Services: []flows.Service{{Proto: flows.TCP, FirstPort: 22}},
		})
	l.passes("tcp", l.web2, l.web3, 1000, 80, true)
	l.passes("tcp", l.web2, l.web3, 1000, 22, true)
	l.passes("tcp", l.web3, l.web2, 1000, 80, false)
	l.mustSet(flows.Rule{Name: "but-web2", From: endpoints("nobody"), To: endpoints("web3"), Priority: 1})
	l.passes("tcp", l.web2, l.web3, 1001, 22, false)
}

func TestRulesByLabel(t *testing.T) {
	l := newLab(t)
	l.web.Isolated = true
	l.mustSet(l.web, flows.Rule{
		Name: "app", From: []flows.Selector{flows.Labelled(map[string]string{"app": "shop", "tier": "front"})},
		To: []flows.Selector{flows.Labelled(map[string]string{"tier": "back"})},
	})
	label := func(s *station, network string, labels map[string]string) {
		e := l.endpoint(s, network)
		e.Labels = labels
		l.mustSet(e)
	}
	l.passes("tcp", l.web2, l.web3, 1000, 80, false)
	label(l.web2, "web", map[string]string{"app": "shop", "tier": "front"})
	label(l.web3, "web", map[string]string{"tier": "back"})
	l.passes("tcp", l.web2, l.web3, 1001, 80, true)
	l.passes("tcp", l.web3, l.web2, 1001, 80, false)
	label(l.web2, "web", map[string]string{"app": "bank", "tier": "front"})
	l.passes("tcp", l.web2, l.web3, 1002, 80, false)
	label(l.db2, "db", map[string]string{"app": "shop", "tier": "front"})
	l.passes("tcp", l.db2, l.web3, 1002, 80, true)
}

func TestRulesTowardsOutside(t *testing.T) {
	eachFamily(t, func(t *testing.T, l *lab) {
		for _, egress := range []flows.Egress{flows.Via("eth0"), flows.Behind("x"), flows.Routed()} {
			l.behind()
			l.web.Egress = egress
			l.mustSet(l.web, l.endpoint(l.web2, "web"), l.endpoint(l.web3, "web"))
			l.mustSet(flows.Rule{
				Name: "no-dns", From: endpoints("web2"), To: []flows.Selector{flows.Outside()}, Deny: true,
				Services: []flows.Service{{Proto: flows.UDP, FirstPort: 53}},
			}, flows.Rule{
				Name: "no-far", From: endpoints("web3"), To: []flows.Selector{flows.Within(netip.PrefixFrom(l.far, l.far.BitLen()))}, Deny: true,
			})
			for _, c := range []struct {
				from *station
				dst  netip.Addr
				port uint16
				want bool
			}{{l.web2, l.far, 53, false}, {l.web2, l.far, 54, true}, {l.web3, l.far, 54, false}, {l.web3, l.router.addr, 53, true}} {
				ask := packet("udp", c.from, &station{mac: l.host.mac, addr: c.dst}, 1000, c.port)
				out := l.leaves(c.from, ask, egress == flows.Via("eth0"))
				if got := len(out) == 1; got != c.want {
					t.Errorf("%v: %s from %s: got frames out %v, want one: %t", egress, ask, c.from.name, out, c.want)
				}
			}
		}
	})
}

// leaves is what becomes of a packet to the outside: at the host, or at the uplink once the host has routed it.
func (l *lab) leaves(from *station, ask frame, uplink bool) []string {
	l.t.Helper()
	out := l.ovs.Bridge("br0").Inject(from.port, ask.bytes(l.t)).Outputs()
	if uplink && len(out) == 1 {
		out = l.ovs.Bridge("br0").Inject(l.host.port, ask.with(func(f *frame) {
			f.from, f.to, f.ttl = l.host.mac, l.router.mac, 63
		}).bytes(l.t)).Outputs()
	}
	var ports []string
	for _, o := range out {
		ports = append(ports, fmt.Sprintf("port %d", o.Port))
	}
	return ports
}

func TestRulesForPublishedPorts(t *testing.T) {
	eachFamily(t, func(t *testing.T, l *lab) {
		l.mustSet(flows.Rule{
			Name: "friends", To: endpoints("web2"), Services: []flows.Service{{Proto: flows.TCP, FirstPort: 80}},
			From: []flows.Selector{flows.Within(netip.PrefixFrom(l.router.addr, l.router.addr.BitLen()))}, Priority: 1,
		}, flows.Rule{
			Name: "nobody-else", To: endpoints("web2"), From: []flows.Selector{flows.Outside()}, Deny: true,
		})
		ask := packet("tcp", l.router, l.host, 4000, 8080)
		l.send(l.router, ask, delivery{l.web2, ask.with(func(f *frame) {
			f.from, f.to, f.ttl, f.dst = l.host.mac, l.web2.mac, 63, netip.AddrPortFrom(l.web2.addr, 80)
		})})
		stranger := ask.with(func(f *frame) { f.src = netip.AddrPortFrom(l.far, 4000) })
		l.send(l.router, stranger)
		l.send(l.router, stranger)
	})
}

func TestRulesForTheHost(t *testing.T) {
	eachFamily(t, func(t *testing.T, l *lab) {
		l.mustSet(flows.Rule{
			Name: "no-ssh", To: []flows.Selector{flows.TheHost()}, Services: []flows.Service{{Proto: flows.TCP, FirstPort: 22}}, Deny: true,
		}, flows.Rule{
			Name: "db-dns", From: []flows.Selector{flows.InNetwork("db")}, To: []flows.Selector{flows.TheHost()},
			Services: []flows.Service{{Proto: flows.UDP, FirstPort: 53}},
		}, flows.Rule{
			Name: "host-db", From: []flows.Selector{flows.TheHost()}, To: endpoints("db2"),
		})
		for _, c := range []struct {
			from  *station
			proto string
			port  uint16
			want  bool
		}{{l.web2, "tcp", 22, false}, {l.web2, "tcp", 23, true}, {l.db2, "udp", 53, true}, {l.db2, "tcp", 53, false}} {
			ask := packet(c.proto, c.from, l.host, 1000, c.port)
			if c.want {
				l.send(c.from, ask, delivery{l.host, ask})
				l.send(l.host, ask.reply(), delivery{c.from, ask.reply()})
			} else {
				l.send(c.from, ask)
			}
		}
		ask := packet("tcp", l.host, l.db2, 1000, 5432)
		l.send(l.host, ask, delivery{l.db2, ask})
		l.send(l.db2, ask.reply(), delivery{l.host, ask.reply()})
	})
}

// Rules cost flows by their parties' number, not by its square.
func TestRulesCostTheSumOfTheirParties(t *testing.T) {
	objects := func(n int) []flows.Object {
		all := []flows.Object{
			flows.Host{MAC: []byte{2, 0, 0, 0, 0, 1}},
			flows.Network{Name: "n", Gateways: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/16")}},
			flows.Rule{
				Name: "r", From: []flows.Selector{flows.Labelled(map[string]string{"side": "a"})},
				To: []flows.Selector{flows.Labelled(map[string]string{"side": "b"})}, Deny: true,
			},
		}
		for i := range n {
			side := "a"
			if i%2 == 1 {
				side = "b"
			}
			all = append(all, flows.Endpoint{
				Name: fmt.Sprint("e", i), Network: "n", Port: uint32(i + 1), MAC: []byte{2, 0, 0, 1, byte(i >> 8), byte(i)},
				Addrs: []netip.Addr{netip.AddrFrom4([4]byte{10, 0, byte(i>>8) + 1, byte(i)})}, Labels: map[string]string{"side": side},
			})
		}
		return all
	}
	count := func(n int) int {
		fs, err := flows.Compile(flows.Options{Owner: "test"}, objects(n)...)
		if err != nil {
			t.Fatal(err)
		}
		return len(fs)
	}
	none, ten, hundred := count(0), count(10), count(100)
	if per := (ten - none) / 10; hundred-none != 100*per {
		t.Errorf("got %d flows for 10 parties and %d for 100 beside %d for none, want each to cost the same", ten, hundred, none)
	}
}
