// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"strconv"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/conntrack"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
)

// minStatsInterval is the default of other_config:stats-update-interval, and the least that it can be.
const minStatsInterval = 5 * time.Second

// tickInterval is how often flows are looked at whose time may be over.
const tickInterval = time.Second

// heldPacket is how soon packets are looked at that the limits of controllers hold back.
const heldPacket = time.Millisecond

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

// due does what is due by the clock, and is run by it.
func (d *Daemon) due() {
	d.mu.Lock()
	bridges := d.sortedBridges()
	d.mu.Unlock()
	for _, b := range bridges {
		b.sw.Expire()
	}
	d.follow(nothingChanged)
	d.working.Lock()
	defer d.working.Unlock()
	d.setTimer()
}

// setTimer sets the timer to when something is due next, which is a flow for all that the daemon knows in tickInterval.
// d.working is held.
func (d *Daemon) setTimer() {
	if d.closing {
		return
	}
	pause := tickInterval
	for _, at := range []time.Time{d.stats.next, d.next} {
		if !at.IsZero() && d.connected && !d.held && d.config != nil && d.config.root != nil {
			pause = min(pause, max(0, at.Sub(d.clock.Now())))
		}
	}
	for _, b := range d.bridges {
		if at := b.sw.Release(); !at.IsZero() {
			pause = min(pause, max(heldPacket, at.Sub(d.clock.Now())))
		}
	}
	d.timer.Reset(pause)
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

// Tracker returns the tracked connections, which all bridges share.
func (d *Daemon) Tracker() *conntrack.Tracker { return d.datapath.Tracker() }

// CachedFlows are the flows of all datapaths.
func (d *Daemon) CachedFlows() []pipeline.CachedFlow { return d.datapath.CachedFlows() }

// DropEvents are how many packets all datapaths have dropped, by the names of the events.
func (d *Daemon) DropEvents() map[string]uint64 { return d.datapath.DropEvents() }

// PurgeCache removes them.
func (d *Daemon) PurgeCache() { d.datapath.PurgeCache() }

// SetMegaflows says whether new ones leave out what does not matter.
func (d *Daemon) SetMegaflows(enabled bool) { d.datapath.SetMegaflows(enabled) }

// VLANLimit is how many VLAN tags of a packet are looked at.
func (d *Daemon) VLANLimit() int { return d.datapath.VLANLimit() }

// Reconnect ends the connections that a bridge has made to its controllers, so that they are made anew.
func (d *Daemon) Reconnect(bridge string) {
	d.working.Lock()
	defer d.working.Unlock()
	d.mu.Lock()
	b := d.bridges[bridge]
	d.mu.Unlock()
	if b == nil {
		return
	}
	for _, r := range b.remotes {
		if r.session != nil {
			r.session.Close()
		}
	}
}
