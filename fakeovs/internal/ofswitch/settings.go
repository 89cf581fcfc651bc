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
	if c.version < openflow.Version13 && c.async.Primary.PacketIn&invalidTTLs != 0 {
		config.Flags |= invalidTTLToController
	}
	return config
}

// invalidTTLToController has versions before 1.3 be told of packets whose TTL is used up (OpenFlow 1.2, A.3.2,
// OFPC_INVALID_TTL_TO_CONTROLLER): another way to set one bit of what a primary controller is told of.
const (
	invalidTTLToController uint16 = 1 << 2
	invalidTTLs                   = 1 << openflow.PacketInInvalidTTL
)

// setConfig sets how fragments are handled, which is one for the whole switch, and how much of a packet the controller
// gets. A mode that Open vSwitch cannot do changes nothing.
func (c *conn) setConfig(config openflow.SwitchConfig) error {
	frags := config.Flags & openflow.FragMatch
	allowed := openflow.FragMatch
	if c.version < openflow.Version13 {
		allowed |= invalidTTLToController
	}
	if config.Flags&^allowed != 0 {
		return openflow.ErrBadConfigFlags
	}
	c.mu.Lock()
	if c.version < openflow.Version13 {
		c.async.Primary.PacketIn &^= invalidTTLs
		if config.Flags&invalidTTLToController != 0 {
			c.async.Primary.PacketIn |= invalidTTLs
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
