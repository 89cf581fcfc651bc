// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
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

// hangUp ends the connection, and returns when the server has ended it too, and with it what the client had.
func (c *client) hangUp() {
	c.t.Helper()
	if err := c.conn.(*net.UnixConn).CloseWrite(); err != nil {
		c.t.Fatalf("hang up: %v", err)
	}
	if _, err := io.Copy(io.Discard, c.conn); err != nil && !errors.Is(err, syscall.ECONNRESET) {
		c.t.Fatalf("hang up: %v", err)
	}
	c.conn.Close()
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
	for n := range (*schemas + 2) / 3 {
		n := *seed + uint64(n)
		t.Run(fmt.Sprintf("seed=%d", n), func(t *testing.T) {
			w := waiter{newGenerator(n)}
			socket := listen(t, startServer(t, Options{}))
			b := bout{t: t, crowds: [2]*crowd{newCrowd(4, startReal(t)), newCrowd(4, func() *client { return dial(t, socket) })}}
			b.do(0, "transact", 0, []any{"test", map[string]any{"op": "insert", "table": "single", "row": map[string]any{"x": 1}, "uuid": w.rows[0]}})
			for range *requests {
				i := w.IntN(len(b.crowds[0].clients))
				if w.percent(3) {
					b.hangUp(i)
					continue
				}
				method, id, params := w.command()
				b.do(i, method, id, params)
			}
		})
	}
}

// bout is what the crowds of the real server and of ours are made to do.
type bout struct {
	t      *testing.T
	crowds [2]*crowd
	story  []string
}

func (b *bout) do(i int, method string, id any, params []any) {
	b.t.Helper()
	message := map[string]any{"id": id, "method": method, "params": params}
	b.act(i, fmt.Sprintf("client %d sends %s", i, jsonText(message)), func(c *crowd) { c.clients[i].send(message) })
}

func (b *bout) hangUp(i int) {
	b.t.Helper()
	b.act(i, fmt.Sprintf("client %d hangs up", i), func(c *crowd) {
		c.clients[i].hangUp()
		c.clients[i] = c.connect()
	})
}

// act lets both crowds do something and compares what their clients get.
func (b *bout) act(i int, what string, act func(c *crowd)) {
	b.t.Helper()
	b.story = append(b.story, what)
	for _, c := range b.crowds {
		act(c)
		c.settle(i)
	}
	real, fake := b.crowds[0], b.crowds[1]
	for j := range real.got {
		if diff := cmp.Diff(real.got[j], fake.got[j]); diff != "" {
			b.t.Fatalf("after\n%s\nclient %d: real server (-), ours (+):\n%s", strings.Join(b.story, "\n"), j, diff)
		}
		real.got[j], fake.got[j] = nil, nil
	}
}
