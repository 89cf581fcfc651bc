// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package clock is the time of a fake switch: that of the machine, until somebody stops it or moves it on.
package clock

import (
	"sync"
	"time"
)

// Clock is a clock. Its methods may be called from any goroutine.
type Clock struct {
	mu      sync.Mutex
	ahead   time.Duration // how far it was moved on
	stopped time.Time     // what it shows for as long as it stands still, less ahead; zero while it goes
}

// New returns a clock that shows the time of the machine.
func New() *Clock { return &Clock{} }

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopped.IsZero() {
		return c.stopped.Add(c.ahead)
	}
	return time.Now().Add(c.ahead)
}

// Stop lets the clock stand still but for Advance.
func (c *Clock) Stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped.IsZero() {
		c.stopped = time.Now()
	}
}

// Stopped reports whether the clock stands still.
func (c *Clock) Stopped() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.stopped.IsZero()
}

// Advance moves the clock on, be it stopped or not.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}
