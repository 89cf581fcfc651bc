// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/ovsdb"
)

const (
	schemaA = `{"name":"A","tables":{"T":{"columns":{"c":{"type":"string"}}}}}`
	schemaB = `{"name":"B","tables":{"T":{"columns":{"c":{"type":"integer"}}}}}`
)

// Databases of the same table names are apart, and next to Open_vSwitch, which has its switch.
func TestFurtherDatabases(t *testing.T) {
	ovs, err := fakeovs.Start(fakeovs.Options{
		Schemas: [][]byte{[]byte(schemaA), fakeovs.OpenVSwitchSchema(), []byte(schemaB)},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer ovs.Close()
	for _, db := range []struct {
		name  string
		value any
	}{{"A", "text"}, {"B", int64(5)}} {
		c, err := ovsdb.Dial(t.Context(), ovsdb.Options{Endpoint: ovs.DatabaseEndpoint(), Database: db.name})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		results, err := c.Transact(t.Context(), ovsdb.Insert("T", ovsdb.Row{"c": db.value}), ovsdb.Select("T", []string{"c"}))
		if err != nil {
			t.Fatal(err)
		}
		if rows := results[1].Rows; len(rows) != 1 || rows[0]["c"] != db.value {
			t.Errorf("database %s: got rows %v, want one with %v", db.name, rows, db.value)
		}
		names, err := c.ListDatabases(t.Context())
		slices.Sort(names) // their order is that of a hash table
		if want := []string{"A", "B", "Open_vSwitch", "_Server"}; err != nil || !slices.Equal(names, want) {
			t.Errorf("databases: got %q, %v; want %q", names, err, want)
		}
	}
}

// Without Open_vSwitch there is no switch.
func TestOtherDatabasesAlone(t *testing.T) {
	ovs := fakeovs.NewWith(t, fakeovs.Options{Schemas: [][]byte{[]byte(schemaA)}})
	c, err := ovsdb.Dial(t.Context(), ovsdb.Options{Endpoint: ovs.DatabaseEndpoint(), Database: "A"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	names, err := c.ListDatabases(t.Context())
	if want := []string{"A", "_Server"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("databases: got %q, %v; want %q", names, err, want)
	}
	ovs.RestartSwitch()
	if _, err := ovs.AskSwitch("version"); err == nil {
		t.Error("there is a switch")
	}
	if entries, err := os.ReadDir(ovs.Dir()); err != nil || len(entries) != 3 {
		t.Errorf("the directory: got %v, %v; want the socket, the control socket and the pid file of ovsdb-server", entries, err)
	}
}

func TestBadSchema(t *testing.T) {
	for _, tt := range []struct{ name, schema, says string }{
		{"no JSON", `{"name":`, "unexpected end of JSON"},
		{"column without a type", `{"name":"X","tables":{"T":{"columns":{"c":{}}}}}`, "Required 'type' member is missing"},
		{"the same twice", schemaA, "there is a database A already"},
		{"the server's own", `{"name":"_Server","tables":{}}`, "there is a database _Server already"},
	} {
		ovs, err := fakeovs.Start(fakeovs.Options{Schemas: [][]byte{[]byte(schemaA), []byte(tt.schema)}})
		if err == nil {
			ovs.Close()
			t.Errorf("%s: no error", tt.name)
			continue
		}
		var bad *fakeovs.SchemaError
		if !errors.As(err, &bad) || bad.Index != 1 || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: got error %v, want a *SchemaError of schema 1 that says %s", tt.name, err, tt.says)
		}
	}
}
