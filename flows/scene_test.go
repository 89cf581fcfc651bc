// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"testing"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/flows/internal/oracle"
	"github.com/ovskit/ovskit/internal/testbed"
	"github.com/ovskit/ovskit/openflow"
)

// scene is a testbed on which one world after another is declared. Its machines listen at all ports that attempts are made at,
// on all of their addresses, so that whatever gets to a machine is answered; and all that arrives at them is noted.
type scene struct {
	declared
	t        *testing.T
	bed      *testbed.Testbed
	machines map[string]*machine // by party
	last     int                 // the last port that an attempt had
	open     []io.Closer         // what listens
	wg       sync.WaitGroup      // of who listens

	mu       sync.Mutex
	changed  chan struct{} // closed when something is noted
	accepted map[uint64]acceptance
	due      map[passage]bool // whether it has arrived
	strange  []string         // what arrived and was not due
	closing  bool
}

// machine is a station of a scene.
type machine struct {
	testbed.Station
	party   string
	addrs   []netip.Addr
	answers int // markers that came back, guarded by the scene's lock
}

// has reports whether an address is the machine's.
func (m *machine) has(a netip.Addr) bool { return slices.Contains(m.addrs, a) }

// acceptance is what a server saw of an attempt.
type acceptance struct {
	party    string
	src, dst netip.AddrPort
}

// passage is a packet that is to arrive at a party.
type passage struct {
	party, proto string
	src, dst     netip.AddrPort
}

// newScene builds a scene for the worlds of the matrix, in which the host's NIC is the bridge's uplink or not. Every machine
// has addresses of both families.
func newScene(ctx context.Context, t *testing.T, kind testbed.Kind, uplink bool, ports []uint16) *scene {
	t.Helper()
	o := testbed.Options{Kind: kind, Name: "flowsscene", Uplink: uplink}
	for _, v6 := range []bool{false, true} {
		p := plans[v6]
		o.Addrs = append(o.Addrs, netip.PrefixFrom(p.second, p.bits))
		o.Spare = append(o.Spare, p.spare, p.otherSpare)
		for n := range byte(4) {
			o.Gateways = append(o.Gateways, netip.PrefixFrom(p.subnet(n+1, 1), p.bits))
		}
	}
	bed, err := testbed.New(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := bed.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &scene{
		declared: newDeclared(ctx, bed.Bridge().MAC), t: t, bed: bed, machines: map[string]*machine{}, last: firstPort,
		changed: make(chan struct{}), accepted: map[uint64]acceptance{}, due: map[passage]bool{},
	}
	s.forget = func() error { return bed.Forget(ctx) }
	if uplink {
		s.uplink = bed.Uplink().OFPort
	}
	s.enter(oracle.TheHost, bed.Host(), o.Addrs, o.Gateways)
	s.enter(oracle.Outside, bed.Outside(), nil, nil)
	for _, v6 := range []bool{false, true} {
		p := plans[v6]
		host, outside := s.machines[oracle.TheHost], s.machines[oracle.Outside]
		host.addrs, outside.addrs = append(host.addrs, p.host), append(outside.addrs, p.near, p.far)
	}
	whole := options{v4: oracle.Routed, v6: oracle.Routed, uplink: uplink}.world()
	for _, name := range slices.Sorted(maps.Keys(whole.Endpoints)) {
		s.attach(name, whole)
	}
	s.connect()
	s.t.Cleanup(s.silence)
	for _, m := range s.machines {
		s.listen(m, ports)
	}
	return s
}

// enter makes a station one of the scene's machines.
func (s *scene) enter(party string, at testbed.Station, addrs ...[]netip.Prefix) *machine {
	m := &machine{Station: at, party: party}
	for _, p := range slices.Concat(addrs...) {
		m.addrs = append(m.addrs, p.Addr())
	}
	s.machines[party] = m
	return m
}

// attach makes an endpoint's machine, with the addresses that the endpoint has in a world.
func (s *scene) attach(name string, w *oracle.World) {
	s.t.Helper()
	e := testbed.Endpoint{Name: name}
	for _, a := range w.Endpoints[name].Addrs {
		e.Addrs = append(e.Addrs, netip.PrefixFrom(a, plans[a.Is6()].bits))
	}
	for _, g := range w.Networks[w.Endpoints[name].Network].Gateways {
		e.Gateways = append(e.Gateways, g.Addr())
	}
	at, err := s.bed.AddEndpoint(s.ctx, e)
	if err != nil {
		s.t.Fatal(err)
	}
	s.enter(name, at.Station, e.Addrs)
	s.ports[name], s.macs[name] = at.Port.OFPort, at.Port.MAC
}

// connect is the start of the program that keeps the switch.
func (s *scene) connect() {
	s.t.Helper()
	o := quick
	o.Versions = []openflow.Version{openflow.Version15} // session affinity needs it
	client, err := openflow.Connect(s.ctx, s.bed.Bridge().Management(), o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { client.Close() })
	if s.sw, err = flows.Open(s.ctx, client, flows.Options{Owner: "arena"}); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { s.sw.Close() })
	if s.conn, err = openflow.Dial(s.ctx, s.bed.Bridge().Management(), o.Options); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { s.conn.Close() })
}

// whose is the party that an attempt is made from: by which way it comes to the bridge is the world's matter.
func whose(name string) string {
	if name == oracle.Forwarded {
		return oracle.Outside
	}
	return name
}

// possible reports whether an attempt can be made with a socket of its machine, and comes to the bridge.
func (s *scene) possible(at oracle.Attempt) bool {
	m := s.machines[whose(at.From)]
	src, dst := at.Src.Addr(), at.Dst.Addr()
	if at.Proto == "sctp" || !m.has(src) || m.has(dst) {
		return false
	}
	for _, v := range s.verdicts(at)[1:] {
		if (v.To == oracle.Nobody) != (s.verdicts(at)[0].To == oracle.Nobody) {
			return false // whether it is delivered is up to chance
		}
	}
	host := s.machines[oracle.TheHost]
	switch at.From {
	case oracle.Outside:
		return s.world.HasUplink
	case oracle.Forwarded:
		return !s.world.HasUplink && !host.has(dst)
	case oracle.TheHost:
		return s.world.HasUplink || !s.machines[oracle.Outside].has(dst)
	}
	return true
}

// note changes what the scene knows.
func (s *scene) note(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	close(s.changed)
	s.changed = make(chan struct{})
}

// await waits until a condition of what the scene knows holds.
func (s *scene) await(ctx context.Context, what string, holds func() bool) error {
	for {
		s.mu.Lock()
		ok, changed := holds(), s.changed
		s.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, ctx.Err())
		}
	}
}

// goIn runs a function on a goroutine that a group waits for.
func goIn(wg *sync.WaitGroup, f func()) {
	wg.Add(1)
	go func() {
		defer wg.Done()
		f()
	}()
}
