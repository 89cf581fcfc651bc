// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/rowwatch/rowwatchtest"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/openflow"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// follow is [rowwatchtest.Follow] for bridges.
func follow(t *testing.T, w *bridge.Watcher, known map[string]*bridge.Bridge, done func() bool) {
	t.Helper()
	rowwatchtest.Follow(testContext(t), t, w.Next, func(b *bridge.Bridge) string { return b.Name }, known, done)
}

func TestWatch(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		ensure(t, sw.DB, bridge.Config{Name: "br0", Datapath: sw.Datapath})
		w := bridge.Watch(sw.DB, ovsdb.WatchOptions{})
		defer w.Close()
		known := map[string]*bridge.Bridge{}
		follow(t, w, known, func() bool { return known["br0"] != nil })

		ensure(t, sw.DB, bridge.Config{Name: "br1", Datapath: sw.Datapath, Owner: "me"})
		follow(t, w, known, func() bool { b := known["br1"]; return b != nil && b.DatapathID != 0 && b.MAC != nil })
		if got := known["br1"].Owner; got != "me" {
			t.Errorf("owner %q, want me", got)
		}

		sw.AddDevice(t, "p1")
		row, _ := sw.DB.Bridge("br0")
		_, err := sw.DB.Apply(ctx,
			ovsdb.Insert(vswitch.TableInterface, &vswitch.Interface{Name: "p1", Type: sw.DeviceType}).Named("i1"),
			ovsdb.Insert(vswitch.TablePort, &vswitch.Port{Name: "p1", Interfaces: []string{"i1"}}).Named("p1"),
			ovsdb.Insert(vswitch.TableInterface, &vswitch.Interface{Name: "p2", Type: "bogus"}).Named("i2"),
			ovsdb.Insert(vswitch.TablePort, &vswitch.Port{Name: "p2", Interfaces: []string{"i2"}}).Named("p2"),
			vswitch.AddPorts(row.UUID, "p1", "p2"))
		if err != nil {
			t.Fatal(err)
		}
		follow(t, w, known, func() bool { return len(known["br0"].Ports) == 2 && len(known["br0"].Errors) == 1 })
		want := "[p1 p2] [interface \"p2\": could not open network device p2 ("
		if got := fmt.Sprint(known["br0"].Ports, known["br0"].Errors); !strings.HasPrefix(got, want) {
			t.Errorf("ports and errors %s, want %s...", got, want)
		}

		target := strings.TrimSuffix(sw.Endpoint, "db.sock") + "c" // only there may ovs-vswitchd connect to a socket
		l, err := openflow.Listen(ctx, "p"+target, openflow.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ensure(t, sw.DB, bridge.Config{Name: "br0", Datapath: sw.Datapath,
			Controllers: []bridge.Controller{{Target: target, MaxBackoff: time.Second}}})
		conn, err := l.Accept(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		follow(t, w, known, func() bool {
			c := known["br0"].Controllers
			return len(c) == 1 && c[0].Connected && c[0].State == "ACTIVE"
		})
		connected := []bridge.ControllerState{{Target: target, Connected: true, Role: "other", State: "ACTIVE"}}
		if diff := cmp.Diff(connected, known["br0"].Controllers); diff != "" {
			t.Errorf("controllers (-want +got):\n%s", diff)
		}

		if err := bridge.Delete(ctx, sw.DB, "br1"); err != nil {
			t.Fatal(err)
		}
		follow(t, w, known, func() bool { return known["br1"] == nil })
		if diff := cmp.Diff(bridge.List(sw.DB), []*bridge.Bridge{known["br0"]}, cmp.AllowUnexported(bridge.Bridge{})); diff != "" {
			t.Errorf("List (-listed +watched):\n%s", diff)
		}
	})
}

// TestWatchConverges changes bridges at random while the stream is read at random, with
// little room for what waits: what the events make of the bridges is what there is.
func TestWatchConverges(t *testing.T) {
	t.Parallel()
	sw := switchtest.Fake(t)
	ctx := testContext(t)
	r := rand.New(rand.NewPCG(1, 2))
	w := bridge.Watch(sw.DB, ovsdb.WatchOptions{Limit: 20})
	defer w.Close()
	known := map[string]*bridge.Bridge{}
	for i := range 200 {
		name := fmt.Sprintf("br%d", r.IntN(3))
		_, err := bridge.Ensure(ctx, sw.DB, bridge.Config{Name: name, Datapath: sw.Datapath,
			ExternalIDs: map[string]string{"i": fmt.Sprint(i)}, Controllers: make([]bridge.Controller, 0)})
		if err == nil && r.IntN(3) == 0 {
			err = bridge.Delete(ctx, sw.DB, name)
		}
		if err != nil {
			t.Fatal(err)
		}
		if r.IntN(20) == 0 {
			now := bridge.List(sw.DB)
			follow(t, w, known, func() bool { return same(now, known) })
		}
	}
	now := bridge.List(sw.DB)
	follow(t, w, known, func() bool { return same(now, known) })
}

func same(list []*bridge.Bridge, known map[string]*bridge.Bridge) bool {
	return slices.EqualFunc(list, slices.Sorted(maps.Keys(known)), func(b *bridge.Bridge, name string) bool {
		return cmp.Equal(b, known[name], cmp.AllowUnexported(bridge.Bridge{}))
	})
}

func TestWatchEnds(t *testing.T) {
	t.Parallel()
	sw := switchtest.Fake(t)
	w := bridge.Watch(sw.DB, ovsdb.WatchOptions{})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.Next(ended)
	for range 10 { // what was there may come first
		if err != nil {
			break
		}
		_, err = w.Next(ended)
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Next with an ended context: %v, want %v", err, context.Canceled)
	}
	failed := make(chan error, 1)
	go func() {
		_, err := w.Next(testContext(t))
		failed <- err
	}()
	w.Close()
	w.Close()
	if err := <-failed; !errors.Is(err, bridge.ErrWatchClosed) {
		t.Errorf("Next after Close: %v, want %v", err, bridge.ErrWatchClosed)
	}
	other := bridge.Watch(sw.DB, ovsdb.WatchOptions{})
	defer other.Close()
	sw.DB.Close()
	_, err = other.Next(testContext(t))
	for err == nil {
		_, err = other.Next(testContext(t))
	}
	if !errors.Is(err, ovsdb.ErrClosed) {
		t.Errorf("Next after the client's end: %v, want %v", err, ovsdb.ErrClosed)
	}
}
