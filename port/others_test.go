// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
)

func TestOwnPortIsNotDetached(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		withBridge(t, sw)
		if err := manager(t, sw.DB).Detach(testContext(t), "br0"); !errors.Is(err, port.ErrOwnPort) {
			t.Errorf("Detach of the bridge's own port: %v, want %v", err, port.ErrOwnPort)
		}
		if _, ok := sw.DB.Port("br0"); !ok {
			t.Error("the bridge has lost its own port")
		}
	})
}

func TestGetFails(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		withBridge(t, sw)
		if _, err := manager(t, sw.DB).Get("p1"); !errors.Is(err, port.ErrNotFound) || !strings.Contains(err.Error(), `"p1"`) {
			t.Errorf("Get of no port: %v, want %v with the name", err, port.ErrNotFound)
		}
		add := []ovsdb.Operation{
			ovsdb.Insert(vswitch.TableInterface, &vswitch.Interface{Name: "nodevice"}).Named("i"),
			ovsdb.Insert(vswitch.TablePort, &vswitch.Port{Name: "nodevice", Interfaces: []string{"i"}}).Named("p"),
		}
		br, _ := sw.DB.Bridge("br0")
		if _, err := sw.DB.Apply(ctx, append(add, vswitch.AddPorts(br.UUID, "p"))...); err != nil {
			t.Fatal(err)
		}
		var failed *vswitch.InterfaceError
		if _, err := manager(t, sw.DB).Get("nodevice"); !errors.As(err, &failed) || !strings.Contains(err.Error(), "No such device") {
			t.Errorf("Get of a port without device: %v, want an InterfaceError that says why", err)
		}
		detach(t, manager(t, sw.DB), "nodevice")
		sw.Kill(t)
		if _, err := sw.DB.Commit(ctx, append(add, vswitch.AddPorts(br.UUID, "p"))...); err != nil {
			t.Fatal(err)
		}
		if _, err := manager(t, sw.DB).Get("nodevice"); !errors.Is(err, vswitch.ErrNotApplied) {
			t.Errorf("Get of a port that is not made yet: %v, want %v", err, vswitch.ErrNotApplied)
		}
	})
}

// TestRemovedMeanwhile has somebody remove the port before the switch answers.
func TestRemovedMeanwhile(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		withBridge(t, sw)
		sw.AddDevice(t, "p1")
		sw.Kill(t)
		other := switchtest.Dial(t, sw.Endpoint)
		done := make(chan error, 1)
		go func() {
			_, err := manager(t, sw.DB).Attach(ctx, port.Config{Bridge: "br0", Name: "p1", Kind: port.Device, Type: sw.DeviceType})
			done <- err
		}()
		if err := other.Wait(ctx, func() (bool, error) { _, ok := other.Port("p1"); return ok, nil }); err != nil {
			t.Fatal(err)
		}
		detach(t, manager(t, other), "p1")
		// In place of the switch, which has nothing to do.
		_, err := other.Client().Transact(ctx, ovsdb.Update(vswitch.TableOpenVSwitch, ovsdb.Row{"cur_cfg": other.Root().NextCfg + 1}))
		if err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-done:
			if err == nil || !strings.Contains(err.Error(), "removed meanwhile") {
				t.Errorf("Attach: %v, want that the port was removed meanwhile", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("Attach still waits for a port that was removed")
		}
	})
}

func TestConcurrentAttachOfOneName(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		withBridge(t, sw)
		sessions := []*vswitch.DB{sw.DB, switchtest.Dial(t, sw.Endpoint), switchtest.Dial(t, sw.Endpoint)}
		var managers []*port.Manager
		for _, db := range sessions {
			managers = append(managers, manager(t, db))
		}
		for i := range 10 {
			name := fmt.Sprintf("p%d", i)
			sw.AddDevice(t, name)
			attachTogether(ctx, t, managers, port.Config{Bridge: "br0", Name: name, Kind: port.Device, Type: sw.DeviceType})
		}
	})
}

// attachTogether attaches the same port by all managers at once. All must be given
// the same one.
func attachTogether(ctx context.Context, t *testing.T, managers []*port.Manager, c port.Config) {
	t.Helper()
	var wg sync.WaitGroup
	ports, errs := make([]*port.Port, len(managers)), make([]error, len(managers))
	for i, m := range managers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			ports[i], errs[i] = m.Attach(ctx, c)
		}()
	}
	wg.Wait()
	for i, err := range errs {
		switch {
		case err != nil:
			t.Errorf("Attach of a port that is attached at the same moment: %v", err)
		case errs[0] == nil && ports[i].OFPort != ports[0].OFPort:
			t.Errorf("port %q has the numbers %d and %d", c.Name, ports[i].OFPort, ports[0].OFPort)
		}
	}
}
