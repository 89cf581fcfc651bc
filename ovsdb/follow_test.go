// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"context"
	"errors"
	"testing"

	"github.com/ovskit/ovskit/ovsdb"
)

// A follower applies the deltas of a watch to a model of the tables, and checks
// that each fits.
type follower struct {
	t     testing.TB
	watch *ovsdb.Watch
	ended chan struct{} // closed when what follows can be read
	model map[string]map[string]*entry
	err   error // how the stream ended
	// holds, if set, says what is wrong with the model after each delta.
	holds func(model map[string]map[string]*entry) string

	deltas, events, overflows int
}

// follow begins a watch and follows it until it ends, which is at the end of
// the test if not before.
func follow(t testing.TB, m *ovsdb.Monitor, o ovsdb.WatchOptions) *follower {
	f := newFollower(t, m, o)
	f.start()
	return f
}

// newFollower makes a follower that has not begun to take anything.
func newFollower(t testing.TB, m *ovsdb.Monitor, o ovsdb.WatchOptions) *follower {
	return &follower{t: t, watch: m.Watch(o), ended: make(chan struct{})}
}

func (f *follower) start() {
	f.t.Cleanup(func() { f.watch.Close(); <-f.ended })
	go func() {
		defer close(f.ended)
		for {
			d, err := f.watch.Next(context.Background())
			if err != nil {
				f.err = err
				return
			}
			f.apply(d)
		}
	}()
}

// next takes one delta, which must come.
func (f *follower) next() ovsdb.Delta {
	f.t.Helper()
	d, err := f.watch.Next(testContext(f.t))
	if err != nil {
		f.t.Fatal(err)
	}
	f.apply(d)
	return d
}

func (f *follower) apply(d ovsdb.Delta) {
	first := f.deltas == 0
	f.deltas++
	f.events += len(d.Events)
	switch {
	case d.Overflow && (!d.Snapshot || first):
		f.t.Errorf("delta %d: Overflow with Snapshot %v", f.deltas, d.Snapshot)
	case !d.Overflow && d.Snapshot != first:
		f.t.Errorf("delta %d: got Snapshot %v, want it for the first and after an overflow alone", f.deltas, d.Snapshot)
	case !d.Snapshot && len(d.Events) == 0:
		f.t.Errorf("delta %d is empty", f.deltas)
	}
	if d.Overflow {
		f.overflows++
	}
	if d.Snapshot {
		f.model = map[string]map[string]*entry{}
	}
	seen := map[[2]string]bool{}
	for _, e := range d.Events {
		if id := [2]string{e.Table, e.UUID}; seen[id] {
			f.t.Errorf("delta %d: row %s twice", f.deltas, e.UUID)
		} else {
			seen[id] = true
		}
		f.applyEvent(d.Snapshot, e)
	}
	if f.holds != nil {
		if wrong := f.holds(f.model); wrong != "" {
			f.t.Errorf("after delta %d: %s", f.deltas, wrong)
		}
	}
}

func (f *follower) applyEvent(snapshot bool, e ovsdb.Event) {
	old, _ := e.Old.(*entry)
	row, _ := e.New.(*entry)
	rows := f.model[e.Table]
	if rows == nil {
		rows = map[string]*entry{}
		f.model[e.Table] = rows
	}
	switch {
	case rows[e.UUID] != old:
		f.t.Errorf("delta %d: row %s was %+v, the model has %+v", f.deltas, e.UUID, old, rows[e.UUID])
	case row == nil && (old == nil || snapshot):
		f.t.Errorf("delta %d: row %s: an event without a new row", f.deltas, e.UUID)
	case row != nil && row.UUID != e.UUID:
		f.t.Errorf("delta %d: row %s: got %+v", f.deltas, e.UUID, row)
	case row != nil && old != nil && old.equal(row):
		f.t.Errorf("delta %d: row %s has not changed: %+v", f.deltas, e.UUID, row)
	}
	if row == nil {
		delete(rows, e.UUID)
	} else {
		rows[e.UUID] = row
	}
}

// wantEnd waits for the end of the stream and checks that it ended for the
// reason, and that the model is made of the very rows of the tables. A row in a
// table is thus the one of the last event about it.
func (f *follower) wantEnd(reason error, tables map[string]*entryTable) {
	f.t.Helper()
	<-f.ended
	if !errors.Is(f.err, reason) {
		f.t.Errorf("end of the watch: got error %v, want %v", f.err, reason)
	}
	if n := f.watch.Waiting(); n != 0 {
		f.t.Errorf("after the end %d events wait", n)
	}
	f.wantTables(tables)
}

// wantTables compares the model with the tables, row by row.
func (f *follower) wantTables(tables map[string]*entryTable) {
	f.t.Helper()
	for name, table := range tables {
		if got, want := len(f.model[name]), table.Len(); got != want {
			f.t.Errorf("table %q: the model has %d rows, want %d", name, got, want)
		}
		for _, row := range table.All() {
			if f.model[name][row.UUID] != row {
				f.t.Errorf("table %q: the model has row %+v, the table %+v", name, f.model[name][row.UUID], row)
			}
		}
	}
}
