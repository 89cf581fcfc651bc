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
	"testing"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/flows/internal/oracle"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/openflow"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
)

// arena is a fake switch on which one world after another is declared, and the host that it is part of. Attempts are made
// on it and held against the oracle.
type arena struct {
	t          *testing.T
	ctx        context.Context
	ovs        *fakeovs.OVS // nil: a real switch, to which no packets are sent
	br         *fakeovs.Bridge
	management string
	dial       func(ctx context.Context, endpoint string) (net.Conn, error)
	client     *openflow.Client
	conn       *openflow.Conn // to look at what the switch holds
	sw         *flows.Switch
	uplink     uint32
	ports      map[string]uint32 // of endpoints, by name
	world      *oracle.World
	objects    map[string]flows.Object // declared, by what errors call them
	last       uint16                  // the last source port that an attempt had
	affinity   map[netip.Addr]choice   // by client
	shared     map[oracle.Balance]int  // how many attempts got to one of several endpoints
}

var (
	arenaHost   = net.HardwareAddr{2, 0, 0, 0, 1, 0xff}
	arenaRouter = net.HardwareAddr{2, 0, 0, 0, 1, 0xfe}
)

// newArena is an arena with a port for each of the endpoints.
func newArena(t *testing.T, endpoints ...string) *arena {
	t.Helper()
	a := &arena{
		t: t, ctx: t.Context(), ovs: fakeovs.NewWith(t, fakeovs.Options{InMemory: true}),
		ports: map[string]uint32{}, objects: map[string]flows.Object{}, affinity: map[netip.Addr]choice{}, shared: map[oracle.Balance]int{},
	}
	a.br, a.dial, a.management = a.ovs.Bridge("br0"), a.ovs.Dial, a.ovs.Bridge("br0").Management()
	db, err := vswitch.Dial(a.ctx, ovsdb.Options{Endpoint: a.ovs.DatabaseEndpoint(), Dial: a.ovs.Dial})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := bridge.Ensure(a.ctx, db, bridge.Config{Name: "br0", MAC: arenaHost}); err != nil {
		t.Fatal(err)
	}
	ports, err := port.Open(db, port.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer ports.Close()
	attach := func(name string) uint32 {
		if _, err := a.ovs.AddDevice(name, nil); err != nil {
			t.Fatal(err)
		}
		p, err := ports.Attach(a.ctx, port.Config{Bridge: "br0", Kind: port.Device, Name: name})
		if err != nil {
			t.Fatal(err)
		}
		return p.OFPort
	}
	a.uplink = attach("uplink")
	for _, name := range endpoints {
		a.ports[name] = attach(name)
	}
	if err := a.open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	return a
}

// newSandboxArena is an arena on Open vSwitch itself. Flows need no port that there is.
func newSandboxArena(t *testing.T, endpoints ...string) *arena {
	t.Helper()
	s := switchtest.Sandbox(t)
	a := &arena{t: t, ctx: t.Context(), ports: map[string]uint32{}, objects: map[string]flows.Object{}, affinity: map[netip.Addr]choice{}, shared: map[oracle.Balance]int{}, uplink: 1}
	br, err := bridge.Ensure(a.ctx, s.DB, bridge.Config{Name: "br0", MAC: arenaHost, Datapath: s.Datapath})
	if err != nil {
		t.Fatal(err)
	}
	a.management = br.Management()
	for i, name := range endpoints {
		a.ports[name] = uint32(i + 2)
	}
	if err := a.open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	return a
}

// open connects to the switch, as a program does when it starts; one that runs ends.
func (a *arena) open() (err error) {
	a.close()
	o := newest // shared ports need it
	o.Dial = a.dial
	if a.conn, err = openflow.Dial(a.ctx, a.management, o); err != nil {
		return err
	}
	if a.client, err = openflow.Connect(a.ctx, a.management, openflow.ClientOptions{Options: o}); err != nil {
		return err
	}
	a.sw, err = flows.Open(a.ctx, a.client, flows.Options{Owner: "arena"})
	return err
}

// close ends the program.
func (a *arena) close() {
	if a.sw != nil {
		a.sw.Close()
	}
	if a.client != nil {
		a.client.Close()
	}
	if a.conn != nil {
		a.conn.Close()
	}
}

// declare has the switch hold a world, and ends all connections.
func (a *arena) declare(w *oracle.World) error {
	wanted := map[string]flows.Object{}
	for _, o := range a.compose(w) {
		wanted[o.String()] = o
	}
	// What others refer to goes after them, and not before they refer to something else.
	var users, used []flows.Object
	for name, o := range a.objects {
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
		a.sw.Delete(a.ctx, users...),
		a.sw.Set(a.ctx, slices.Collect(maps.Values(wanted))...),
		a.sw.Delete(a.ctx, used...),
	); err != nil {
		return err
	}
	a.objects = wanted
	return a.take(w)
}

// take has attempts judged by a world that is declared, with the ports that the switch has chosen for it.
func (a *arena) take(w *oracle.World) error {
	judged := *w
	judged.Endpoints = maps.Clone(w.Endpoints)
	for name, e := range w.Endpoints {
		ports, err := a.sw.Published(a.ctx, name)
		if err != nil {
			return err
		}
		e.Publish = slices.Clone(e.Publish)
		for i, p := range ports {
			e.Publish[i].Outside = p.HostPort
		}
		judged.Endpoints[name] = e
	}
	a.world = &judged
	return a.forget()
}

// forget ends all connections.
func (a *arena) forget() error {
	if a.ovs == nil {
		return nil
	}
	_, err := a.ovs.AskSwitch("dpctl/flush-conntrack")
	return err
}

// drift is how the switch differs from what the declared objects are compiled to.
func (a *arena) drift() error {
	held, err := a.conn.Flows(a.ctx, openflow.FlowFilter{})
	if err != nil {
		return err
	}
	got := map[string]openflow.Flow{}
	plain := make([]openflow.Flow, len(held))
	for i, f := range held {
		plain[i] = f.Flow
		got[f.Key()] = f.Flow
	}
	want, wantGroups, err := flows.CompileOn(flows.Options{Owner: "arena"}, plain, slices.Collect(maps.Values(a.objects))...)
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range want {
		if g, has := got[f.Key()]; !has || !g.Equal(f) {
			errs = append(errs, fmt.Errorf("the switch lacks %s", f))
		}
		delete(got, f.Key())
	}
	for _, f := range got {
		errs = append(errs, fmt.Errorf("the switch has in excess %s", f))
	}
	groups, err := a.conn.Groups(a.ctx)
	if err != nil {
		return err
	}
	for _, all := range [][]openflow.Group{groups, wantGroups} {
		slices.SortFunc(all, func(a, b openflow.Group) int { return cmp.Compare(a.ID, b.ID) })
	}
	if !slices.EqualFunc(groups, wantGroups, openflow.Group.Equal) {
		errs = append(errs, fmt.Errorf("the switch has the groups %s, want %s", groups, wantGroups))
	}
	return errors.Join(errs...)
}

func (a *arena) mac(endpoint string) net.HardwareAddr {
	return net.HardwareAddr{2, 0, 0, 0, 2, byte(a.ports[endpoint])}
}

// compose makes the intents of a world.
func (a *arena) compose(w *oracle.World) []flows.Object {
	objects := []flows.Object{flows.Host{MAC: arenaHost, Addrs: w.Host}}
	if w.HasUplink {
		objects = append(objects, flows.Uplink{Name: "uplink", Port: a.uplink, Addrs: w.Uplink})
	}
	for name, addrs := range w.Spare {
		objects = append(objects, flows.Address{Name: name, Addrs: addrs})
	}
	for name, n := range w.Networks {
		nw := flows.Network{Name: name, Gateways: n.Gateways, Egress: flows.PerFamily(egress(n.V4), egress(n.V6)), Isolated: n.Isolated}
		if n.ToHost {
			nw.Host |= flows.ToHost
		}
		if n.FromHost {
			nw.Host |= flows.FromHost
		}
		objects = append(objects, nw)
	}
	for name, e := range w.Endpoints {
		o := flows.Endpoint{Name: name, Network: e.Network, Port: a.ports[name], MAC: a.mac(name), Addrs: e.Addrs, Labels: e.Labels}
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
func (a *arena) isLocal(x netip.Addr) bool {
	for _, p := range a.world.Host {
		if p.Addr() == x {
			return true
		}
	}
	for _, n := range a.world.Networks {
		for _, g := range n.Gateways {
			if g.Addr() == x {
				return true
			}
		}
	}
	return false
}
