// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/ovskit/ovskit/ovsdb"
)

// A worldClient is a client in a world, and what it is known to have done.
type worldClient struct {
	*ovsdb.Client
	w       *world
	name    string
	batcher *ovsdb.Batcher
	all     *worldMonitor // of everything

	mu       sync.Mutex
	inserts  int
	outcomes []worldOutcome
	monitors []*worldMonitor // further ones
	ended    []*worldMonitor
	locks    []*ovsdb.Lock
}

// A worldOutcome is what became of an entry that nobody deletes.
type worldOutcome struct {
	name  string
	epoch int64 // of the world when it was inserted
	err   error
}

func newWorldClient(w *world, name string) *worldClient {
	o := entryOptions(w.proxy.Endpoint())
	o.Probe = w.probe
	o.Retry = true
	client, err := ovsdb.Dial(w.ctx, o)
	if err != nil {
		w.t.Fatal(err)
	}
	c := &worldClient{Client: client, w: w, name: name, batcher: ovsdb.NewBatcher(client, ovsdb.BatchOptions{})}
	if c.all, err = c.newMonitor(w.ctx, everything, []int{3, 100, -1}); err != nil {
		w.t.Fatal(err)
	}
	return c
}

// drawSteps draws what one goroutine of the client does.
func (c *worldClient) drawSteps(rnd *rand.Rand) (steps []func()) {
	draw := func(f func()) { steps = append(steps, f) }
	for range 1 + rnd.IntN(8) {
		patient := rnd.IntN(3) > 0
		within := func(f func(context.Context)) func() { return func() { c.within(patient, f) } }
		switch rnd.IntN(16) {
		case 0, 1, 2, 3:
			count, batch := rnd.Int64N(10), rnd.IntN(2) == 0
			draw(within(func(ctx context.Context) { c.insert(ctx, count, batch) }))
		case 4, 5:
			count := rnd.Int64N(10)
			draw(within(func(ctx context.Context) { c.change(ctx, count) }))
		case 6:
			count := rnd.Int64N(10)
			draw(within(func(ctx context.Context) { c.delete(ctx, count) }))
		case 7, 8:
			s, limit := drawChoice(rnd), pick(rnd, []int{1, 5, 0, -1})
			draw(within(func(ctx context.Context) { c.addMonitor(ctx, s, limit) }))
		case 9:
			draw(c.closeMonitor)
		case 10, 11, 12:
			s := drawChoice(rnd)
			draw(within(func(ctx context.Context) { c.reselect(ctx, s) }))
		case 13:
			name, how := pick(rnd, []string{"a", "b"}), rnd.IntN(3)
			draw(func() { c.acquire(name, how) })
		case 14:
			draw(within(c.unlock))
		case 15:
			if rnd.IntN(8) == 0 {
				draw(func() { c.Close() })
			}
		}
	}
	return steps
}

// within gives a call until the end of the world, or only until something
// happens to the connection.
func (c *worldClient) within(patient bool, f func(context.Context)) {
	if patient {
		f(c.w.ctx)
		return
	}
	ctx, cancel := context.WithCancel(c.w.ctx)
	defer cancel()
	changed := c.StateChanged()
	go func() {
		select {
		case <-changed:
			cancel()
		case <-ctx.Done():
		}
	}()
	f(ctx)
}

// insert inserts an entry that nobody deletes.
func (c *worldClient) insert(ctx context.Context, count int64, batch bool) {
	c.mu.Lock()
	c.inserts++
	o := worldOutcome{name: fmt.Sprint("kept ", c.name, " ", c.inserts), epoch: c.w.epoch.Load()}
	c.mu.Unlock()
	op := insertEntry(o.name, count)
	var results []ovsdb.Result
	if batch {
		results, _, o.err = c.batcher.Transact(ctx, op)
	} else {
		results, o.err = c.Transact(ctx, op)
	}
	if o.err == nil {
		_, ok := c.all.tables["Entry"].Get(results[0].UUID)
		if !ok && c.w.epoch.Load() == o.epoch {
			c.w.t.Errorf("%s was inserted but is not in the table", o.name)
		}
	}
	c.checkError("insert", o.err)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outcomes = append(c.outcomes, o)
}

// change changes what others have inserted, so that it comes and goes where a
// part is selected.
func (c *worldClient) change(ctx context.Context, count int64) {
	_, err := c.Transact(ctx,
		ovsdb.Mutate("Entry", []ovsdb.Mutation{ovsdb.Change("count", ovsdb.Add, 1), ovsdb.Change("count", ovsdb.Modulo, 10)},
			ovsdb.Where("count", ovsdb.Equal, count)),
		ovsdb.Update("Entry", ovsdb.Row{"tags": []string{c.name, fmt.Sprint(count)}, "seen": count}, ovsdb.Where("count", ovsdb.Equal, count+1)),
		ovsdb.Insert("Mark", ovsdb.Row{"name": c.name, "count": count, "notes": map[string]string{"k": "v"}}))
	c.checkError("change", err)
}

func (c *worldClient) delete(ctx context.Context, count int64) {
	_, _, err := c.batcher.Transact(ctx, ovsdb.Delete("Mark", ovsdb.Where("count", ovsdb.LessOrEqual, count)))
	c.checkError("delete", err)
}

// acquire waits for a lock at most until the faults are over.
func (c *worldClient) acquire(name string, how int) {
	method := []func(context.Context, string) (*ovsdb.Lock, error){c.Lock, c.TryLock, c.Steal}[how]
	l, err := method(c.w.calm, name)
	if errors.Is(err, ovsdb.ErrLockHeld) || errors.Is(err, ovsdb.ErrLockInUse) {
		return
	}
	c.checkError("acquire a lock", err)
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.locks = append(c.locks, l)
	}
}

func (c *worldClient) unlock(ctx context.Context) {
	c.mu.Lock()
	locks := c.locks
	c.locks = nil
	c.mu.Unlock()
	for _, l := range locks {
		// It counts as given back in any case.
		c.checkError("unlock", l.Unlock(ctx))
	}
}

// checkError accepts the errors that calls may have in a world.
func (c *worldClient) checkError(what string, err error) {
	if err == nil {
		return
	}
	for _, expected := range []error{ovsdb.ErrClosed, ovsdb.ErrLockLost, context.Canceled} {
		if errors.Is(err, expected) {
			return
		}
	}
	if errors.As(err, new(*ovsdb.OutcomeUnknownError)) && c.w.ctx.Err() == nil {
		return
	}
	c.w.t.Errorf("%s: got error %v", what, err)
}

// settle makes sure that the client can write, and that its tables show what is
// wanted of them.
func (c *worldClient) settle() {
	c.unlock(c.w.ctx)
	for _, m := range c.monitors {
		m.settle()
	}
	if c.Err() != nil {
		if _, err := c.Transact(c.w.ctx, ovsdb.Comment("closed")); !errors.Is(err, ovsdb.ErrClosed) {
			c.w.t.Errorf("Transact after Close: got error %v, want %v", err, ovsdb.ErrClosed)
		}
	}
}

// catchUp returns when the tables show all that was committed before.
func (c *worldClient) catchUp() {
	for attempt := 0; c.w.ctx.Err() == nil; attempt++ {
		_, err := c.Transact(c.w.ctx, ovsdb.Comment("catch up"))
		if err == nil {
			return
		}
		// The connection in use may have broken unnoticed, and a busy machine
		// be silent for as long as a probe waits.
		if !errors.As(err, new(*ovsdb.OutcomeUnknownError)) || attempt > 0 && c.w.probe < 0 {
			c.w.t.Errorf("transaction when the faults are over: %v", err)
			return
		}
	}
}

// diff compares the tables with the database.
func (c *worldClient) diff(fresh allEntries) (diff string) {
	for _, m := range append([]*worldMonitor{c.all}, c.monitors...) {
		diff += m.diff(fresh)
	}
	return diff
}

// checkOutcomes compares the database with what was said to have become of the
// entries.
func (c *worldClient) checkOutcomes(entries entryRows) {
	there := map[string]bool{}
	for _, row := range entries {
		there[row.Name] = true
	}
	for _, o := range c.outcomes {
		switch {
		case o.err == nil && o.epoch == c.w.epoch.Load() && !there[o.name]:
			c.w.t.Errorf("%s was inserted but is not there", o.name)
		case o.err != nil && !errors.As(o.err, new(*ovsdb.OutcomeUnknownError)) && there[o.name]:
			c.w.t.Errorf("%s is there in spite of %v", o.name, o.err)
		}
	}
}

// end closes everything.
func (c *worldClient) end() {
	monitors := append([]*worldMonitor{c.all}, c.monitors...)
	for i, m := range monitors {
		if i%2 == 0 {
			m.monitor.Close()
		}
	}
	c.Close()
	<-c.Done()
	for _, m := range append(monitors, c.ended...) {
		m.wantEnd()
	}
}
