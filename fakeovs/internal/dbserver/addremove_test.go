// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// A database that comes and goes is told to those who keep an eye on the databases; others are cut off. What monitors it or
// waits for it ends with it, and remotes that it holds are closed until it is there again.
func TestDatabaseComesAndGoes(t *testing.T) {
	dir := t.TempDir()
	file, socket := filepath.Join(dir, "more.db"), filepath.Join(dir, "more.sock")
	schema, err := ParseSchema([]byte(`{"name":"more","tables":{"remotes":{"columns":{"target":{"type":"string"}}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	s := startServer(t, Options{})
	if _, err := s.AddDatabaseFile(file, schema); err != nil {
		t.Fatal(err)
	}
	remotes, err := s.OpenRemotes(RemotesOptions{Targets: []string{"db:more,remotes,target"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(remotes.Close)
	aware, other := connect(t, s), connect(t, s)
	aware.call("set_db_change_aware", true)
	aware.call("transact", "more", parse(t, fmt.Sprintf(`{"op":"insert","table":"remotes","row":{"target":"punix:%s"}}`, socket)))
	aware.call("monitor", "more", "m", parse(t, `{"remotes":{}}`))
	aware.call("monitor", "_Server", "s", parse(t, `{"Database":{"columns":["name"]}}`))
	aware.send(map[string]any{"id": "w", "method": "transact", "params": []any{"more", parse(t,
		`{"op":"wait","table":"remotes","where":[],"columns":["target"],"until":"==","rows":[]}`)}})
	aware.call("echo")
	if err := s.RemoveDatabase("more"); err != nil {
		t.Fatal(err)
	}
	want(t, "monitor", aware.receive(), `{"id":null,"method":"monitor_canceled","params":["m"]}`)
	want(t, "what waits", aware.receive(), `{"error":"canceled","id":"w"}`)
	if m := aware.receive(); m["method"] != "update" {
		t.Errorf("got %v, want an update of _Server", m)
	}
	if m, err := other.r.next(); !isEnd(err) {
		t.Errorf("client that is not aware: got %s, %v; want the end", m, err)
	}
	remotes.Refresh()
	if _, err := os.Stat(socket); !os.IsNotExist(err) {
		t.Errorf("remote of the database that is gone: %v, want that it does not exist", err)
	}
	if err := s.OpenDatabase(file); err != nil {
		t.Fatal(err)
	}
	remotes.Refresh()
	c := dial(t, socket)
	result, _, _ := c.call("transact", "more", parse(t, `{"op":"select","table":"remotes","where":[],"columns":["target"]}`))
	want(t, "rows", result, fmt.Sprintf(`[{"rows":[{"target":"punix:%s"}]}]`, socket))
	w := s.Database("more").Watch("remotes")
	defer w.Close()
	if err := s.RemoveDatabase("more"); err == nil {
		t.Error("the database was removed while it was watched")
	}
}
