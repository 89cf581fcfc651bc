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
	if c.version < openflow.Version13 && c.async.Primary.PacketIn>>openflow.PacketInInvalidTTL&1 == 1 {
		config.Flags |= invalidTTL
	}
	return config
}

// invalidTTL is the flag of versions before 1.3 that has the controller get packets whose TTL has come to its end
// (OpenFlow 1.2, A.3.2; Open vSwitch has it in 1.0 as well).
const invalidTTL = 1 << 2

// setConfig sets how fragments are handled, which is one for the whole switch, and how much of a packet the controller
// gets. A mode that Open vSwitch cannot do changes nothing.
func (c *conn) setConfig(config openflow.SwitchConfig) error {
	frags := config.Flags & openflow.FragMatch
	known := openflow.FragMatch
	if c.version < openflow.Version13 {
		known |= invalidTTL
	}
	if config.Flags&^known != 0 {
		return openflow.ErrBadConfigFlags
	}
	c.mu.Lock()
	if c.version < openflow.Version13 {
		c.async.Primary.PacketIn &^= 1 << openflow.PacketInInvalidTTL
		if config.Flags&invalidTTL != 0 {
			c.async.Primary.PacketIn |= 1 << openflow.PacketInInvalidTTL
		}
	}
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
