// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
)

// TestMemoryOfJSON compares what the parser counts with what values take. What is alive at the end must not be more
// than what was counted.
func TestMemoryOfJSON(t *testing.T) {
	const n = 5_000
	many := func(element string) string { return "[" + strings.Repeat(element+",", n) + element + "]" }
	var members strings.Builder
	for i := range n {
		fmt.Fprintf(&members, `"m%d":true,`, i)
	}
	for name, text := range map[string]string{
		"arrays":         many(`[]`),
		"nested arrays":  many(`[[[0]]]`),
		"objects":        many(`{}`),
		"small objects":  many(`{"":0}`),
		"middle objects": many(`{"a":0,"b":1,"c":2,"d":3,"e":4,"f":5,"g":6,"h":7,"i":8}`),
		"large object":   "{" + members.String() + `"":0}`,
		"strings":        many(`"twenty characters or so"`),
		"escapes":        many(`"\u00e4\n"`),
		"numbers":        many(`1234567`),
		"reals":          many(`0.5`),
		"literals":       many(`null`),
		"rows":           many(`{"op":"insert","table":"Port","row":{"name":"p1","tag":["set",[]]},"uuid-name":"u"}`),
	} {
		t.Run(name, func(t *testing.T) {
			b := []byte(text)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			p := jsonParser{b: b, room: 1 << 40}
			v, err := p.value(0)
			if err != nil {
				t.Fatal(err)
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			runtime.KeepAlive(v)
			counted, taken := 1<<40-p.room, int(after.HeapAlloc)-int(before.HeapAlloc)
			if taken > counted+counted/10 || counted > 4*taken {
				t.Errorf("got %d bytes counted for %d bytes taken, want the same, about", counted, taken)
			}
			if _, err := parseJSONWithin(b, counted); err != nil {
				t.Errorf("parse within %d bytes: %v", counted, err)
			}
			if _, err := parseJSONWithin(b, counted-1); err == nil {
				t.Errorf("parse within %d bytes: got no error", counted-1)
			}
		})
	}
}

const exhausted = `"error":"resources exhausted"`

func TestTooManyWaiting(t *testing.T) {
	s := startServer(t, Options{})
	a, b := connect(t, s), connect(t, s)
	a.call("set_db_change_aware", true)
	var last int64
	for range maxWaiting {
		last = a.request("transact", waitSingle("")...)
	}
	_, failure, _ := a.call("transact", waitSingle("")...)
	if !strings.Contains(jsonText(failure), exhausted) {
		t.Errorf("transaction %d that waits: got error %s, want one with %s", maxWaiting+1, jsonText(failure), exhausted)
	}
	// What need not wait, and other clients, are not concerned.
	want(t, "comment", a.transact(`[{"op":"comment","comment":"x"}]`), `[{}]`)
	b.request("transact", waitSingle("")...)
	want(t, "comment of another client", b.transact(`[{"op":"comment","comment":"x"}]`), `[{}]`)

	a.send(map[string]any{"id": nil, "method": "cancel", "params": []any{last}})
	want(t, "canceled", a.receive()["error"], `"canceled"`)
	again := a.request("transact", waitSingle("")...)
	want(t, "comment", a.transact(`[{"op":"comment","comment":"x"}]`), `[{}]`)
	b.request("transact", append([]any{"test"}, parse(t, insertSingle).([]any)...)...)
	for range maxWaiting {
		m := a.receive()
		want(t, "transaction that waited", m["result"], `[{},{}]`)
		last = m["id"].(int64)
	}
	if last != again {
		t.Errorf("got the last answer to request %d, want %d", last, again)
	}
}

func TestTooMuchWaiting(t *testing.T) {
	a := connect(t, startServer(t, Options{MaxMessage: 10_000}))
	long := append(waitSingle(""), parse(t, `{"op":"comment","comment":"`+strings.Repeat("x", 6000)+`"}`))
	a.request("transact", long...)
	_, failure, _ := a.call("transact", long...)
	if !strings.Contains(jsonText(failure), exhausted) {
		t.Errorf("second long transaction that waits: got error %s, want one with %s", jsonText(failure), exhausted)
	}
}

// A transaction with too many results fails, and changes nothing.
func TestTooManyResults(t *testing.T) {
	c := connect(t, startServer(t, Options{MaxBacklog: 20_000}))
	c.transact(insertSingle)
	const get = `{"op":"select","table":"single","where":[]}`
	results := c.transact(`[{"op":"update","table":"single","where":[],"row":{"x":77}}` + strings.Repeat(","+get, 500) + `]`)
	if text := jsonText(results); strings.Count(text, exhausted) != 1 || !strings.HasSuffix(text, ",null]") {
		t.Errorf("results: got %s, want an error with %s among them and null at the end", text, exhausted)
	}
	if text := jsonText(c.transact("[" + get + "]")); strings.Contains(text, `"x":77`) || !strings.Contains(text, "rows") {
		t.Errorf("afterwards: got %s, want the row as it was", text)
	}
}

func TestTooManyClients(t *testing.T) {
	s := startServer(t, Options{MaxClients: 2})
	a, b := connect(t, s), connect(t, s)
	ours, theirs := net.Pipe()
	defer ours.Close()
	s.ServeConn(theirs)
	if _, err := ours.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("third client: got %v, want the end of the connection", err)
	}
	// A client that is gone makes room for another, as soon as the server has noticed.
	b.conn.Close()
	for {
		ours, theirs := net.Pipe()
		s.ServeConn(theirs)
		c := newClient(t, ours)
		if _, err := c.conn.Write([]byte(`{"id":1,"method":"echo","params":[]}`)); err == nil {
			c.receive()
			break
		}
	}
	result, _, _ := a.call("echo")
	want(t, "echo", result, `[]`)
}
