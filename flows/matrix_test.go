// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"fmt"
	"maps"
	"net/netip"
	"os"
	"slices"
	"testing"

	"github.com/ovskit/ovskit/flows/internal/oracle"
)

// options are one cell of the matrix, about the network n.
type options struct {
	v4, v6           oracle.Mode // none: the family is not there
	uplink           bool
	isolated         bool
	toHost, fromHost bool
	rules            string // none, deny, allow
}

func (o options) String() string {
	return fmt.Sprintf("v4=%s v6=%s uplink=%t isolated=%t host=%t/%t rules=%s", o.v4, o.v6, o.uplink, o.isolated, o.toHost, o.fromHost, o.rules)
}

// has reports whether the network n has a family's addresses.
func (o options) has(v6 bool) bool { return o.mode(v6) != "" }

func (o options) mode(v6 bool) oracle.Mode {
	if v6 {
		return o.v6
	}
	return o.v4
}

// matrix are all combinations of options.
func matrix() []options {
	var all []options
	modes := []oracle.Mode{"", oracle.Internal, oracle.Via, oracle.Behind, oracle.Routed}
	flags := []bool{false, true}
	for _, v4 := range modes {
		for _, v6 := range modes {
			for _, uplink := range flags {
				if v4 == "" && v6 == "" || !uplink && (v4 == oracle.Via || v6 == oracle.Via) {
					continue
				}
				for _, isolated := range flags {
					for _, toHost := range flags {
						for _, fromHost := range flags {
							for _, rules := range []string{"none", "deny", "allow"} {
								all = append(all, options{v4, v6, uplink, isolated, toHost, fromHost, rules})
							}
						}
					}
				}
			}
		}
	}
	return all
}

// The addresses of the matrix, of each family: near is outside on the host's link, far beyond it. Those that a testbed has
// are as there.
type plan struct {
	host, second, spare, otherSpare, near, far, aside netip.Addr

	loopback netip.Addr
	subnet   func(n, host byte) netip.Addr
	bits     int
}

var plans = map[bool]plan{
	false: {
		host: netip.MustParseAddr("192.0.2.1"), second: netip.MustParseAddr("192.0.2.2"),
		spare: netip.MustParseAddr("192.0.2.50"), otherSpare: netip.MustParseAddr("192.0.2.51"),
		near: netip.MustParseAddr("192.0.2.254"), far: netip.MustParseAddr("203.0.113.1"), aside: netip.MustParseAddr("198.51.100.1"),
		loopback: netip.MustParseAddr("127.0.0.1"),
		subnet:   func(n, host byte) netip.Addr { return netip.AddrFrom4([4]byte{10, n, 0, host}) }, bits: 24,
	},
	true: {
		host: netip.MustParseAddr("2001:db8:0:1::1"), second: netip.MustParseAddr("2001:db8:0:1::2"),
		spare: netip.MustParseAddr("2001:db8:0:1::50"), otherSpare: netip.MustParseAddr("2001:db8:0:1::51"),
		near: netip.MustParseAddr("2001:db8:0:1::fe"), far: netip.MustParseAddr("2001:db8:ffff::1"), aside: netip.MustParseAddr("2001:db8:a::1"),
		loopback: netip.MustParseAddr("::1"),
		subnet:   func(n, host byte) netip.Addr { return netip.AddrFrom16([16]byte{0xfd, 1: 0, 3: n, 15: host}) }, bits: 64,
	},
}

// world is the world of a cell: the network n with the endpoints a and b, which publish; other networks with an endpoint
// each: m, which publishes, i, which is internal, and r, which is routed.
func (o options) world() *oracle.World {
	w := &oracle.World{
		HasUplink: o.uplink, Spare: map[string][]netip.Addr{},
		Networks: map[string]oracle.Network{}, Endpoints: map[string]oracle.Endpoint{},
	}
	other := oracle.Way{Mode: oracle.Behind, Address: "y"}
	if o.uplink {
		other = oracle.Way{Mode: oracle.Via}
	}
	networks := map[string]oracle.Network{
		"n": {
			V4: oracle.Way{Mode: o.v4, Address: "x"}, V6: oracle.Way{Mode: o.v6, Address: "x"},
			Isolated: o.isolated, ToHost: o.toHost, FromHost: o.fromHost,
		},
		"m": {V4: other, V6: other},
		"i": {V4: oracle.Way{Mode: oracle.Internal}, V6: oracle.Way{Mode: oracle.Internal}},
		"r": {V4: oracle.Way{Mode: oracle.Routed}, V6: oracle.Way{Mode: oracle.Routed}, ToHost: true, FromHost: true},
	}
	numbers := map[string]byte{"n": 1, "m": 2, "i": 3, "r": 4}
	endpoints := map[string]oracle.Endpoint{
		"a": {Network: "n", Labels: map[string]string{"tier": "front", "app": "shop"}, Publish: o.publish()},
		"b": {Network: "n", Labels: map[string]string{"tier": "back"}, Publish: o.share(9100)},
		"c": {
			Network: "m", Labels: map[string]string{"tier": "back", "app": "shop"},
			Publish: append(options{v4: other.Mode}.share(92), oracle.Mapping{Proto: "tcp", Outside: 9000, Ports: 1, Port: 90}),
		},
		"d": {Network: "i"},
		"q": {Network: "r", Publish: []oracle.Mapping{{Proto: "tcp", Outside: 80, Ports: 1, Port: 80}}},
	}
	hosts := map[string]byte{"a": 2, "b": 3, "c": 2, "d": 2, "q": 2}
	for _, v6 := range []bool{false, true} {
		p := plans[v6]
		link := 24
		if v6 {
			link = 64
		}
		w.Host = append(w.Host, netip.PrefixFrom(p.host, link), netip.PrefixFrom(p.second, link))
		if o.uplink {
			w.Uplink = append(w.Uplink, p.host)
		}
		w.Spare["x"], w.Spare["y"] = append(w.Spare["x"], p.spare), append(w.Spare["y"], p.otherSpare)
		if !o.has(v6) {
			continue
		}
		for name, n := range networks {
			n.Gateways = append(n.Gateways, netip.PrefixFrom(p.subnet(numbers[name], 1), p.bits))
			networks[name] = n
		}
		for name, e := range endpoints {
			e.Addrs = append(e.Addrs, p.subnet(numbers[e.Network], hosts[name]))
			if name == "b" {
				e.Addrs = append(e.Addrs, p.subnet(numbers[e.Network], 33))
			}
			endpoints[name] = e
		}
	}
	w.Networks, w.Endpoints, w.Rules = networks, endpoints, o.ruleSet()
	return w
}

// publish are the ports that a publishes, at every kind of address that the ways out allow.
func (o options) publish() []oracle.Mapping {
	way4, way6 := o.v4, o.v6
	translated := func(m oracle.Mode) bool { return m == oracle.Via || m == oracle.Behind }
	var all []oracle.Mapping
	if translated(way4) || translated(way6) || way4 == oracle.Routed || way6 == oracle.Routed {
		if way4 == oracle.Routed || way6 == oracle.Routed {
			all = append(all, oracle.Mapping{Proto: "tcp", Outside: 80, Ports: 1, Port: 80})
		} else {
			all = append(all,
				oracle.Mapping{Proto: "tcp", Outside: 8080, Ports: 1, Port: 80},
				oracle.Mapping{Proto: "udp", Outside: 5000, Ports: 3, Port: 50})
		}
		all = append(all,
			oracle.Mapping{Proto: "udp", Outside: 6001, Ports: 7, Port: 6001},
			oracle.Mapping{Proto: "sctp", Outside: 80, Ports: 1, Port: 80})
	}
	for _, v6 := range []bool{false, true} {
		m := o.mode(v6)
		if !translated(m) {
			continue
		}
		one := plans[v6].second
		if m == oracle.Behind {
			one = plans[v6].spare
		}
		all = append(all,
			oracle.Mapping{Proto: "tcp", Addr: one, Outside: 8081, Ports: 1, Port: 81},
			oracle.Mapping{Proto: "tcp", Addr: plans[v6].loopback, Outside: 8082, Ports: 1, Port: 82})
	}
	return append(all, o.share(91)...)
}

// share are ports that a, b and c share as far as their ways out are the same, by client and by connection.
func (o options) share(port uint16) []oracle.Mapping {
	translated := false
	for _, way := range []oracle.Mode{o.v4, o.v6} {
		translated = translated || way == oracle.Via || way == oracle.Behind
		if way == oracle.Routed {
			port = 9100
		}
	}
	if !translated {
		return nil
	}
	return []oracle.Mapping{
		{Proto: "tcp", Outside: 9100, Ports: 1, Port: port, Balance: oracle.ByClient},
		{Proto: "udp", Outside: 9200, Ports: 1, Port: 9200, Balance: oracle.ByConnection},
	}
}

func (o options) ruleSet() []oracle.Rule {
	switch o.rules {
	case "deny":
		return []oracle.Rule{
			{Name: "no-shop", From: []oracle.Selector{{Labels: map[string]string{"app": "shop"}}}, Services: []oracle.Service{{Proto: "tcp", First: 80, Last: 83}}, Deny: true},
			{Name: "no-ping", To: []oracle.Selector{{Endpoint: "b"}, {Outside: true}}, Services: []oracle.Service{{Proto: "ping"}}, Deny: true, Priority: 3},
			{Name: "no-host", From: []oracle.Selector{{Network: "n"}}, To: []oracle.Selector{{Host: true}}, Services: []oracle.Service{{Proto: "udp"}}, Deny: true},
			{Name: "not-from-outside", From: []oracle.Selector{{Outside: true}}, Services: []oracle.Service{{Proto: "udp", First: 52}}, Deny: true},
			{Name: "not-from-host", From: []oracle.Selector{{Host: true}}, Services: []oracle.Service{{Proto: "udp", First: 50}}, Deny: true},
			{Name: "not-from-far", From: []oracle.Selector{{Within: netip.MustParsePrefix("203.0.113.0/24")}}, Services: []oracle.Service{{Proto: "tcp", First: 81}}, Deny: true},
		}
	case "allow":
		return []oracle.Rule{
			{Name: "shop", From: []oracle.Selector{{Labels: map[string]string{"tier": "back"}}, {Network: "i"}}, To: []oracle.Selector{{Endpoint: "a"}, {Network: "m"}}},
			{Name: "but-80", Services: []oracle.Service{{Proto: "tcp", First: 80}}, From: []oracle.Selector{{Endpoint: "b"}}, Deny: true},
			{Name: "a-first", From: []oracle.Selector{{Endpoint: "a"}}, To: []oracle.Selector{{Endpoint: "b"}, {Host: true}}, Priority: 9},
			{Name: "host-in", From: []oracle.Selector{{Host: true}}, To: []oracle.Selector{{Labels: map[string]string{"tier": "back"}}}, Services: []oracle.Service{{Proto: "tcp"}, {Proto: "ping"}}},
			{Name: "outside-in", From: []oracle.Selector{{Outside: true}}, To: []oracle.Selector{{Network: "n"}, {Network: "r"}}, Services: []oracle.Service{{Proto: "tcp", First: 50, Last: 60}}},
		}
	}
	return nil
}

// attempts are those that are made in a cell.
func (o options) attempts(w *oracle.World) []oracle.Attempt {
	var all []oracle.Attempt
	for _, v6 := range []bool{false, true} {
		if !o.has(v6) {
			continue
		}
		p := plans[v6]
		sources := map[string][]netip.Addr{
			oracle.TheHost: {p.host, p.second, p.subnet(1, 1), p.subnet(4, 1)}, oracle.Forwarded: {p.aside},
			// Some have no right to theirs.
			oracle.Outside: {p.far, p.near, p.subnet(1, 3), p.host, p.spare}, "a": {p.subnet(1, 3), p.subnet(2, 2), p.far, p.host},
		}
		if !o.uplink {
			sources[oracle.Forwarded] = append(sources[oracle.Forwarded], p.far, p.near)
		}
		for name, e := range w.Endpoints {
			for _, a := range e.Addrs {
				if a.Is6() == v6 {
					sources[name] = append(sources[name], a)
				}
			}
		}
		services := []netip.AddrPort{}
		add := func(a netip.Addr, ports ...uint16) {
			for _, port := range ports {
				services = append(services, netip.AddrPortFrom(a, port))
			}
		}
		for _, a := range []netip.Addr{p.host, p.second, p.spare} {
			add(a, 80, 81, 8080, 8081, 8082, 5000, 5002, 5003, 6000, 6001, 6007, 9000, 9100, 9200)
		}
		add(p.otherSpare, 80, 9000, 9100, 9200)
		add(p.far, 80, 53)
		add(p.near, 80)
		for i := range byte(4) {
			add(p.subnet(i+1, 1), 80, 8080, 8081, 9000, 6003)
			add(p.subnet(i+1, 2), 80, 81, 50, 6003)
		}
		add(p.subnet(1, 3), 80, 55, 68, 546)
		add(p.subnet(1, 33), 80)
		add(p.subnet(1, 77), 80)
		for _, from := range slices.Sorted(maps.Keys(sources)) {
			for _, src := range sources[from] {
				for _, dst := range services {
					if outside := dst.Addr() == p.far || dst.Addr() == p.near; outside && (from == oracle.Outside || from == oracle.Forwarded) {
						continue // by way of the host, and back
					} else if outside && from == oracle.TheHost && src != p.host && src != p.second {
						continue // a gateway's address is not for the outside
					}
					for _, proto := range []string{"tcp", "udp", "sctp", "ping"} {
						if proto == "ping" && dst.Port() != 80 {
							continue
						}
						at := oracle.Attempt{From: from, Proto: proto, Src: netip.AddrPortFrom(src, 0), Dst: dst}
						if proto == "ping" {
							at.Dst = netip.AddrPortFrom(dst.Addr(), 0)
						}
						all = append(all, at)
					}
				}
			}
		}
	}
	return all
}

// sparse is the share of attempts that is made in each combination, another one in each: one in so many. OVSKIT_MATRIX=all
// makes all of them, some five million.
const sparse = 797

// Every combination of options is compiled, and what becomes of packets is what the documentation says.
func TestOptionMatrix(t *testing.T) {
	a := newArena(t, "a", "b", "c", "d", "q")
	all := matrix()
	every := sparse
	if os.Getenv("OVSKIT_MATRIX") == "all" {
		every = 1
	}
	made, delivered := 0, 0
	for cell, o := range all {
		if err := a.declare(o.world()); err != nil {
			t.Fatalf("%s: %v", o, err)
		}
		for i, at := range o.attempts(a.world) {
			if (i+31*cell)%every != 0 {
				continue
			}
			verdict, err := a.try(at)
			if err != nil {
				t.Fatalf("%s: %v", o, err)
			}
			made++
			if verdict.To != oracle.Nobody {
				delivered++
			}
		}
	}
	if err := a.drift(); err != nil {
		t.Error(err)
	}
	if made < 1000 || delivered < made/10 || delivered > made*9/10 {
		t.Errorf("%d of %d attempts got through, which tests little", delivered, made)
	}
	if a.shared[oracle.ByClient] < 10 || a.shared[oracle.ByConnection] < 10 {
		t.Errorf("got to one of several endpoints %v times, which tests little", a.shared)
	}
	t.Logf("%d attempts in %d combinations, of which %d got through, to one of several endpoints %v", made, len(all), delivered, a.shared)
}
