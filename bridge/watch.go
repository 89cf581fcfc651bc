// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"fmt"
	"reflect"

	"github.com/ovskit/ovskit/internal/rowwatch"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// ErrWatchClosed says that Close ended a [Watcher].
var ErrWatchClosed = ovsdb.ErrWatchClosed

// An Event is what became of a bridge: added if Old is nil, removed if New is nil,
// else changed.
type Event struct {
	Old, New *Bridge
}

// A Watcher is the stream of what becomes of the bridges of a switch: each
// transaction makes one event of a bridge at most, with the bridge as it was
// afterwards. When its user is slow, changes wait up to a limit, beyond which they
// are taken together, and a bridge that has come and gone meanwhile is not told of.
// It has no goroutine. Its methods are not to be called by several goroutines,
// except Close.
type Watcher struct {
	stream *rowwatch.Stream[Bridge]
}

// Watch begins a stream of what becomes of bridges. All that are there come first,
// as added. The options bound how many changes of rows wait for the user. The caller
// must close it.
func Watch(db *vswitch.DB, o ovsdb.WatchOptions) *Watcher {
	return &Watcher{rowwatch.New(db.Watch(o), rowwatch.Kind[Bridge]{
		NewRows: func() rowwatch.Rows[Bridge] { return newRowCopy(db) },
		Name:    func(b *Bridge) string { return b.Name },
		Same:    func(a, b *Bridge) bool { return reflect.DeepEqual(a, b) },
	})}
}

// Next returns the next event and waits for one if there is none. It fails when
// ctx ends, with [ErrWatchClosed] after Close, and with the reason after the end of
// the database's client. An error of ctx leaves the stream as it is.
func (w *Watcher) Next(ctx context.Context) (Event, error) {
	change, err := w.stream.Next(ctx)
	if err != nil {
		return Event{}, fmt.Errorf("watch bridges: %w", err)
	}
	return Event(change), nil
}

// Close ends the stream. It can be called more than once.
func (w *Watcher) Close() error { return w.stream.Close() }

// A rowCopy is what bridges consist of at a place in the stream. The rows are shared
// with the copy in the client, which may be ahead.
type rowCopy struct {
	db          *vswitch.DB
	bridges     map[string]*vswitch.Bridge
	ports       map[string]*vswitch.Port
	interfaces  map[string]*vswitch.Interface
	controllers map[string]*vswitch.Controller
	// users are the rows that refer to a port, interface or controller.
	users map[string]string
}

func newRowCopy(db *vswitch.DB) *rowCopy {
	return &rowCopy{
		db:      db,
		bridges: map[string]*vswitch.Bridge{}, ports: map[string]*vswitch.Port{},
		interfaces: map[string]*vswitch.Interface{}, controllers: map[string]*vswitch.Controller{},
		users: map[string]string{},
	}
}

func (c *rowCopy) PortByUUID(uuid string) (*vswitch.Port, bool) {
	row, ok := c.ports[uuid]
	return row, ok
}

func (c *rowCopy) InterfaceByUUID(uuid string) (*vswitch.Interface, bool) {
	row, ok := c.interfaces[uuid]
	return row, ok
}

func (c *rowCopy) ControllerByUUID(uuid string) (*vswitch.Controller, bool) {
	row, ok := c.controllers[uuid]
	return row, ok
}

// Object is the bridge of a row.
func (c *rowCopy) Object(uuid string) *Bridge {
	row, ok := c.bridges[uuid]
	if !ok {
		return nil
	}
	return describe(c, row, defaultManagement(c.db, row.Name))
}

// Apply takes over events, and adds the UUIDs of bridges that they may concern.
func (c *rowCopy) Apply(events []ovsdb.Event, changed map[string]bool) {
	var below []string // rows that bridges refer to, perhaps through a port
	for _, e := range events {
		switch e.Table {
		case vswitch.TableBridge:
			if row := rowwatch.Put(c.bridges, e); row != nil {
				c.use(e.UUID, row.Ports)
				c.use(e.UUID, row.Controller)
			}
			changed[e.UUID] = true
		case vswitch.TablePort:
			if row := rowwatch.Put(c.ports, e); row != nil {
				c.use(e.UUID, row.Interfaces)
			}
			below = append(below, e.UUID)
		case vswitch.TableInterface:
			rowwatch.Put(c.interfaces, e)
			below = append(below, e.UUID)
		case vswitch.TableController:
			rowwatch.Put(c.controllers, e)
			below = append(below, e.UUID)
		}
	}
	for _, uuid := range below {
		user := c.users[uuid]
		if _, ok := c.bridges[user]; !ok {
			user = c.users[user]
		}
		if _, ok := c.bridges[user]; ok {
			changed[user] = true
		}
	}
	for _, e := range events {
		if e.New == nil {
			delete(c.users, e.UUID)
		}
	}
}

func (c *rowCopy) use(user string, uuids []string) {
	for _, uuid := range uuids {
		c.users[uuid] = user
	}
}
