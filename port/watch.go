// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"fmt"
	"reflect"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/internal/rowwatch"
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
	stream *rowwatch.Stream[Port]
}

// Watch begins a stream of what becomes of the ports of the manager's owner, those of
// [Manager.List], whoever makes and changes them. All that are there come first, as
// added. The options bound how many changes of rows wait for the user. The caller must
// close it.
func (m *Manager) Watch(o ovsdb.WatchOptions) *Watcher {
	return &Watcher{rowwatch.New(m.db.Watch(o), rowwatch.Kind[Port]{
		NewRows: func() rowwatch.Rows[Port] { return newPortRows(m.owner) },
		Name:    func(p *Port) string { return p.Name },
		Same:    samePort,
	})}
}

// Next returns the next event and waits for one if there is none. It fails when ctx
// ends, with [ErrWatchClosed] after Close, and with the reason after the end of the
// database's client. An error of ctx leaves the stream as it is.
func (w *Watcher) Next(ctx context.Context) (Event, error) {
	change, err := w.stream.Next(ctx)
	if err != nil {
		return Event{}, fmt.Errorf("watch ports: %w", err)
	}
	return Event(change), nil
}

// Close ends the stream. It can be called more than once.
func (w *Watcher) Close() error { return w.stream.Close() }

// samePort compares errors by their texts.
func samePort(a, b *Port) bool {
	x, y := *a, *b
	x.Err, y.Err = nil, nil
	return reflect.DeepEqual(x, y) && fmt.Sprint(a.Err) == fmt.Sprint(b.Err)
}

// isOf reports whether an interface is of a port that an owner has made.
func isOf(iface *vswitch.Interface, owner string) bool {
	_, made := iface.ExternalIDs[mark.Config]
	return made && iface.ExternalIDs[mark.Owner] == owner
}

// portRows are the rows that ports consist of at a place in the stream. They are
// shared with the copy in the client, which may be ahead.
type portRows struct {
	owner      string
	bridges    map[string]*vswitch.Bridge
	ports      map[string]*vswitch.Port
	interfaces map[string]*vswitch.Interface
	// bridgeOf and portOf are the rows that refer to a port and to an interface.
	bridgeOf, portOf map[string]string
}

func newPortRows(owner string) *portRows {
	return &portRows{
		owner:   owner,
		bridges: map[string]*vswitch.Bridge{}, ports: map[string]*vswitch.Port{}, interfaces: map[string]*vswitch.Interface{},
		bridgeOf: map[string]string{}, portOf: map[string]string{},
	}
}

// Object is the port of a row; nil if it is not there or not the owner's. One whose
// record cannot be read has the reason as its Err.
func (r *portRows) Object(uuid string) *Port {
	row, br := r.ports[uuid], r.bridges[r.bridgeOf[uuid]]
	if row == nil || br == nil || len(row.Interfaces) != 1 {
		return nil
	}
	iface := r.interfaces[row.Interfaces[0]]
	if iface == nil || !isOf(iface, r.owner) {
		return nil
	}
	p, err := newPort(br, row, iface)
	if err != nil {
		p = &Port{Config: Config{Bridge: br.Name, Name: row.Name}, Owner: r.owner, Err: err}
	}
	return p
}

// Apply takes over events, and adds the UUIDs of ports that they may concern.
func (r *portRows) Apply(events []ovsdb.Event, changed map[string]bool) {
	for _, e := range events {
		switch e.Table {
		case vswitch.TableBridge:
			old, _ := e.Old.(*vswitch.Bridge)
			r.moved(e.UUID, old, rowwatch.Put(r.bridges, e), changed)
		case vswitch.TablePort:
			now := rowwatch.Put(r.ports, e)
			changed[e.UUID] = true
			if now == nil {
				delete(r.bridgeOf, e.UUID)
				break
			}
			for _, iface := range now.Interfaces {
				r.portOf[iface] = e.UUID
			}
		case vswitch.TableInterface:
			rowwatch.Put(r.interfaces, e)
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
