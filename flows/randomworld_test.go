// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"maps"
	"net/netip"
	"reflect"
	"slices"

	"pgregory.net/rapid"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/flows/internal/oracle"
)

// The names that random worlds are made of. Not every endpoint fits into every network, and networks may want the same
// subnet, so that some of what is drawn is refused.
var (
	randomEndpoints = []string{"e1", "e2", "e3", "e4", "e5", "e6"}
	randomNetworks  = []string{"n1", "n2", "n3", "n4"}
	randomRules     = []string{"r1", "r2", "r3", "t1/from-hub", "t1/to-hub", "t2"}
	randomLabels    = []string{"a", "b"}
)

func pickOne[T any](t *rapid.T, from ...T) T { return rapid.SampledFrom(from).Draw(t, "one") }

// some are up to most of what draw makes.
func some[T any](t *rapid.T, most int, draw func() T) []T {
	var all []T
	for range rapid.IntRange(0, most).Draw(t, "many") {
		all = append(all, draw())
	}
	return all
}

func (c *chance) network(w *oracle.World, name string) {
	way := func() oracle.Way {
		return oracle.Way{
			Mode:    pickOne(c.T, oracle.Internal, oracle.Via, oracle.Behind, oracle.Routed),
			Address: pickOne(c.T, "x", "y"),
		}
	}
	n := oracle.Network{
		V4: way(), V6: way(), Isolated: rapid.Bool().Draw(c.T, "isolated"),
		ToHost: rapid.Bool().Draw(c.T, "to host"), FromHost: rapid.Bool().Draw(c.T, "from host"),
	}
	subnet := byte(name[1] - '0')
	if rapid.IntRange(0, 19).Draw(c.T, "moves") == 0 {
		subnet = pickOne[byte](c.T, 1, 2, 3, 4, 5)
	}
	families := pickOne(c.T, []bool{false}, []bool{true}, []bool{false, true}, []bool{false, true})
	for _, v6 := range families {
		n.Gateways = append(n.Gateways, netip.PrefixFrom(plans[v6].subnet(subnet, 1), plans[v6].bits))
	}
	n.Multicast = rapid.IntRange(0, 4).Draw(c.T, "multicast") == 0
	w.Networks[name] = n
}

func (c *chance) endpoint(w *oracle.World, name string) {
	network := pickOne(c.T, randomNetworks...)
	if len(w.Networks) > 0 && rapid.IntRange(0, 9).Draw(c.T, "any network") > 0 {
		network = pickOne(c.T, slices.Sorted(maps.Keys(w.Networks))...)
	}
	e := oracle.Endpoint{
		Network: network, Labels: map[string]string{}, DHCP: rapid.IntRange(0, 3).Draw(c.T, "DHCP") == 0,
		Limit: pickOne[uint32](c.T, 0, 0, 0, 1e9, 2e9), Mirrored: rapid.IntRange(0, 3).Draw(c.T, "mirrored") == 0,
	}
	for _, l := range some(c.T, 2, func() string { return pickOne(c.T, randomLabels...) }) {
		e.Labels[l] = pickOne(c.T, "1", "2")
	}
	number := 10 + byte(name[1]-'0')
	for _, g := range w.Networks[network].Gateways {
		p := plans[g.Addr().Is6()]
		subnet := g.Addr().As16()
		n := subnet[3]
		if g.Addr().Is4() {
			n = subnet[13]
		}
		if rapid.IntRange(0, 3).Draw(c.T, "one family") == 0 && len(e.Addrs) > 0 {
			continue
		}
		e.Addrs = append(e.Addrs, p.subnet(n, number))
		if rapid.IntRange(0, 3).Draw(c.T, "second address") == 0 {
			e.Addrs = append(e.Addrs, p.subnet(n, number+100))
		}
	}
	to := uint16(80)
	e.Publish = some(c.T, 3, func() oracle.Mapping {
		to += 10
		m := oracle.Mapping{
			Proto: pickOne(c.T, "tcp", "udp"), Outside: pickOne[uint16](c.T, 0, 80, 90, 1000, 1004, 2000, 2000, 2001, 2001), Ports: pickOne(c.T, 1, 1, 1, 4), Port: to,
		}
		// Some ports are shared; that all say the same is left to chance a little.
		switch m.Balance = pickOne(c.T, "", "", "", oracle.ByClient, oracle.ByConnection); m.Outside {
		case 2000:
			m.Balance = pickOne(c.T, m.Balance, oracle.ByClient, oracle.ByClient, oracle.ByClient)
		case 2001:
			m.Balance = pickOne(c.T, m.Balance, oracle.ByConnection, oracle.ByConnection, oracle.ByConnection)
		default:
			m.Balance = ""
		}
		if m.Outside == 0 || m.Balance != "" {
			m.Ports = 1
		}
		p := plans[rapid.Bool().Draw(c.T, "v6")]
		m.Addr = pickOne(c.T, netip.Addr{}, netip.Addr{}, netip.Addr{}, p.host, p.second, p.spare, p.loopback)
		return m
	})
	w.Endpoints[name] = e
}

func (c *chance) rule(w *oracle.World, name string) {
	selector := func() oracle.Selector {
		v6 := rapid.Bool().Draw(c.T, "v6")
		return pickOne(c.T,
			oracle.Selector{Endpoint: pickOne(c.T, randomEndpoints...)}, oracle.Selector{Network: pickOne(c.T, randomNetworks...)},
			oracle.Selector{Labels: map[string]string{pickOne(c.T, randomLabels...): "1"}}, oracle.Selector{Labels: map[string]string{"a": "1", "b": "2"}},
			oracle.Selector{Host: true}, oracle.Selector{Outside: true},
			oracle.Selector{Within: netip.PrefixFrom(plans[v6].far, plans[v6].bits).Masked()},
			oracle.Selector{Within: netip.PrefixFrom(plans[v6].subnet(pickOne[byte](c.T, 1, 2), 8), plans[v6].subnet(0, 0).BitLen()-3).Masked()})
	}
	r := oracle.Rule{
		Name: name, From: some(c.T, 2, selector), To: some(c.T, 2, selector), Deny: rapid.Bool().Draw(c.T, "deny"),
		Priority: pickOne[uint8](c.T, 0, 1, 255),
		Services: some(c.T, 2, func() oracle.Service {
			return pickOne(c.T, oracle.Service{Proto: "tcp"}, oracle.Service{Proto: "ping"}, oracle.Service{Proto: "udp", First: 85, Last: 1002},
				oracle.Service{Proto: "tcp", First: 90}, oracle.Service{Proto: "tcp", First: 79, Last: 100})
		}),
	}
	w.Rules = append(slices.DeleteFunc(w.Rules, func(o oracle.Rule) bool { return o.Name == name }), r)
}

// topology makes the rules of a topology, as the oracle says that they are.
func (c *chance) topology(w *oracle.World) (names []string) {
	party := func() oracle.Selector {
		return pickOne(c.T, oracle.Selector{Endpoint: pickOne(c.T, randomEndpoints...)}, oracle.Selector{Network: pickOne(c.T, randomNetworks...)})
	}
	hub, members := party(), append(some(c.T, 2, party), party())
	tcp := flows.Service{Proto: flows.TCP}
	var made []flows.Rule
	var want []oracle.Rule
	switch pickOne(c.T, 1, 2, 3) {
	case 1:
		made, members = flows.OneToOne("t1", selectors([]oracle.Selector{hub})[0], selectors(members)[0], tcp), members[:1]
		want = []oracle.Rule{{Name: "t1/from-hub", From: []oracle.Selector{hub}, To: members}, {Name: "t1/to-hub", From: members, To: []oracle.Selector{hub}}}
	case 2:
		made = flows.OneToMany("t1", selectors([]oracle.Selector{hub})[0], selectors(members), tcp)
		want = []oracle.Rule{{Name: "t1/from-hub", From: []oracle.Selector{hub}, To: members}, {Name: "t1/to-hub", From: members, To: []oracle.Selector{hub}}}
	default:
		made = flows.ManyToMany("t2", selectors(members), tcp)
		want = []oracle.Rule{{Name: "t2", From: members, To: members}}
	}
	for i := range want {
		want[i].Services = []oracle.Service{{Proto: "tcp"}}
		if got := c.a.compose(&oracle.World{Rules: want[i : i+1]}); len(made) != len(want) || !reflect.DeepEqual(got[1], flows.Object(made[i])) {
			c.Fatalf("topology: got %v, want %v", made, got[1:])
		}
		w.Rules = append(slices.DeleteFunc(w.Rules, func(o oracle.Rule) bool { return o.Name == want[i].Name }), want[i])
		names = append(names, flows.Rule{Name: want[i].Name}.String())
	}
	return names
}

// redraw changes an object of a world, or several, and says which.
func (c *chance) redraw(w *oracle.World) []string {
	names := map[string]bool{}
	for range rapid.IntRange(1, 4).Draw(c.T, "objects") {
		switch pickOne(c.T, "network", "endpoint", "endpoint", "rule") {
		case "network":
			name := pickOne(c.T, randomNetworks...)
			c.network(w, name)
			names[flows.Network{Name: name}.String()] = true
		case "endpoint":
			name := pickOne(c.T, randomEndpoints...)
			c.endpoint(w, name)
			names[flows.Endpoint{Name: name}.String()] = true
		case "rule":
			name := pickOne(c.T, randomRules...)
			c.rule(w, name)
			names[flows.Rule{Name: name}.String()] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
