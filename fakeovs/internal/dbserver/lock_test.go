// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// onBoth runs a test on the real server and on ours.
func onBoth(t *testing.T, test func(t *testing.T, connect func() *client)) {
	t.Run("real", func(t *testing.T) { test(t, startReal(t)) })
	t.Run("fake", func(t *testing.T) {
		s := startServer(t, Options{})
		test(t, func() *client { return connect(t, s) })
	})
}

// holder is a client whose claims to lock l are checked.
type holder struct {
	*client
	t *testing.T
}

func (h holder) ask(method, wantResult string) {
	h.t.Helper()
	result, failure, notifications := h.call(method, "l")
	if len(notifications) > 0 {
		h.t.Errorf("%s: got notifications %s before the answer", method, jsonText(notifications))
	}
	want(h.t, method, []any{result, failure}, wantResult)
}

func (h holder) told(method string) {
	h.t.Helper()
	want(h.t, "notification", h.receive(), `{"id":null,"method":"`+method+`","params":["l"]}`)
}

// owns checks whether the client is the owner, and that it was told nothing.
func (h holder) owns(owner bool) {
	h.t.Helper()
	result, _, notifications := h.call("transact", "test", map[string]any{"op": "assert", "lock": "l"})
	if len(notifications) > 0 {
		h.t.Errorf("assert: got notifications %s before the answer", jsonText(notifications))
	}
	if owner {
		want(h.t, "assert", result, `[{}]`)
	} else {
		want(h.t, "assert", result, `[{"details":"Asserted lock l not held.","error":"not owner"}]`)
	}
}

const (
	granted = `[{"locked":true},null]`
	waits   = `[{"locked":false},null]`
	done    = `[{},null]`
)

func refused(method string) string {
	return fmt.Sprintf(`[null,{"details":"must issue \"unlock\" before new \"%s\"","error":"syntax error","syntax":"[\"l\"]"}]`, method)
}

func holders(t *testing.T, connect func() *client) (a, b, c holder) {
	return holder{connect(), t}, holder{connect(), t}, holder{connect(), t}
}

func TestLockAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, connect func() *client) {
		a, b, _ := holders(t, connect)
		a.ask("lock", granted)
		b.ask("lock", waits)
		for _, h := range []holder{a, b} {
			for _, method := range []string{"lock", "steal"} {
				result, failure, _ := h.call(method, "l")
				want(t, "again", []any{result, failure}, refused(method))
			}
		}
		a.ask("unlock", done)
		b.told("locked")
		a.ask("lock", waits)
	})
}

// A victim stays in the queue unless it is a thief, who has to unlock all the same.
func TestStealing(t *testing.T) {
	onBoth(t, func(t *testing.T, connect func() *client) {
		a, b, c := holders(t, connect)
		a.ask("lock", granted)
		b.ask("lock", waits)
		c.ask("steal", granted)
		a.told("stolen")
		a.owns(false)
		c.owns(true)
		c.ask("unlock", done)
		a.told("locked") // without having asked
		a.owns(true)

		c.ask("steal", granted)
		a.told("stolen")
		a.ask("unlock", done)
		c.told("locked") // as it had been before
		a.ask("steal", granted)
		c.told("stolen")
		result, failure, _ := c.call("lock", "l")
		want(t, "thief that was stolen from", []any{result, failure}, refused("lock"))
		a.ask("unlock", done)
		b.told("locked")
		c.owns(false)
		c.ask("unlock", done)
		b.owns(true) // and was not told of it
		c.ask("lock", waits)
	})
}

// The end of a connection gives up its claims.
func TestLockHolderHangsUp(t *testing.T) {
	onBoth(t, func(t *testing.T, connect func() *client) {
		a, b, c := holders(t, connect)
		a.ask("lock", granted)
		b.ask("lock", waits)
		c.ask("lock", waits)
		b.conn.Close()
		a.told("locked") // as it had been before
		a.conn.Close()
		c.told("locked")
		c.owns(true)
	})
}

// TestRandomLocksAsRealServer lets clients lock, steal, unlock and assert at random, on both servers, and compares what
// each of them is told.
func TestRandomLocksAsRealServer(t *testing.T) {
	connectReal, fake := startReal(t), startServer(t, Options{})
	var clients [4]pair
	for i := range clients {
		clients[i] = pair{connectReal(), connect(t, fake)}
	}
	rapid.Check(t, func(t *rapid.T) {
		// What a client is told while others ask comes before the answer to its own next request.
		ask := func(i int, method string, params ...any) {
			t.Helper()
			var got [2]string
			for n, c := range []*client{clients[i].real, clients[i].fake} {
				c.t = t
				result, failure, notifications := c.call(method, params...)
				got[n] = jsonText([]any{notifications, result, failure})
			}
			if got[0] != got[1] {
				t.Fatalf("client %d, %s %s: real server (-), ours (+):\n%s", i, method, jsonText(params), cmp.Diff(got[0], got[1]))
			}
		}
		for i := range clients {
			ask(i, "unlock", "a")
			ask(i, "unlock", "b")
		}
		for i := range clients {
			ask(i, "echo")
		}
		for range rapid.IntRange(1, 30).Draw(t, "requests") {
			i := rapid.IntRange(0, len(clients)-1).Draw(t, "client")
			name := rapid.SampledFrom([]any{"a", "a", "a", "a", "b", "", "1", "a b", int64(1), nil}).Draw(t, "lock")
			switch method := rapid.SampledFrom([]string{"lock", "lock", "steal", "unlock", "assert"}).Draw(t, "method"); method {
			case "assert":
				ask(i, "transact", "test", map[string]any{"op": "assert", "lock": name})
			default:
				ask(i, method, name)
			}
			for i := range clients {
				ask(i, "echo")
			}
		}
	})
}
