// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

// startServer serves the test database on an in-memory connection for each client.
func startServer(t testing.TB, o Options) *Server {
	t.Helper()
	return startServerWith(t, o, "testdata/test.ovsschema")
}

// startServerWith serves a database for each of the schemas in files.
func startServerWith(t testing.TB, o Options, files ...string) *Server {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		schema, err := ParseSchema(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.AddDatabase(schema); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// failer is what testing.TB and rapid.TB have in common as far as it is needed.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// client is a client that sees each message.
type client struct {
	t    failer
	conn net.Conn
	r    *frameReader
	id   int64
}

func newClient(t testing.TB, conn net.Conn) *client {
	t.Cleanup(func() { conn.Close() })
	return &client{t: t, conn: conn, r: newFrameReader(conn, 1<<26)}
}

func connect(t testing.TB, s *Server) *client {
	t.Helper()
	ours, theirs := net.Pipe()
	s.ServeConn(theirs)
	return newClient(t, ours)
}

func (c *client) send(m any) {
	c.t.Helper()
	if _, err := c.conn.Write(appendJSON(nil, m)); err != nil {
		c.t.Fatalf("send: %v", err)
	}
}

func (c *client) receive() map[string]any {
	c.t.Helper()
	frame, err := c.r.next()
	if err != nil {
		c.t.Fatalf("receive: %v", err)
	}
	v, err := parseJSON(frame)
	if err != nil {
		c.t.Fatalf("receive %s: %v", frame, err)
	}
	return v.(map[string]any)
}

// request sends a request and returns its id.
func (c *client) request(method string, params ...any) int64 {
	c.t.Helper()
	c.id++
	c.send(map[string]any{"id": c.id, "method": method, "params": append([]any{}, params...)})
	return c.id
}

// call sends a request and returns its result, its error, and the notifications that came before.
func (c *client) call(method string, params ...any) (result, failure any, notifications []any) {
	c.t.Helper()
	id := c.request(method, params...)
	for {
		m := c.receive()
		if m["method"] != nil {
			notifications = append(notifications, []any{m["method"], m["params"]})
			continue
		}
		if m["id"] != id {
			c.t.Fatalf("got a reply to %v, want one to %d", m["id"], id)
		}
		return m["result"], m["error"], notifications
	}
}

// mustCall makes a call that succeeds.
func (c *client) mustCall(method string, params ...any) any {
	c.t.Helper()
	result, failure, _ := c.call(method, params...)
	if failure != nil {
		c.t.Fatalf("%s: got error %s", method, jsonText(failure))
	}
	return result
}

// transact runs operations, given as the text of a JSON array, on the test database.
func (c *client) transact(ops string) []any {
	c.t.Helper()
	result, failure, _ := c.call("transact", append([]any{"test"}, parse(c.t, ops).([]any)...)...)
	if failure != nil {
		c.t.Fatalf("transact %s: got error %s", ops, jsonText(failure))
	}
	return result.([]any)
}

func parse(t failer, text string) any {
	t.Helper()
	v, err := parseJSON([]byte(text))
	if err != nil {
		t.Fatalf("parse %s: %v", text, err)
	}
	return v
}

// listen serves on a socket and returns its path.
func listen(t testing.TB, s *Server) (socket string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "db.sock"))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.Serve(l); err != nil {
			t.Errorf("serve: %v", err)
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return l.Addr().String()
}

func dial(t testing.TB, socket string) *client {
	t.Helper()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	return newClient(t, conn)
}
