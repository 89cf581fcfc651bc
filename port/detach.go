// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"errors"
	"fmt"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

func (m *Manager) detach(ctx context.Context, name string) error {
	unlock, err := m.busy.lock(ctx, name)
	if err != nil {
		return err
	}
	defer unlock()
	row, ok := m.db.Port(name)
	if !ok {
		return ErrNotFound
	}
	br, ok := m.db.PortBridge(name)
	if !ok {
		return ErrNotFound
	}
	if br.Name == name {
		return ErrOwnPort
	}
	if owner := row.ExternalIDs[mark.Owner]; owner != "" && owner != m.owner {
		return fmt.Errorf("%w, %q", ErrForeign, owner)
	}
	remove := m.removeOps(br.UUID, row.UUID, name, row.QoS != nil)
	iface, ok := m.db.Interface(name)
	if _, made := m.ours(name); !made {
		if ok && iface.ExternalIDs[mark.Kind] != "" {
			return fmt.Errorf("it is an %s, which consists of more than rows: %w", iface.ExternalIDs[mark.Kind], ErrForeign)
		}
		return m.commit(ctx, remove)
	}
	c, err := recorded(br, row, iface)
	if err != nil {
		return err
	}
	switch {
	case c.Kind == Veth:
		return m.detachVeth(ctx, iface, remove)
	case c.Kind == Internal:
		return m.detachInternal(ctx, &c, remove)
	case c.Kind == Patch:
		return m.commit(ctx, append(remove, m.removeOtherHalf(&c)...))
	case iface.ExternalIDs[mark.IPSettings] != "":
		if err := m.commit(ctx, remove); err != nil {
			return err
		}
		return m.source.RestoreIP(iface.Name, iface.ExternalIDs[mark.IPSettings])
	}
	return m.commit(ctx, remove)
}

func (m *Manager) commit(ctx context.Context, ops []ovsdb.Operation) error {
	_, err := m.db.Commit(ctx, ops...)
	return err
}

// detachVeth removes the rows and then the pair, if it is the one that was made
// for the port.
func (m *Manager) detachVeth(ctx context.Context, iface *vswitch.Interface, remove []ovsdb.Operation) error {
	id, err := identify(m.db, m.owner, iface.Name)
	if err != nil {
		return err
	}
	// Found now, since somebody can make another device of this identity as
	// soon as the rows are gone.
	link, findErr := id.find(m.source, iface.Name)
	if err := m.commit(ctx, remove); err != nil {
		return err
	}
	if findErr == nil {
		findErr = deleteLink(m.source, link)
	}
	if errors.Is(findErr, errNoDevice) {
		return nil // it went with the namespace at its other end
	}
	if findErr != nil {
		return fmt.Errorf("device %q in network namespace %q: %w", iface.Name, m.source.Path(), findErr)
	}
	return nil
}

// detachInternal removes the rows, and what an earlier ovs-vswitchd has left in the
// port's namespace. The present one removes its device itself.
func (m *Manager) detachInternal(ctx context.Context, c *Config, remove []ovsdb.Operation) error {
	madeAgain := hasDevice(m.source, c.Name)
	if err := m.commit(ctx, remove); err != nil {
		return err
	}
	if c.Netns == "" || !madeAgain {
		return nil
	}
	target, err := m.targets.Open(c.Netns)
	if errors.Is(err, netns.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	defer target.Close()
	return removeDeadTap(target, c)
}

// removeOtherHalf makes the operation that removes the other half of a patch, if
// it is still that.
func (m *Manager) removeOtherHalf(c *Config) []ovsdb.Operation {
	iface, ok := m.db.Interface(c.Patch.Name)
	if !ok || iface.Options["peer"] != c.Name || iface.ExternalIDs[mark.Owner] != m.owner {
		return nil
	}
	row, isPort := m.db.Port(c.Patch.Name)
	br, isPlaced := m.db.PortBridge(c.Patch.Name)
	if !isPort || !isPlaced {
		return nil
	}
	return []ovsdb.Operation{vswitch.RemovePorts(br.UUID, row.UUID)}
}
