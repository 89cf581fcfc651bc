// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"errors"
	"fmt"

	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/vishvananda/netlink"
)

// expectSwitchHere fails when ovs-vswitchd says that it has opened devices for its
// bridges, and none of them is in the namespace that the manager takes for the
// switch's: from elsewhere, or when the switch has not made its devices yet, every port
// looks dead.
func (m *Manager) expectSwitchHere() error {
	var missing []string
	for _, br := range m.db.Bridges() {
		iface, ok := m.db.Interface(br.Name)
		if !ok || !isOpen(iface) {
			continue
		}
		link, err := deviceIn(m.source, br.Name)
		if err == nil && int64(link.Attrs().Index) == *iface.IfIndex {
			return nil
		}
		if err != nil && !errors.Is(err, errNoDevice) {
			return err
		}
		missing = append(missing, br.Name)
	}
	if len(missing) == 0 {
		return nil // there is nothing to tell it by
	}
	return fmt.Errorf("network namespace %q has no device of the switch's bridges %q: %w",
		m.source.Path(), missing, ErrElsewhere)
}

// mayChange fails if the program is not allowed to change devices where the switch is: it sets one to what it is.
func (m *Manager) mayChange(link netlink.Link) error {
	h, err := m.source.Netlink()
	if err != nil {
		return err
	}
	if err := h.LinkSetTxQLen(link, link.Attrs().TxQLen); err != nil {
		return fmt.Errorf("device %q in network namespace %q: %w", link.Attrs().Name, m.source.Path(), err)
	}
	return nil
}

// isOpen reports whether ovs-vswitchd says that it has a device of the kernel open.
func isOpen(iface *vswitch.Interface) bool { return iface.IfIndex != nil && *iface.IfIndex > 0 }

// isDeviceGone reports whether the device of a Device port is no more: one of the
// kernel that the manager does not find, and of which ovs-vswitchd knows no index and
// no MAC address any longer.
func (m *Manager) isDeviceGone(p *Port, iface *vswitch.Interface) (bool, error) {
	if p.Kind != Device || !isOfKernel(iface) || isOpen(iface) || iface.MACInUse != nil {
		return false, nil
	}
	there, err := hasDevice(m.source, p.Name)
	return err == nil && !there, err
}

// isOfKernel reports whether an interface is a device that is there without Open
// vSwitch.
func isOfKernel(iface *vswitch.Interface) bool { return iface.Type == "" || iface.Type == "system" }
