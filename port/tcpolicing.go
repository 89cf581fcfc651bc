// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"errors"
	"fmt"

	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// policingHandle tells the queueing discipline that this package makes from others.
var policingHandle = netlink.MakeHandle(0x0f5c, 0)

// police limits what the interface in the namespace sends. It is done there where
// ovs-vswitchd cannot: a datapath in user space takes packets from the port's device before
// the kernel polices them, and the device of an internal port is itself in the namespace.
func (m *Manager) police(ctx context.Context, p *plan) error {
	if !p.Config.policedInside(p.bridge) {
		return nil
	}
	if err := errors.Join(context.Cause(ctx), m.step("interface: policing")); err != nil {
		return err
	}
	h, err := p.target.Netlink()
	if err != nil {
		return err
	}
	link, err := h.LinkByName(p.Ifname)
	if err != nil {
		return fmt.Errorf("interface %q: %w", p.Ifname, err)
	}
	if err := p.Policing.tokenBucket(link.Attrs().MTU).replace(p.target, link, policingHandle); err != nil {
		return fmt.Errorf("police interface %q in network namespace %q: %w", p.Ifname, p.target.Name(), err)
	}
	return nil
}

// unpolice takes back what police has made of an earlier config.
func (m *Manager) unpolice(p *plan) error {
	if !p.inNamespace() || p.Policing != (Policing{}) {
		return nil
	}
	h, err := p.target.Netlink()
	if err != nil {
		return err
	}
	link, err := h.LinkByName(p.Ifname)
	if err != nil {
		return fmt.Errorf("interface %q: %w", p.Ifname, err)
	}
	q, err := policer(h, link)
	if err != nil || q == nil {
		return err
	}
	if err := m.step("interface: no policing"); err != nil {
		return err
	}
	if err := h.QdiscDel(q); err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("police interface %q in network namespace %q no longer: %w", p.Ifname, p.target.Name(), err)
	}
	return nil
}

// policedInside reports whether it is the interface that is policed.
func (c *Config) policedInside(br *vswitch.Bridge) bool {
	return c.inNamespace() && (br.DatapathType == datapathUser || c.Kind == Internal) && c.Policing != (Policing{})
}

// policer finds what police has made; nil if there is nothing.
func policer(h *netlink.Handle, link netlink.Link) (netlink.Qdisc, error) {
	there, err := h.QdiscList(link)
	if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
		return nil, fmt.Errorf("queueing disciplines of interface %q: %w", link.Attrs().Name, err)
	}
	for _, q := range there {
		if q.Attrs().Handle == policingHandle {
			return q, nil
		}
	}
	return nil, nil
}
