// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs_test

import (
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/internal/dbcall"
	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/ovsproc/ovsproctest"
)

func startWithFile(t *testing.T, file string) *fakeovs.OVS {
	t.Helper()
	o, err := fakeovs.Start(fakeovs.Options{DatabaseFile: file})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeFake(t, o) })
	return o
}

func closeFake(t *testing.T, o *fakeovs.OVS) {
	t.Helper()
	if err := o.Close(); err != nil {
		t.Error(err)
	}
}

func operate(t *testing.T, endpoint string, ops ...any) string {
	t.Helper()
	results, err := dbcall.Transact(t.Context(), endpoint, "Open_vSwitch", ops...)
	if err != nil {
		t.Fatal(err)
	}
	last := results[len(results)-1]
	return string(last)
}

func note(key string) any {
	return map[string]any{"op": "mutate", "table": "Open_vSwitch", "where": []any{},
		"mutations": []any{[]any{"external_ids", "insert", []any{"map", [][]string{{key, "here"}}}}}}
}

// notes returns the keys that note has written.
func notes(t *testing.T, endpoint string) string {
	t.Helper()
	var result struct {
		Rows []struct {
			Notes []json.RawMessage `json:"external_ids"`
		}
	}
	text := operate(t, endpoint, map[string]any{"op": "select", "table": "Open_vSwitch", "where": []any{}, "columns": []string{"external_ids"}})
	var pairs [][]string
	err := json.Unmarshal([]byte(text), &result)
	if err == nil && len(result.Rows) == 0 {
		return "no row" // as of a backup that has just taken over an empty database
	}
	if err != nil || len(result.Rows) != 1 || json.Unmarshal(result.Rows[0].Notes[1], &pairs) != nil {
		t.Fatalf("notes: got %s, %v", text, err)
	}
	var keys []string
	for _, p := range pairs {
		keys = append(keys, p[0])
	}
	return strings.Join(keys, " ")
}

var insertRoot = map[string]any{"op": "insert", "table": "Open_vSwitch", "row": map[string]any{}}

// TestDatabaseFile has fakes and a real ovsdb-server go on with one file in turn.
func TestDatabaseFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "conf.db")
	o := startWithFile(t, file)
	operate(t, o.DatabaseEndpoint(), insertRoot, note("a"))
	closeFake(t, o)

	real := ovsproctest.Start(t, ovsproc.Options{NoSwitch: true})
	exchange := func() {
		t.Helper()
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := real.StopDatabase(); err != nil {
			t.Fatal(err)
		}
		if err := real.RestoreDatabase(content); err != nil {
			t.Fatal(err)
		}
		if err := real.StartDatabase(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	exchange()
	operate(t, real.DatabaseEndpoint(), note("b"))
	if got := notes(t, real.DatabaseEndpoint()); got != "a b" {
		t.Errorf("notes at the real server: got %s, want a b", got)
	}
	content, err := real.SaveDatabase()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	o = startWithFile(t, file)
	operate(t, o.DatabaseEndpoint(), note("c"))
	if got := notes(t, o.DatabaseEndpoint()); got != "a b c" {
		t.Errorf("notes at the fake: got %s, want a b c", got)
	}
	exchange()
	if got := notes(t, real.DatabaseEndpoint()); got != "a b c" {
		t.Errorf("notes at the real server again: got %s, want a b c", got)
	}
}

// TestRestartWithDatabaseFile kills the database and gives it another file, and an earlier content.
func TestRestartWithDatabaseFile(t *testing.T) {
	dir := t.TempDir()
	file, other := filepath.Join(dir, "conf.db"), filepath.Join(dir, "other.db")
	o := startWithFile(t, file)
	operate(t, o.DatabaseEndpoint(), insertRoot, note("a"))
	saved := o.SaveDatabase()
	operate(t, o.DatabaseEndpoint(), note("b"))
	o.KillDatabase()

	second := startWithFile(t, file) // the file is free
	operate(t, second.DatabaseEndpoint(), note("c"))
	if err := o.RestartDatabase(); err == nil || !strings.Contains(err.Error(), "lock") {
		t.Errorf("restart with a file that another one has open: got %v, want an error about the lock", err)
	}
	closeFake(t, second)
	if err := o.RestartDatabase(); err != nil {
		t.Fatal(err)
	}
	if got := notes(t, o.DatabaseEndpoint()); got != "a b c" {
		t.Errorf("notes after the restart: got %s, want a b c", got)
	}

	o.KillDatabase()
	if err := o.RestoreDatabase(saved); err != nil {
		t.Fatal(err)
	}
	if err := o.RestartDatabase(); err != nil {
		t.Fatal(err)
	}
	operate(t, o.DatabaseEndpoint(), note("d"))
	closeFake(t, o)
	if err := os.Rename(file, other); err != nil {
		t.Fatal(err)
	}
	if got := notes(t, startWithFile(t, other).DatabaseEndpoint()); got != "a d" {
		t.Errorf("notes after the content was restored: got %s, want a d", got)
	}
}

// TestDatabasesInFiles serves two databases from files.
func TestDatabasesInFiles(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "inventory.db")
	const schema = `{"name":"Inventory","tables":{"T":{"columns":{"c":{"type":"string"}}}}}`
	record := fmt.Sprintf("OVSDB JSON %d %x\n%s", len(schema), sha1.Sum([]byte(schema)), schema)
	if err := os.WriteFile(file, []byte(record), 0o600); err != nil {
		t.Fatal(err)
	}
	options := fakeovs.Options{DatabaseFile: filepath.Join(dir, "conf.db"), Databases: []string{file}, NoSwitch: true}
	o := startWith(t, options)
	insert := map[string]any{"op": "insert", "table": "T", "row": map[string]any{"c": "x"}}
	if _, err := dbcall.Transact(t.Context(), o.DatabaseEndpoint(), "Inventory", insert); err != nil {
		t.Fatal(err)
	}
	operate(t, o.DatabaseEndpoint(), insertRoot)
	closeFake(t, o)
	o = startWith(t, options)
	rows := map[string]any{"op": "select", "table": "T", "where": []any{}, "columns": []string{"c"}}
	results, err := dbcall.Transact(t.Context(), o.DatabaseEndpoint(), "Inventory", rows)
	if err != nil || string(results[0]) != `{"rows":[{"c":"x"}]}` {
		t.Errorf("rows of the second database after a restart: got %s, %v", results, err)
	}
	closeFake(t, o)
	for _, files := range [][]string{{filepath.Join(dir, "none.db")}, {file, file}, {options.DatabaseFile}} {
		options := options
		options.Databases = files
		if o, err := fakeovs.Start(options); err == nil {
			closeFake(t, o)
			t.Errorf("files %v beside that of Open_vSwitch: got no error", files)
		}
	}
	closeFake(t, startWith(t, options)) // nothing is locked any more
}
