// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package clock

import (
	"container/heap"
	"sync"
	"time"
)

// Clock tells a time that follows that of the machine, or stands until Advance moves it. Its methods may be called from
// any goroutine. The zero value is not good: New and Manual make one.
type Clock struct {
	// turn is held while functions run, so that they run one after the other. It is locked before mu.
	turn sync.Mutex

	mu      sync.Mutex
	stopped bool
	ahead   time.Duration // of the machine's time, while the clock is not stopped
	at      time.Time     // the time while it is stopped
	running time.Time     // the time for functions that run now and what they call, not zero while Advance passes by them
	timers  timerHeap
	serial  uint64 // of the last timer that was set
	closed  bool
	alarm   *time.Timer // of the machine, for the first timer; nil if there was none yet
	alarms  sync.WaitGroup
}

// New returns a clock that shows the time of the machine.
func New() *Clock { return &Clock{} }

// Manual returns a clock that is stopped at a time.
func Manual(start time.Time) *Clock { return &Clock{stopped: true, at: start} }

// Now returns the time. While a function runs because of Advance, it is the time that the function was set for.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

// now is Now with mu held.
func (c *Clock) now() time.Time {
	switch {
	case !c.running.IsZero():
		return c.running
	case c.stopped:
		return c.at
	}
	return time.Now().Add(c.ahead)
}

// Stop makes the clock stand at the time that it shows.
func (c *Clock) Stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopped {
		c.at, c.stopped = time.Now().Add(c.ahead), true
	}
	c.setAlarm()
}

// Advance moves the clock forward. Functions that come due meanwhile run on the caller's goroutine, in the order of their
// times and for equal times in the order in which they were set, each with Now at its own time; so do those that they
// set. The caller holds no lock that they take, and is none of them.
func (c *Clock) Advance(d time.Duration) {
	c.turn.Lock()
	defer c.turn.Unlock()
	c.mu.Lock()
	end := c.now().Add(d)
	c.mu.Unlock()
	c.run(end)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running = time.Time{}
	if c.stopped {
		c.at = end
	} else {
		c.ahead += d
	}
	c.setAlarm()
}

// run runs all functions that are due until a time. turn is held, and the time is left at that of the last one.
func (c *Clock) run(end time.Time) {
	for {
		c.mu.Lock()
		if c.closed || len(c.timers) == 0 || c.timers[0].when.After(end) {
			c.mu.Unlock()
			return
		}
		t := heap.Pop(&c.timers).(*Timer)
		c.running = latest(c.now(), t.when)
		c.mu.Unlock()
		t.f()
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Close forgets all functions, and returns when none runs any more that the machine's time had come for. It must not be
// called from one. The clock still tells the time.
func (c *Clock) Close() {
	c.mu.Lock()
	for _, t := range c.timers {
		t.at = -1
	}
	c.closed, c.timers = true, nil
	c.setAlarm()
	c.mu.Unlock()
	c.alarms.Wait()
}

// setAlarm lets the machine wake the clock when the first timer is due. mu is held.
func (c *Clock) setAlarm() {
	if c.alarm != nil && c.alarm.Stop() {
		c.alarms.Done()
	}
	c.alarm = nil
	if c.stopped || c.closed || len(c.timers) == 0 {
		return
	}
	c.alarms.Add(1)
	c.alarm = time.AfterFunc(c.timers[0].when.Sub(time.Now().Add(c.ahead)), func() {
		defer c.alarms.Done()
		c.ring()
	})
}

// ring runs what is due by the machine's time.
func (c *Clock) ring() {
	c.turn.Lock()
	defer c.turn.Unlock()
	for {
		c.mu.Lock()
		c.running = time.Time{}
		if c.stopped || c.closed || len(c.timers) == 0 || c.timers[0].when.After(c.now()) {
			c.setAlarm()
			c.mu.Unlock()
			return
		}
		t := heap.Pop(&c.timers).(*Timer)
		c.mu.Unlock()
		t.f()
	}
}
