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
		// The copy of the database may not show yet what another program has made.
		if err := m.db.Client().Echo(ctx); err != nil {
			return err
		}
		if row, ok = m.db.Port(name); !ok {
			return m.detachRemains(ctx, name)
		}
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
			return fmt.Errorf("it is of kind %s, which consists of more than rows: %w", iface.ExternalIDs[mark.Kind], ErrForeign)
		}
		return m.removeRows(ctx, remove)
	}
	c, err := recorded(br, row, iface)
	if err != nil {
		return err
	}
	if c.Kind == Veth || c.Kind == Internal || iface.ExternalIDs[mark.IPSettings] != "" {
		if err := m.expectSwitchHere(); err != nil {
			return err
		}
	}
	switch {
	case c.Kind == Veth:
		return m.detachVeth(ctx, iface, remove)
	case c.Kind == Internal:
		return m.detachInternal(ctx, &c, remove)
	case c.Kind == Patch:
		return m.removeRows(ctx, append(remove, m.removeOtherHalf(&c)...))
	case iface.ExternalIDs[mark.IPSettings] != "":
		return m.detachSilent(ctx, iface, remove)
	}
	return m.removeRows(ctx, remove)
}

func (m *Manager) removeRows(ctx context.Context, remove []ovsdb.Operation) error {
	if err := m.step("remove the rows"); err != nil {
		return err
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
	if findErr == nil {
		if err := m.mayChange(link); err != nil {
			return err
		}
	}
	if err := m.removeRows(ctx, remove); err != nil {
		return err
	}
	if findErr == nil {
		findErr = m.step("remove the devices")
	}
	if findErr == nil {
		findErr = m.removals.remove(link.Attrs().Index)
	}
	if errors.Is(findErr, errNoDevice) {
		return nil // it went with the namespace at its other end
	}
	if findErr != nil {
		return fmt.Errorf("device %q in network namespace %q: %w", iface.Name, m.source.Path(), findErr)
	}
	return nil
}

// detachRemains removes the devices of a veth port whose rows are gone, which a
// program that was killed during Detach has left.
func (m *Manager) detachRemains(ctx context.Context, name string) error {
	id, err := identify(m.db, m.owner, name)
	if err != nil {
		return err
	}
	if _, err := id.find(m.source, name); err != nil {
		return ErrNotFound
	}
	unlock, err := m.source.LockWithin(ctx, id.lock, lockPatience)
	if errors.Is(err, netns.ErrLocked) {
		return ErrNotFound // somebody is attaching it
	}
	if err != nil {
		return err
	}
	defer unlock()
	orphan, err := id.isOrphan(ctx, m.db, m.source, name)
	if err != nil {
		return err
	}
	if !orphan {
		return ErrNotFound
	}
	return id.remove(m.removals, name)
}

// detachSilent gives a device back to the kernel's IP stack and removes the rows,
// in this order: the rows know what is to be restored.
func (m *Manager) detachSilent(ctx context.Context, iface *vswitch.Interface, remove []ovsdb.Operation) error {
	if err := m.step("give the device back"); err != nil {
		return err
	}
	restoreErr := m.source.RestoreIP(iface.Name, iface.ExternalIDs[mark.IPSettings])
	err := m.removeRows(ctx, remove)
	if err != nil && !errors.As(err, new(*ovsdb.OutcomeUnknownError)) {
		// The port stays.
		err = errors.Join(err, m.source.DisableIP(iface.Name))
	}
	return errors.Join(err, restoreErr)
}

// detachInternal removes what an earlier ovs-vswitchd has left in the port's
// namespace, and the rows. The present one removes its device itself.
func (m *Manager) detachInternal(ctx context.Context, c *Config, remove []ovsdb.Operation) error {
	tapErr := m.removeDeadTaps(c)
	return errors.Join(m.removeRows(ctx, remove), tapErr)
}

func (m *Manager) removeDeadTaps(c *Config) error {
	madeAgain, err := hasDevice(m.source, c.Name)
	if err != nil || c.Netns == "" || !madeAgain {
		return err
	}
	target, err := m.targets.Open(c.Netns)
	if errors.Is(err, netns.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	defer target.Close()
	if m.source.Is(target) {
		return nil
	}
	if err := m.step("remove the dead device"); err != nil {
		return err
	}
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
