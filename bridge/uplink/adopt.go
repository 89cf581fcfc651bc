// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package uplink

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ovskit/ovskit/internal/hostop"
	"github.com/ovskit/ovskit/internal/linkstate"
	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// undoPatience is how long taking back may take.
const undoPatience = 10 * time.Second

func adopt(ctx context.Context, db *vswitch.DB, c Config, h hostop.Hook) (*Uplink, error) {
	u, err := adoptDevice(ctx, db, c, h)
	if err != nil {
		return nil, fmt.Errorf("adopt device %q as uplink of bridge %q: %w", c.Device, c.Bridge, err)
	}
	return u, nil
}

func adoptDevice(ctx context.Context, db *vswitch.DB, c Config, h hostop.Hook) (*Uplink, error) {
	if err := db.Client().Echo(ctx); err != nil { // the copy is up to date
		return nil, err
	}
	// A program may have died that adopted it for another bridge.
	if u, err := Get(db, c.Device); err == nil && u.Bridge != c.Bridge {
		if _, err := recoverOne(ctx, db, u, h); err != nil {
			return nil, fmt.Errorf("recover it from bridge %q: %w", u.Bridge, err)
		}
	}
	m, err := open(ctx, db, c.Bridge, c.SwitchNetns, h)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	if _, err := m.recover(ctx); err != nil {
		return nil, err
	}
	if m.j != nil {
		if m.j.Device != c.Device {
			return nil, fmt.Errorf("%w: %q", ErrExists, m.j.Device)
		}
		return m.j.uplink(db, c.Bridge), nil
	}
	if m.j, err = m.plan(c.Device); err != nil {
		return nil, err
	}
	m.j.Owner, m.j.Netns = cmp.Or(c.Owner, mark.DefaultOwner), c.SwitchNetns
	m.connect, m.verify = c.Connect, c.Verify
	if err := m.establish(ctx); err != nil {
		return nil, errors.Join(err, m.undo(ctx, m.restore))
	}
	return m.j.uplink(db, c.Bridge), nil
}

func release(ctx context.Context, db *vswitch.DB, device string, h hostop.Hook) error {
	if err := releaseDevice(ctx, db, device, h); err != nil {
		return fmt.Errorf("release uplink %q: %w", device, err)
	}
	return nil
}

func releaseDevice(ctx context.Context, db *vswitch.DB, device string, h hostop.Hook) error {
	if err := db.Client().Echo(ctx); err != nil { // the copy is up to date
		return err
	}
	u, err := Get(db, device)
	if err != nil {
		return err
	}
	m, err := open(ctx, db, u.Bridge, u.SwitchNetns, h)
	if err != nil {
		return err
	}
	defer m.Close()
	if m.j == nil {
		return ErrNotFound
	}
	if m.j.State != Adopted {
		_, err := m.recover(ctx)
		return err
	}
	if err := m.replan(); err != nil {
		return err
	}
	m.j.State = Releasing
	if err = m.writeJournal(ctx); err == nil {
		err = m.restore(ctx)
	}
	if err != nil {
		return errors.Join(err, m.undo(ctx, m.establish))
	}
	return nil
}

// undo takes back what has failed, even if ctx has ended.
func (m *mover) undo(ctx context.Context, takeBack func(context.Context) error) error {
	m.connect, m.verify = nil, nil
	return hostop.Undo(ctx, undoPatience, takeBack)
}

func recoverAll(ctx context.Context, db *vswitch.DB, h hostop.Hook) (devices []string, err error) {
	if err := db.Client().Echo(ctx); err != nil { // the copy is up to date
		return nil, err
	}
	uplinks, err := List(db)
	errs := []error{err}
	for _, u := range uplinks {
		changed, err := recoverOne(ctx, db, u, h)
		if err != nil {
			errs = append(errs, fmt.Errorf("recover uplink %q of bridge %q: %w", u.Device, u.Bridge, err))
		}
		if changed {
			devices = append(devices, u.Device)
		}
	}
	return devices, errors.Join(errs...)
}

func recoverOne(ctx context.Context, db *vswitch.DB, u *Uplink, h hostop.Hook) (changed bool, err error) {
	m, err := open(ctx, db, u.Bridge, u.SwitchNetns, h)
	if err != nil {
		return false, err
	}
	defer m.Close()
	return m.recover(ctx)
}

// recover finishes or takes back what was begun, and reports whether there was
// anything to do. Afterwards the uplink is adopted or m.j is nil.
func (m *mover) recover(ctx context.Context) (changed bool, err error) {
	if m.j == nil {
		return false, nil
	}
	_, hasPort := m.nicPort()
	switch sameBoot := m.Boot == m.j.Boot; {
	case m.j.State != Adopted && sameBoot:
		err = m.restore(ctx)
	case m.j.State != Adopted, m.uuid == "" && !sameBoot:
		// The kernel has begun anew, with what the machine is configured with.
		m.j.Boot, m.j.Moved, m.j.Own, m.j.Silenced, m.j.OwnIndex = m.Boot, nil, nil, false, 0
		m.j.Up, m.j.OwnUp, m.j.Promisc = true, true, true
		err = m.restore(ctx)
	case !hasPort && sameBoot:
		if err = m.replan(); err == nil {
			m.j.State = Releasing
			err = m.restore(ctx)
		}
	case !sameBoot:
		err = m.adoptAnew(ctx)
	case m.own.Index != m.j.OwnIndex:
		err = m.establish(ctx)
	default:
		return m.silenceAgain(ctx)
	}
	return true, err
}

// silenceAgain looks whether an adopted NIC is still kept from the kernel's IP
// stack. Programs that configure devices can change that, and so can the undoing
// of an adoption that ended when it had all but its journal.
func (m *mover) silenceAgain(ctx context.Context) (changed bool, err error) {
	nic, err := m.findNIC()
	if err != nil || nic == nil || !m.j.Silenced {
		return false, err
	}
	d := linkstate.Device{Index: nic.Attrs().Index, Name: nic.Attrs().Name}
	silent, err := m.NS.IsIPDisabled(d.Name)
	if err != nil || silent {
		return false, err
	}
	there, err := m.conn.List(d)
	if err != nil {
		return false, err
	}
	moved := idsOf(m.movedTo(d))
	if slices.ContainsFunc(there, func(o linkstate.Object) bool { return moved[o.ID()] && !o.LinkLocal() }) {
		return true, m.establish(ctx)
	}
	if err := m.Step(ctx, "keep the kernel's IP stack away from device %q", d.Name); err != nil {
		return false, err
	}
	return true, m.NS.DisableIP(d.Name)
}

// adoptAnew adopts the NIC as it is after the machine has been started. The rows
// are there already.
func (m *mover) adoptAnew(ctx context.Context) error {
	before := m.j
	now, err := m.list(before.Device)
	if err != nil {
		return err
	}
	now.Owner, now.Netns, now.Hwaddr, now.MTURequest = before.Owner, before.Netns, before.Hwaddr, before.MTURequest
	m.j = now
	return m.establish(ctx)
}

// replan lists what is to be given to the NIC: what the bridge's own port has
// now, without what it had before. If it is gone, it is what was moved to it.
func (m *mover) replan() error {
	if m.own.Index != m.j.OwnIndex {
		return nil
	}
	objects, err := m.conn.List(m.own)
	if err != nil {
		return err
	}
	nic := linkstate.Device{Index: m.j.DeviceIndex, Name: m.j.Device}
	own, moved, there := idsOf(m.j.Own), idsOf(m.j.Moved), idsOf(objects)
	m.j.Own = slices.DeleteFunc(m.j.Own, func(o linkstate.Object) bool { return !there[o.ID()] })
	objects = slices.DeleteFunc(objects, func(o linkstate.Object) bool { return own[o.ID()] })
	for i := range objects {
		objects[i] = objects[i].Moved(m.own, nic)
	}
	m.j.Moved = slices.DeleteFunc(objects, func(o linkstate.Object) bool { return o.LinkLocal() && !moved[o.ID()] })
	m.j.At, err = sinceBoot()
	return err
}

func idsOf(objects []linkstate.Object) map[string]bool {
	ids := make(map[string]bool, len(objects))
	for _, o := range objects {
		ids[o.ID()] = true
	}
	return ids
}

// open makes a mover of a bridge, with the journal that the bridge has.
func open(ctx context.Context, db *vswitch.DB, bridge, switchNetns string, h hostop.Hook) (_ *mover, err error) {
	op, err := hostop.Open(ctx, db, hostop.Options{Netns: switchNetns, Lock: "ovskit-uplink", Busy: ErrBusy, Hook: h})
	if err != nil {
		return nil, err
	}
	m := &mover{Op: op, bridge: bridge}
	defer func() {
		if err != nil {
			m.Close()
		}
	}()
	if m.conn, err = linkstate.Open(m.NS); err != nil {
		return nil, err
	}
	if root := db.Root(); root != nil {
		if text, ok := root.ExternalIDs[mark.Uplink+bridge]; ok {
			if m.j, err = decodeJournal(text); err != nil {
				return nil, err
			}
		}
	}
	row, ok := db.Bridge(bridge)
	switch {
	case ok:
		m.uuid, m.userspace = row.UUID, row.DatapathType == datapathUser
	case m.j == nil:
		return nil, ErrNoBridge
	default: // somebody has deleted it; the datapath has let go of the NIC
		m.userspace = true
	}
	return m, m.findOwn()
}

// Close ends the operation.
func (m *mover) Close() {
	if m.conn != nil {
		m.conn.Close()
	}
	m.Op.Close()
}
