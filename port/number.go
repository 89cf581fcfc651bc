// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import "fmt"

// numbersAreFree fails with ErrExists if another port has an OpenFlow port number that
// a config asks for. ovs-vswitchd would take one from a port that has not asked for it,
// and flows that match it would be those of the new port.
func (m *Manager) numbersAreFree(c *Config) error {
	if err := m.numberIsFree(c.Bridge, c.Name, c.OFPort); err != nil {
		return err
	}
	if c.Patch == nil {
		return nil
	}
	return m.numberIsFree(c.Patch.Bridge, c.Patch.Name, c.Patch.OFPort)
}

// numberIsFree looks at one bridge, for a port of a name; 0 asks for no number.
func (m *Manager) numberIsFree(bridge, name string, number uint32) error {
	if number == 0 {
		return nil
	}
	for _, iface := range m.db.Interfaces() {
		if iface.OFPort == nil || *iface.OFPort != int64(number) || iface.Name == name {
			continue
		}
		if br, ok := m.db.PortBridge(iface.Name); ok && br.Name == bridge {
			return fmt.Errorf("OpenFlow port number %d of port %q on bridge %q: %w", number, iface.Name, bridge, ErrExists)
		}
	}
	return nil
}
