// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package clock_test

import (
	"testing"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/clock"
)

func TestClock(t *testing.T) {
	c := clock.New()
	before := time.Now()
	if now := c.Now(); now.Before(before) || now.After(time.Now()) {
		t.Errorf("got %v, want the time of the machine, %v", now, before)
	}
	c.Advance(time.Hour)
	if now := c.Now(); now.Before(before.Add(time.Hour)) || now.After(time.Now().Add(time.Hour)) {
		t.Errorf("got %v, want one hour after %v", now, before)
	}
	if c.Stopped() {
		t.Error("the clock is stopped before anybody stops it")
	}
	c.Stop()
	at := c.Now()
	if !c.Stopped() || c.Now() != at {
		t.Errorf("the clock goes on after it was stopped, from %v to %v", at, c.Now())
	}
	c.Stop()
	c.Advance(time.Minute)
	if got, want := c.Now(), at.Add(time.Minute); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}
