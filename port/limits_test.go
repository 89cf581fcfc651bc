// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
)

// TestDerivedNameIsTaken has two interfaces of different namespaces whose ports get the
// same name.
func TestDerivedNameIsTaken(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Secure)
	c, web := l.config(t, "web", "10.0.0.2/24")
	c.Name = ""
	first := l.attach(t, c)
	other, db := l.config(t, "db", "10.0.0.3/24")
	other.Name = first.Name
	_, err := l.ports.Attach(testContext(t), other)
	if !errors.Is(err, port.ErrExists) || !strings.Contains(err.Error(), web.Path()) || !strings.Contains(err.Error(), db.Path()) {
		t.Errorf("Attach: %v, want %v and both namespaces", err, port.ErrExists)
	}
	if got, want := links(t, db), []string{"lo"}; !slices.Equal(got, want) {
		t.Errorf("devices in the other namespace = %v, want %v", got, want)
	}
	if found, err := l.ports.Check(testContext(t), first.Name); err != nil || len(found) > 0 {
		t.Errorf("the first port: %v, %v", found, err)
	}
}

func TestLongestNames(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Standalone)
	c, web := l.config(t, "web", "10.0.0.2/24")
	c.Name, c.Ifname = "fifteen-bytes-x", "interface-15-by"
	l.attach(t, c)
	l.endpoint(t, "db", "10.0.0.3/24")
	if err := ping(t, web, "10.0.0.3", "5"); err != nil {
		t.Errorf("ping: %v", err)
	}
	l.detach(t, c.Name)
}

// TestFrozenSwitch has ovs-vswitchd not answer: the deadline is kept, with the reason.
func TestFrozenSwitch(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Secure)
	c, web := l.config(t, "web", "10.0.0.2/24")
	hostLinks := links(t, l.Host())
	thaw := l.freezeSwitch(t)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := l.ports.Attach(ctx, c)
	if !errors.Is(err, vswitch.ErrNotApplied) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), `"web"`) {
		t.Errorf("Attach: %v, want %v and %v with the name", err, vswitch.ErrNotApplied, context.DeadlineExceeded)
	}
	l.expectUntouched(t, hostLinks)
	if got, want := links(t, web), []string{"lo"}; !slices.Equal(got, want) {
		t.Errorf("devices in the namespace = %v, want %v", got, want)
	}
	thaw()
	l.attach(t, c)
}

// TestBadNamesAndSysctls are refused before anything is made.
func TestBadNamesAndSysctls(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Secure)
	c, _ := l.config(t, "web", "10.0.0.2/24")
	hook := func(step string) error { return fmt.Errorf("step %q was taken", step) }
	m := l.manager(t, port.Options{})
	m.Hook(hook)
	for _, tt := range []struct {
		change func(c *port.Config)
		want   string
	}{
		{func(c *port.Config) { c.Ifname = "eth%d" }, `interface name "eth%d"`},
		{func(c *port.Config) { c.Name = "all" }, `name "all"`},
		{func(c *port.Config) { c.Name = "default" }, `name "default"`},
		{func(c *port.Config) { c.Sysctls = map[string]string{"kernel.hostname": "x"} }, `sysctl "kernel.hostname"`},
		{func(c *port.Config) { c.Sysctls = map[string]string{"net/../kernel/hostname": "x"} }, `sysctl "net/../kernel/hostname"`},
		{func(c *port.Config) { c.Sysctls = map[string]string{"net.ipv4..forwarding": "1"} }, `sysctl "net.ipv4..forwarding"`},
		{func(c *port.Config) { c.Sysctls = map[string]string{"": "1"} }, `sysctl ""`},
	} {
		config := c
		tt.change(&config)
		_, err := m.Attach(testContext(t), config)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "was taken") {
			t.Errorf("Attach: %v, want an error of %s", err, tt.want)
		}
	}
}

// TestTwoProgramsLoseNone has two programs attach different ports into namespaces at
// once.
func TestTwoProgramsLoseNone(t *testing.T) {
	t.Parallel()
	const each = 20
	l := newLab(t, bridge.Secure)
	_, web := l.config(t, "web", "10.0.0.2/24")
	second, err := port.Open(switchtest.Dial(t, l.OVS().DatabaseEndpoint()),
		port.Options{Owner: "second", SwitchNetns: l.Host().Path()})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	done := make(chan error, 2*each)
	for i, m := range []*port.Manager{l.ports, second} {
		for j := range each {
			name := fmt.Sprintf("p%d-%d", i, j)
			go func() {
				_, err := m.Attach(testContext(t), port.Config{Bridge: "br0", Name: name, Netns: web.Path(), Ifname: "e" + name})
				done <- err
			}()
		}
	}
	for range 2 * each {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if err := l.db.Client().Echo(testContext(t)); err != nil {
		t.Fatal(err)
	}
	for i, m := range []*port.Manager{l.ports, second} {
		list, err := m.List()
		if err != nil || len(list) != each {
			t.Errorf("manager %d has %d ports, want %d: %v", i, len(list), each, err)
		}
	}
	if got, want := len(links(t, web)), 2*each+1; got != want {
		t.Errorf("%d devices in the namespace, want %d", got, want)
	}
}

// TestLock has one program hold a lock of the database while another waits for it, and
// one whose lock is stolen.
func TestLock(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		withBridge(t, sw)
		for _, name := range []string{"p1", "p2", "p3"} {
			sw.AddDevice(t, name)
		}
		attach := func(m *port.Manager, name string) error {
			_, err := m.Attach(ctx, port.Config{Bridge: "br0", Name: name, Kind: port.Device, Type: sw.DeviceType})
			return err
		}
		const lock = "ports"
		first, err := sw.DB.Client().Lock(ctx, lock)
		if err != nil {
			t.Fatal(err)
		}
		otherDB := switchtest.Dial(t, sw.Endpoint)
		other := manager(t, otherDB)
		if _, err := otherDB.Client().TryLock(ctx, lock); !errors.Is(err, ovsdb.ErrLockHeld) {
			t.Fatalf("TryLock: %v, want %v", err, ovsdb.ErrLockHeld)
		}
		works := make(chan error, 1)
		go func() {
			_, err := otherDB.Client().Lock(ctx, lock)
			if _, there := otherDB.Port("p1"); err == nil && !there {
				err = errors.New("the lock was there before the first program had made its port")
			}
			if err == nil {
				err = attach(other, "p2")
			}
			works <- err
		}()
		if err := attach(manager(t, sw.DB), "p1"); err != nil {
			t.Fatal(err)
		}
		if err := first.Unlock(ctx); err != nil {
			t.Fatal(err)
		}
		if err := <-works; err != nil {
			t.Fatal(err)
		}
		if _, err := sw.DB.Client().Steal(ctx, lock); err != nil {
			t.Fatal(err)
		}
		if err := attach(other, "p3"); !errors.As(err, new(*ovsdb.LockLostError)) {
			t.Errorf("Attach after the lock was stolen: %v, want a LockLostError", err)
		}
		if _, there := sw.DB.Port("p3"); there {
			t.Error("the port was made without the lock")
		}
	})
}
