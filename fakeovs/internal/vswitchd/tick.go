// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"strconv"
	"time"
)

// minStatsInterval is the default of other_config:stats-update-interval, and the least that it can be.
const minStatsInterval = 5 * time.Second

// statsTimer says when the statistics are written to the database.
type statsTimer struct {
	interval time.Duration
	next     time.Time
}

// tick does what is due by the clock. d.working is held.
func (d *Daemon) tick() {
	if d.config == nil || d.config.root == nil {
		return
	}
	if d.runRemotes() {
		d.reportCounters()
	}
	now := d.clock.Now()
	interval := minStatsInterval
	if ms, err := strconv.Atoi(d.config.root.Get("other_config").Lookup("stats-update-interval")); err == nil {
		interval = max(interval, time.Duration(ms)*time.Millisecond)
	}
	if interval == d.stats.interval && now.Before(d.stats.next) {
		return
	}
	d.stats = statsTimer{interval: interval, next: now.Add(interval)}
	d.reportCounters()
}

// pause is how long nothing is due.
func (d *Daemon) pause() time.Duration {
	d.working.Lock()
	defer d.working.Unlock()
	if d.clock.Stopped() || !d.connected || d.stats.interval == 0 {
		return time.Hour
	}
	next := d.stats.next
	if !d.next.IsZero() && d.next.Before(next) {
		next = d.next
	}
	return max(0, next.Sub(d.clock.Now()))
}

// runRemotes does what is due for the connections to controllers. It reports whether one has changed its state.
func (d *Daemon) runRemotes() (changed bool) {
	d.next = time.Time{}
	for _, b := range d.bridges {
		for _, r := range b.remotes {
			state := r.state
			next := r.run(d, b)
			changed = changed || r.state != state
			if !next.IsZero() && (d.next.IsZero() || next.Before(d.next)) {
				d.next = next
			}
		}
		if at := b.failOpen(d.clock.Now()); !at.IsZero() && (d.next.IsZero() || at.Before(d.next)) {
			d.next = at
		}
	}
	return changed
}

// StopTime lets the clock stand still but for WarpTime.
func (d *Daemon) StopTime() { d.clock.Stop() }

// WarpTime moves the clock on in steps, and does after each what is due then.
func (d *Daemon) WarpTime(total, step time.Duration) {
	for total > 0 {
		d.clock.Advance(min(total, step))
		total -= step
		d.follow(nothingChanged)
	}
	// The pause was reckoned by the time before.
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// RefreshStatistics writes the statistics to the database now.
func (d *Daemon) RefreshStatistics() {
	d.working.Lock()
	defer d.working.Unlock()
	if !d.connected {
		return
	}
	d.reportCounters()
}
