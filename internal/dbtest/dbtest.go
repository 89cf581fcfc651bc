// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package dbtest runs the same test on every kind of database server: the real ovsdb-server and that of the fake. It does
// not stand on package ovsdb, so that tests inside of that can use it.
package dbtest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/internal/dbcall"
	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/ovsproc/ovsproctest"
)

// A Server is a database server of one's own, with a database Open_vSwitch that has its root row and nothing else. There
// is no switch: only clients change it. The server runs until the test ends. Its methods are for one goroutine at a time.
type Server struct {
	// Endpoint is where clients connect to, whenever the server runs.
	Endpoint string
	// CanFreeze says whether Freeze works, which it does for the real server only.
	CanFreeze bool

	program program
}

// Saved is the content of a database at one moment.
type Saved struct{ restore func() error }

// program is what the kinds of servers do in different ways.
type program interface {
	kill() error
	stop() error
	start(t testing.TB) error
	freeze() error
	thaw() error
	save() (restore func() error, err error)
}

// Each runs a test on a new server of each kind.
func Each(t *testing.T, test func(t *testing.T, s *Server)) {
	t.Helper()
	each(t, Real, Fake, test)
}

// EachWith runs a test on a new server of each kind that has an empty database by a schema, in JSON as RFC 7047 section
// 3.2 defines, instead of that of Open vSwitch.
func EachWith(t *testing.T, schema string, test func(t *testing.T, s *Server)) {
	t.Helper()
	real := func(t testing.TB) *Server { return RealWith(t, schema) }
	each(t, real, func(t testing.TB) *Server { return FakeWith(t, schema) }, test)
}

func each(t *testing.T, real, fake func(testing.TB) *Server, test func(t *testing.T, s *Server)) {
	t.Helper()
	t.Run("real", func(t *testing.T) { test(t, real(t)) })
	t.Run("fake", func(t *testing.T) { test(t, fake(t)) })
}

// Real starts a real ovsdb-server.
func Real(t testing.TB) *Server {
	t.Helper()
	return open(t, startReal(t, ovsproc.Options{NoSwitch: true}))
}

// RealWith starts a real ovsdb-server with an empty database by a schema.
func RealWith(t testing.TB, schema string) *Server {
	t.Helper()
	path := filepath.Join(t.TempDir(), "schema")
	must(t, os.WriteFile(path, []byte(schema), 0o600))
	return startReal(t, ovsproc.Options{NoSwitch: true, Schema: path})
}

func startReal(t testing.TB, o ovsproc.Options) *Server {
	t.Helper()
	ovs := ovsproctest.Start(t, o)
	return &Server{Endpoint: ovs.DatabaseEndpoint(), CanFreeze: true, program: realServer{ovs}}
}

// Fake starts a fake.
func Fake(t testing.TB) *Server {
	t.Helper()
	return open(t, startFake(t, fakeovs.Options{}))
}

// FakeWith starts a fake that has an empty database by a schema beside its own.
func FakeWith(t testing.TB, schema string) *Server {
	t.Helper()
	return startFake(t, fakeovs.Options{Schemas: [][]byte{[]byte(schema)}})
}

func startFake(t testing.TB, o fakeovs.Options) *Server {
	t.Helper()
	ovs, err := fakeovs.Start(o)
	must(t, err)
	t.Cleanup(func() {
		if err := ovs.Close(); err != nil {
			t.Error(err)
		}
	})
	ovs.KillSwitch()
	return &Server{Endpoint: ovs.DatabaseEndpoint(), program: &fakeServer{ovs: ovs}}
}

// open inserts the root row.
func open(t testing.TB, s *Server) *Server {
	t.Helper()
	_, err := dbcall.Transact(t.Context(), s.Endpoint, "Open_vSwitch",
		map[string]any{"op": "insert", "table": "Open_vSwitch", "row": map[string]any{}})
	must(t, err)
	return s
}

// Kill ends the server as by SIGKILL. A server that has ended stays so.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	must(t, s.program.kill())
}

// Stop ends the server in an orderly way.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	must(t, s.program.stop())
}

// Start starts the server that has ended, with the same content at the same endpoint, and returns when clients can
// connect.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	must(t, s.program.start(t))
}

// Freeze stops the server in its tracks: clients can connect, but nothing is answered. It fails the test unless
// CanFreeze.
func (s *Server) Freeze(t testing.TB) {
	t.Helper()
	must(t, s.program.freeze())
}

// Thaw lets the server go on after Freeze.
func (s *Server) Thaw(t testing.TB) {
	t.Helper()
	must(t, s.program.thaw())
}

// Save copies the content of the database. All that was answered is in it.
func (s *Server) Save(t testing.TB) Saved {
	t.Helper()
	restore, err := s.program.save()
	must(t, err)
	return Saved{restore}
}

// Restore gives the server, which must have ended, the content that it had when it was saved; Start then starts it with
// that.
func (s *Server) Restore(t testing.TB, saved Saved) {
	t.Helper()
	must(t, saved.restore())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
