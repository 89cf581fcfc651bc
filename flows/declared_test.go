// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/flows/internal/oracle"
	"github.com/ovskit/ovskit/openflow"
)

// declared is a switch on which one world after another is declared.
type declared struct {
	ctx    context.Context
	sw     *flows.Switch
	conn   *openflow.Conn // to look at what the switch holds
	forget func() error   // ends all connections
	// What worlds do not tell: the MACs and ports of the host, the uplink and the endpoints, by name.
	host    net.HardwareAddr
	uplink  uint32
	mirror  uint32 // gets the copies
	ports   map[string]uint32
	macs    map[string]net.HardwareAddr
	world   *oracle.World
	objects map[string]flows.Object // by what errors call them
}

func newDeclared(ctx context.Context, host net.HardwareAddr) declared {
	return declared{
		ctx: ctx, host: host, ports: map[string]uint32{}, macs: map[string]net.HardwareAddr{}, objects: map[string]flows.Object{},
	}
}

// declare has the switch hold a world, and ends all connections.
func (d *declared) declare(w *oracle.World) error {
	wanted := map[string]flows.Object{}
	for _, o := range d.compose(w) {
		wanted[o.String()] = o
	}
	// What others refer to goes after them, and not before they refer to something else.
	var users, used []flows.Object
	for name, o := range d.objects {
		if wanted[name] != nil {
			continue
		}
		switch o.(type) {
		case flows.Endpoint, flows.Rule:
			users = append(users, o)
		default:
			used = append(used, o)
		}
	}
	if err := errors.Join(
		d.sw.Delete(d.ctx, users...),
		d.sw.Set(d.ctx, slices.Collect(maps.Values(wanted))...),
		d.sw.Delete(d.ctx, used...),
	); err != nil {
		return err
	}
	d.objects = wanted
	return d.take(w)
}

// take has attempts judged by a world that is declared, with the ports that the switch has chosen for it.
func (d *declared) take(w *oracle.World) error {
	judged := *w
	judged.Endpoints = maps.Clone(w.Endpoints)
	for name, e := range w.Endpoints {
		ports, err := d.sw.Published(d.ctx, name)
		if err != nil {
			return err
		}
		e.Publish = slices.Clone(e.Publish)
		for i, p := range ports {
			e.Publish[i].Outside = p.HostPort
		}
		judged.Endpoints[name] = e
	}
	d.world = &judged
	return d.forget()
}

// drift is how the switch differs from what the declared objects are compiled to.
func (d *declared) drift() error {
	held, err := d.conn.Flows(d.ctx, openflow.FlowFilter{})
	if err != nil {
		return err
	}
	got := map[string]openflow.Flow{}
	plain := make([]openflow.Flow, len(held))
	for i, f := range held {
		plain[i] = f.Flow
		got[f.Key()] = f.Flow
	}
	want, err := flows.CompileOn(flows.Options{Owner: "arena"}, plain, slices.Collect(maps.Values(d.objects))...)
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range want.Flows {
		if g, has := got[f.Key()]; !has || !g.Equal(f) {
			errs = append(errs, fmt.Errorf("the switch lacks %s", f))
		}
		delete(got, f.Key())
	}
	for _, f := range got {
		errs = append(errs, fmt.Errorf("the switch has in excess %s", f))
	}
	groups, err := d.conn.Groups(d.ctx)
	if err != nil {
		return err
	}
	for _, all := range [][]openflow.Group{groups, want.Groups} {
		slices.SortFunc(all, func(a, b openflow.Group) int { return cmp.Compare(a.ID, b.ID) })
	}
	if !slices.EqualFunc(groups, want.Groups, openflow.Group.Equal) {
		errs = append(errs, fmt.Errorf("the switch has the groups %s, want %s", groups, want.Groups))
	}
	meters, err := d.conn.Meters(d.ctx)
	if err != nil {
		return err
	}
	for _, all := range [][]openflow.MeterConfig{meters, want.Meters} {
		slices.SortFunc(all, func(a, b openflow.MeterConfig) int { return cmp.Compare(a.ID, b.ID) })
	}
	if !slices.EqualFunc(meters, want.Meters, openflow.MeterConfig.Equal) {
		errs = append(errs, fmt.Errorf("the switch has the meters %s, want %s", meters, want.Meters))
	}
	return errors.Join(errs...)
}

// compose makes the intents of a world.
func (d *declared) compose(w *oracle.World) []flows.Object {
	objects := []flows.Object{flows.Host{MAC: d.host, Addrs: w.Host}}
	if w.HasUplink {
		objects = append(objects, flows.Uplink{Name: "uplink", Port: d.uplink, Addrs: w.Uplink})
	}
	for name, addrs := range w.Spare {
		objects = append(objects, flows.Address{Name: name, Addrs: addrs})
	}
	for name, n := range w.Networks {
		nw := flows.Network{Name: name, Gateways: n.Gateways, Egress: flows.PerFamily(egress(n.V4), egress(n.V6)), Isolated: n.Isolated, Multicast: n.Multicast}
		if n.ToHost {
			nw.Host |= flows.ToHost
		}
		if n.FromHost {
			nw.Host |= flows.FromHost
		}
		objects = append(objects, nw)
	}
	for name, e := range w.Endpoints {
		o := flows.Endpoint{Name: name, Network: e.Network, Port: d.ports[name], MAC: d.macs[name], Addrs: e.Addrs, Labels: e.Labels}
		o.DHCP = e.DHCP
		if e.Limit > 0 {
			o.Limit = &flows.Limit{Kbps: e.Limit}
		}
		if e.Mirrored {
			o.MirrorTo = d.mirror
		}
		for _, m := range e.Publish {
			p := flows.PortMapping{Proto: protocolsByName[m.Proto], HostAddr: m.Addr, HostPort: m.Outside, Port: m.Port, Balance: balances[m.Balance]}
			if m.Ports > 1 {
				p.HostPortEnd = m.Outside + uint16(m.Ports-1)
			}
			o.Publish = append(o.Publish, p)
		}
		objects = append(objects, o)
	}
	for _, r := range w.Rules {
		o := flows.Rule{Name: r.Name, From: selectors(r.From), To: selectors(r.To), Deny: r.Deny, Priority: r.Priority}
		for _, s := range r.Services {
			o.Services = append(o.Services, flows.Service{Proto: protocolsByName[s.Proto], FirstPort: s.First, LastPort: s.Last})
		}
		objects = append(objects, o)
	}
	return objects
}

var balances = map[oracle.Balance]flows.Balance{oracle.ByConnection: flows.ByConnection, oracle.ByClient: flows.ByClientIP}

var protocolsByName = map[string]flows.Proto{"tcp": flows.TCP, "udp": flows.UDP, "sctp": flows.SCTP, "ping": flows.ICMP}

func egress(w oracle.Way) flows.Egress {
	switch w.Mode {
	case oracle.Via:
		return flows.Via("uplink")
	case oracle.Behind:
		return flows.Behind(w.Address)
	case oracle.Routed:
		return flows.Routed()
	}
	return flows.Egress{}
}

func selectors(all []oracle.Selector) []flows.Selector {
	var out []flows.Selector
	for _, s := range all {
		switch {
		case s.Endpoint != "":
			out = append(out, flows.EndpointNamed(s.Endpoint))
		case s.Network != "":
			out = append(out, flows.InNetwork(s.Network))
		case s.Host:
			out = append(out, flows.TheHost())
		case s.Outside:
			out = append(out, flows.Outside())
		case s.Within.IsValid():
			out = append(out, flows.Within(s.Within))
		default:
			out = append(out, flows.Labelled(s.Labels))
		}
	}
	return out
}

// isLocal reports whether the host itself has an address.
func (d *declared) isLocal(x netip.Addr) bool {
	for _, p := range d.world.Host {
		if p.Addr() == x {
			return true
		}
	}
	for _, n := range d.world.Networks {
		for _, g := range n.Gateways {
			if g.Addr() == x {
				return true
			}
		}
	}
	return false
}
