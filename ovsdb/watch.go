// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// DefaultWatchLimit is how many events may wait for the consumer of a [Watch]
// when WatchOptions do not say otherwise.
const DefaultWatchLimit = 1 << 16

// WatchOptions configure a [Watch]. The zero value is good.
type WatchOptions struct {
	// Limit is how many events may wait for the consumer; 0 means
	// [DefaultWatchLimit]. When there are more they are dropped, and the
	// consumer is given all rows anew. An update that is larger by itself may
	// wait alone. A negative value means no limit: what a slow consumer has not
	// taken yet is kept in memory.
	Limit int
}

// An Event is what happened to one row.
type Event struct {
	// Table and UUID are the row's.
	Table, UUID string
	// Old and New are the row before and after, each a *T of the [Table]'s
	// T. Old is nil if the row was added, New is nil if it was deleted.
	// [Table.Rows] gives them their type.
	Old, New any
}

// A Delta is what one transaction changed in the tables of a [Monitor], or
// what was found to have changed after a new connection.
type Delta struct {
	// Snapshot says that Events are all rows there are, each as if it were
	// added, and that earlier ones are void. The first update is one.
	Snapshot bool
	// Overflow says that the consumer was too slow: events were dropped, and
	// this snapshot stands in for them.
	Overflow bool
	// Events are in no particular order: they happened at once. They are
	// shared and must not be modified.
	Events []Event
}

// A Watch is the stream of the updates of a [Monitor]: first a snapshot of all
// tables, then every change, in the order in which they happened, over any
// number of connections. It never holds up the monitor or other watches.
type Watch struct {
	monitor *Monitor
	limit   int
	ready   chan struct{} // has an element if there may be something to take
	done    chan struct{} // closed by Close

	mu       sync.Mutex
	queue    [][]Event
	waiting  int // events in the queue
	snapshot bool
	overflow bool
	closed   bool
}

// Watch begins a stream of updates. The caller must close it.
func (m *Monitor) Watch(o WatchOptions) *Watch {
	w := &Watch{monitor: m, limit: o.Limit, ready: make(chan struct{}, 1), done: make(chan struct{}), snapshot: true}
	if w.limit == 0 {
		w.limit = DefaultWatchLimit
	}
	w.wake()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watches = append(m.watches, w)
	return w
}

// Next returns the next update and waits for one if there is none. After the
// monitor or its client was closed it returns what is left, then the reason.
func (w *Watch) Next(ctx context.Context) (Delta, error) {
	for {
		// What comes after this look at the end is not waited for.
		ended := w.hasEnded()
		if u, ok := w.take(); ok {
			return u, nil
		}
		if ended != nil {
			return Delta{}, fmt.Errorf("watch the database: %w", ended)
		}
		select {
		case <-w.ready:
		case <-w.done:
		case <-w.monitor.ended:
		case <-w.monitor.client.done:
		case <-ctx.Done():
			return Delta{}, fmt.Errorf("watch the database: %w", reason(ctx))
		}
	}
}

func (w *Watch) hasEnded() error {
	select {
	case <-w.done:
		return ErrWatchClosed
	default:
	}
	select {
	case <-w.monitor.ended:
		return w.monitor.Err()
	case <-w.monitor.client.done:
		return w.monitor.Err()
	default:
		return nil
	}
}

// Waiting returns how many events wait for the consumer: its lag.
func (w *Watch) Waiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.waiting
}

// Close ends the stream. It can be called more than once.
func (w *Watch) Close() error {
	m := w.monitor
	m.mu.Lock()
	if i := slices.Index(m.watches, w); i >= 0 {
		m.watches = slices.Delete(m.watches, i, i+1)
	}
	m.mu.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.closed = true
		w.queue, w.waiting, w.snapshot = nil, 0, false
		close(w.done)
	}
	return nil
}

// take returns the next update if there is one.
func (w *Watch) take() (Delta, bool) {
	w.mu.Lock()
	needsSnapshot := w.snapshot
	if !needsSnapshot {
		defer w.mu.Unlock()
		if len(w.queue) == 0 {
			return Delta{}, false
		}
		events := w.queue[0]
		w.queue[0] = nil
		w.queue = w.queue[1:]
		w.waiting -= len(events)
		if len(w.queue) > 0 {
			w.wake() // there may be another consumer
		}
		return Delta{Events: events}, true
	}
	w.mu.Unlock()
	return w.takeSnapshot()
}

// takeSnapshot returns all rows. No update comes in between, since the monitor
// is locked.
func (w *Watch) takeSnapshot() (Delta, bool) {
	m := w.monitor
	m.mu.RLock()
	defer m.mu.RUnlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || !w.snapshot {
		return Delta{}, false
	}
	n := 0
	for _, t := range m.tables {
		n += t.size()
	}
	u := Delta{Snapshot: true, Overflow: w.overflow, Events: make([]Event, 0, n)}
	for _, t := range m.tables {
		u.Events = t.rowEvents(u.Events)
	}
	w.snapshot, w.overflow, w.queue, w.waiting = false, false, nil, 0
	return u, true
}

// push adds the events of an update. The caller holds the monitor's lock. A
// snapshot that is still to be taken will show them.
func (w *Watch) push(events []Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.snapshot || w.closed:
		return
	case w.limit > 0 && w.waiting > 0 && w.waiting+len(events) > w.limit:
		w.snapshot, w.overflow, w.queue, w.waiting = true, true, nil, 0
	default:
		w.queue = append(w.queue, events)
		w.waiting += len(events)
	}
	w.wake()
}

// wake lets Next look again.
func (w *Watch) wake() {
	select {
	case w.ready <- struct{}{}:
	default:
	}
}
