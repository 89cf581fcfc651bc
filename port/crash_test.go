// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/killtest"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
	"github.com/vishvananda/netlink"
)

// A job is what a program does that is killed.
type job struct {
	Verb                  string // attach, detach or detach together
	Database, SwitchNetns string
	// First is which of the two parts of an Attach that run at the same time is
	// through before the other begins: interface or rows.
	First string
	// Config lacks in JSON what follows it.
	Config       port.Config
	Bridge, Name string
	Kind         port.Kind
}

func (l *lab) job(verb, first string, c port.Config) job {
	return job{
		Verb: verb, Database: l.OVS().DatabaseEndpoint(), SwitchNetns: l.Host().Path(), First: first,
		Config: c, Bridge: c.Bridge, Name: c.Name, Kind: c.Kind,
	}
}

// run is the program.
func (j job) run(ctx context.Context, step killtest.Step) error {
	db, err := vswitch.Dial(ctx, ovsdb.Options{Endpoint: j.Database})
	if err != nil {
		return err
	}
	defer db.Close()
	m, err := port.Open(db, port.Options{SwitchNetns: j.SwitchNetns})
	if err != nil {
		return err
	}
	defer m.Close()
	m.Hook(inOrder(j.First, step))
	switch j.Verb {
	case "detach":
		return m.Detach(ctx, j.Name)
	case "detach together":
		return detachTogether(ctx, m)
	}
	c := j.Config
	c.Bridge, c.Name, c.Kind = j.Bridge, j.Name, j.Kind
	_, err = m.Attach(ctx, c)
	return err
}

// inOrder has the one part of an Attach begin after the end of the other, or its
// failure.
func inOrder(first string, step killtest.Step) killtest.Step {
	through := make(chan struct{})
	end := sync.OnceFunc(func() { close(through) })
	return func(name string) error {
		part, what, _ := strings.Cut(name, ": ")
		if what == "begin" && part != first {
			<-through
		}
		err := step(name)
		if what == "end" && part == first || err != nil {
			end()
		}
		return err
	}
}

// A crashCase is a port to be killed at.
type crashCase struct {
	name string
	// other is the config that it is updated from or to.
	config, other port.Config
	// steps is the least number of steps of an Attach that makes the port.
	steps int
	ns    *netns.NS
}

// crashCases are ports of every kind that has steps.
func crashCases(t *testing.T, l *lab) []crashCase {
	t.Helper()
	veth, web := l.config(t, "web", "10.0.0.2/24")
	veth.Gateway = netip.MustParseAddr("10.0.0.1")
	veth.Sysctls = map[string]string{"net.ipv4.conf.eth0.arp_notify": "1"}
	veth.QoS = &port.QoS{MaxRate: 1e9, Queues: map[uint32]port.Queue{1: {MaxRate: 1e8}}}
	vethOther := veth
	vethOther.Addrs = []netip.Prefix{netip.MustParsePrefix("10.1.0.2/24")}
	vethOther.Gateway, vethOther.MTU, vethOther.QoS = netip.MustParseAddr("10.1.0.1"), 1400, nil
	vethOther.VLAN, vethOther.Policing = port.VLAN{Tag: 7}, port.Policing{Rate: 1000}
	internal, in := l.config(t, "in", "10.0.0.3/24")
	internal.Kind = port.Internal
	internalOther := internal
	internalOther.Addrs = []netip.Prefix{netip.MustParsePrefix("10.1.0.3/24")}
	internalOther.Policing = port.Policing{Rate: 1000}
	device := port.Config{Bridge: "br0", Name: node.Uplink, Kind: port.Device}
	deviceOther := device
	deviceOther.ExternalIDs = map[string]string{"a": "b"}
	patch := port.Config{Bridge: "br0", Name: "to-br1", Kind: port.Patch, Patch: &port.PatchConfig{Bridge: "br1", Name: "to-br0"}}
	patchOther := patch
	patchOther.Patch = &port.PatchConfig{Bridge: "br1", Name: "to-br0", OFPort: 7}
	return []crashCase{
		{"veth", veth, vethOther, 11, web}, {"internal", internal, internalOther, 5, in},
		{"device", device, deviceOther, 4, nil}, {"patch", patch, patchOther, 2, nil},
	}
}

// eachCrashCase runs a test for each kind of port, with what the lab is when there is
// no port.
func eachCrashCase(t *testing.T, test func(t *testing.T, l *lab, c crashCase, clean state)) {
	t.Helper()
	l := newLab(t, bridge.Secure)
	if _, err := bridge.Ensure(testContext(t), l.db, bridge.Config{
		Name: "br1", Datapath: nodetest.Datapath(), SwitchNetns: l.Host().Path(),
	}); err != nil {
		t.Fatal(err)
	}
	for _, c := range crashCases(t, l) {
		t.Run(c.name, func(t *testing.T) {
			clean := l.state(t, c.ns)
			test(t, l, c, clean)
			if err := l.ports.Detach(testContext(t), c.config.Name); err != nil && !errors.Is(err, port.ErrNotFound) {
				t.Fatal(err)
			}
			l.expectState(t, "at the end", c, clean)
		})
	}
}

// A state is all that a port consists of.
type state struct {
	Rows, Devices, Inside []string
	IPSettings            string
}

// state reads the state of a lab once the switch has followed.
func (l *lab) state(t *testing.T, ns *netns.NS) (s state) {
	t.Helper()
	if _, err := l.db.Apply(testContext(t)); err != nil {
		t.Fatal(err)
	}
	for _, p := range l.db.Ports() {
		s.Rows = append(s.Rows, fmt.Sprintf("port %s tag %v", p.Name, p.Tag != nil))
	}
	for _, i := range l.db.Interfaces() {
		s.Rows = append(s.Rows, "interface "+i.Name)
	}
	for _, table := range []string{vswitch.TableQoS, vswitch.TableQueue} {
		results, err := l.db.Client().Transact(testContext(t), ovsdb.Select(table, []string{"_uuid"}))
		if err != nil {
			t.Fatal(err)
		}
		s.Rows = append(s.Rows, fmt.Sprintf("%d rows of %s", len(results[0].Rows), table))
	}
	s.Devices = links(t, l.Host())
	s.IPSettings = ipSettings(t, l.Host(), node.Uplink)
	if ns != nil {
		s.Inside = inside(t, ns)
	}
	return s
}

// inside lists the devices of a namespace with their MTUs, IPv4 addresses, queueing
// disciplines and routes.
func inside(t *testing.T, ns *netns.NS) (found []string) {
	t.Helper()
	h := nodetest.Netlink(t, ns)
	defer h.Close()
	all, err := h.LinkList()
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range all {
		a := link.Attrs()
		found = append(found, fmt.Sprintf("%s MTU %d", a.Name, a.MTU))
		addrs, err := h.AddrList(link, netlink.FAMILY_V4)
		if err != nil {
			t.Fatal(err)
		}
		for _, addr := range addrs {
			found = append(found, a.Name+" address "+addr.IPNet.String())
		}
		qdiscs, err := h.QdiscList(link)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range qdiscs {
			found = append(found, a.Name+" "+q.Type())
		}
		routes, err := h.RouteList(link, netlink.FAMILY_V4)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range routes {
			found = append(found, fmt.Sprintf("%s route %s via %s", a.Name, r.Dst, r.Gw))
		}
	}
	slices.Sort(found)
	return found
}

// settle waits until a killed program's port, if its rows are there, is in the
// copy of the database.
func (l *lab) settle(t *testing.T) {
	t.Helper()
	if err := l.db.Client().Echo(testContext(t)); err != nil {
		t.Fatal(err)
	}
}
