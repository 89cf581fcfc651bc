// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package clock_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/clock"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// diary notes what runs, and when by the clock.
type diary struct {
	c    *clock.Clock
	mu   sync.Mutex
	said []string
}

func (d *diary) note(what string) func() {
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.said = append(d.said, fmt.Sprintf("%s at %v", what, d.c.Now().Sub(start)))
	}
}

func (d *diary) want(t *testing.T, want ...string) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Equal(d.said, want) {
		t.Errorf("got %q, want %q", d.said, want)
	}
	d.said = nil
}

func TestAdvanceRunsInOrder(t *testing.T) {
	c := clock.Manual(start)
	defer c.Close()
	d := &diary{c: c}
	c.AfterFunc(3*time.Second, d.note("late"))
	c.AfterFunc(time.Second, func() {
		d.note("early")()
		c.AfterFunc(time.Second, d.note("child"))
	})
	var every *clock.Timer
	every = c.AfterFunc(2*time.Second, func() {
		every.Reset(2 * time.Second)
		d.note("tick")()
	})
	c.AfterFunc(3*time.Second, d.note("later"))
	stopped := c.AfterFunc(time.Second, d.note("stopped"))
	moved := c.AfterFunc(time.Second, d.note("moved"))
	if !stopped.Stop() || stopped.Stop() {
		t.Error("Stop: want true for a function that is set, then false")
	}
	moved.Reset(4 * time.Second)

	c.Advance(999 * time.Millisecond)
	d.want(t)
	c.Advance(time.Millisecond)
	d.want(t, "early at 1s")
	c.Advance(3 * time.Second)
	d.want(t, "tick at 2s", "child at 2s", "late at 3s", "later at 3s", "moved at 4s", "tick at 4s")
	if got := c.Now(); got != start.Add(4*time.Second) {
		t.Errorf("got %v, want 4 s after the start", got)
	}
	every.Stop()
	moved.Reset(time.Second)
	c.Advance(time.Minute)
	d.want(t, "moved at 5s")
}

// A function that stops a repeated one, itself included, is obeyed.
func TestStopFromWithin(t *testing.T) {
	c := clock.Manual(start)
	defer c.Close()
	d := &diary{c: c}
	var every *clock.Timer
	every = c.AfterFunc(time.Second, func() {
		d.note("tick")()
		every.Reset(time.Second)
		every.Stop()
	})
	c.Advance(time.Minute)
	d.want(t, "tick at 1s")
}

func TestClosed(t *testing.T) {
	c := clock.Manual(start)
	d := &diary{c: c}
	timer := c.AfterFunc(time.Second, d.note("before"))
	c.Close()
	c.AfterFunc(time.Second, d.note("after"))
	timer.Reset(time.Second)
	c.Advance(time.Minute)
	d.want(t)
	if got := c.Now(); got != start.Add(time.Minute) {
		t.Errorf("got %v, want a minute after the start", got)
	}
}

func TestRealClockRuns(t *testing.T) {
	c := clock.New()
	defer c.Close()
	order := make(chan string, 3)
	c.AfterFunc(time.Hour, func() { order <- "hour" })
	c.AfterFunc(2*time.Millisecond, func() { order <- "second" })
	c.AfterFunc(time.Millisecond, func() { order <- "first" })
	if a, b := <-order, <-order; a != "first" || b != "second" {
		t.Errorf("got %s, %s; want first, second", a, b)
	}
	before := time.Now()
	c.Advance(time.Hour)
	if got := <-order; got != "hour" {
		t.Errorf("got %s, want hour", got)
	}
	if got := c.Now().Sub(before); got < time.Hour {
		t.Errorf("the clock was moved by %v, want an hour", got)
	}
}

// A clock that was stopped moves by hand only.
func TestRealClockStopped(t *testing.T) {
	c := clock.New()
	defer c.Close()
	ran := make(chan struct{}, 1)
	c.Stop()
	c.Stop()
	at := c.Now()
	c.AfterFunc(time.Hour, func() { ran <- struct{}{} })
	c.Advance(time.Hour - 1)
	select {
	case <-ran:
		t.Error("the function ran early")
	default:
	}
	c.Advance(1)
	if len(ran) != 1 {
		t.Error("the function did not run")
	}
	if got := c.Now().Sub(at); got != time.Hour {
		t.Errorf("the clock was moved by %v, want an hour", got)
	}
}

// Functions set from many goroutines while the clock is moved all run once.
func TestConcurrentUse(t *testing.T) {
	c := clock.Manual(start)
	defer c.Close()
	const setters, each = 4, 200
	ran := make(chan struct{}, setters*each)
	var wg sync.WaitGroup
	for range setters {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range each {
				c.AfterFunc(time.Duration(i)*time.Millisecond, func() { ran <- struct{}{} })
				c.Now()
			}
		}()
	}
	for range 50 {
		c.Advance(time.Millisecond)
	}
	wg.Wait()
	c.Advance(time.Second)
	if len(ran) != setters*each {
		t.Errorf("%d functions ran, want %d", len(ran), setters*each)
	}
}
