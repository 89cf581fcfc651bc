// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"strings"
	"testing"
)

// wantKept waits until clients that are gone are forgotten, and compares what is kept then.
func wantKept(t *testing.T, s *Server, c *client, when string, want int) {
	t.Helper()
	for len(s.clients()) > 1 {
		c.mustCall("echo")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept != want {
		t.Errorf("bytes kept %s: got %d, want %d", when, s.kept, want)
	}
}

// fillUp makes requests with numbers from 1 on until one is refused for lack of room, which it must soon.
func fillUp(t *testing.T, c *client, what string, request func(n int) (method string, params []any)) int {
	t.Helper()
	for n := 1; n < 2000; n++ {
		method, params := request(n)
		_, failure, _ := c.call(method, params...)
		if failure == nil {
			continue
		}
		if !strings.Contains(jsonText(failure), exhausted) {
			t.Errorf("%s %d: got error %s, want one with %s", what, n, jsonText(failure), exhausted)
		}
		return n - 1
	}
	t.Fatalf("there is room for any number of %ss", what)
	return 0
}

func TestTooMuchKept(t *testing.T) {
	s := startServer(t, Options{MaxKept: 64 << 10})
	observer := connect(t, s)
	lock := func(n int) (string, []any) { return "lock", []any{fmt.Sprintf("l%d", n)} }
	monitor := func(n int) (string, []any) {
		return "monitor", []any{"test", n, parse(t, `{"single":{"columns":["x"]}}`)}
	}

	c := connect(t, s)
	locks := fillUp(t, c, "lock", lock)
	c.mustCall("unlock", "l1")
	c.mustCall("lock", "l1")
	c.conn.Close()
	wantKept(t, s, observer, "of the locks of a client that is gone", 0)

	c = connect(t, s)
	monitors := fillUp(t, c, "monitor", monitor)
	c.mustCall("monitor_cancel", 1)
	c.mustCall("monitor", "test", 1, parse(t, `{"single":{"columns":["x"]}}`))
	if locks < 100 || monitors < 20 {
		t.Errorf("got %d locks and %d monitors in 64 kB, want 100 and 20 or more", locks, monitors)
	}
	c.conn.Close()
	wantKept(t, s, observer, "of the monitors of a client that is gone", 0)

	// A condition counts as well, and one that is refused changes nothing.
	c = connect(t, s)
	c.mustCall("monitor_cond", "test", 1, parse(t, `{"single":{"columns":["x"]}}`))
	long := func(times int) any {
		return parse(t, `{"single":[{"where":[`+strings.Repeat(`["x","==",1],`, times)+`["x","==",1]]}]}`)
	}
	c.mustCall("monitor_cond_change", 1, 2, long(10))
	if _, failure, _ := c.call("monitor_cond_change", 2, 3, long(1000)); !strings.Contains(jsonText(failure), exhausted) {
		t.Errorf("long condition: got error %s, want one with %s", jsonText(failure), exhausted)
	}
	c.mustCall("monitor_cancel", 2)
	wait := append(waitSingle(""), parse(t, `{"op":"comment","comment":"`+strings.Repeat("x", 20_000)+`"}`))
	for range 2 {
		c.request("transact", wait...)
	}
	if _, failure, _ := c.call("transact", wait...); !strings.Contains(jsonText(failure), exhausted) {
		t.Errorf("third long transaction that waits: got error %s, want one with %s", jsonText(failure), exhausted)
	}
	c.conn.Close()
	wantKept(t, s, observer, "of the transactions of a client that is gone", 0)
}
