// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"net"
	"path/filepath"
	"testing"
)

const remotesSchema = `{"name":"config","tables":{
	"Root":{"isRoot":true,"columns":{
		"targets":{"type":{"key":"string","min":0,"max":"unlimited"}},
		"managers":{"type":{"key":{"type":"uuid","refTable":"Remote"},"min":0,"max":"unlimited"}}}},
	"Remote":{"columns":{"target":{"type":"string"},"read_only":{"type":"boolean"}}}}}`

func openRemotes(t *testing.T, targets ...string) (*Server, *Remotes) {
	t.Helper()
	s := startServer(t, Options{})
	schema, err := ParseSchema([]byte(remotesSchema))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddDatabase(schema); err != nil {
		t.Fatal(err)
	}
	r, err := s.OpenRemotes(RemotesOptions{Targets: targets})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return s, r
}

// tryUnix connects to a socket; nil if nobody listens there.
func tryUnix(t *testing.T, path string) *client {
	conn, err := net.Dial("unix", path)
	if err != nil {
		return nil
	}
	return newClient(t, conn)
}

func TestAddAndRemoveRemotes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	_, r := openRemotes(t)
	remote := "punix:" + path
	for range 2 {
		for _, target := range []string{remote, remote, "db:config,Root,targets", "ptcp:what"} {
			if err := r.Add(target); err != nil {
				t.Errorf("add %s: %v", target, err)
			}
		}
		want(t, "targets", fmt.Sprint(r.Targets()), `"[db:config,Root,targets ptcp:what `+remote+`]"`)
		c := tryUnix(t, path)
		if c == nil {
			t.Fatal("nobody listens at a remote that was added")
		}
		want(t, "echo", c.mustCall("echo"), "[]")
		if !r.Remove(remote) || r.Remove(remote) {
			t.Error("remove twice: want success once")
		}
		if _, err := c.r.next(); err == nil {
			t.Error("client of a remote that was removed: got a message, want the end")
		}
		if tryUnix(t, path) != nil {
			t.Error("a remote that was removed is still listened at")
		}
		r.Remove("db:config,Root,targets")
		r.Remove("ptcp:what")
	}
	if err := r.Add("db:config,Root,none"); err == nil || err.Error() != `"db:config,Root,none": table "Root" has no column "none"` {
		t.Errorf("add a column that there is not: got %v", err)
	}
}

// TestRemotesInStrings has a column of strings name remotes.
func TestRemotesInStrings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	s, _ := openRemotes(t, "db:config,Root,targets")
	c := connect(t, s)
	c.mustCall("transact", "config", parse(t, `{"op":"insert","table":"Root","row":{"targets":"punix:`+path+`"}}`))
	var other *client
	for other == nil {
		other = tryUnix(t, path)
	}
	c.mustCall("transact", "config", parse(t, `{"op":"delete","table":"Root","where":[]}`))
	if _, err := other.r.next(); err == nil {
		t.Error("client of a remote that was taken out: got a message, want the end")
	}
}

// TestReadOnlyRemote has the clients of a remote read and not write.
func TestReadOnlyRemote(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	s, _ := openRemotes(t, "db:config,Root,managers")
	connect(t, s).mustCall("transact", "config",
		parse(t, `{"op":"insert","table":"Remote","row":{"target":"punix:`+path+`","read_only":true},"uuid-name":"m"}`),
		parse(t, `{"op":"insert","table":"Root","row":{"managers":["named-uuid","m"]}}`))
	var c *client
	for c == nil {
		c = tryUnix(t, path)
	}
	want(t, "select", c.transact(`[{"op":"select","table":"single","where":[]}]`), `[{"rows":[]}]`)
	want(t, "insert", c.transact(insertSingle), `[{"details":"insert operation not allowed when database server is in read only mode","error":"not allowed"}]`)
	for _, method := range []string{"lock", "unlock", "steal"} {
		_, failure, _ := c.call(method, "l")
		want(t, method, failure, `"lock and unlock methods not allowed, DB server is read only."`)
	}
}
