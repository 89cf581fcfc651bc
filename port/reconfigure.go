// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"fmt"

	"github.com/ovskit/ovskit/internal/linkconf"
)

// reconfigure brings the interface of a port from the config that it has to the
// one that is wanted, without what is leaving.
func (m *Manager) reconfigure(ctx context.Context, p *plan, leaving linkconf.Config) error {
	if p.Kind == Internal {
		moved, err := m.isMoved(p)
		if err != nil {
			return err
		}
		if !moved {
			if err := m.moveInternal(p); err != nil {
				return err
			}
			return m.configure(ctx, p)
		}
	}
	there, err := hasDevice(p.target, p.Ifname)
	switch {
	case err != nil:
		return err
	case !there && p.HandOver:
		return nil // it has been moved
	case !there:
		return fmt.Errorf("interface %q in network namespace %q: %w", p.Ifname, p.target.Name(), ErrNotFound)
	}
	return m.change(ctx, p, leaving)
}

// putBack gives an interface that is there what it had before.
func (m *Manager) putBack(ctx context.Context, p *plan, before *Config) error {
	there, err := hasDevice(p.target, p.Ifname)
	if err != nil || !there {
		return err
	}
	back := *p
	back.Config = before
	return m.change(ctx, &back, taken(p.Config, before))
}

// change brings an interface that is there to a config, and takes away what is
// leaving.
func (m *Manager) change(ctx context.Context, p *plan, leaving linkconf.Config) error {
	inside, err := p.target.Netlink()
	if err != nil {
		return err
	}
	if !p.HandOver && len(leaving.Addrs)+len(leaving.Routes) > 0 {
		if err := m.step("interface: take away"); err != nil {
			return err
		}
		if err := linkconf.Remove(inside, p.Ifname, leaving); err != nil {
			return fmt.Errorf("network namespace %q: %w", p.target.Name(), err)
		}
	}
	if err := m.step("interface: MAC address and MTU"); err != nil {
		return err
	}
	mtu := p.MTU
	if mtu == 0 && leaving.MTU != 0 {
		mtu = defaultMTU
	}
	if err := linkconf.SetDevice(inside, p.Ifname, p.MAC, mtu); err != nil {
		return fmt.Errorf("network namespace %q: %w", p.target.Name(), err)
	}
	if err := m.unpolice(p); err != nil {
		return err
	}
	if p.Kind == Veth && mtu != 0 {
		here, err := m.source.Netlink()
		if err != nil {
			return err
		}
		if err := linkconf.SetDevice(here, p.Name, nil, mtu); err != nil {
			return err
		}
	}
	return m.configure(ctx, p)
}
