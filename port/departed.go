// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"fmt"
	"sync"

	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// departed are the ports that were removed and that ovs-vswitchd may still have.
// One of the same name that is made before it has seen the removal is the old one
// to it: it keeps the device that it has open, which is no more.
type departed struct {
	mu sync.Mutex
	// since is the next_cfg at which ovs-vswitchd knows of each removal, by name.
	since map[string]int64
	// earlier is that of all removals before the manager was there.
	earlier int64
}

// newDeparted knows of nothing but that others may have removed ports before.
func newDeparted(db *vswitch.DB) *departed {
	d := &departed{since: make(map[string]int64)}
	if root := db.Root(); root != nil {
		d.earlier = root.NextCfg
	}
	return d
}

// add notes ports that were removed just now.
func (d *departed) add(db *vswitch.DB, names ...string) {
	root := db.Root()
	if root == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, since := range d.since {
		if since <= root.CurCfg {
			delete(d.since, name)
		}
	}
	for _, name := range names {
		d.since[name] = root.NextCfg
	}
}

func (d *departed) of(name string) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return max(d.earlier, d.since[name])
}

// letForget waits until ovs-vswitchd has no port of a name that was removed.
func (m *Manager) letForget(ctx context.Context, name string) error {
	since := m.departed.of(name)
	forgotten := func() (bool, error) {
		root := m.db.Root()
		// A next_cfg that has gone back is that of another database.
		return root != nil && (root.CurCfg >= since || root.NextCfg < since), nil
	}
	if done, _ := forgotten(); done {
		return nil
	}
	if err := m.step("let the switch forget"); err != nil {
		return err
	}
	if err := m.db.Wait(ctx, forgotten); err != nil {
		return fmt.Errorf("port %q, which was removed before: %w: %w", name, vswitch.ErrNotApplied, err)
	}
	return nil
}
