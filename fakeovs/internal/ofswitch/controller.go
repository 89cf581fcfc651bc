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

// Connect speaks OpenFlow with a controller that a connection was made to (ovs-vswitchd.conf.db(5), "Controller"), with an
// interval of probes, 0 for none. It returns nil if there are too many connections; the connection is closed then.
func (s *Switch) Connect(nc net.Conn, every time.Duration) *Controller {
	if c := s.start(nc, false, every); c != nil {
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
