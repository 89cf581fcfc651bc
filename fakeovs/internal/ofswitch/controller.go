// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"net"
	"time"

	"github.com/ovskit/ovskit/openflow"
)

// Controller is a controller that the switch has connected to, or that its owner has.
type Controller struct{ c *conn }

// Terms are how a controller is treated.
type Terms struct {
	// Probe is after how long without a message it is asked whether it is there; 0 is never.
	Probe  time.Duration
	Limits Limits
}

// Connect speaks OpenFlow with a controller that a connection was made to (ovs-vswitchd.conf.db(5), "Controller"). It returns
// nil if there are too many connections; the connection is closed then.
func (s *Switch) Connect(nc net.Conn, terms Terms) *Controller {
	if c := s.start(nc, false, terms); c != nil {
		return &Controller{c}
	}
	return nil
}

// Done is closed when the connection has ended.
func (c *Controller) Done() <-chan struct{} { return c.c.ended }

// Close ends the connection.
func (c *Controller) Close() { c.c.close() }

// Role is the role that the controller has.
func (c *Controller) Role() openflow.Role {
	c.c.mu.Lock()
	defer c.c.mu.Unlock()
	return c.c.role
}

// SetLimits sets how many packets the controller is sent from now on.
func (c *Controller) SetLimits(limits Limits) {
	c.c.mu.Lock()
	defer c.c.mu.Unlock()
	c.c.limit(limits)
}

// LimitStats are the counters of the packets that flows send to the controller and of those that none matches; ok is false
// without limits.
func (c *Controller) LimitStats() (actions, misses LimitStats, ok bool) {
	c.c.mu.Lock()
	defer c.c.mu.Unlock()
	l := &c.c.limiters
	if l[limitActions] == nil {
		return actions, misses, false
	}
	return l[limitActions].LimitStats, l[limitMisses].LimitStats, true
}
