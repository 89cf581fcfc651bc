// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ovskit/ovskit/ovsdb"
)

// itemsSchema is small, with columns of which changes are sent as values and
// as differences.
const itemsSchema = `{"name":"Items","version":"1.0.0","tables":{"Item":{"isRoot":true,"indexes":[["name"]],"columns":{
	"name":{"type":"string"},
	"n":{"type":"integer"},
	"tags":{"type":{"key":"string","min":0,"max":"unlimited"}},
	"notes":{"type":{"key":"string","value":"string","min":0,"max":"unlimited"}}}}}}`

type item struct {
	UUID  string            `ovsdb:"_uuid"`
	Name  string            `ovsdb:"name"`
	N     int64             `ovsdb:"n"`
	Tags  []string          `ovsdb:"tags"`
	Notes map[string]string `ovsdb:"notes"`
}

func itemTable(o ovsdb.TableOptions) *ovsdb.Table[item] { return ovsdb.NewTable[item]("Item", o) }

// schemaFile writes a schema to a file.
func schemaFile(t testing.TB, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "schema.ovsschema")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// dialWith dials the database Items, unless the options name another one, as
// soon as a server can be used.
func dialWith(t testing.TB, o ovsdb.Options) *ovsdb.Client {
	t.Helper()
	if o.Database == "" {
		o.Database = "Items"
	}
	o.Retry = true
	c, err := ovsdb.Dial(testContext(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func monitorTables(t testing.TB, c *ovsdb.Client, tables ...ovsdb.Monitored) *ovsdb.Monitor {
	t.Helper()
	m, err := c.Monitor(testContext(t), ovsdb.MonitorOptions{Tables: tables})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// waitState waits until the state of a client's connection is as wanted.
func waitState(t testing.TB, c *ovsdb.Client, what string, want func(ovsdb.State) bool) {
	t.Helper()
	ctx := testContext(t)
	for {
		changed := c.StateChanged()
		if want(c.State()) {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("client is not %s: %+v", what, c.State())
		}
	}
}

// byUUID returns the rows of a table. Their type has a field UUID.
func byUUID[T any](table *ovsdb.Table[T]) map[string]*T {
	rows := map[string]*T{}
	for _, row := range table.All() {
		rows[reflect.ValueOf(row).Elem().FieldByName("UUID").String()] = row
	}
	return rows
}

// diffRows compares rows by their content.
func diffRows[T any](want, got map[string]*T) string {
	return cmp.Diff(want, got, cmpopts.EquateEmpty())
}

// readItems reads the table with a client of its own.
func readItems(t testing.TB, o ovsdb.Options) map[string]*item {
	t.Helper()
	c := dialWith(t, o)
	defer c.Close()
	table := itemTable(ovsdb.TableOptions{})
	monitorTables(t, c, table)
	return byUUID(table)
}

// A replica of a table is made of nothing but the updates of a watch. It fails
// the test when one does not fit what came before.
type replica[T any] struct {
	t     testing.TB
	watch *ovsdb.Watch
	table *ovsdb.Table[T]
	rows  map[string]*T
}

func newReplica[T any](t testing.TB, m *ovsdb.Monitor, table *ovsdb.Table[T]) *replica[T] {
	t.Helper()
	r := &replica[T]{t: t, table: table, watch: m.Watch(ovsdb.WatchOptions{Limit: -1}), rows: map[string]*T{}}
	t.Cleanup(func() { r.watch.Close() })
	delta := r.next()
	if !delta.Snapshot || delta.Overflow {
		t.Fatalf("first update: got snapshot %t, overflow %t", delta.Snapshot, delta.Overflow)
	}
	return r
}

// next takes the next update.
func (r *replica[T]) next() ovsdb.Delta {
	r.t.Helper()
	delta, err := r.watch.Next(testContext(r.t))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, e := range delta.Events {
		before, after, ok := r.table.Rows(e)
		switch {
		case !ok:
			continue
		case r.rows[e.UUID] != before:
			r.t.Errorf("row %s: event says that %+v was there, it was %+v", e.UUID, before, r.rows[e.UUID])
		case before == nil && after == nil:
			r.t.Errorf("row %s: event without row", e.UUID)
		case cmp.Equal(before, after):
			r.t.Errorf("row %s: event without change of %+v", e.UUID, after)
		}
		if after == nil {
			delete(r.rows, e.UUID)
		} else {
			r.rows[e.UUID] = after
		}
	}
	return delta
}

// catchUp takes all updates that are there and checks that the replica is the
// table. It returns how many events that were.
func (r *replica[T]) catchUp() (events int) {
	r.t.Helper()
	for r.watch.Waiting() > 0 {
		delta := r.next()
		if delta.Snapshot {
			r.t.Errorf("update of %d events is a snapshot", len(delta.Events))
		}
		events += len(delta.Events)
	}
	table := byUUID(r.table)
	if diff := diffRows(table, r.rows); diff != "" {
		r.t.Errorf("rows by the watch (-table +watch):\n%s", diff)
	}
	for uuid, row := range r.rows {
		if table[uuid] != row {
			r.t.Errorf("row %s: the table has another copy than the watch", uuid)
		}
	}
	return events
}

// registrations records how the monitors of a client were registered: it is
// the handler of the client's logger.
type registrations struct {
	mu      sync.Mutex
	resumed []bool // of each registration of a monitor of the client's database
}

func (*registrations) Enabled(context.Context, slog.Level) bool { return true }
func (r *registrations) WithAttrs([]slog.Attr) slog.Handler     { return r }
func (r *registrations) WithGroup(string) slog.Handler          { return r }

func (r *registrations) Handle(_ context.Context, record slog.Record) error {
	if record.Message != "ovsdb monitor registered" {
		return nil
	}
	var resumed, own bool
	record.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "monitor":
			own = a.Value.String() != "server"
		case "resumed":
			resumed = a.Value.Bool()
		}
		return true
	})
	if own {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.resumed = append(r.resumed, resumed)
	}
	return nil
}

// take returns what was recorded since the last call.
func (r *registrations) take() []bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.resumed
	r.resumed = nil
	return taken
}
