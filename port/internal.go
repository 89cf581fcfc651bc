// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ovskit/ovskit/internal/netns"
)

// attachInternal has ovs-vswitchd make the device and puts it into its namespace.
func (m *Manager) attachInternal(ctx context.Context, p *plan) (*Port, error) {
	if _, err := m.letForget(ctx, p.Name); err != nil {
		return nil, err
	}
	if !m.source.Is(p.target) {
		taken, err := hasDevice(p.target, p.Ifname)
		if err != nil {
			return nil, err
		}
		if taken {
			return nil, fmt.Errorf("interface %q in network namespace %q: %w", p.Ifname, p.target.Name(), ErrExists)
		}
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
	if err == nil {
		err = m.finish(ctx, added.ifaces[0].UUID)
	}
	if err != nil {
		return nil, errors.Join(err, m.undoRows(ctx, added))
	}
	return m.made(p.Config, added.ifaces[0]), nil
}

// moveInternal puts the device that ovs-vswitchd has made into its namespace.
func (m *Manager) moveInternal(p *plan) error {
	if m.source.Is(p.target) {
		return nil
	}
	h, err := m.source.Netlink()
	if err != nil {
		return err
	}
	link, err := h.LinkByName(p.Name)
	if err != nil {
		return fmt.Errorf("device %q in the switch's network namespace %q: %w", p.Name, m.source.Path(), err)
	}
	if err := m.step("remove the dead device"); err != nil {
		return err
	}
	if err := removeDeadTap(p.target, p.Config); err != nil {
		return err
	}
	if err := m.step("move the device"); err != nil {
		return err
	}
	if err := h.LinkSetNsFd(link, p.target.Fd()); err != nil {
		return fmt.Errorf("move device %q to network namespace %q: %w", p.Name, p.target.Name(), err)
	}
	return nil
}

// removeDeadTap removes the device of an internal port from its namespace that an
// earlier ovs-vswitchd has left there: one of a datapath in user space outlives
// it, but is of no use to the next, which makes another one.
func removeDeadTap(ns *netns.Shared, c *Config) error {
	link, err := deviceIn(ns, c.Ifname)
	if errors.Is(err, errNoDevice) {
		return nil
	}
	if err != nil {
		return err
	}
	if link.Type() != "tuntap" && link.Type() != "tun" || !slices.Equal(link.Attrs().HardwareAddr, c.MAC) {
		return fmt.Errorf("interface %q in network namespace %q: %w", c.Ifname, ns.Name(), errForeignDevice)
	}
	return deleteLink(ns, link.Attrs().Index)
}

// isMoved reports whether the device of an internal port has left the switch's
// namespace for its own.
func (m *Manager) isMoved(p *plan) (bool, error) {
	if m.source.Is(p.target) {
		return true, nil
	}
	there, err := hasDevice(m.source, p.Name)
	return !there, err
}
