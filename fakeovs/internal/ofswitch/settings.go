// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import "github.com/ovskit/ovskit/openflow"

func (c *conn) getConfig() openflow.SwitchConfig {
	frags := c.s.Fragments()
	c.mu.Lock()
	defer c.mu.Unlock()
	config := c.config
	config.Flags |= frags
	if c.version < openflow.Version13 && c.async.Primary.PacketIn&(1<<openflow.PacketInInvalidTTL) != 0 {
		config.Flags |= openflow.InvalidTTLToController
	}
	return config
}

// setConfig sets how fragments are handled, which is one for the whole switch, how much of a packet the controller gets,
// and before OpenFlow 1.3 whether it is told of those whose TTL is used up. A mode that Open vSwitch cannot do changes
// nothing.
func (c *conn) setConfig(config openflow.SwitchConfig) error {
	frags, known := config.Flags&openflow.FragMatch, openflow.FragMatch
	c.mu.Lock()
	old := c.version < openflow.Version13
	if old {
		known |= openflow.InvalidTTLToController
	}
	if config.Flags&^known != 0 {
		c.mu.Unlock()
		return openflow.ErrBadConfigFlags
	}
	if old {
		c.async.Primary.PacketIn &^= 1 << openflow.PacketInInvalidTTL
		if config.Flags&openflow.InvalidTTLToController != 0 {
			c.async.Primary.PacketIn |= 1 << openflow.PacketInInvalidTTL
		}
	}
	c.config.MissSendLen = config.MissSendLen
	secondary := c.role == openflow.RoleSecondary && !c.service
	c.mu.Unlock()
	if frags != openflow.FragReassemble && !secondary {
		c.s.SetFragments(frags)
	}
	return nil
}
