// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"errors"
	"flag"
	"maps"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/flows/internal/oracle"
)

// The names that random worlds are made of. Not every endpoint fits into every network, and networks may want the same
// subnet, so that some of what is drawn is refused.
var (
	randomEndpoints = []string{"e1", "e2", "e3", "e4", "e5", "e6"}
	randomNetworks  = []string{"n1", "n2", "n3", "n4"}
	randomRules     = []string{"r1", "r2", "r3"}
	randomLabels    = []string{"a", "b"}
)

// chance is a world that changes at random.
type chance struct {
	*rapid.T
	a       *arena
	w       *oracle.World // declared
	changed int
	refused int
}

// begin is the world that there is before anything changes: a host, its uplink and the spare addresses x and y.
func (c *chance) begin() {
	w := &oracle.World{
		HasUplink: true, Spare: map[string][]netip.Addr{}, Networks: map[string]oracle.Network{}, Endpoints: map[string]oracle.Endpoint{},
	}
	for _, v6 := range []bool{false, true} {
		p := plans[v6]
		w.Host = append(w.Host, netip.PrefixFrom(p.host, p.bits), netip.PrefixFrom(p.second, p.bits))
		w.Uplink = append(w.Uplink, p.host)
		w.Spare["x"], w.Spare["y"] = append(w.Spare["x"], p.spare), append(w.Spare["y"], p.otherSpare)
	}
	if err := c.a.declare(w); err != nil {
		c.Fatal(err)
	}
	c.w = w
}

// clone is the world declared, to be changed.
func (c *chance) clone() *oracle.World {
	w := *c.w
	w.Spare, w.Networks, w.Endpoints = maps.Clone(w.Spare), maps.Clone(w.Networks), maps.Clone(w.Endpoints)
	w.Rules = slices.Clone(w.Rules)
	return &w
}

// apply makes a change of the switch, after which it holds w if it is not refused.
func (c *chance) apply(w *oracle.World, change func(objects map[string]flows.Object) error) {
	objects := map[string]flows.Object{}
	for _, o := range c.a.compose(w) {
		objects[o.String()] = o
	}
	err := change(objects)
	switch {
	case err == nil:
		c.changed++
		c.a.objects, c.w = objects, w
	case errors.Is(err, flows.ErrInvalid), errors.Is(err, flows.ErrConflict), errors.Is(err, flows.ErrNotFound), errors.Is(err, flows.ErrInUse):
		c.refused++
	default:
		c.Fatal(err)
	}
	if err := c.a.take(c.w); err != nil {
		c.Fatal(err)
	}
}

// set declares objects by what errors call them, as they are in w.
func (c *chance) set(w *oracle.World, names ...string) {
	c.apply(w, func(objects map[string]flows.Object) error {
		var changed []flows.Object
		for _, name := range names {
			changed = append(changed, objects[name])
		}
		return c.a.sw.Set(c.a.ctx, changed...)
	})
}

func (c *chance) remove(w *oracle.World, o flows.Object) {
	c.apply(w, func(map[string]flows.Object) error { return c.a.sw.Delete(c.a.ctx, o) })
}

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
	w.Networks[name] = n
}

func (c *chance) endpoint(w *oracle.World, name string) {
	network := pickOne(c.T, randomNetworks...)
	if len(w.Networks) > 0 && rapid.IntRange(0, 9).Draw(c.T, "any network") > 0 {
		network = pickOne(c.T, slices.Sorted(maps.Keys(w.Networks))...)
	}
	e := oracle.Endpoint{Network: network, Labels: map[string]string{}}
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

// actions are what happens to a switch.
func (c *chance) actions() map[string]func(*rapid.T) {
	with := func(f func()) func(*rapid.T) {
		return func(t *rapid.T) { c.T = t; f() }
	}
	set := with(func() {
		w := c.clone()
		c.set(w, c.redraw(w)...)
	})
	return map[string]func(*rapid.T){
		"set": set, "set more": set, "set again": set,
		"delete endpoint": with(func() {
			w, name := c.clone(), pickOne(c.T, randomEndpoints...)
			delete(w.Endpoints, name)
			c.remove(w, flows.Endpoint{Name: name})
		}),
		"delete network": with(func() {
			w, name := c.clone(), pickOne(c.T, randomNetworks...)
			delete(w.Networks, name)
			c.remove(w, flows.Network{Name: name})
		}),
		"delete rule": with(func() {
			w, name := c.clone(), pickOne(c.T, randomRules...)
			w.Rules = slices.DeleteFunc(w.Rules, func(r oracle.Rule) bool { return r.Name == name })
			c.remove(w, flows.Rule{Name: name})
		}),
		"uplink goes or comes": with(func() {
			w := c.clone()
			if w.HasUplink = !w.HasUplink; w.HasUplink {
				c.set(w, flows.Uplink{Name: "uplink"}.String())
			} else {
				c.remove(w, flows.Uplink{Name: "uplink"})
			}
		}),
		"spare address goes or comes": with(func() {
			w := c.clone()
			if w.Spare["y"] == nil {
				w.Spare["y"] = []netip.Addr{plans[false].otherSpare, plans[true].otherSpare}
				c.set(w, flows.Address{Name: "y"}.String())
			} else {
				delete(w.Spare, "y")
				c.remove(w, flows.Address{Name: "y"})
			}
		}),
		"restart": with(func() {
			if err := c.a.open(); err != nil {
				c.Fatal(err)
			}
			all := slices.Collect(maps.Values(c.a.objects))
			if rapid.Bool().Draw(c.T, "one by one") {
				slices.SortFunc(all, func(a, b flows.Object) int { return rank(a) - rank(b) })
				for _, o := range all {
					if err := c.a.sw.Set(c.a.ctx, o); err != nil {
						c.Fatal(err)
					}
				}
				all = nil
			}
			err := c.a.sw.Set(c.a.ctx, all...)
			_, pruneErr := c.a.sw.Prune(c.a.ctx)
			if err := errors.Join(err, pruneErr, c.a.take(c.w)); err != nil {
				c.Fatal(err)
			}
		}),
		"": func(t *rapid.T) { c.check(t) },
	}
}

// rank puts objects behind what they refer to.
func rank(o flows.Object) int {
	switch o.(type) {
	case flows.Host:
		return 0
	case flows.Uplink, flows.Address:
		return 1
	case flows.Network:
		return 2
	}
	return 3
}

// check holds the switch against a fresh compile, and attempts against the oracle.
func (c *chance) check(t *rapid.T) {
	if err := c.a.drift(); err != nil {
		t.Fatal(err)
	}
	if c.a.ovs == nil {
		return
	}
	for range 6 {
		at := c.attempt(t)
		if !at.Src.IsValid() || at.Dst.Port() == 0 && at.Proto != "ping" {
			continue
		}
		if _, err := c.a.try(at); err != nil {
			t.Fatal(err)
		}
	}
}

// attempt is one that may get through: from somebody that there is, to an address that there might be.
func (c *chance) attempt(t *rapid.T) oracle.Attempt {
	p := plans[rapid.Bool().Draw(t, "v6")]
	same := func(a netip.Addr) bool { return a.Is4() == p.host.Is4() }
	from := pickOne(t, append(slices.Sorted(maps.Keys(c.w.Endpoints)), oracle.TheHost, oracle.Outside, oracle.Forwarded)...)
	var sources []netip.Addr
	switch from {
	case oracle.TheHost:
		sources = []netip.Addr{p.host}
	case oracle.Outside:
		sources = []netip.Addr{p.far, p.far.Next()}
	case oracle.Forwarded:
		sources = []netip.Addr{p.aside}
	default:
		sources = slices.DeleteFunc(slices.Clone(c.w.Endpoints[from].Addrs), func(a netip.Addr) bool { return !same(a) })
	}
	if len(sources) == 0 {
		return oracle.Attempt{}
	}
	targets := []netip.AddrPort{}
	for _, a := range []netip.Addr{p.host, p.second, p.spare, p.otherSpare} {
		targets = append(targets, netip.AddrPortFrom(a, pickOne[uint16](t, 22, 80, 90, 1000, 1001, 1005)))
	}
	if from != oracle.Outside {
		targets = append(targets, netip.AddrPortFrom(p.far, pickOne[uint16](t, 53, 80, 90)))
	}
	for _, name := range slices.Sorted(maps.Keys(c.a.world.Endpoints)) {
		e := c.a.world.Endpoints[name]
		for _, a := range e.Addrs {
			if same(a) {
				targets = append(targets, netip.AddrPortFrom(a, pickOne[uint16](t, 22, 80, 90, 100, 110)))
			}
		}
		for _, m := range e.Publish {
			at := pickOne(t, p.host, p.second, p.spare, p.otherSpare)
			targets = append(targets, netip.AddrPortFrom(at, m.Outside+uint16(rapid.IntRange(0, m.Ports).Draw(t, "past"))))
		}
	}
	for i := range byte(5) {
		targets = append(targets, netip.AddrPortFrom(p.subnet(i+1, 1), 80))
	}
	at := oracle.Attempt{
		From: from, Proto: pickOne(t, "tcp", "udp", "ping"), Src: netip.AddrPortFrom(pickOne(t, sources...), 0), Dst: pickOne(t, targets...),
	}
	if at.Proto == "ping" {
		at.Dst = netip.AddrPortFrom(at.Dst.Addr(), 0)
	}
	return at
}

// Whatever happens to a switch, it holds what a fresh compile of what is declared gives, and lets through what the
// documentation says. It takes 40 of rapid's runs, or all if -rapid.checks asks for another number than usual.
func TestRandomChanges(t *testing.T) {
	a := newArena(t, randomEndpoints...)
	runs, changed, refused, failed := 0, 0, 0, false
	checks := flag.Lookup("rapid.checks").Value.String()
	rapid.Check(t, func(rt *rapid.T) {
		if runs++; runs > 40 && checks == "100" && !failed {
			return
		}
		done := false
		defer func() { failed = failed || !done }()
		c := &chance{T: rt, a: a}
		c.begin()
		rt.Repeat(c.actions())
		changed, refused = changed+c.changed, refused+c.refused
		done = true
	})
	if !t.Failed() && (changed < 100 || refused < 10) {
		t.Errorf("got %d changes and %d refused ones, which tests little", changed, refused)
	}
}

// The same on Open vSwitch itself, of which only the flows are looked at, for two dozen of rapid's runs.
func TestRandomChangesOfARealSwitch(t *testing.T) {
	a := newSandboxArena(t, randomEndpoints...)
	runs, changed, failed := 0, 0, false
	rapid.Check(t, func(rt *rapid.T) {
		if runs++; runs > 24 && !failed {
			return
		}
		done := false
		defer func() { failed = failed || !done }()
		c := &chance{T: rt, a: a}
		c.begin()
		rt.Repeat(c.actions())
		changed += c.changed
		done = true
	})
	if !t.Failed() && changed < 24 {
		t.Errorf("got %d changes, which tests little", changed)
	}
}
