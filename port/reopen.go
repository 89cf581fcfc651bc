// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"errors"

	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// A datapath in user space has a packet socket for each device of the kernel that it
// has opened. When a device is gone, and another one has come under its name, that
// socket is still the old one's, although ovs-vswitchd says that all is well and has
// the new device's index in the database.

// isOpen reports whether the switch takes what arrives at a port's device. It is true
// where that cannot be told, and where another program listens at the device.
func (m *Manager) isOpen(br *vswitch.Bridge, c *Config) (bool, error) {
	if c.Kind != Veth || c.Type != "" || br.DatapathType != datapathUser {
		return true, nil
	}
	id, err := identify(m.db, m.owner, c.Name)
	if err != nil {
		return false, err
	}
	link, err := id.find(m.source, c.Name)
	if errors.Is(err, errNoDevice) || errors.Is(err, errForeignDevice) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return m.source.HasPacketSocket(link.Attrs().Index)
}

// isDeaf reports whether ovs-vswitchd has configured a port but not opened its device.
func (m *Manager) isDeaf(ctx context.Context, br *vswitch.Bridge, c *Config) (bool, error) {
	open, err := m.isOpen(br, c)
	if open || err != nil {
		return false, err
	}
	// It may just be starting again.
	if _, err := m.db.Apply(ctx); err != nil {
		return false, err
	}
	open, err = m.isOpen(br, c)
	return !open, err
}

// reopen makes the rows of a port anew, so that ovs-vswitchd opens its device again. The
// port keeps its OpenFlow port number if it can.
func (m *Manager) reopen(
	ctx context.Context, br *vswitch.Bridge, row *vswitch.Port, c Config, iface *vswitch.Interface,
) (*vswitch.Port, *vswitch.Interface, error) {
	if err := m.step("remove the rows"); err != nil {
		return nil, nil, err
	}
	if err := m.commit(ctx, m.removeOps(br.UUID, row.UUID, c.Name, row.QoS != nil)); err != nil {
		return nil, nil, err
	}
	if number := uint32(*iface.OFPort); c.OFPort == 0 && m.numberIsFree(c.Bridge, c.Name, number) == nil {
		c.OFPort = number
	}
	added, err := m.addRows(ctx, placement{br.UUID, &c})
	if err != nil {
		return nil, nil, err
	}
	row, ok := m.db.Port(c.Name)
	if !ok {
		return nil, nil, errRemoved
	}
	return row, added.ifaces[0], nil
}
