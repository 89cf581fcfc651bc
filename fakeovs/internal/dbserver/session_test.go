// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
)

func text(v any) string { return uuidPattern.ReplaceAllString(jsonText(v), "UUID") }

func want(t *testing.T, what string, got any, want string) {
	t.Helper()
	if g := text(got); g != want {
		t.Errorf("%s: got %s, want %s", what, g, want)
	}
}

const insertSingle = `[{"op":"insert","table":"single","row":{"x":3}}]`

func waitSingle(timeout string) []any {
	var v any
	v, err := parseJSON([]byte(`["test",{"op":"wait",` + timeout + `"table":"single","where":[],"columns":["x"],"until":"==","rows":[{"x":3}]},{"op":"comment","comment":"done"}]`))
	if err != nil {
		panic(err)
	}
	return v.([]any)
}

func TestWaitBlocksOnlyItself(t *testing.T) {
	s := startServer(t, Options{})
	a, b := connect(t, s), connect(t, s)
	id := a.request("transact", waitSingle("")...)
	result, _, _ := a.call("echo", "still here")
	want(t, "echo while a transaction waits", result, `["still here"]`)
	b.transact(insertSingle)
	m := a.receive()
	want(t, "reply", m["result"], `[{},{}]`)
	if m["id"] != id {
		t.Errorf("reply to %v, want %d", m["id"], id)
	}
}

func TestWaitTimesOut(t *testing.T) {
	a := connect(t, startServer(t, Options{}))
	result, _, _ := a.call("transact", waitSingle(`"timeout":1,`)...)
	want(t, "result", result, `[{"details":"\"wait\" timed out after 1 ms","error":"timed out"},null]`)
}

// Only clients that keep an eye on the databases are told that a transaction was canceled.
func TestCancel(t *testing.T) {
	onBoth(t, func(t *testing.T, connect func() *client) {
		a := connect()
		cancel := func(id int64) { a.send(map[string]any{"id": nil, "method": "cancel", "params": []any{id}}) }
		id := a.request("transact", waitSingle("")...)
		cancel(999)
		cancel(id)
		a.call("set_db_change_aware", true)
		id = a.request("transact", waitSingle("")...)
		cancel(id)
		want(t, "reply", a.receive(), fmt.Sprintf(`{"error":"canceled","id":%d}`, id))
		cancel(id)
		result, _, _ := a.call("echo", "done")
		want(t, "echo", result, `["done"]`)
	})
}

func TestUpdateComesBeforeReply(t *testing.T) {
	a := connect(t, startServer(t, Options{}))
	initial, failure, _ := a.call("monitor", "test", nil, parse(t, `{"single":{"columns":["x"]}}`))
	want(t, "initial rows", initial, `{}`)
	want(t, "error", failure, `null`)
	_, _, updates := a.call("transact", append([]any{"test"}, parse(t, insertSingle).([]any)...)...)
	want(t, "notifications before the reply", updates, `[["update",[null,{"single":{"UUID":{"new":{"x":3}}}}]]]`)
}

func TestServerDatabase(t *testing.T) {
	a := connect(t, startServer(t, Options{}))
	result, _, _ := a.call("transact", "_Server", parse(t, `{"op":"select","table":"Database","where":[],"columns":["name","model","connected","leader","cid"]}`))
	want(t, "rows", result, `[{"rows":[{"cid":["set",[]],"connected":true,"leader":true,"model":"standalone","name":"_Server"},`+
		`{"cid":["set",[]],"connected":true,"leader":true,"model":"standalone","name":"test"}]}]`)
	result, _, _ = a.call("transact", "_Server", parse(t, `{"op":"delete","table":"Database","where":[]}`))
	want(t, "delete", result, `[{"details":"delete operation not allowed on table in reserved database _Server","error":"not allowed"}]`)
}

func TestGetSchemaIsVerbatim(t *testing.T) {
	s := startServer(t, Options{})
	got, _, _ := connect(t, s).call("get_schema", "test")
	if g, w := jsonText(got), jsonText(parse(t, string(s.databases["test"].schema.text))); g != w {
		t.Errorf("got schema %s, want %s", g, w)
	}
}

// TestHostileClients sends what no client sends: each connection must be cut and the server must go on.
func TestHostileClients(t *testing.T) {
	s := startServer(t, Options{MaxMessage: 100_000})
	for name, input := range map[string]string{
		"not JSON":          "GET / HTTP/1.0\r\n\r\n",
		"not an object":     `["echo"]`,
		"bad JSON":          `{"method":}`,
		"brackets crossed":  `{"method":[}]`,
		"too deep":          `{"method":"echo","id":1,"params":` + strings.Repeat("[", maxDepth+1),
		"too long":          `{"method":"echo","id":1,"params":["` + strings.Repeat("x", 100_000),
		"too much memory":   `{"method":"echo","id":1,"params":[` + strings.Repeat(`{"":0},`, 14_000) + `0]}`,
		"no method":         `{"id":1,"params":[]}`,
		"a reply":           `{"id":1,"result":{},"error":null}`,
		"params no array":   `{"id":1,"method":"echo","params":{}}`,
		"unexpected member": `{"id":1,"method":"echo","params":[],"jsonrpc":"2.0"}`,
		"unnamed member":    `{"id":1,"method":"echo","params":[],"":0}`,
		"lone surrogate":    `{"id":1,"method":"echo","params":["\ud800"]}`,
		"number too large":  `{"id":1,"method":"echo","params":[1e999]}`,
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := net.Pipe()
			defer ours.Close()
			s.ServeConn(theirs)
			go io.WriteString(ours, input)
			if answer, err := io.ReadAll(ours); err != nil || len(answer) > 0 {
				t.Errorf("got answer %q, error %v; want the connection to be cut without an answer", answer, err)
			}
		})
	}
	result, _, _ := connect(t, s).call("echo", int64(1))
	want(t, "echo", result, `[1]`)
}

func TestClientThatNeverReadsIsCut(t *testing.T) {
	s := startServer(t, Options{MaxBacklog: 10_000})
	deaf, ours := net.Pipe()
	s.ServeConn(ours)
	c := newClient(t, deaf)
	c.call("monitor", "test", nil, parse(t, `{"single":{}}`))
	busy := connect(t, s)
	busy.transact(insertSingle)
	for i := range 200 {
		busy.transact(fmt.Sprintf(`[{"op":"update","table":"single","where":[],"row":{"x":%d}}]`, i+10))
	}
	// What is in the pipe may still be read; then the connection ends.
	if n, err := io.Copy(io.Discard, deaf); err != nil || n > 20_000 {
		t.Errorf("got %d bytes, error %v; want the connection to be cut with little backlog", n, err)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	s := startServer(t, Options{})
	a := connect(t, s)
	a.request("transact", waitSingle(`"timeout":3600000,`)...)
	a.call("echo")
	s.Close()
	if _, err := a.r.next(); err == nil {
		t.Error("the connection is still there after Close")
	}
	s.Close()
}

func TestFrames(t *testing.T) {
	r := newFrameReader(strings.NewReader(` {"a":"}"} {"b":["\"}"]}`+"\n"), 100)
	for _, w := range []string{`{"a":"}"}`, `{"b":["\"}"]}`} {
		got, err := r.next()
		if err != nil || string(got) != w {
			t.Errorf("got %q, error %v; want %q", got, err, w)
		}
	}
	if _, err := r.next(); err != io.EOF {
		t.Errorf("at the end: got error %v, want EOF", err)
	}
}

// sink is a connection that keeps what is written. It is one writer's at a time.
type sink struct {
	net.Conn
	sent bytes.Buffer
}

func (s *sink) Write(b []byte) (int, error) { return s.sent.Write(b) }

func FuzzSession(f *testing.F) {
	f.Add([]byte(`{"id":1,"method":"transact","params":["test",` + insertSingle[1:len(insertSingle)-1] + `]}`))
	f.Add([]byte(`{"id":1,"method":"monitor_cond","params":["test",null,{"root":[{"where":[["i",">",1]]}]}]}{"id":2,"method":"lock","params":["a"]}`))
	f.Add([]byte(`{"id":1,"method":"transact","params":["test",{"op":"mutate","table":"root","where":[],"mutations":[["i","/=",0]]},{"op":"wait","timeout":0,"table":"kid","where":[],"until":"==","rows":[]}]}`))
	for _, name := range []string{"operations.txt", "conditions.txt", "references.txt", "monitors.txt"} {
		for _, r := range scenario(f, name) {
			f.Add(appendJSON(nil, map[string]any{"id": int64(1), "method": r[0], "params": r[1:]}))
		}
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		s := startServer(t, Options{})
		sink := &sink{}
		c := newSession(s, sink)
		c.handle([]byte(`{"id":0,"method":"transact","params":["test",{"op":"insert","table":"root","row":{"name":"a","some":1,"kids":["named-uuid","k"]}},{"op":"insert","table":"kid","row":{},"uuid-name":"k"}]}`))
		for r := newFrameReader(bytes.NewReader(input), 1<<20); ; {
			frame, err := r.next()
			if err != nil || c.handle(frame) != nil {
				break
			}
		}
		s.remove(c)
		c.out.await(0)
		for r := newFrameReader(&sink.sent, 1<<26); ; {
			m, err := r.next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("the server sent what is no message: %v", err)
			}
			if _, err := parseJSON(m); err != nil {
				t.Errorf("the server sent %s: %v", m, err)
			}
		}
	})
}
