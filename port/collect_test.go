// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
)

// collected runs a Collect and tells what it found.
func collected(t *testing.T, m *port.Manager, o port.CollectOptions) (found []string) {
	t.Helper()
	all, err := m.Collect(testContext(t), o)
	if err != nil {
		t.Error(err)
	}
	for _, g := range all {
		what := fmt.Sprintf("%s %s: %s", g.What, g.Name, g.Reason)
		if g.Removed {
			what += ", removed"
		}
		found = append(found, what)
	}
	return found
}

func TestCollectPorts(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Standalone)
	alive, _ := l.config(t, "alive", "10.0.0.2/24")
	gone, ns := l.config(t, "gone", "10.0.0.3/24")
	left, _ := l.config(t, "left", "10.0.0.4/24")
	l.attach(t, alive)
	l.attach(t, gone)
	l.orphan(t, left)
	somebody := l.manager(t, port.Options{Owner: "somebody"})
	theirs, theirNS := l.config(t, "theirs", "10.0.0.5/24")
	attach(t, somebody, theirs)
	nodetest.DeleteLink(t, ns, "eth0")
	nodetest.DeleteLink(t, theirNS, "eth0")

	first := []string{
		fmt.Sprintf("port gone: its interface in network namespace %q is gone", gone.Netns), "device left: no port has it",
	}
	second := []string{first[0] + ", removed", first[1] + ", removed"}
	for _, step := range []struct {
		o    port.CollectOptions
		want []string
	}{
		{port.CollectOptions{DryRun: true}, first},
		{port.CollectOptions{}, first},
		{port.CollectOptions{DryRun: true}, second},
		{port.CollectOptions{}, second},
		{port.CollectOptions{}, nil},
	} {
		if diff := cmp.Diff(step.want, collected(t, l.ports, step.o)); diff != "" {
			t.Errorf("Collect %+v (-want +got):\n%s", step.o, diff)
		}
	}
	devices := links(t, l.Host())
	if slices.Contains(devices, "left") || !slices.Contains(devices, "alive") {
		t.Errorf("devices %v: want alive there and left not", devices)
	}
	if _, ok := l.db.Port("theirs"); !ok {
		t.Error("another owner's port was removed")
	}
}

// TestCollectForgives has a port come back between two sightings.
func TestCollectForgives(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Standalone)
	c, web := l.config(t, "web", "10.0.0.2/24")
	l.attach(t, c)
	for range 2 {
		nodetest.DeleteLink(t, web, "eth0")
		if got := collected(t, l.ports, port.CollectOptions{}); len(got) != 1 || slices.Contains(got, ", removed") {
			t.Errorf("found %q, want the port, not removed", got)
		}
		l.attach(t, c)
		if got := collected(t, l.ports, port.CollectOptions{}); len(got) != 0 {
			t.Errorf("found %q of a port that has come back", got)
		}
	}
}

func TestCollectRows(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		withBridge(t, sw)
		for _, name := range []string{"p1", "p2"} {
			sw.AddDevice(t, name)
		}
		m := manager(t, sw.DB)
		c := port.Config{
			Bridge: "br0", Name: "p1", Kind: port.Device, Type: sw.DeviceType,
			QoS: &port.QoS{MaxRate: 1e9, Queues: map[uint32]port.Queue{1: {MaxRate: 1e8}}},
		}
		attach(t, m, c)
		attach(t, m, port.Config{Bridge: "br0", Name: "p2", Kind: port.Device, Type: sw.DeviceType})
		if err := m.SetMirror(ctx, port.Mirror{Bridge: "br0", Name: "m", From: []string{"p1"}, OutputPort: "p2"}); err != nil {
			t.Fatal(err)
		}
		if got := collected(t, m, port.CollectOptions{}); len(got) != 0 {
			t.Errorf("found %q, all of which is in use", got)
		}
		// Somebody takes the ports away without what belongs to them.
		br, _ := sw.DB.Bridge("br0")
		for _, name := range []string{"p1", "p2"} {
			row, _ := sw.DB.Port(name)
			if _, err := sw.DB.Apply(ctx, vswitch.RemovePorts(br.UUID, row.UUID)); err != nil {
				t.Fatal(err)
			}
		}
		if got := collected(t, m, port.CollectOptions{}); len(got) != 3 {
			t.Errorf("found %q, want QoS, queue and mirror", got)
		}
		if got := collected(t, m, port.CollectOptions{}); len(got) != 3 {
			t.Errorf("found %q, want QoS, queue and mirror", got)
		}
		for _, table := range []string{vswitch.TableQoS, vswitch.TableQueue, vswitch.TableMirror} {
			results, err := sw.DB.Client().Transact(ctx, ovsdb.Select(table, nil))
			if err != nil {
				t.Fatal(err)
			}
			if n := len(results[0].Rows); n > 0 {
				t.Errorf("%d rows are left in table %s", n, table)
			}
		}
	})
}

func TestList(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		withBridge(t, sw)
		m := manager(t, sw.DB)
		var want []string
		for _, name := range []string{"p2", "p1"} {
			sw.AddDevice(t, name)
			attach(t, m, port.Config{
				Bridge: "br0", Name: name, Kind: port.Device, Type: sw.DeviceType, Addrs: []netip.Prefix{netip.MustParsePrefix("10.0.0.2/24")},
			})
			want = append(want, name)
		}
		slices.Sort(want)
		ports, err := m.List()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range ports {
			if p.Err != nil || p.OFPort == 0 || p.Owner != mark.DefaultOwner || len(p.Addrs) != 1 {
				t.Errorf("port %+v", p)
			}
			got = append(got, p.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("ports %q, want %q: the bridge's own is nobody's", got, want)
		}
	})
}

// TestCollectElsewhere has a manager look for the switch's devices in a namespace that
// is not the switch's: no port looks dead to it, and none loses its rows alone.
func TestCollectElsewhere(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Standalone)
	c, web := l.config(t, "web", "10.0.0.2/24")
	l.attach(t, c)
	m, err := port.Open(l.db, port.Options{SwitchNetns: web.Path()})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for range 2 {
		found, err := m.Collect(testContext(t), port.CollectOptions{})
		if !errors.Is(err, port.ErrElsewhere) || !strings.Contains(err.Error(), web.Path()) || len(found) > 0 {
			t.Errorf("Collect: %v, %v; want nothing and %v with the namespace", found, err, port.ErrElsewhere)
		}
	}
	if err := m.Detach(testContext(t), "web"); !errors.Is(err, port.ErrElsewhere) {
		t.Errorf("Detach: %v, want %v: the pair would be left", err, port.ErrElsewhere)
	}
	if found, err := m.Check(testContext(t), "web"); !errors.Is(err, port.ErrElsewhere) {
		t.Errorf("Check: %v, %v; want %v", found, err, port.ErrElsewhere)
	}
	if _, ok := l.db.Port("web"); !ok {
		t.Error("the port is gone")
	}
}

// TestCollectDevice has the device of a Device port end, and that of a Veth port be
// another one.
func TestCollectDevice(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Standalone)
	addVeth(t, l.Host(), "nic", "wire")
	l.attach(t, port.Config{Bridge: "br0", Name: "nic", Kind: port.Device})
	c, web := l.config(t, "web", "10.0.0.2/24")
	l.attach(t, c)
	if got := collected(t, l.ports, port.CollectOptions{}); len(got) > 0 {
		t.Errorf("found %q, all of which is in use", got)
	}
	deleteDevice(t, l.Host(), "nic")
	deleteDevice(t, web, "eth0")
	addVeth(t, l.Host(), "web", "x")
	err := l.db.Wait(testContext(t), func() (bool, error) {
		iface, ok := l.db.Interface("nic")
		return !ok || iface.MACInUse == nil && (iface.IfIndex == nil || *iface.IfIndex == 0), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := differences(testContext(t), t, l.ports, "nic"), []string{`device "nic" is missing`}; !slices.Equal(got, want) {
		t.Errorf("differences %q, want %q", got, want)
	}
	first := []string{"port nic: its device is gone", "port web: its device is another one's"}
	for _, want := range [][]string{first, {first[0] + ", removed", first[1] + ", removed"}, nil} {
		if diff := cmp.Diff(want, collected(t, l.ports, port.CollectOptions{})); diff != "" {
			t.Errorf("Collect (-want +got):\n%s", diff)
		}
	}
	if got := links(t, l.Host()); !slices.Contains(got, "web") {
		t.Errorf("devices %v: the other one is gone", got)
	}
}
