// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package switchtest runs the same test on every kind of switch that needs
// neither privileges nor a network: a real Open vSwitch with dummy devices, and
// the fake.
package switchtest

import (
	"sync"
	"syscall"
	"testing"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/ovsproc/ovsproctest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// A Switch is a switch of one's own, without a bridge.
type Switch struct {
	// DB is a session with its database.
	DB *vswitch.DB
	// Endpoint is the database's endpoint.
	Endpoint string
	// Datapath is the type of datapath that bridges must have.
	Datapath string
	// DeviceType is the type of interface that devices have.
	DeviceType string
	// AddDevice makes a device that can be a port.
	AddDevice func(t testing.TB, name string)
	// Kill ends the switch, but not the database.
	Kill func(t testing.TB)
	// Hold stops the switch, but not the database, in its tracks; release, or
	// the end of the test, lets it go on.
	Hold func(t testing.TB) (release func())
	// Real is the real Open vSwitch; nil for the fake.
	Real *ovsproc.OVS
	// Fake is the fake; nil for the real one.
	Fake *fakeovs.OVS
}

// Each runs a test on a new switch of each kind.
func Each(t *testing.T, test func(t *testing.T, sw *Switch)) {
	t.Helper()
	for _, kind := range []struct {
		name string
		open func(testing.TB) *Switch
	}{{"sandbox", Sandbox}, {"fake", Fake}} {
		t.Run(kind.name, func(t *testing.T) { test(t, kind.open(t)) })
	}
}

// Sandbox starts a real Open vSwitch with dummy devices.
func Sandbox(t testing.TB) *Switch {
	t.Helper()
	ovs := ovsproctest.Start(t, ovsproc.Options{Dummy: true})
	return &Switch{
		DB:         Dial(t, ovs.DatabaseEndpoint()),
		Endpoint:   ovs.DatabaseEndpoint(),
		Datapath:   "dummy",
		DeviceType: "dummy",
		AddDevice:  func(testing.TB, string) {}, // the type makes it
		Kill: func(t testing.TB) {
			t.Helper()
			if err := ovs.KillSwitch(); err != nil {
				t.Fatal(err)
			}
		},
		Hold: func(t testing.TB) func() {
			t.Helper()
			return freezeSwitch(t, ovs)
		},
		Real: ovs,
	}
}

// Fake starts a fake Open vSwitch.
func Fake(t testing.TB) *Switch {
	t.Helper()
	ovs := fakeovs.New(t)
	return &Switch{
		DB:       Dial(t, ovs.DatabaseEndpoint()),
		Endpoint: ovs.DatabaseEndpoint(),
		Datapath: "netdev",
		AddDevice: func(t testing.TB, name string) {
			t.Helper()
			if _, err := ovs.AddDevice(name, nil); err != nil {
				t.Fatal(err)
			}
		},
		Kill: func(testing.TB) { ovs.KillSwitch() },
		Hold: func(t testing.TB) func() {
			release := ovs.Faults().HoldSwitch()
			t.Cleanup(release)
			return release
		},
		Fake: ovs,
	}
}

// Dial opens a database until the test ends.
func Dial(t testing.TB, endpoint string) *vswitch.DB {
	t.Helper()
	db, err := vswitch.Dial(t.Context(), ovsdb.Options{Endpoint: endpoint})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// freezeSwitch stops ovs-vswitchd.
func freezeSwitch(t testing.TB, ovs *ovsproc.OVS) (thaw func()) {
	t.Helper()
	pid := ovs.SwitchPID()
	if pid == 0 {
		t.Fatal("ovs-vswitchd does not run")
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	thaw = sync.OnceFunc(func() {
		if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(thaw)
	return thaw
}

// Freeze stops the database server of a real Open vSwitch in its tracks, as on a
// machine that is overloaded; thaw, or the end of the test, lets it go on.
func Freeze(t testing.TB, ovs *ovsproc.OVS) (thaw func()) {
	t.Helper()
	if err := ovs.FreezeDatabase(); err != nil {
		t.Fatal(err)
	}
	thaw = sync.OnceFunc(func() {
		if err := ovs.ThawDatabase(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(thaw)
	return thaw
}
