// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/mempipe"
)

// TestThousandClients has a thousand clients told of a change, and half of them hang up in the middle of a request.
func TestThousandClients(t *testing.T) {
	const n = 1000
	s := startServer(t, Options{})
	goroutines := runtime.NumGoroutine()
	var clients []*client
	for range n {
		ours, theirs := mempipe.New()
		s.ServeConn(theirs)
		c := newClient(t, ours)
		c.mustCall("monitor", "test", nil, parse(t, `{"single":{"columns":["x"]}}`))
		clients = append(clients, c)
	}
	if each := float64(runtime.NumGoroutine()-goroutines) / n; each > 1.1 {
		t.Errorf("goroutines of a client that does nothing: got %.1f, want 1", each)
	}
	writer := connect(t, s)
	writer.transact(insertSingle)
	for i, c := range clients {
		if m := c.receive(); !strings.Contains(jsonText(m), `"new":{"x":3}`) {
			t.Fatalf("client %d was told %s", i, jsonText(m))
		}
		if i%2 == 0 {
			if _, err := io.WriteString(c.conn, `{"id":1,"method":"transact","params":["test",{"op":"dele`); err != nil {
				t.Fatal(err)
			}
			c.conn.Close()
		}
	}
	for len(s.clients()) > n/2+1 {
		writer.mustCall("echo")
	}
	writer.transact(`[{"op":"update","table":"single","where":[],"row":{"x":4}}]`)
	for i, c := range clients {
		if i%2 == 0 {
			continue
		}
		if m := c.receive(); !strings.Contains(jsonText(m), `"new":{"x":4}`) {
			t.Fatalf("client %d was told %s", i, jsonText(m))
		}
	}
}

// TestHugeValues stores strings and sets that nearly fill a message.
func TestHugeValues(t *testing.T) {
	c := dialUnix(t, startServer(t, Options{MaxMessage: 4 << 20}))
	long := strings.Repeat("ä", 1<<18)
	c.transact(`[{"op":"insert","table":"root","row":{"name":"huge","some":1,"s":"` + long + `"}}]`)
	rows := c.transact(`[{"op":"select","table":"root","where":[["s","==","` + long + `"]],"columns":["s"]}]`)
	if got := jsonText(rows[0]); got != `{"rows":[{"s":"`+long+`"}]}` {
		t.Errorf("a string of %d bytes came back in %d", len(long), len(got))
	}
	var members []string
	for i := range 30_000 {
		members = append(members, fmt.Sprint(i))
	}
	set := `["set",[` + strings.Join(members, ",") + `]]`
	c.transact(`[{"op":"update","table":"root","where":[],"row":{"ints":` + set + `}}]`)
	rows = c.transact(`[{"op":"select","table":"root","where":[],"columns":["ints"]}]`)
	if got := jsonText(rows[0]); got != `{"rows":[{"ints":`+set+`}]}` {
		t.Errorf("a set of %d bytes came back in %d", len(set), len(got))
	}
}

// TestMessageInPieces sends a request byte by byte, and one that never ends.
func TestMessageInPieces(t *testing.T) {
	s := startServer(t, Options{MaxMessage: 1000})
	c := dialUnix(t, s)
	for _, b := range []byte(` {"id": 1, "method": "echo", "params": ["a\"}]\\", {}]} `) {
		if _, err := c.conn.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	want(t, "echo", c.receive()["result"], `["a\"}]\\",{}]`)
	go func() {
		for {
			if _, err := io.WriteString(c.conn, "[1,"); err != nil {
				return
			}
		}
	}()
	io.WriteString(c.conn, `{"id":1,"params":[`)
	if _, err := c.r.next(); err == nil {
		t.Error("a message without an end: got an answer, want the end")
	}
	want(t, "echo of another client", connect(t, s).mustCall("echo"), `[]`)
}
