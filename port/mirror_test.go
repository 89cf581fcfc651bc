// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
)

// TestMirrorFails names bridges, ports and mirrors that are not there or not ours.
func TestMirrorFails(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		withBridge(t, sw)
		if _, err := bridge.Ensure(ctx, sw.DB, bridge.Config{Name: "br1", Datapath: sw.Datapath}); err != nil {
			t.Fatal(err)
		}
		m := manager(t, sw.DB)
		for name, br := range map[string]string{"p0": "br0", "p1": "br1"} {
			sw.AddDevice(t, name)
			if _, err := m.Attach(ctx, port.Config{Bridge: br, Name: name, Kind: port.Device, Type: sw.DeviceType}); err != nil {
				t.Fatal(err)
			}
		}
		for _, test := range []struct {
			c    port.Mirror
			is   error
			want string
		}{
			{port.Mirror{Bridge: "br2", Name: "m", OutputPort: "p0"}, port.ErrNotFound, `bridge "br2"`},
			{port.Mirror{Bridge: "br0", Name: "m", OutputPort: "p9"}, port.ErrNotFound, `port "p9"`},
			{port.Mirror{Bridge: "br0", Name: "m", OutputPort: "p1"}, port.ErrNotFound, `port "p1"`},
			{port.Mirror{Bridge: "br0", Name: "m", From: []string{"br0", "p1"}, OutputPort: "p0"}, port.ErrNotFound, `port "p1"`},
			{port.Mirror{Bridge: "br0", Name: "m", To: []string{"p9"}, OutputVLAN: 9}, port.ErrNotFound, `port "p9"`},
			{port.Mirror{Bridge: "br0", OutputVLAN: 9}, nil, "name is empty"},
			{port.Mirror{Bridge: "br0", Name: "m"}, nil, "either a port or a VLAN"},
			{port.Mirror{Bridge: "br0", Name: "m", From: []string{"p0"}, OutputPort: "p0"}, nil, "to itself"},
			{port.Mirror{Bridge: "br0", Name: "m", VLANs: []uint16{4096}, OutputPort: "p0"}, nil, "VLAN 4096"},
			{port.Mirror{Bridge: "br0", Name: "m", OutputPort: "p0", SnapLen: 13}, nil, "13 bytes"},
		} {
			err := m.SetMirror(ctx, test.c)
			if err == nil || test.is != nil && !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("SetMirror %+v: %v, want %v with %s", test.c, err, test.is, test.want)
			}
		}
		results, err := sw.DB.Client().Transact(ctx, ovsdb.Select(vswitch.TableMirror, nil))
		if err != nil || len(results[0].Rows) > 0 {
			t.Errorf("%d mirrors are there, want none: %v", len(results[0].Rows), err)
		}
		if err := m.RemoveMirror(ctx, "br0", "m"); !errors.Is(err, port.ErrNotFound) {
			t.Errorf("RemoveMirror of none: %v, want %v", err, port.ErrNotFound)
		}
		if err := m.SetMirror(ctx, port.Mirror{Bridge: "br0", Name: "m", From: []string{"br0"}, OutputPort: "p0"}); err != nil {
			t.Fatal(err)
		}
		other, err := port.Open(sw.DB, port.Options{Owner: "other"})
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		if err := other.SetMirror(ctx, port.Mirror{Bridge: "br0", Name: "m", OutputVLAN: 9}); !errors.Is(err, port.ErrExists) {
			t.Errorf("SetMirror of another owner's: %v, want %v", err, port.ErrExists)
		}
		if err := other.RemoveMirror(ctx, "br0", "m"); !errors.Is(err, port.ErrForeign) {
			t.Errorf("RemoveMirror of another owner's: %v, want %v", err, port.ErrForeign)
		}
		if err := m.RemoveMirror(ctx, "br0", "m"); err != nil {
			t.Error(err)
		}
	})
}
