// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A peer is the server's end of a session, driven by a test.
type peer struct {
	t    testing.TB
	conn net.Conn
	in   *json.Decoder
}

// request is what a client sends.
type request struct {
	ID     json.RawMessage
	Method string
	Params json.RawMessage
	Result json.RawMessage
	Error  any
}

// listen starts a server that runs a script for each connection, one after the
// other, and returns its endpoint. A connection is closed when its script
// returns; there is none after the last one's. The test does not end before the
// scripts do.
func listen(t testing.TB, scripts ...func(p *peer)) (endpoint string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "ovsdb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		defer l.Close()
		for _, script := range scripts {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conn.SetDeadline(time.Now().Add(time.Minute))
			script(&peer{t: t, conn: conn, in: json.NewDecoder(conn)})
			conn.Close()
		}
	}()
	return "unix:" + path
}

// next returns the client's next message; ok is false when there is none.
func (p *peer) next() (r request, ok bool) {
	return r, p.in.Decode(&r) == nil
}

// expect returns the client's next message, which must have the method.
func (p *peer) expect(method string) request {
	r, ok := p.next()
	if !ok || r.Method != method {
		p.t.Errorf("server got %q (%t) %s, want %q", r.Method, ok, r.Params, method)
	}
	return r
}

func (p *peer) send(format string, args ...any) {
	fmt.Fprintf(p.conn, format, args...)
}

func (p *peer) answer(r request, result string) {
	p.send(`{"id":%s,"result":%s,"error":null}`, r.ID, result)
}

func (p *peer) refuse(r request, err string) {
	p.send(`{"id":%s,"result":null,"error":%s}`, r.ID, err)
}

func (p *peer) schema() { p.answer(p.getSchema(), testSchema) }

// getSchema returns the client's request for the schema. To what comes before
// it, it answers like an old server, which has neither the database _Server nor
// monitor_cond_since.
func (p *peer) getSchema() request {
	p.refuse(p.expect("monitor_cond_since"), `"unknown method"`)
	p.refuse(p.expect("monitor_cond"), `"unknown database"`)
	return p.expect("get_schema")
}

// wait reads until the client closes the connection.
func (p *peer) wait() {
	for {
		if _, ok := p.next(); !ok {
			return
		}
	}
}

// dialPeer dials a server that sends the schema, then runs the script.
func dialPeer(t testing.TB, script func(p *peer)) *Client {
	t.Helper()
	return dialPeerWith(t, Hooks{}, script)
}

func dialPeerWith(t testing.TB, hooks Hooks, script func(p *peer)) *Client {
	t.Helper()
	endpoint := listen(t, func(p *peer) {
		p.schema()
		script(p)
	})
	c, err := Dial(testContext(t), Options{Endpoint: endpoint, Database: "Test", MaxMessage: 1 << 20, Hooks: hooks, NoReconnect: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// testContext bounds a test's calls.
func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}
