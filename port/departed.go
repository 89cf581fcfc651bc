// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// departed are the interfaces that were removed, by whomever, and that ovs-vswitchd
// may still have. One of the same name that is made before it has seen the removal is
// the old one to it: it keeps the device that it has open, which is no more. Nothing
// in the database tells that: Interface.ifindex is then that of the new device.
type departed struct {
	db *vswitch.DB

	mu    sync.Mutex
	watch *ovsdb.Watch
	// nextCfg is that of the database after the updates that were taken so far.
	nextCfg int64
	// last is the last removal of each name that ovs-vswitchd may not know of.
	last map[string]departure
	// count is how many removals there were so far.
	count uint64
	// earlier is the next_cfg that covers all removals that the manager was not told of.
	earlier int64
	// wanted are the names that are being attached, and how many times: what became of
	// them is not forgotten meanwhile.
	wanted map[string]int
}

// A departure is the removal of an interface.
type departure struct {
	uuid   string // of its row
	number uint64 // among all removals
	// since is the next_cfg at which ovs-vswitchd knows of it, unless it was not told.
	since  int64
	untold bool
}

// maxUpdates is how many changes of rows are kept between two looks at them.
const maxUpdates = 256

func newDeparted(db *vswitch.DB) *departed {
	d := &departed{
		db: db, watch: db.Watch(ovsdb.WatchOptions{Limit: maxUpdates}), last: map[string]departure{}, wanted: map[string]int{},
	}
	d.look() // from here on
	return d
}

func (d *departed) close() { d.watch.Close() }

// want has removals of names kept until they are not wanted any longer.
func (d *departed) want(names []string) (end func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, name := range names {
		d.wanted[name]++
	}
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		for _, name := range names {
			if d.wanted[name]--; d.wanted[name] == 0 {
				delete(d.wanted, name)
			}
		}
	}
}

// look takes the updates that have come, and forgets of what ovs-vswitchd knows. The
// caller holds the lock.
func (d *departed) look() {
	atOnce, cancel := context.WithCancel(context.Background())
	cancel()
	for {
		delta, err := d.watch.Next(atOnce)
		if err != nil {
			break
		}
		d.take(delta)
	}
	root := d.db.Root()
	if root == nil {
		return
	}
	for name, gone := range d.last {
		if d.wanted[name] == 0 && !gone.untold && gone.since <= root.CurCfg {
			delete(d.last, name)
		}
	}
}

// take notes the removals of an update.
func (d *departed) take(delta ovsdb.Delta) {
	before := d.nextCfg
	var removed []*vswitch.Interface
	for _, e := range delta.Events {
		switch e.Table {
		case vswitch.TableOpenVSwitch:
			if root, ok := e.New.(*vswitch.OpenVSwitch); ok && root != nil {
				d.nextCfg = root.NextCfg
			}
		case vswitch.TableInterface:
			if old, ok := e.Old.(*vswitch.Interface); ok && old != nil && e.New == nil {
				removed = append(removed, old)
			}
		}
	}
	if delta.Snapshot {
		d.earlier = d.nextCfg
		return
	}
	for _, iface := range removed {
		d.count++
		// Whoever tells ovs-vswitchd does so in the same transaction.
		told := d.nextCfg == before+1
		d.last[iface.Name] = departure{uuid: iface.UUID, number: d.count, since: d.nextCfg, untold: !told}
	}
}

// of says since when ovs-vswitchd has no interface of these names any longer, whether
// it is still to be told, and how many removals of whatever name were counted.
func (d *departed) of(names []string) (since int64, untold bool, count uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.look()
	since = d.earlier
	for _, name := range names {
		since = max(since, d.last[name].since)
		untold = untold || d.last[name].untold
	}
	return since, untold, d.count
}

// told notes that ovs-vswitchd knows of what was removed.
func (d *departed) told(names []string, count uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, name := range names {
		if gone, ok := d.last[name]; ok && gone.number <= count {
			gone.untold = false
			d.last[name] = gone
		}
	}
}

// again reports whether a wanted name was removed after the count, other than with one
// of the rows given.
func (d *departed) again(names []string, count uint64, rows []string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.look()
	return slices.ContainsFunc(names, func(name string) bool {
		gone, ok := d.last[name]
		return ok && gone.number > count && !slices.Contains(rows, gone.uuid)
	})
}

// letForget waits until ovs-vswitchd has no interface of names that were removed. It
// returns how many removals were counted.
func (m *Manager) letForget(ctx context.Context, names ...string) (count uint64, err error) {
	since, untold, count := m.departed.of(names)
	forgotten := func() (bool, error) {
		root := m.db.Root()
		// A next_cfg that has gone back is that of another database.
		return root != nil && (root.CurCfg >= since || root.NextCfg < since), nil
	}
	if done, _ := forgotten(); done && !untold {
		return count, nil
	}
	if err := m.step("let the switch forget"); err != nil {
		return 0, err
	}
	if untold {
		if _, err = m.db.Apply(ctx); err == nil {
			m.departed.told(names, count)
		}
	} else if err = m.db.Wait(ctx, forgotten); err != nil {
		err = fmt.Errorf("%w: %w", vswitch.ErrNotApplied, err)
	}
	if err != nil {
		return 0, fmt.Errorf("ports %q, one of which was removed before: %w", names, err)
	}
	return count, nil
}
