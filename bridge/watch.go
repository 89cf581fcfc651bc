// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"

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
	watch      *ovsdb.Watch
	management func(name string) string
	copy       rowCopy
	known      map[string]*Bridge // by UUID of their rows
	events     []Event            // not taken yet
}

// Watch begins a stream of what becomes of bridges. All that are there come first,
// as added. The options bound how many changes of rows wait for the user. The caller
// must close it.
func Watch(db *vswitch.DB, o ovsdb.WatchOptions) *Watcher {
	return &Watcher{
		watch:      db.Watch(o),
		management: func(name string) string { return defaultManagement(db, name) },
		copy:       newRowCopy(),
		known:      map[string]*Bridge{},
	}
}

// Next returns the next event and waits for one if there is none. It fails when
// ctx ends, with [ErrWatchClosed] after Close, and with the reason after the end of
// the database's client. An error of ctx leaves the stream as it is.
func (w *Watcher) Next(ctx context.Context) (Event, error) {
	for len(w.events) == 0 {
		delta, err := w.watch.Next(ctx)
		if err != nil {
			return Event{}, fmt.Errorf("watch bridges: %w", err)
		}
		changed := map[string]bool{}
		if delta.Snapshot {
			w.copy = newRowCopy()
			for uuid := range w.known {
				changed[uuid] = true
			}
		}
		w.copy.apply(delta.Events, changed)
		w.compare(changed)
	}
	e := w.events[0]
	w.events[0] = Event{}
	w.events = w.events[1:]
	return e, nil
}

// Close ends the stream. It can be called more than once.
func (w *Watcher) Close() error { return w.watch.Close() }

// compare makes events of the differences of bridges that may have changed: those
// removed first, in the order of their names.
func (w *Watcher) compare(changed map[string]bool) {
	var removed, others []Event
	for uuid := range changed {
		old := w.known[uuid]
		row, ok := w.copy.bridges[uuid]
		if !ok {
			if old != nil {
				delete(w.known, uuid)
				removed = append(removed, Event{Old: old})
			}
			continue
		}
		b := describe(&w.copy, row, w.management(row.Name))
		if !reflect.DeepEqual(old, b) {
			w.known[uuid] = b
			others = append(others, Event{Old: old, New: b})
		}
	}
	slices.SortFunc(removed, func(a, b Event) int { return cmp.Compare(a.Old.Name, b.Old.Name) })
	slices.SortFunc(others, func(a, b Event) int { return cmp.Compare(a.New.Name, b.New.Name) })
	w.events = slices.Concat(w.events, removed, others)
}

// A rowCopy is what bridges consist of at a place in the stream, of which the copy
// in the client may be ahead. The rows are shared with it.
type rowCopy struct {
	bridges     map[string]*vswitch.Bridge
	ports       map[string]*vswitch.Port
	interfaces  map[string]*vswitch.Interface
	controllers map[string]*vswitch.Controller
	// users are the rows that refer to a port, interface or controller.
	users map[string]string
}

func newRowCopy() rowCopy {
	return rowCopy{
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

// apply takes over events, and adds the UUIDs of bridges that they may concern.
func (c *rowCopy) apply(events []ovsdb.Event, changed map[string]bool) {
	var below []string // rows that bridges refer to, perhaps through a port
	for _, e := range events {
		switch e.Table {
		case vswitch.TableBridge:
			put(c.bridges, e)
			changed[e.UUID] = true
			if row := c.bridges[e.UUID]; row != nil {
				c.use(e.UUID, row.Ports)
				c.use(e.UUID, row.Controller)
			}
		case vswitch.TablePort:
			put(c.ports, e)
			if row := c.ports[e.UUID]; row != nil {
				c.use(e.UUID, row.Interfaces)
			}
			below = append(below, e.UUID)
		case vswitch.TableInterface:
			put(c.interfaces, e)
			below = append(below, e.UUID)
		case vswitch.TableController:
			put(c.controllers, e)
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

func put[T any](rows map[string]*T, e ovsdb.Event) {
	if row, ok := e.New.(*T); ok {
		rows[e.UUID] = row
	} else {
		delete(rows, e.UUID)
	}
}
