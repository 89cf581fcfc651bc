// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"context"
	"net"
	"net/netip"
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
	declared
	t          *testing.T
	ovs        *fakeovs.OVS // nil: a real switch, to which no packets are sent
	br         *fakeovs.Bridge
	management string
	dial       func(ctx context.Context, endpoint string) (net.Conn, error)
	client     *openflow.Client
	restart    func() error           // of the switch
	last       uint16                 // the last source port that an attempt had
	affinity   map[netip.Addr]choice  // by client
	shared     map[oracle.Balance]int // how many attempts got to one of several endpoints
}

var (
	arenaHost   = net.HardwareAddr{2, 0, 0, 0, 1, 0xff}
	arenaRouter = net.HardwareAddr{2, 0, 0, 0, 1, 0xfe}
)

// arenaMAC is that of the endpoint at a port.
func arenaMAC(port uint32) net.HardwareAddr { return net.HardwareAddr{2, 0, 0, 0, 2, byte(port)} }

// newArena is an arena with a port for each of the endpoints.
func newArena(t *testing.T, endpoints ...string) *arena {
	t.Helper()
	a := &arena{
		declared: newDeclared(t.Context(), arenaHost), t: t, ovs: fakeovs.NewWith(t, fakeovs.Options{InMemory: true}),
		affinity: map[netip.Addr]choice{}, shared: map[oracle.Balance]int{},
	}
	a.forget = func() error {
		_, err := a.ovs.AskSwitch("dpctl/flush-conntrack")
		return err
	}
	a.restart = func() error {
		a.ovs.RestartSwitch()
		return nil
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
	a.uplink, a.mirror = attach("uplink"), attach("mirror")
	for _, name := range endpoints {
		a.ports[name] = attach(name)
		a.macs[name] = arenaMAC(a.ports[name])
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
	a := &arena{
		declared: newDeclared(t.Context(), arenaHost), t: t, affinity: map[netip.Addr]choice{}, shared: map[oracle.Balance]int{},
	}
	a.uplink, a.mirror, a.forget = 1, 1000, func() error { return nil }
	a.restart = func() error {
		s.Kill(t)
		return s.Real.StartSwitch(a.ctx)
	}
	br, err := bridge.Ensure(a.ctx, s.DB, bridge.Config{Name: "br0", MAC: arenaHost, Datapath: s.Datapath})
	if err != nil {
		t.Fatal(err)
	}
	a.management = br.Management()
	for i, name := range endpoints {
		a.ports[name] = uint32(i + 2)
		a.macs[name] = arenaMAC(a.ports[name])
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
	if err := a.look(); err != nil {
		return err
	}
	o := quick
	o.Options = a.dialing()
	if a.client, err = openflow.Connect(a.ctx, a.management, o); err != nil {
		return err
	}
	a.sw, err = flows.Open(a.ctx, a.client, flows.Options{Owner: "arena"})
	return err
}

func (a *arena) dialing() openflow.Options {
	return openflow.Options{Dial: a.dial, Versions: []openflow.Version{openflow.Version15}} // session affinity needs it
}

// look connects to the switch to see what it holds.
func (a *arena) look() (err error) {
	a.conn, err = openflow.Dial(a.ctx, a.management, a.dialing())
	return err
}

// restartSwitch returns when the program has seen that the switch had gone, and has a connection again.
func (a *arena) restartSwitch() error {
	conn, err := a.client.Conn(a.ctx)
	if err != nil {
		return err
	}
	a.conn.Close()
	if err := a.restart(); err != nil {
		return err
	}
	<-conn.Done()
	if _, err := a.client.Conn(a.ctx); err != nil {
		return err
	}
	return a.look()
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
