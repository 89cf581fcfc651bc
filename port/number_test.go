// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"errors"
	"testing"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/port"
)

// TestNumberIsTaken asks for the OpenFlow port number of another port, which keeps it.
func TestNumberIsTaken(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		withBridge(t, sw)
		m := manager(t, sw.DB)
		attach := func(name string, number uint32) (*port.Port, error) {
			return m.Attach(ctx, port.Config{Bridge: "br0", Name: name, Kind: port.Device, Type: sw.DeviceType, OFPort: number})
		}
		for _, name := range []string{"p1", "p2"} {
			sw.AddDevice(t, name)
		}
		first, err := attach("p1", 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := attach("p2", first.OFPort); !errors.Is(err, port.ErrExists) {
			t.Errorf("Attach with a number that is taken: %v, want %v", err, port.ErrExists)
		}
		if _, err := attach("p2", 77); err != nil {
			t.Fatal(err)
		}
		if _, err := attach("p2", first.OFPort); !errors.Is(err, port.ErrExists) {
			t.Errorf("Attach that changes the number to one that is taken: %v, want %v", err, port.ErrExists)
		}
		if _, err := bridge.Ensure(ctx, sw.DB, bridge.Config{Name: "br1", Datapath: sw.Datapath}); err != nil {
			t.Fatal(err)
		}
		patch := port.Config{
			Bridge: "br1", Name: "to-br0", Kind: port.Patch, OFPort: 77, Patch: &port.PatchConfig{Bridge: "br0", Name: "to-br1", OFPort: 77},
		}
		if _, err := m.Attach(ctx, patch); !errors.Is(err, port.ErrExists) {
			t.Errorf("Attach of a patch whose other number is taken: %v, want %v", err, port.ErrExists)
		}
		patch.Patch.OFPort = 78
		if p, err := m.Attach(ctx, patch); err != nil || p.OFPort != 77 {
			t.Errorf("Attach with a number that a port of another bridge has: %+v, %v", p, err)
		}
		for name, want := range map[string]uint32{"p1": first.OFPort, "p2": 77} {
			if p, err := m.Get(name); err != nil || p.OFPort != want {
				t.Errorf("port %q: %+v, %v; want the number %d", name, p, err, want)
			}
		}
	})
}
