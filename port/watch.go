// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// ErrWatchClosed says that Close ended a [Watcher].
var ErrWatchClosed = ovsdb.ErrWatchClosed

// An Event is what became of a port: added if Old is nil, removed if New is nil, else
// changed. A port is added when its rows are there; it has no OFPort, and
// [vswitch.ErrNotApplied] as its Err, until ovs-vswitchd has made it.
type Event struct {
	Old, New *Port
}

// A Watcher is the stream of what becomes of the ports of an owner: each transaction
// makes one event of a port at most, with the port as it was afterwards. When its user
// is slow, changes wait up to a limit, beyond which they are taken together, and a port
// that has come and gone meanwhile is not told of. It has no goroutine. Its methods are
// not to be called by several goroutines, except Close.
type Watcher struct {
	owner  string
	watch  *ovsdb.Watch
	rows   portRows
	known  map[string]*Port // by UUID of their rows
	events []Event          // not taken yet
}

// Watch begins a stream of what becomes of the ports of the manager's owner, those of
// [Manager.List], whoever makes and changes them. All that are there come first, as
// added. The options bound how many changes of rows wait for the user. The caller must
// close it.
func (m *Manager) Watch(o ovsdb.WatchOptions) *Watcher {
	return &Watcher{owner: m.owner, watch: m.db.Watch(o), rows: newPortRows(), known: map[string]*Port{}}
}

// Next returns the next event and waits for one if there is none. It fails when ctx
// ends, with [ErrWatchClosed] after Close, and with the reason after the end of the
// database's client. An error of ctx leaves the stream as it is.
func (w *Watcher) Next(ctx context.Context) (Event, error) {
	for len(w.events) == 0 {
		delta, err := w.watch.Next(ctx)
		if err != nil {
			return Event{}, fmt.Errorf("watch ports: %w", err)
		}
		changed := map[string]bool{}
		if delta.Snapshot {
			w.rows = newPortRows()
			for uuid := range w.known {
				changed[uuid] = true
			}
		}
		w.rows.apply(delta.Events, changed)
		w.compare(changed)
	}
	e := w.events[0]
	w.events[0] = Event{}
	w.events = w.events[1:]
	return e, nil
}

// Close ends the stream. It can be called more than once.
func (w *Watcher) Close() error { return w.watch.Close() }

// compare makes events of the differences of ports that may have changed: those
// removed first, in the order of their names.
func (w *Watcher) compare(changed map[string]bool) {
	var removed, others []Event
	for uuid := range changed {
		old, now := w.known[uuid], w.describe(uuid)
		switch {
		case now == nil && old != nil:
			delete(w.known, uuid)
			removed = append(removed, Event{Old: old})
		case now != nil && !samePort(old, now):
			w.known[uuid] = now
			others = append(others, Event{Old: old, New: now})
		}
	}
	slices.SortFunc(removed, func(a, b Event) int { return cmp.Compare(a.Old.Name, b.Old.Name) })
	slices.SortFunc(others, func(a, b Event) int { return cmp.Compare(a.New.Name, b.New.Name) })
	w.events = slices.Concat(w.events, removed, others)
}

// samePort compares errors by their texts.
func samePort(a, b *Port) bool {
	if a == nil || b == nil {
		return a == b
	}
	x, y := *a, *b
	x.Err, y.Err = nil, nil
	return reflect.DeepEqual(x, y) && fmt.Sprint(a.Err) == fmt.Sprint(b.Err)
}

// describe is the port of a row; nil if it is not there or not the owner's. One whose
// record cannot be read has the reason as its Err.
func (w *Watcher) describe(uuid string) *Port {
	row, br := w.rows.ports[uuid], w.rows.bridges[w.rows.bridgeOf[uuid]]
	if row == nil || br == nil || len(row.Interfaces) != 1 {
		return nil
	}
	iface := w.rows.interfaces[row.Interfaces[0]]
	if iface == nil || !isOf(iface, w.owner) {
		return nil
	}
	p, err := newPort(br, row, iface)
	if err != nil {
		p = &Port{Config: Config{Bridge: br.Name, Name: row.Name}, Owner: w.owner, Err: err}
	}
	return p
}

// isOf reports whether an interface is of a port that an owner has made.
func isOf(iface *vswitch.Interface, owner string) bool {
	_, made := iface.ExternalIDs[mark.Config]
	return made && iface.ExternalIDs[mark.Owner] == owner
}

// portRows are the rows that ports consist of at a place in the stream. They are
// shared with the copy in the client, which may be ahead.
type portRows struct {
	bridges    map[string]*vswitch.Bridge
	ports      map[string]*vswitch.Port
	interfaces map[string]*vswitch.Interface
	// bridgeOf and portOf are the rows that refer to a port and to an interface.
	bridgeOf, portOf map[string]string
}

func newPortRows() portRows {
	return portRows{
		bridges: map[string]*vswitch.Bridge{}, ports: map[string]*vswitch.Port{}, interfaces: map[string]*vswitch.Interface{},
		bridgeOf: map[string]string{}, portOf: map[string]string{},
	}
}

// apply takes over events, and adds the UUIDs of ports that they may concern.
func (r *portRows) apply(events []ovsdb.Event, changed map[string]bool) {
	for _, e := range events {
		switch e.Table {
		case vswitch.TableBridge:
			old, _ := e.Old.(*vswitch.Bridge)
			now, _ := e.New.(*vswitch.Bridge)
			put(r.bridges, e.UUID, now)
			r.moved(e.UUID, old, now, changed)
		case vswitch.TablePort:
			now, _ := e.New.(*vswitch.Port)
			put(r.ports, e.UUID, now)
			changed[e.UUID] = true
			if now == nil {
				delete(r.bridgeOf, e.UUID)
				break
			}
			for _, iface := range now.Interfaces {
				r.portOf[iface] = e.UUID
			}
		case vswitch.TableInterface:
			now, _ := e.New.(*vswitch.Interface)
			put(r.interfaces, e.UUID, now)
		}
	}
	for _, e := range events {
		if e.Table != vswitch.TableInterface {
			continue
		}
		if port, ok := r.portOf[e.UUID]; ok {
			changed[port] = true
		}
		if e.New == nil {
			delete(r.portOf, e.UUID)
		}
	}
}

// moved notes the ports that a bridge has got. Those that it has lost have got another
// bridge or are removed.
func (r *portRows) moved(bridge string, old, now *vswitch.Bridge, changed map[string]bool) {
	if now == nil {
		return
	}
	had := map[string]bool{}
	if old != nil {
		for _, port := range old.Ports {
			had[port] = true
		}
	}
	for _, port := range now.Ports {
		if !had[port] || r.bridgeOf[port] != bridge {
			r.bridgeOf[port] = bridge
			changed[port] = true
		}
	}
}

func put[T any](rows map[string]*T, uuid string, row *T) {
	if row != nil {
		rows[uuid] = row
	} else {
		delete(rows, uuid)
	}
}
