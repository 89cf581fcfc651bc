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
		"share a port": with(c.share),
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
		"address of the host goes or comes": with(func() {
			w := c.clone()
			second := func(p netip.Prefix) bool { return p.Addr() == plans[p.Addr().Is6()].second }
			if kept := slices.DeleteFunc(slices.Clone(w.Host), second); len(kept) < len(w.Host) {
				w.Host = kept
			} else {
				for _, v6 := range []bool{false, true} {
					w.Host = append(kept, netip.PrefixFrom(plans[v6].second, plans[v6].bits))
					kept = w.Host
				}
			}
			c.set(w, flows.Host{}.String())
		}),
		"topology": with(func() {
			w := c.clone()
			c.set(w, c.topology(w)...)
		}),
		"switch restarts": with(func() {
			if err := errors.Join(c.a.restartSwitch(), c.a.take(c.w)); err != nil {
				c.Fatal(err)
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

// share has some of the endpoints that may share a port by client and one by connection, and no others.
func (c *chance) share() {
	w, names := c.clone(), []string{}
	for _, name := range slices.Sorted(maps.Keys(w.Endpoints)) {
		e, may := w.Endpoints[name], false
		for _, a := range e.Addrs {
			mode := w.Networks[e.Network].V6.Mode
			if a.Is4() {
				mode = w.Networks[e.Network].V4.Mode
			}
			may = may || mode == oracle.Via || mode == oracle.Behind
		}
		e.Publish = slices.DeleteFunc(slices.Clone(e.Publish), func(m oracle.Mapping) bool { return m.Balance != "" })
		if may && rapid.IntRange(0, 3).Draw(c.T, "shares") > 0 {
			e.Publish = append(e.Publish,
				oracle.Mapping{Proto: "tcp", Outside: 2000, Ports: 1, Port: 2000, Balance: oracle.ByClient},
				oracle.Mapping{Proto: "udp", Outside: 2001, Ports: 1, Port: 2001, Balance: oracle.ByConnection})
		}
		w.Endpoints[name] = e
		names = append(names, flows.Endpoint{Name: name}.String())
	}
	c.set(w, names...)
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
	// Few of these are ports that endpoints share.
	var toShared []oracle.Attempt
	for _, a := range []netip.Addr{p.host, p.second, p.spare, p.otherSpare} {
		for i, proto := range []string{"tcp", "udp"} {
			dst := netip.AddrPortFrom(a, 2000+uint16(i))
			at := oracle.Attempt{From: from, Proto: proto, Src: netip.AddrPortFrom(sources[0], 0), Dst: dst}
			if names, _ := c.a.world.Sharers(at); len(names) > 1 {
				toShared = append(toShared, at)
			}
		}
	}
	if len(toShared) > 0 && rapid.Bool().Draw(t, "to a shared port") {
		return pickOne(t, toShared...)
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

// The same on Open vSwitch itself, of which only flows, groups and meters are looked at, for two dozen of rapid's runs, or all
// if -rapid.checks asks for another number than usual.
func TestRandomChangesOfARealSwitch(t *testing.T) {
	a := newSandboxArena(t, randomEndpoints...)
	runs, changed, failed := 0, 0, false
	checks := flag.Lookup("rapid.checks").Value.String()
	rapid.Check(t, func(rt *rapid.T) {
		if runs++; runs > 24 && checks == "100" && !failed {
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
