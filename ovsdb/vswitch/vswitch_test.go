// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitch_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// An empty database gets its row once, whoever comes first.
func TestDialEmptyDatabase(t *testing.T) {
	ovs := start(t, ovsproc.Options{NoSwitch: true})
	var group sync.WaitGroup
	for range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			db, err := vswitch.Dial(testContext(t), ovsdb.Options{Endpoint: ovs.DatabaseEndpoint()})
			if err != nil {
				t.Error(err)
				return
			}
			defer db.Close()
			if db.Root() == nil {
				t.Error("Root: got nil")
			}
		}()
	}
	group.Wait()
	if root := dial(t, ovs).Root(); root.NextCfg != 0 || len(root.Bridges) != 0 {
		t.Errorf("got row %+v, want an empty one", *root)
	}
}

func TestControllerIsCopiedAndWatched(t *testing.T) {
	db := dial(t, start(t, ovsproc.Options{}))
	br := addBridge(t, db, "br0")
	w := db.Watch(ovsdb.WatchOptions{})
	defer w.Close()
	results := apply(t, db,
		ovsdb.Insert(vswitch.TableController, &vswitch.Controller{Target: "ptcp:0:127.0.0.1"}).Named("c"),
		ovsdb.Update(vswitch.TableBridge, ovsdb.Row{"controller": "c"}, ovsdb.ByUUID(br.UUID)))
	uuid := results[0].UUID
	if c, ok := db.ControllerByUUID(uuid); !ok || c.Target != "ptcp:0:127.0.0.1" {
		t.Errorf("ControllerByUUID: got %+v, %t", c, ok)
	}
	for {
		delta, err := w.Next(testContext(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range delta.Events {
			if e.UUID != uuid {
				continue
			}
			if c, ok := e.New.(*vswitch.Controller); !ok || c.Target != "ptcp:0:127.0.0.1" {
				t.Errorf("event of the controller: got %+v", e)
			}
			return
		}
	}
}

func TestBridgeAndPorts(t *testing.T) {
	db := dial(t, start(t, ovsproc.Options{}))
	br := addBridge(t, db, "br0")
	if br.DatapathID == nil || br.DatapathType != "dummy" || *br.FailMode != "secure" {
		t.Errorf("bridge applied: got %+v, want a datapath id and what was asked for", *br)
	}
	local, err := db.WaitInterface(testContext(t), "br0")
	if err != nil || *local.OFPort != 65534 {
		t.Fatalf("local port: got %+v, %v; want ofport 65534", local, err)
	}
	root := db.Root()
	if root.CurCfg != 1 || root.NextCfg != 1 || cmp.Diff([]string{br.UUID}, root.Bridges) != "" {
		t.Errorf("root: got cur_cfg %d, next_cfg %d, bridges %q; want 1, 1, %q", root.CurCfg, root.NextCfg, root.Bridges, br.UUID)
	}

	seen := map[int64]string{}
	for i := range 5 {
		name := fmt.Sprintf("p%d", i)
		results := apply(t, db, portOps(br, name, "dummy")...)
		row, err := db.WaitInterface(testContext(t), name)
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[*row.OFPort]; ok || *row.OFPort < 1 {
			t.Errorf("interface %q: got ofport %d, which is no port's or that of %q", name, *row.OFPort, other)
		}
		seen[*row.OFPort] = name
		if len(results) != 3 || results[0].UUID != row.UUID {
			t.Errorf("results: got %+v, want three, the first with UUID %s", results, row.UUID)
		}
		if b, ok := db.PortBridge(name); !ok || b.Name != "br0" {
			t.Errorf("PortBridge(%q): got %+v, %t; want br0", name, b, ok)
		}
	}
	var names []string
	for _, p := range db.Ports() {
		names = append(names, p.Name)
		if byUUID, ok := db.PortByUUID(p.UUID); !ok || byUUID != p {
			t.Errorf("PortByUUID(%s): got %p, want %p", p.UUID, byUUID, p)
		}
		if i, ok := db.InterfaceByUUID(p.Interfaces[0]); !ok || i.Name != p.Name {
			t.Errorf("InterfaceByUUID(%s): got %+v, want %q", p.Interfaces[0], i, p.Name)
		}
	}
	if diff := cmp.Diff([]string{"br0", "p0", "p1", "p2", "p3", "p4"}, names); diff != "" {
		t.Errorf("ports (-want +got):\n%s", diff)
	}

	port, _ := db.Port("p3")
	apply(t, db, vswitch.RemovePorts(br.UUID, port.UUID))
	if _, ok := db.Port("p3"); ok || len(db.Interfaces()) != 5 {
		t.Errorf("port p3 removed: got %t and %d interfaces, want none of it and 5", ok, len(db.Interfaces()))
	}
	if b, ok := db.PortBridge("p3"); ok {
		t.Errorf("PortBridge of a removed port: got %+v", b)
	}
	apply(t, db, vswitch.RemoveBridges(br.UUID))
	if n := len(db.Bridges()) + len(db.Ports()) + len(db.Interfaces()); n != 0 {
		t.Errorf("bridge removed: %d rows are left", n)
	}
}

func TestInterfaceError(t *testing.T) {
	db := dial(t, start(t, ovsproc.Options{}))
	br := addBridge(t, db, "br0")
	apply(t, db, portOps(br, "nowhere", "system")...)
	_, err := db.WaitInterface(testContext(t), "nowhere")
	var failed *vswitch.InterfaceError
	if !errors.As(err, &failed) || failed.Name != "nowhere" || failed.Text == "" {
		t.Fatalf("got error %#v, want an *InterfaceError of nowhere with a text", err)
	}

	// One of the same name that works takes the place of the failed one: the
	// old error does not count any more.
	port, _ := db.Port("nowhere")
	apply(t, db, append(portOps(br, "nowhere", "dummy"), vswitch.RemovePorts(br.UUID, port.UUID))...)
	row, err := db.WaitInterface(testContext(t), "nowhere")
	if err != nil || *row.OFPort < 1 {
		t.Errorf("replaced: got %+v, %v; want an ofport", row, err)
	}

	// And the other way round: the old ofport does not count either.
	port, _ = db.Port("nowhere")
	apply(t, db, append(portOps(br, "nowhere", "system"), vswitch.RemovePorts(br.UUID, port.UUID))...)
	if _, err := db.WaitInterface(testContext(t), "nowhere"); !errors.As(err, &failed) {
		t.Errorf("replaced by a bad one: got error %v, want an *InterfaceError", err)
	}
}

// An ofport of -1 is a failure even before, or without, a text.
func TestInterfaceErrorWithoutText(t *testing.T) {
	db := dial(t, start(t, ovsproc.Options{NoSwitch: true}))
	if _, err := db.Commit(testContext(t), bridgeOps("br0")...); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Commit(testContext(t), ovsdb.Update(vswitch.TableInterface, ovsdb.Row{"ofport": -1})); err != nil {
		t.Fatal(err)
	}
	_, err := db.WaitInterface(testContext(t), "br0")
	if want := `interface "br0": ovs-vswitchd could not make it`; err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}

// An interface that is waited for before it exists, and before the switch runs.
func TestWaitInterfaceBeforehand(t *testing.T) {
	ovs := start(t, ovsproc.Options{NoSwitch: true})
	db := dial(t, ovs)
	ended := make(chan error)
	go func() {
		row, err := db.WaitInterface(testContext(t), "br0")
		if err == nil && *row.OFPort != 65534 {
			err = fmt.Errorf("got ofport %d, want 65534", *row.OFPort)
		}
		ended <- err
	}()
	if _, err := db.Commit(testContext(t), bridgeOps("br0")...); err != nil {
		t.Fatal(err)
	}
	if err := ovs.StartSwitch(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Without ovs-vswitchd a change is made and said not to be applied.
func TestApplyWithoutSwitch(t *testing.T) {
	ovs := start(t, ovsproc.Options{})
	db := dial(t, ovs)
	if err := ovs.KillSwitch(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(testContext(t), 50*time.Millisecond)
	defer cancel()
	results, err := db.Apply(ctx, bridgeOps("br0")...)
	if !errors.Is(err, vswitch.ErrNotApplied) || !errors.Is(err, context.DeadlineExceeded) || len(results) != 4 {
		t.Errorf("got %d results, error %v; want 4 and %v", len(results), err, vswitch.ErrNotApplied)
	}
	if _, ok := db.Bridge("br0"); !ok {
		t.Error("the change is not in the database")
	}
	_, err = db.WaitInterface(ctx, "br0")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("WaitInterface: got error %v, want %v", err, context.DeadlineExceeded)
	}
	_, err = db.WaitInterface(ctx, "br1")
	if want := `interface "br1": not in the database: wait for a change of the database: context deadline exceeded`; err == nil || err.Error() != want {
		t.Errorf("WaitInterface: got error %v, want %s", err, want)
	}

	// A refused change has no other effect.
	before := db.Root().NextCfg
	if _, err := db.Apply(testContext(t), bridgeOps("br0")...); !errors.Is(err, ovsdb.ErrConstraintViolation) {
		t.Errorf("second bridge br0: got error %v, want %v", err, ovsdb.ErrConstraintViolation)
	}
	if after := db.Root().NextCfg; after != before {
		t.Errorf("refused change: next_cfg went from %d to %d", before, after)
	}

	// The switch comes back and takes it.
	if err := ovs.StartSwitch(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := db.WaitInterface(testContext(t), "br0"); err != nil {
		t.Error(err)
	}
	apply(t, db)
}

// applying begins to add a bridge while there is no ovs-vswitchd, and returns
// when that is in the database. How it ends comes from the channel.
func applying(t *testing.T, ovs *ovsproc.OVS, db *vswitch.DB, bridge string) <-chan error {
	t.Helper()
	if err := ovs.KillSwitch(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := db.Apply(testContext(t), bridgeOps(bridge)...)
		ended <- err
	}()
	err := db.Wait(testContext(t), func() (bool, error) {
		_, ok := db.Bridge(bridge)
		return ok, nil
	})
	if err == nil {
		err = db.Client().Echo(testContext(t)) // the answer to the transaction came before
	}
	if err != nil {
		t.Fatal(err)
	}
	return ended
}

// A server that goes away in the middle of waiting, and comes back, changes
// nothing.
func TestServerComesBack(t *testing.T) {
	ovs := start(t, ovsproc.Options{})
	db := dial(t, ovs)
	ended := applying(t, ovs, db, "br0")
	if err := ovs.KillDatabase(); err != nil {
		t.Fatal(err)
	}
	if err := ovs.StartDatabase(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if err := ovs.StartSwitch(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("Apply: %v", err)
	}
	apply(t, db, bridgeOps("br1")...)
}

// A server that comes back with an older database has lost the change.
func TestServerComesBackOlder(t *testing.T) {
	ovs := start(t, ovsproc.Options{})
	db := dial(t, ovs)
	saved, err := ovs.SaveDatabase()
	if err != nil {
		t.Fatal(err)
	}
	ended := applying(t, ovs, db, "br0")
	if err := ovs.KillDatabase(); err != nil {
		t.Fatal(err)
	}
	if err := ovs.RestoreDatabase(saved); err != nil {
		t.Fatal(err)
	}
	if err := ovs.StartDatabase(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, vswitch.ErrRevoked) || !errors.Is(err, vswitch.ErrNotApplied) {
		t.Errorf("Apply: got error %v, want %v and %v", err, vswitch.ErrNotApplied, vswitch.ErrRevoked)
	}
	if _, ok := db.Bridge("br0"); ok {
		t.Error("bridge br0 is still in the copy")
	}
}

// A DB that is closed in the middle of waiting ends that.
func TestCloseWhileApplying(t *testing.T) {
	ovs := start(t, ovsproc.Options{})
	db := dial(t, ovs)
	ended := applying(t, ovs, db, "br0")
	db.Close()
	if err := <-ended; !errors.Is(err, vswitch.ErrNotApplied) || !errors.Is(err, ovsdb.ErrClosed) {
		t.Errorf("Apply: got error %v, want %v and %v", err, vswitch.ErrNotApplied, ovsdb.ErrClosed)
	}
	<-db.Done()
	if err := db.Err(); !errors.Is(err, ovsdb.ErrClosed) {
		t.Errorf("Err: got %v, want %v", err, ovsdb.ErrClosed)
	}
	if _, err := db.Commit(testContext(t)); !errors.Is(err, ovsdb.ErrClosed) {
		t.Errorf("Commit: got error %v, want %v", err, ovsdb.ErrClosed)
	}
	if _, ok := db.Bridge("br0"); !ok {
		t.Error("the copy is gone with the client")
	}
}

func TestDialNothing(t *testing.T) {
	if db, err := vswitch.Dial(testContext(t), ovsdb.Options{Endpoint: "unix:/nonexistent/db.sock"}); err == nil {
		db.Close()
		t.Error("got no error")
	}
}

// BenchmarkPort adds a port, learns its number and removes it.
func BenchmarkPort(b *testing.B) {
	db := dial(b, start(b, ovsproc.Options{}))
	br := addBridge(b, db, "br0")
	b.ReportAllocs()
	for b.Loop() {
		apply(b, db, portOps(br, "p1", "dummy")...)
		if _, err := db.WaitInterface(context.Background(), "p1"); err != nil {
			b.Fatal(err)
		}
		port, _ := db.Port("p1")
		apply(b, db, vswitch.RemovePorts(br.UUID, port.UUID))
	}
}
