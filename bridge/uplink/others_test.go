// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package uplink_test

import (
	"errors"
	"testing"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/bridge/uplink"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/port"
)

// TestOthersLeaveUplinks has the managers of bridges and ports meet an uplink.
func TestOthersLeaveUplinks(t *testing.T) {
	t.Parallel()
	l := newLab(t, "standalone", plain)
	ctx := testContext(t)
	config := uplink.Config{Bridge: "br0", Device: node.Uplink, SwitchNetns: l.Host().Path()}
	if _, err := uplink.Adopt(ctx, l.db, config); err != nil {
		t.Fatal(err)
	}
	ports, err := port.Open(l.db, port.Options{SwitchNetns: l.Host().Path()})
	if err != nil {
		t.Fatal(err)
	}
	defer ports.Close()
	if err := ports.Detach(ctx, node.Uplink); !errors.Is(err, port.ErrForeign) {
		t.Errorf("Detach of an uplink: %v, want %v", err, port.ErrForeign)
	}
	if all, err := ports.List(); err != nil || len(all) > 0 {
		t.Errorf("List: got %v, %v, want no port and no error", all, err)
	}
	if found, err := ports.Collect(ctx, port.CollectOptions{}); err != nil || len(found) > 0 {
		t.Errorf("Collect: got %v, %v, want nothing and no error", found, err)
	}
	if err := bridge.Delete(ctx, l.db, "br0"); !errors.Is(err, bridge.ErrInUse) {
		t.Errorf("Delete of a bridge with an uplink: %v, want %v", err, bridge.ErrInUse)
	}
	if err := uplink.Release(ctx, l.db, node.Uplink); err != nil {
		t.Fatal(err)
	}
	if err := bridge.Delete(ctx, l.db, "br0"); err != nil {
		t.Error(err)
	}
}
