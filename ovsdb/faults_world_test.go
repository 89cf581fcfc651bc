// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/dbtest"
	"github.com/ovskit/ovskit/internal/faultproxy"
)

// A world is a server with some clients, whose connections fail.
type world struct {
	t      testing.TB
	server *dbtest.Server
	proxy  *faultproxy.Proxy
	probe  time.Duration
	ctx    context.Context // of everything; its end is a deadlock
	cancel context.CancelFunc
	calm   context.Context // ends when the faults are over
	calmed context.CancelFunc

	clients []*worldClient
	running sync.WaitGroup
	steps   atomic.Int64 // that have ended
	step    chan struct{}
	epoch   atomic.Int64 // counts the times that the server lost something
	saved   dbtest.Saved
}

// worldPatience is far more than a world needs on a busy machine.
const worldPatience = 2 * time.Minute

// runWorld makes everything that happens out of a seed, except for the order
// in which it happens. The server has no content, and has it again afterwards.
func runWorld(t testing.TB, server *dbtest.Server, empty dbtest.Saved, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	w := &world{t: t, server: server, proxy: faultproxy.New(t, server.Endpoint), saved: empty, probe: -1, step: make(chan struct{}, 1)}
	w.ctx, w.cancel = context.WithTimeout(context.Background(), worldPatience)
	w.calm, w.calmed = context.WithCancel(w.ctx)
	defer w.cancel()
	defer context.AfterFunc(w.ctx, w.showStacks)()
	faults := w.drawFaults(rnd)
	for i := range 2 + rnd.IntN(2) {
		w.clients = append(w.clients, newWorldClient(w, fmt.Sprint("client", i)))
	}
	for _, c := range w.clients {
		for range 1 + rnd.IntN(3) {
			steps := c.drawSteps(rnd)
			w.running.Add(1)
			go func() {
				defer w.running.Done()
				for _, step := range steps {
					step()
					w.steps.Add(1)
					select {
					case w.step <- struct{}{}:
					default:
					}
				}
			}()
		}
	}
	for _, fault := range faults {
		w.meanwhile(rnd.IntN(4))
		fault()
	}
	w.proxy.CutAfter(-1, -1)
	w.proxy.Stall(false)
	w.proxy.Refuse(false)
	w.calmed()
	w.finish()
	w.check()
	server.Kill(t)
	server.Restore(t, empty)
	server.Start(t)
}

// finish waits until all calls have returned.
func (w *world) finish() {
	w.t.Helper()
	ended := make(chan struct{})
	go func() { defer close(ended); w.running.Wait() }()
	select {
	case <-ended:
	case <-w.ctx.Done():
		w.t.Fatal("calls have not returned")
	}
}

// showStacks shows where everybody stands when the world has not come to its
// end.
func (w *world) showStacks() {
	if errors.Is(w.ctx.Err(), context.DeadlineExceeded) {
		stacks := make([]byte, 1<<20)
		w.t.Errorf("no end after %v:\n%s", worldPatience, stacks[:runtime.Stack(stacks, true)])
	}
}

// meanwhile lets the clients make some steps, if they can.
func (w *world) meanwhile(steps int) {
	timer := time.NewTimer(2 * time.Millisecond)
	defer timer.Stop()
	for until := w.steps.Load() + int64(steps); w.steps.Load() < until; {
		select {
		case <-w.step:
		case <-timer.C:
			return
		}
	}
}

// drawFaults draws what happens to the connections and the server.
func (w *world) drawFaults(rnd *rand.Rand) (faults []func()) {
	draw := func(f func()) { faults = append(faults, f) }
	if rnd.IntN(8) == 0 {
		w.probe = 15 * time.Millisecond
		draw(w.stallUntilProbed)
	}
	for range rnd.IntN(6) {
		// How long a fault lasts.
		d := time.Duration(rnd.Int64N(int64(1500 * time.Microsecond)))
		switch rnd.IntN(8) {
		case 0:
			draw(w.proxy.Cut)
		case 1:
			n := rnd.Int64N(600)
			draw(func() { w.proxy.CutAfter(n, -1) })
		case 2:
			n := rnd.Int64N(3000)
			draw(func() { w.proxy.CutAfter(-1, n) })
		case 3:
			draw(func() { w.proxy.Refuse(true); w.last(d); w.proxy.Refuse(false) })
		case 4:
			draw(func() { w.proxy.Stall(true); w.last(d); w.proxy.Stall(false) })
		case 5:
			draw(func() { w.server.Kill(w.t); w.last(d); w.server.Start(w.t) })
		case 6:
			draw(func() { w.server.Stop(w.t); w.server.Start(w.t) })
		case 7:
			draw(func() { w.saved = w.server.Save(w.t) })
			draw(func() {
				w.server.Kill(w.t)
				w.epoch.Add(1)
				w.server.Restore(w.t, w.saved)
				w.server.Start(w.t)
			})
		}
	}
	// What was saved is not restored at once.
	rnd.Shuffle(len(faults), func(i, j int) { faults[i], faults[j] = faults[j], faults[i] })
	return faults
}

func (w *world) last(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.ctx.Done():
	}
}

// stallUntilProbed stalls until a client has given its connection up.
func (w *world) stallUntilProbed() {
	c := w.clients[0].Client
	w.proxy.Stall(true)
	defer w.proxy.Stall(false)
	changed := c.StateChanged()
	select {
	case <-changed:
	case <-c.Done():
	case <-w.ctx.Done():
	}
}

// check is called when the faults are over and nobody writes any more.
func (w *world) check() {
	for _, c := range w.clients {
		c.settle()
	}
	rows := w.compare()
	for _, c := range w.clients {
		c.checkOutcomes(rows["Entry"])
		c.end()
	}
}

// compare compares the tables of all clients with the database, which may still
// get what was under way on connections that have ended: it must be the same
// before and after.
func (w *world) compare() allEntries {
	before := readAll(w.t, w.server.Endpoint)
	for w.ctx.Err() == nil {
		diff := ""
		for _, c := range w.clients {
			if c.Err() == nil {
				c.catchUp()
				diff += c.diff(before)
			}
		}
		after := readAll(w.t, w.server.Endpoint)
		if diffEntries(before, after) == "" {
			if diff != "" {
				w.t.Errorf("(-fresh +table):\n%s", diff)
			}
			break
		}
		before = after
	}
	return before
}

// pick returns a random element.
func pick[T any](rnd *rand.Rand, from []T) T { return from[rnd.IntN(len(from))] }

// remove removes an element.
func remove[T comparable](from []T, v T) []T {
	if i := slices.Index(from, v); i >= 0 {
		return slices.Delete(from, i, i+1)
	}
	return from
}
