// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/ovskit/ovskit/internal/rowwatch/rowwatchtest"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
)

// follow is [rowwatchtest.Follow] for ports.
func follow(t *testing.T, w *port.Watcher, known map[string]*port.Port, done func() bool) {
	t.Helper()
	rowwatchtest.Follow(testContext(t), t, w.Next, func(p *port.Port) string { return p.Name }, known, done)
}

func TestWatch(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		withBridge(t, sw)
		m := manager(t, sw.DB)
		device := func(name string) port.Config {
			sw.AddDevice(t, name)
			return port.Config{Bridge: "br0", Name: name, Kind: port.Device, Type: sw.DeviceType}
		}
		attach(t, m, device("p1"))
		w := m.Watch(ovsdb.WatchOptions{})
		defer w.Close()
		known := map[string]*port.Port{}
		follow(t, w, known, func() bool { return known["p1"] != nil })

		c := device("p2")
		want := attach(t, manager(t, sw.DB), c)
		follow(t, w, known, func() bool { return known["p2"] != nil && known["p2"].OFPort != 0 })
		if diff := cmp.Diff(want, known["p2"], sameAddrs); diff != "" {
			t.Errorf("port (-Attach +event):\n%s", diff)
		}
		c.VLAN.Tag = 7
		attach(t, m, c)
		follow(t, w, known, func() bool { return known["p2"].VLAN.Tag == 7 })

		// Another owner's port and one of nobody's make no event.
		somebody, err := port.Open(sw.DB, port.Options{Owner: "somebody"})
		if err != nil {
			t.Fatal(err)
		}
		defer somebody.Close()
		attach(t, somebody, device("theirs"))
		br, _ := sw.DB.Bridge("br0")
		if _, err := sw.DB.Apply(ctx,
			ovsdb.Insert(vswitch.TableInterface, &vswitch.Interface{Name: "nobody", Type: "internal"}).Named("i"),
			ovsdb.Insert(vswitch.TablePort, &vswitch.Port{Name: "nobody", Interfaces: []string{"i"}}).Named("p"),
			vswitch.AddPorts(br.UUID, "p")); err != nil {
			t.Fatal(err)
		}
		detach(t, m, "p1")
		follow(t, w, known, func() bool { return known["p1"] == nil })
		if got, want := slices.Sorted(maps.Keys(known)), []string{"p2"}; !slices.Equal(got, want) {
			t.Errorf("ports %q, want %q", got, want)
		}

		ended, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := w.Next(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("Next with an ended context: %v, want %v", err, context.Canceled)
		}
		w.Close()
		if _, err := w.Next(ctx); !errors.Is(err, port.ErrWatchClosed) {
			t.Errorf("Next after Close: %v, want %v", err, port.ErrWatchClosed)
		}
	})
}

// TestWatchAgreesWithList has ports come, change and go at random, seen by one who keeps
// up and by one who is too slow.
func TestWatchAgreesWithList(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		withBridge(t, sw)
		m := manager(t, sw.DB)
		watchers := []*port.Watcher{m.Watch(ovsdb.WatchOptions{}), m.Watch(ovsdb.WatchOptions{Limit: 1})}
		for i := range 4 {
			sw.AddDevice(t, fmt.Sprintf("p%d", i))
		}
		random := rand.New(rand.NewPCG(1, 2))
		for range 60 {
			name := fmt.Sprintf("p%d", random.IntN(4))
			if _, ok := sw.DB.Port(name); ok && random.IntN(3) == 0 {
				detach(t, m, name)
				continue
			}
			attach(t, m, port.Config{
				Bridge: "br0", Name: name, Kind: port.Device, Type: sw.DeviceType, VLAN: port.VLAN{Tag: uint16(random.IntN(3))},
			})
		}
		list, err := m.List()
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]*port.Port{}
		for _, p := range list {
			want[p.Name] = p
		}
		for _, w := range watchers {
			known := map[string]*port.Port{}
			follow(t, w, known, func() bool { return cmp.Equal(want, known, sameAddrs, cmpopts.EquateErrors()) })
			w.Close()
		}
	})
}
