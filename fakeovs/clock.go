// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs

import (
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/clock"
)

// Clock is the time of a fake: what timeouts of flows, tracked connections, learned addresses and bundles, the refill of
// meters and the refresh of statistics go by. Its methods may be called from any goroutine. Several fakes may share one.
type Clock struct{ c *clock.Clock }

// NewClock returns a clock that stands at a time until Advance moves it.
func NewClock(start time.Time) *Clock { return &Clock{clock.Manual(start)} }

// Now returns the time.
func (c *Clock) Now() time.Time { return c.c.Now() }

// Stop makes the clock stand, as the command time/stop of ovs-vswitchd(8) does.
func (c *Clock) Stop() { c.c.Stop() }

// Advance moves the clock forward. What comes due meanwhile is done when it returns, in the order of its times: flows are
// removed and controllers told, statistics are in the database.
func (c *Clock) Advance(d time.Duration) { c.c.Advance(d) }

// Clock returns the clock of the fake: that of its options, or one that follows the machine's until it is stopped.
func (o *OVS) Clock() *Clock { return &Clock{o.clock} }
