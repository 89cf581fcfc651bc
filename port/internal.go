// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
)

// attachInternal has ovs-vswitchd make the device and puts it into its namespace.
func (m *Manager) attachInternal(ctx context.Context, p *plan) (*Port, error) {
	if hasDevice(p.target, p.Ifname) {
		return nil, fmt.Errorf("interface %q in network namespace %q: %w", p.Ifname, p.target.Name(), ErrExists)
	}
	if p.MAC == nil {
		p.MAC = randomMAC()
	}
	added, err := m.addRows(ctx, placement{p.bridge.UUID, p.Config})
	if err != nil {
		return nil, err
	}
	if err = m.moveInternal(p); err == nil {
		err = m.configure(ctx, p)
	}
	if err != nil {
		return nil, errors.Join(err, added.undo(ctx, m.db))
	}
	return m.made(p.Config, added.ifaces[0]), nil
}

// moveInternal puts the device that ovs-vswitchd has made into its namespace, with
// its MAC address.
func (m *Manager) moveInternal(p *plan) error {
	h, err := m.source.Netlink()
	if err != nil {
		return err
	}
	link, err := h.LinkByName(p.Name)
	if err != nil {
		return fmt.Errorf("device %q in the switch's network namespace %q: %w", p.Name, m.source.Path(), err)
	}
	if m.source.Is(p.target) {
		return nil
	}
	if err := h.LinkSetNsFd(link, p.target.Fd()); err != nil {
		return fmt.Errorf("move device %q to network namespace %q: %w", p.Name, p.target.Name(), err)
	}
	return nil
}

// isThere reports whether the interface of a port is in its namespace.
func (p *plan) isThere() (bool, error) {
	h, err := p.target.Netlink()
	if err != nil {
		return false, err
	}
	_, err = h.LinkByName(p.Ifname)
	if errors.As(err, new(netlink.LinkNotFoundError)) {
		return false, nil
	}
	return err == nil, err
}
