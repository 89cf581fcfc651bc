// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import "github.com/ovskit/ovskit/openflow"

// portMod carries out a port-mod.
func (c *conn) portMod(m openflow.PortMod) error {
	if err := c.mayChange(); err != nil {
		return err
	}
	if err := c.s.CheckPort(&m); err != nil {
		return err
	}
	c.configurePort(&m)
	return nil
}

// configurePort sets flags of a port. As in Open vSwitch the link follows after that, which everybody is told of.
func (c *conn) configurePort(m *openflow.PortMod) {
	mask := m.Mask & (openflow.PortConfigDown | openflow.PortConfigNoReceive | openflow.PortConfigNoForward |
		openflow.PortConfigNoPacketIn)
	if c.version == openflow.Version10 {
		mask = m.Mask
	}
	if old, now, ok := c.s.ConfigurePort(m.Port, m.Config, mask); ok {
		c.s.changedPort(old, now, c)
	}
	c.s.SettlePort(m.Port)
}
