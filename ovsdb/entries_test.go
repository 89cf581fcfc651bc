// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ovskit/ovskit/internal/dbcall"
	"github.com/ovskit/ovskit/internal/faultproxy"
	"github.com/ovskit/ovskit/ovsdb"
)

// entryDatabase is small, so that tests can make many connections. Its tables
// have the same columns.
const (
	entryDatabase = "Entries"
	entrySchema   = `{"name":"Entries","version":"1.0.0","tables":{
		"Entry":{"isRoot":true,"indexes":[["name"]],"columns":` + entryColumns + `},
		"Mark":{"isRoot":true,"columns":` + entryColumns + `}}}`
	entryColumns = `{"name":{"type":"string"},
		"count":{"type":"integer"},
		"tags":{"type":{"key":"string","min":0,"max":"unlimited"}},
		"notes":{"type":{"key":"string","value":"string","min":0,"max":"unlimited"}},
		"seen":{"type":"integer","ephemeral":true}}`
)

var entryTables = []string{"Entry", "Mark"}

// entry is a row of either table.
type entry struct {
	UUID  string            `ovsdb:"_uuid"`
	Name  string            `ovsdb:"name"`
	Count int64             `ovsdb:"count"`
	Tags  []string          `ovsdb:"tags"`
	Notes map[string]string `ovsdb:"notes"`
	Seen  int64             `ovsdb:"seen"`
}

// equal tells an empty set or map from a missing one no more than the database
// does.
func (i *entry) equal(other *entry) bool {
	return i.UUID == other.UUID && i.Name == other.Name && i.Count == other.Count && i.Seen == other.Seen &&
		slices.Equal(i.Tags, other.Tags) && maps.Equal(i.Notes, other.Notes)
}

type (
	entryTable = ovsdb.Table[entry]
	entryRows  = map[string]entry     // by UUID
	allEntries = map[string]entryRows // by table
)

func newEntryTable(name string) *entryTable {
	return ovsdb.NewTable[entry](name, ovsdb.TableOptions{})
}

// entryOptions make a client reconnect without delay, and only when the test
// makes it do so.
func entryOptions(endpoint string) ovsdb.Options {
	return ovsdb.Options{Endpoint: endpoint, Database: entryDatabase,
		MinBackoff: time.Millisecond, MaxBackoff: 10 * time.Millisecond, Probe: -1}
}

func dialOptions(t testing.TB, o ovsdb.Options) *ovsdb.Client {
	t.Helper()
	c, err := ovsdb.Dial(testContext(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func dialEntries(t testing.TB, endpoint string) *ovsdb.Client {
	t.Helper()
	return dialOptions(t, entryOptions(endpoint))
}

// behindProxy makes a client of a server that can be cut off by the proxy.
func behindProxy(t testing.TB, endpoint string) (*ovsdb.Client, *faultproxy.Proxy) {
	t.Helper()
	p := faultproxy.New(t, endpoint)
	return dialEntries(t, p.Endpoint()), p
}

// waitFor waits until the tables of a monitor are as wanted.
func waitFor(t testing.TB, m *ovsdb.Monitor, cond func() bool) {
	t.Helper()
	if err := m.Wait(testContext(t), func() (bool, error) { return cond(), nil }); err != nil {
		t.Fatal(err)
	}
}

// awaitState waits until the state of a connection is as wanted.
func awaitState(t testing.TB, c *ovsdb.Client, cond func(ovsdb.State) bool) {
	t.Helper()
	ctx := testContext(t)
	for {
		changed := c.StateChanged()
		if cond(c.State()) {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("state %+v: %v", c.State(), ctx.Err())
		}
	}
}

func waitConnected(t testing.TB, c *ovsdb.Client, connections int) {
	t.Helper()
	awaitState(t, c, func(s ovsdb.State) bool { return s.Endpoint != "" && s.Connections >= connections })
}

func waitDisconnected(t testing.TB, c *ovsdb.Client) {
	t.Helper()
	awaitState(t, c, func(s ovsdb.State) bool { return s.Endpoint == "" })
}

func insertEntry(name string, count int64) ovsdb.Operation {
	return ovsdb.Insert("Entry", ovsdb.Row{"name": name, "count": count})
}

func called(name string) ovsdb.Condition { return ovsdb.Where("name", ovsdb.Equal, name) }

// insertEntries inserts entries named prefix0, prefix1 and so on that count from 0.
func insertEntries(t testing.TB, c *ovsdb.Client, prefix string, n int) {
	t.Helper()
	var ops []ovsdb.Operation
	for i := range n {
		ops = append(ops, insertEntry(fmt.Sprint(prefix, i), int64(i)))
	}
	transact(t, c, ops...)
}

// catchUp returns when the monitors of the client show all that was committed
// before.
func catchUp(t testing.TB, c *ovsdb.Client) {
	t.Helper()
	transact(t, c, ovsdb.Comment("catch up"))
}

// readAll reads the database, by no client of this package.
func readAll(t testing.TB, endpoint string) allEntries {
	t.Helper()
	var ops []any
	for _, table := range entryTables {
		ops = append(ops, map[string]any{"op": "select", "table": table, "where": []any{}})
	}
	results, err := dbcall.Transact(testContext(t), endpoint, entryDatabase, ops...)
	if err != nil {
		t.Fatal(err)
	}
	all := allEntries{}
	for i, text := range results {
		var result struct {
			Rows []struct {
				UUID  [2]string `json:"_uuid"`
				Name  string
				Count int64
				Tags  any
				Notes [2]any
				Seen  int64
			}
		}
		if err := json.Unmarshal(text, &result); err != nil {
			t.Fatal(err)
		}
		rows := entryRows{}
		for _, r := range result.Rows {
			row := entry{UUID: r.UUID[1], Name: r.Name, Count: r.Count, Tags: setOf(r.Tags), Notes: map[string]string{}, Seen: r.Seen}
			for _, pair := range r.Notes[1].([]any) {
				row.Notes[pair.([]any)[0].(string)] = pair.([]any)[1].(string)
			}
			rows[row.UUID] = row
		}
		all[entryTables[i]] = rows
	}
	return all
}

// setOf reads a <set> of strings, RFC 7047 section 5.1.
func setOf(set any) (elements []string) {
	if element, ok := set.(string); ok {
		return []string{element}
	}
	for _, element := range set.([]any)[1].([]any) {
		elements = append(elements, element.(string))
	}
	slices.Sort(elements)
	return elements
}

func rowsOf(table *entryTable) entryRows {
	rows := entryRows{}
	for _, row := range table.All() {
		rows[row.UUID] = *row
	}
	return rows
}

// wantTable checks that a table holds exactly those rows.
func wantTable(t testing.TB, what string, want entryRows, table *entryTable) {
	t.Helper()
	if diff := diffEntries(want, rowsOf(table)); diff != "" {
		t.Errorf("%s (-fresh +table):\n%s", what, diff)
	}
}

func diffEntries(want, got any) string { return cmp.Diff(want, got, cmpopts.EquateEmpty()) }

// where returns the rows for which a condition holds, each as it is copied.
func where(rows entryRows, keep func(*entry) bool) entryRows {
	kept := maps.Clone(rows)
	for uuid, row := range rows {
		if keep(&row) {
			kept[uuid] = row
		} else {
			delete(kept, uuid)
		}
	}
	return kept
}
