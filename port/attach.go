// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"errors"
	"fmt"

	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// A plan is a config on its way into effect, with what it refers to.
type plan struct {
	*Config
	bridge *vswitch.Bridge
	// target is the namespace of the interface, the switch's if it is handed
	// over; nil if the port has no interface.
	target *netns.Shared
}

func (m *Manager) attach(ctx context.Context, c *Config) (*Port, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	p := &plan{Config: c}
	var ok bool
	if p.bridge, ok = m.db.Bridge(c.Bridge); !ok {
		return nil, fmt.Errorf("bridge: %w", ErrNotFound)
	}
	if c.inNamespace() {
		target, err := m.targets.Open(c.Netns)
		if err != nil {
			return nil, err
		}
		defer target.Close()
		p.target = target
	} else if c.hasInterface() {
		p.target = m.source
	}
	if err := m.complete(p); err != nil {
		return nil, err
	}
	if err := p.checkPolicing(m.source); err != nil {
		return nil, err
	}
	unlock, err := m.busy.lock(ctx, c.Name)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if c.hasInterface() {
		unlock, err := m.lockDevice(ctx, c.Name)
		if errors.Is(err, netns.ErrLocked) {
			return nil, fmt.Errorf("somebody else is attaching a port %q: %w", c.Name, ErrExists)
		}
		if err != nil {
			return nil, err
		}
		defer unlock()
	}
	if err := m.numbersAreFree(c); err != nil {
		return nil, err
	}
	if iface, ok := m.ours(c.Name); ok {
		made, err := m.update(ctx, p, iface)
		if !errors.Is(err, errRemoved) {
			return made, err
		}
		// By another program, perhaps even before.
	}
	made, err := m.create(ctx, p)
	if errors.Is(err, ErrExists) {
		// Perhaps since this moment, by another program of this owner.
		if iface, ok := m.ours(c.Name); ok {
			return m.update(ctx, p, iface)
		}
	}
	return made, err
}

// ours finds the interface of a port that this owner has made.
func (m *Manager) ours(name string) (*vswitch.Interface, bool) {
	iface, ok := m.db.Interface(name)
	return iface, ok && isOf(iface, m.owner)
}

// create makes a port that is not there.
func (m *Manager) create(ctx context.Context, p *plan) (*Port, error) {
	if err := m.nameIsFree(p.Name); err != nil {
		return nil, err
	}
	switch p.Kind {
	case Veth:
		return m.attachVeth(ctx, p)
	case Internal:
		return m.attachInternal(ctx, p)
	case Patch:
		return m.attachPatch(ctx, p)
	}
	return m.attachDevice(ctx, p)
}

// complete fills in the defaults that depend on the namespace.
func (m *Manager) complete(p *plan) error {
	if p.inNamespace() {
		p.Netns = p.target.Path()
		if p.Name == "" {
			p.Name = derivedName(p.Netns, p.Ifname)
		}
	}
	if p.Kind == Internal {
		p.Ifname = p.Name
	}
	if p.Kind == Veth && p.Name == p.Ifname && m.source.Is(p.target) {
		return fmt.Errorf("port %q and interface %q in the same network namespace: %w", p.Name, p.Ifname, ErrExists)
	}
	return nil
}

// together runs two steps of which neither needs the other, and cancels each when
// the other has failed.
func together(ctx context.Context, one, other func(ctx context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	run := func(step func(ctx context.Context) error) error {
		err := step(ctx)
		if err != nil {
			cancel()
		}
		return err
	}
	done := make(chan error, 1)
	go func() { done <- run(other) }()
	err := run(one)
	otherErr := <-done
	if err != nil && otherErr != nil {
		// Of the one that was cancelled only what it could not undo counts.
		switch {
		case errors.Is(otherErr, context.Canceled):
			otherErr = undoFailure(otherErr)
		case errors.Is(err, context.Canceled):
			err = undoFailure(err)
		}
	}
	return errors.Join(err, otherErr)
}
