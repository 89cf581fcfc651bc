// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"cmp"
	"fmt"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// Options are the options of a [Manager]. The zero value is good.
type Options struct {
	// Owner is recorded in external_ids of all rows, as ovskit-owner;
	// "ovskit" by default. A manager changes and removes only ports of its
	// own owner.
	Owner string
	// SwitchNetns is the network namespace that the switch runs in, as in
	// [Config].Netns; empty is that of the caller of Open.
	SwitchNetns string
}

// A Manager attaches and detaches ports for one owner. Its methods may be
// called from any goroutine at the same time; those that change ports then
// share transactions, and the kernel's deletion of devices.
type Manager struct {
	db    *vswitch.DB
	marks *ovsdb.Batcher // of what ovs-vswitchd is not told of
	owner string
	// source is the switch's namespace, targets are those of endpoints in
	// use. The latter are closed with their last user: whoever holds one open
	// keeps it alive, and the devices in it.
	source   *netns.Shared
	targets  *netns.Pool
	departed *departed
	removals *removals // from source
	// busy are the names of the ports that are being changed.
	busy keyLock
	// hook, of tests, is told of each step before it is taken, and can fail
	// it; nil does nothing. The steps of an Attach can come from two
	// goroutines.
	hook func(step string) error
}

// Open makes a manager of the ports of a switch. It is to be closed before db.
func Open(db *vswitch.DB, o Options) (*Manager, error) {
	m := &Manager{db: db, marks: ovsdb.NewBatcher(db.Client(), ovsdb.BatchOptions{}), owner: cmp.Or(o.Owner, mark.DefaultOwner), targets: netns.NewPool()}
	var err error
	if m.source, err = m.targets.Open(o.SwitchNetns); err != nil {
		return nil, fmt.Errorf("network namespace of the switch: %w", err)
	}
	m.departed = newDeparted(db)
	m.removals = &removals{ns: m.source, step: m.step}
	return m, nil
}

// step is called before each change of the database or the kernel.
func (m *Manager) step(name string) error {
	if m.hook == nil {
		return nil
	}
	return m.hook(name)
}

// Close frees what the manager holds. The ports stay.
func (m *Manager) Close() {
	m.departed.close()
	m.source.Close()
}
