// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ovskit/ovskit/ovsdb"
)

// A DB is a client of the Open_vSwitch database with a copy of its main tables.
// It makes a new connection when the old one breaks, and the copy then receives
// what has changed in the meantime. Rows that it returns are shared and must not be modified; a change
// in the database replaces them.
//
// The statistics columns are not copied, since ovs-vswitchd rewrites them every
// few seconds: they are always nil. Read them with [ovsdb.Select].
type DB struct {
	client     *ovsdb.Client
	batch      *ovsdb.Batcher
	monitor    *ovsdb.Monitor
	roots      *ovsdb.Table[OpenVSwitch]
	bridges    *ovsdb.Table[Bridge]
	ports      *ovsdb.Table[Port]
	interfaces *ovsdb.Table[Interface]

	controllers *ovsdb.Table[Controller]

	bridgeByName    *ovsdb.Index[Bridge, string]
	portByName      *ovsdb.Index[Port, string]
	interfaceByName *ovsdb.Index[Interface, string]
}

// Dial opens the database. One that is empty, as before ovs-vswitchd was ever
// started on it, receives the Open_vSwitch row that ovs-vsctl's init would
// insert. Database in the options is ignored.
func Dial(ctx context.Context, o ovsdb.Options) (*DB, error) {
	o.Database = ovsdb.DefaultDatabase
	client, err := ovsdb.Dial(ctx, o)
	if err != nil {
		return nil, err
	}
	db := &DB{
		client:  client,
		batch:   ovsdb.NewBatcher(client, ovsdb.BatchOptions{Epilogue: epilogue()}),
		roots:   ovsdb.NewTable[OpenVSwitch](TableOpenVSwitch, ovsdb.TableOptions{Omit: []string{"statistics"}}),
		bridges: ovsdb.NewTable[Bridge](TableBridge, ovsdb.TableOptions{}),
		ports: ovsdb.NewTable[Port](TablePort,
			ovsdb.TableOptions{Omit: []string{"statistics", "rstp_statistics"}}),
		interfaces: ovsdb.NewTable[Interface](TableInterface, ovsdb.TableOptions{Omit: []string{"statistics"}}),

		controllers: ovsdb.NewTable[Controller](TableController, ovsdb.TableOptions{}),
	}
	db.bridgeByName = ovsdb.NewIndex(db.bridges, func(b *Bridge) string { return b.Name })
	db.portByName = ovsdb.NewIndex(db.ports, func(p *Port) string { return p.Name })
	db.interfaceByName = ovsdb.NewIndex(db.interfaces, func(i *Interface) string { return i.Name })
	if err := db.load(ctx); err != nil {
		client.Close()
		return nil, fmt.Errorf("open database %q at %q: %w", o.Database, o.Endpoint, err)
	}
	return db, nil
}

func (db *DB) load(ctx context.Context) (err error) {
	tables := []ovsdb.Monitored{db.roots, db.bridges, db.ports, db.interfaces, db.controllers}
	if db.monitor, err = db.client.Monitor(ctx, ovsdb.MonitorOptions{Tables: tables}); err != nil {
		return err
	}
	if db.Root() != nil {
		return nil
	}
	_, err = db.client.Transact(ctx,
		ovsdb.Wait(TableOpenVSwitch, ovsdb.WaitOptions{}),
		ovsdb.Insert(TableOpenVSwitch, ovsdb.Row{}),
		ovsdb.Comment("ovskit: initialise the database"))
	if err != nil && !errors.Is(err, ovsdb.ErrTimedOut) {
		return err
	}
	// Timed out: another client was faster.
	return db.Wait(ctx, func() (bool, error) { return db.Root() != nil, nil })
}

// Client returns the client, for whatever DB has no method for.
func (db *DB) Client() *ovsdb.Client { return db.client }

// Close ends the client and returns at once. What is in the copy can still
// be read.
func (db *DB) Close() error { return db.client.Close() }

// Done is closed when the client has ended.
func (db *DB) Done() <-chan struct{} { return db.client.Done() }

// Err returns nil while the client lives, then the reason of its end.
func (db *DB) Err() error { return db.client.Err() }

// Root returns the row of table Open_vSwitch, nil if somebody removed it.
func (db *DB) Root() *OpenVSwitch {
	for _, root := range db.roots.All() {
		return root
	}
	return nil
}

// Bridge returns a bridge by name.
func (db *DB) Bridge(name string) (*Bridge, bool) { return db.bridgeByName.Get(name) }

// Port returns a port by name.
func (db *DB) Port(name string) (*Port, bool) { return db.portByName.Get(name) }

// Interface returns an interface by name.
func (db *DB) Interface(name string) (*Interface, bool) { return db.interfaceByName.Get(name) }

// BridgeByUUID returns a bridge by its row's UUID.
func (db *DB) BridgeByUUID(uuid string) (*Bridge, bool) { return db.bridges.Get(uuid) }

// PortByUUID returns a port by its row's UUID, as in [Bridge].Ports.
func (db *DB) PortByUUID(uuid string) (*Port, bool) { return db.ports.Get(uuid) }

// InterfaceByUUID returns an interface by its row's UUID, as in
// [Port].Interfaces.
func (db *DB) InterfaceByUUID(uuid string) (*Interface, bool) { return db.interfaces.Get(uuid) }

// ControllerByUUID returns a bridge's OpenFlow controller by its row's UUID, as
// in [Bridge].Controller.
func (db *DB) ControllerByUUID(uuid string) (*Controller, bool) { return db.controllers.Get(uuid) }

// Bridges returns all bridges, sorted by name.
func (db *DB) Bridges() []*Bridge {
	return sortedBy(db.bridges.All(), func(b *Bridge) string { return b.Name })
}

// Ports returns all ports, sorted by name.
func (db *DB) Ports() []*Port {
	return sortedBy(db.ports.All(), func(p *Port) string { return p.Name })
}

// Interfaces returns all interfaces, sorted by name.
func (db *DB) Interfaces() []*Interface {
	return sortedBy(db.interfaces.All(), func(i *Interface) string { return i.Name })
}

func sortedBy[T any](rows []*T, name func(*T) string) []*T {
	slices.SortFunc(rows, func(a, b *T) int { return strings.Compare(name(a), name(b)) })
	return rows
}

// PortBridge returns the bridge that holds a port, by the port's name.
func (db *DB) PortBridge(port string) (*Bridge, bool) {
	p, ok := db.Port(port)
	if !ok {
		return nil, false
	}
	// No index: each port that is added makes a new row of its bridge, and an
	// index of all its ports would have to be made anew.
	for _, b := range db.bridges.All() {
		if _, ok := slices.BinarySearch(b.Ports, p.UUID); ok {
			return b, true
		}
	}
	return nil, false
}

// Changed returns a channel that is closed after the next change of the copy.
func (db *DB) Changed() <-chan struct{} { return db.monitor.Changed() }

// Watch begins a stream of what changes in the copy, whose events are about rows
// of type [OpenVSwitch], [Bridge], [Port], [Interface] and [Controller]. The caller
// must close it.
func (db *DB) Watch(o ovsdb.WatchOptions) *ovsdb.Watch { return db.monitor.Watch(o) }

// Wait waits until cond, which looks at the DB, holds. See
// [ovsdb.Monitor.Wait].
func (db *DB) Wait(ctx context.Context, cond func() (bool, error)) error {
	return db.monitor.Wait(ctx, cond)
}
