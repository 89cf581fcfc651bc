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
// one that is wanted, and back when that fails.
func (m *Manager) reconfigure(ctx context.Context, p *plan, before *Config) error {
	if !p.hasInterface() {
		return nil
	}
	there := hasDevice(p.target, p.Ifname)
	switch {
	case p.Kind == Internal && !m.isMoved(p):
		if err := m.moveInternal(p); err != nil {
			return err
		}
		return m.configure(ctx, p)
	case !there && p.HandOver:
		return nil // it has been moved
	case !there:
		return fmt.Errorf("interface %q in network namespace %q: %w", p.Ifname, p.target.Name(), ErrNotFound)
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
