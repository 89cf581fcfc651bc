// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"time"

	"github.com/ovskit/ovskit/openflow"
)

// serviceProbe is after how long a controller that has connected is asked whether it is still there.
const serviceProbe = time.Minute

// activity is what is known of the other end of a connection. Its zero value is that nothing is to be found out.
type activity struct {
	// probe is after how long without a message there is asked for one; 0 for never.
	probe time.Duration
	// heard is when the last message came, and probed when it was last asked.
	heard, probed time.Time
}

// hears notes that a message has come.
func (c *conn) hears(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.activity.heard = now
}

// probe asks for a message if none has come for long. Unlike Open vSwitch it is patient with one that does not answer.
func (c *conn) probe(now time.Time) {
	c.mu.Lock()
	a := &c.activity
	ask := c.version != 0 && a.probe > 0 && !a.heard.IsZero() && now.Sub(a.heard) >= a.probe && now.Sub(a.probed) >= a.probe
	if ask {
		a.probed = now
	}
	c.mu.Unlock()
	if ask {
		c.tell(openflow.EchoRequest{})
	}
}

// SetProbe sets after how long without a message the controller is asked for one (ovs-vswitchd.conf.db(5), "inactivity_probe");
// 0 for never.
func (c *Controller) SetProbe(d time.Duration) {
	c.c.mu.Lock()
	defer c.c.mu.Unlock()
	c.c.activity.probe = d
}
