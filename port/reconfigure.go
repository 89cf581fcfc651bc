// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"errors"
	"fmt"

	"github.com/ovskit/ovskit/internal/linkconf"
)

// reconfigure brings the interface of a port from the config that it has to the
// one that is wanted, and back when that fails. An interface that is gone, with
// its namespace or with ovs-vswitchd, is made again.
func (m *Manager) reconfigure(ctx context.Context, p *plan, before *Config) error {
	if !p.hasInterface() {
		return nil
	}
	there, err := p.isThere()
	switch {
	case err != nil:
		return err
	case !there && p.HandOver:
		return nil // it has been moved
	case !there && p.Kind == Veth:
		return m.replug(ctx, p)
	case !there:
		if err := m.moveInternal(p); err != nil {
			return err
		}
		return m.configure(ctx, p)
	}
	if err := m.change(ctx, p, before); err != nil {
		back := *p
		back.Config = before
		return errors.Join(err, undo(ctx, func(ctx context.Context) error { return m.change(ctx, &back, p.Config) }))
	}
	return nil
}

// change brings an interface that is there from one config to another.
func (m *Manager) change(ctx context.Context, p *plan, from *Config) error {
	inside, err := p.target.Netlink()
	if err != nil {
		return err
	}
	if !p.HandOver {
		if err := linkconf.Remove(inside, p.Ifname, from.link().Without(p.link())); err != nil {
			return fmt.Errorf("network namespace %q: %w", p.target.Name(), err)
		}
	}
	if err := linkconf.SetDevice(inside, p.Ifname, p.MAC, p.MTU); err != nil {
		return fmt.Errorf("network namespace %q: %w", p.target.Name(), err)
	}
	if p.Kind == Veth && p.MTU != 0 {
		here, err := m.source.Netlink()
		if err != nil {
			return err
		}
		if err := linkconf.SetDevice(here, p.Name, nil, p.MTU); err != nil {
			return err
		}
	}
	return m.configure(ctx, p)
}

// replug makes the veth pair of a port again whose interface is gone.
func (m *Manager) replug(ctx context.Context, p *plan) error {
	id, err := identify(m.db, m.owner, p.Name)
	if err != nil {
		return err
	}
	pair := &vethPair{source: m.source, target: p.target, name: p.Name, id: id, ifname: p.Ifname, mac: p.MAC, mtu: p.MTU}
	if err := pair.remove(); err != nil {
		return err
	}
	if err := pair.create(ctx); err != nil {
		return err
	}
	return m.configure(ctx, p)
}
