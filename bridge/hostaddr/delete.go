// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package hostaddr

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/ovskit/ovskit/internal/hostop"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"golang.org/x/sys/unix"
)

func remove(ctx context.Context, db *vswitch.DB, addr netip.Addr, h hostop.Hook) error {
	a, err := Get(db, addr.Unmap())
	if err != nil {
		return err
	}
	m, err := open(ctx, db, a.SwitchNetns, h)
	if err == nil {
		defer m.Close()
		var r *record
		if r, err = m.record(a.Addr); err == nil {
			err = m.takeBack(ctx, r)
		}
	}
	if err != nil {
		return fmt.Errorf("delete address %s of bridge %q: %w", addr, a.Bridge, err)
	}
	return nil
}

// takeBack undoes what a record says, and removes it.
func (m machine) takeBack(ctx context.Context, r *record) error {
	r.State = deleting
	if err := m.write(ctx, r); err != nil {
		return err
	}
	if r.Boot == m.Boot {
		if err := m.undo(ctx, r); err != nil {
			return err
		}
	}
	if err := m.Step(ctx, "remove the record"); err != nil {
		return err
	}
	if _, err := m.DB.Client().Transact(ctx, r.erase()); err != nil {
		return fmt.Errorf("remove the record: %w", err)
	}
	return nil
}

// undo takes back what was done in the kernel. What is gone is no error.
func (m machine) undo(ctx context.Context, r *record) error {
	c := &r.config
	if nic, err := m.Links.LinkByName(c.Device); err == nil && r.Proxy {
		if err := m.Step(ctx, "remove the proxy neighbour"); err != nil {
			return err
		}
		if err := m.Links.NeighDel(proxy(nic, c.Addr)); err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("remove proxy neighbour from device %q: %w", c.Device, err)
		}
	}
	if own, err := m.Links.LinkByName(c.Bridge); err == nil && r.Route {
		if err := m.Step(ctx, "remove the route"); err != nil {
			return err
		}
		if err := m.Links.RouteDel(hostRoute(own, c.Addr)); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("remove route to device %q: %w", c.Bridge, err)
		}
	}
	others, err := m.others(r)
	if err != nil {
		return err
	}
	for _, w := range slices.Backward(wantedSettings(c.Addr, c.Device, c.Bridge)) {
		s, ok := r.Settings[w.key]
		needed := slices.ContainsFunc(others, func(o *record) bool { _, ok := o.Settings[w.key]; return ok })
		if !ok || needed {
			continue
		}
		if err := m.Step(ctx, "restore %s", w.key); err != nil {
			return err
		}
		if err := restoreSetting(m.NS, w.key, s); err != nil {
			return err
		}
	}
	return nil
}

func recoverAll(ctx context.Context, db *vswitch.DB, h hostop.Hook) error {
	all, err := List(db)
	errs := []error{err}
	for _, a := range all {
		if err := recoverOne(ctx, db, a, h); err != nil {
			errs = append(errs, fmt.Errorf("recover address %s of bridge %q: %w", a.Addr, a.Bridge, err))
		}
	}
	return errors.Join(errs...)
}

func recoverOne(ctx context.Context, db *vswitch.DB, a *Address, h hostop.Hook) error {
	m, err := open(ctx, db, a.SwitchNetns, h)
	if err != nil {
		return err
	}
	defer m.Close()
	r, err := m.record(a.Addr)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil // deleted meanwhile
	case err != nil:
		return err
	case r.State == added:
		return m.again(ctx, r)
	}
	return m.takeBack(ctx, r)
}
