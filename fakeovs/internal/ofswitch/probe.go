// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"time"

	"github.com/ovskit/ovskit/openflow"
)

// serviceProbe is the interval of probes of connections that come in by the management socket.
const serviceProbe = 60 * time.Second

const (
	// minProbe is the least interval of probes.
	minProbe = 5 * time.Second
	// minPatience is how long a peer has by the machine's time to answer a probe, however fast the switch's clock goes.
	minPatience = time.Second
)

// probe is whether the peer of a connection is still there. It is guarded by conn.mu.
type probe struct {
	// every is after how long without a message the peer is sent an echo request, and as long after that it is cut off;
	// 0 is never.
	every time.Duration
	// heard is when the last message came, asked when the peer was probed since, zero if it was not.
	heard, asked time.Time
	// patience is until when the peer is not cut off, by the machine's time.
	patience time.Time
}

func newProbe(every time.Duration, now time.Time) probe {
	if every > 0 {
		every = max(every, minProbe)
	}
	return probe{every: every, heard: now}
}

// hears notes that a message has come.
func (c *conn) hears(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.probe.heard, c.probe.asked = now, time.Time{}
}

// sound probes a peer that has been silent for long, and cuts off one that has not answered.
func (c *conn) sound(now time.Time) {
	c.mu.Lock()
	p := &c.probe
	silent := p.every > 0 && c.version != 0
	ask := silent && p.asked.IsZero() && now.Sub(p.heard) >= p.every
	if ask {
		p.asked, p.patience = now, time.Now().Add(minPatience)
	}
	gone := silent && !ask && !p.asked.IsZero() && now.Sub(p.asked) >= p.every && time.Now().After(p.patience)
	c.mu.Unlock()
	switch {
	case ask && c.hasRoom():
		c.reply(openflow.EchoRequest{}, 0)
	case gone:
		c.log.Warn("OpenFlow connection cut off: the peer does not answer a probe")
		c.close()
	}
}
