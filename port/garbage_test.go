// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
)

// TestGarbledRecords has ports whose marks say that they are ours and that no manager
// has written: all of them are told of, and no good one is lost from sight.
func TestGarbledRecords(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		withBridge(t, sw)
		m := manager(t, sw.DB)
		sw.AddDevice(t, "good")
		if _, err := m.Attach(ctx, port.Config{Bridge: "br0", Name: "good", Kind: port.Device, Type: sw.DeviceType}); err != nil {
			t.Fatal(err)
		}
		br, _ := sw.DB.Bridge("br0")
		records := []map[string]string{
			{mark.Kind: "device", mark.Config: "{broken"},
			{mark.Kind: "device", mark.Config: `"text"`},
			{mark.Kind: "rope", mark.Config: "{}"},
			{mark.Config: "{}"},
			{mark.Kind: "patch", mark.Config: "{}"},
			{mark.Kind: "tunnel", mark.Config: "{}"},
			{mark.Kind: "device", mark.Config: `{"tunnel":{}}`},
			{mark.Kind: "device", mark.Config: `{"patch":null,"tunnel":{"type":"vxlan"}}`},
			{mark.Kind: "device", mark.Config: "{}", mark.AttachedMAC: "zz"},
			{mark.Kind: "device", mark.Config: `{"addrs":["::/200"]}`},
		}
		for i, ids := range records {
			name := fmt.Sprintf("g%d", i)
			sw.AddDevice(t, name)
			ids[mark.Owner] = mark.DefaultOwner
			if _, err := sw.DB.Apply(ctx,
				ovsdb.Insert(vswitch.TableInterface, &vswitch.Interface{Name: name, Type: sw.DeviceType, ExternalIDs: ids}).Named("i"),
				ovsdb.Insert(vswitch.TablePort, &vswitch.Port{Name: name, Interfaces: []string{"i"}}).Named("p"),
				vswitch.AddPorts(br.UUID, "p")); err != nil {
				t.Fatal(err)
			}
			c := port.Config{Bridge: "br0", Name: name, Kind: port.Device, Type: sw.DeviceType}
			_, attachErr := m.Attach(ctx, c)
			_, getErr := m.Get(name)
			_, checkErr := m.Check(ctx, name)
			for what, err := range map[string]error{
				"Attach": attachErr, "Get": getErr, "Check": checkErr, "Detach": m.Detach(ctx, name),
			} {
				if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "external_ids:") {
					t.Errorf("%s of a port with %q: %v, want an error with its name and the key", what, ids, err)
				}
			}
			_, collectErr := m.Collect(ctx, port.CollectOptions{})
			list, listErr := m.List()
			if len(list) != 1 || list[0].Name != "good" {
				t.Errorf("List: %v, want the good port", list)
			}
			for what, err := range map[string]error{"Collect": collectErr, "List": listErr} {
				if err == nil || !strings.Contains(err.Error(), name) {
					t.Errorf("%s with a port with %q: %v, want an error with its name", what, ids, err)
				}
			}
		}
	})
}

// TestMarksAreNotTheCallers has a caller set the marks that tell what is whose: a later
// Attach without them would take them away.
func TestMarksAreNotTheCallers(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		withBridge(t, sw)
		sw.AddDevice(t, "p1")
		m := manager(t, sw.DB)
		for _, key := range []string{
			mark.Owner, mark.Config, mark.Kind, mark.Attaching, mark.Leaving, mark.Dead, mark.IPSettings, "ovskit-tomorrow",
			mark.AttachedMAC, mark.ContainerID, mark.ContainerIface,
		} {
			_, err := m.Attach(ctx, port.Config{
				Bridge: "br0", Name: "p1", Kind: port.Device, Type: sw.DeviceType, ExternalIDs: map[string]string{key: "x"},
			})
			if err == nil || !strings.Contains(err.Error(), key) {
				t.Errorf("Attach with external_ids:%s: %v, want an error with the key", key, err)
			}
		}
		if _, err := m.Get("p1"); !errors.Is(err, port.ErrNotFound) {
			t.Errorf("Get: %v, want %v", err, port.ErrNotFound)
		}
	})
}
