// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// until has an echo answered and returns all that comes before.
func (c *client) until() (frames []string) {
	c.t.Helper()
	c.id++
	id := fmt.Sprintf("barrier %d", c.id)
	c.send(map[string]any{"id": id, "method": "echo", "params": []any{}})
	for {
		m := c.receive()
		if m["id"] == id {
			return frames
		}
		frames = append(frames, canonical(m))
	}
}

// crowd is some clients of one server. What they get is noted.
type crowd struct {
	connect func() *client
	clients []*client
	got     [][]string
}

func newCrowd(n int, connect func() *client) *crowd {
	c := &crowd{connect: connect, got: make([][]string, n)}
	for range n {
		c.clients = append(c.clients, connect())
	}
	return c
}

// settle waits until the server has done all that follows from what client i has sent: each round of transactions that
// waited takes it one more turn.
func (c *crowd) settle(i int) {
	for range 4 {
		c.got[i] = append(c.got[i], c.clients[i].until()...)
	}
	for j := range c.clients {
		c.got[j] = append(c.got[j], c.clients[j].until()...)
	}
}

// waiter makes commands for clients whose transactions wait for each other.
type waiter struct{ *generator }

func (w waiter) command() (method string, id any, params []any) {
	id = w.IntN(4)
	number := func() any { return w.IntN(4) + 1 }
	set := map[string]any{"op": "update", "table": "single", "where": []any{}, "row": map[string]any{"x": number()}}
	switch n := w.IntN(20); {
	case n < 5:
		return "transact", id, []any{"test", set}
	case n < 12:
		wait := map[string]any{
			"op": "wait", "table": "single", "where": []any{}, "columns": []any{"x"}, "until": pick(w.generator, []any{"==", "==", "!="}),
			"rows": []any{map[string]any{"x": number()}},
		}
		if w.percent(10) {
			wait["timeout"] = 0
		}
		then := pick(w.generator, []any{set, set, map[string]any{"op": "comment", "comment": "x"}, map[string]any{"op": "assert", "lock": "l"}})
		return "transact", id, []any{"test", wait, then}
	case n < 14:
		return "cancel", nil, []any{id}
	case n < 18:
		return pick(w.generator, []string{"lock", "lock", "steal", "unlock"}), id, []any{pick(w.generator, []any{"l", "m"})}
	case n < 19:
		return "set_db_change_aware", id, []any{w.percent(70)}
	default:
		return "monitor", "monitoring", []any{"test", "the monitor", map[string]any{"single": map[string]any{"columns": []any{"x"}}}}
	}
}

// TestRandomWaitsAsRealServer has clients wait, lock, cancel and hang up at random on both servers, and compares all that
// each of them is sent, in order.
func TestRandomWaitsAsRealServer(t *testing.T) {
	connectReal, fake := startReal(t), startServer(t, Options{})
	socket := listen(t, fake)
	for n := range *schemas {
		seed := *seed + uint64(n)
		w := waiter{newGenerator(seed)}
		crowds := [2]*crowd{newCrowd(4, connectReal), newCrowd(4, func() *client { return dial(t, socket) })}
		var story []string
		do := func(i int, act func(c *client)) {
			for _, c := range crowds {
				act(c.clients[i])
				c.settle(i)
			}
			for j := range crowds[0].got {
				if diff := cmp.Diff(crowds[0].got[j], crowds[1].got[j]); diff != "" {
					t.Fatalf("seed %d: after\n%s\nclient %d: real server (-), ours (+):\n%s", seed, strings.Join(story, "\n"), j, diff)
				}
				crowds[0].got[j], crowds[1].got[j] = nil, nil
			}
		}
		first := []any{
			map[string]any{"op": "delete", "table": "single", "where": []any{}},
			map[string]any{"op": "insert", "table": "single", "row": map[string]any{"x": 1}, "uuid": fmt.Sprintf("00000000-0000-0000-0000-%012d", seed)},
		}
		do(0, func(c *client) {
			c.send(map[string]any{"id": 0, "method": "transact", "params": append([]any{"test"}, first...)})
		})
		for range *requests {
			i := w.IntN(len(crowds[0].clients))
			if w.percent(3) {
				story = append(story, fmt.Sprintf("client %d hangs up", i))
				for _, c := range crowds {
					c.clients[i].conn.Close()
					c.clients[i] = c.connect()
				}
				do(i, func(*client) {})
				continue
			}
			method, id, params := w.command()
			message := map[string]any{"id": id, "method": method, "params": params}
			story = append(story, fmt.Sprintf("client %d sends %s", i, jsonText(message)))
			do(i, func(c *client) { c.send(message) })
		}
		for _, c := range crowds {
			for _, client := range c.clients {
				client.conn.Close()
			}
		}
	}
}
