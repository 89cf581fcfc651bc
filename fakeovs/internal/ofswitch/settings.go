// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import "github.com/ovskit/ovskit/openflow"

func (c *conn) getConfig() openflow.SwitchConfig {
	c.s.mu.Lock()
	frags := c.s.frags
	c.s.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	config := c.config
	config.Flags |= frags
	return config
}

// setConfig sets how fragments are handled, which is one for the whole switch, and how much of a packet the controller
// gets. A mode that Open vSwitch cannot do changes nothing.
func (c *conn) setConfig(config openflow.SwitchConfig) error {
	frags := config.Flags & openflow.FragMatch
	if config.Flags&^openflow.FragMatch != 0 {
		return openflow.ErrBadConfigFlags
	}
	c.mu.Lock()
	c.config.MissSendLen = config.MissSendLen
	secondary := c.role == openflow.RoleSecondary && !c.service
	c.mu.Unlock()
	if frags != openflow.FragReassemble && !secondary {
		c.s.mu.Lock()
		c.s.frags = frags
		c.s.mu.Unlock()
	}
	return nil
}
