// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package uplink

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/ovskit/ovskit/internal/hostop"
	"github.com/ovskit/ovskit/internal/linkstate"
	"golang.org/x/sys/unix"
)

// datapathUser is the type of datapath in user space.
const datapathUser = "netdev"

// settlePatience is how long a release waits for ovs-vswitchd.
const settlePatience = 2 * time.Second

// A mover moves what hangs on a NIC to the bridge's own port and back.
type mover struct {
	*hostop.Op
	conn *linkstate.Conn

	bridge, uuid    string
	userspace       bool
	own             linkstate.Device
	j               *journal // nil when nothing is adopted
	connect, verify func(context.Context, *Uplink) error
}

// establish makes the NIC the uplink, from whatever state between that and one
// that is not adopted. What the machine has is at one of the two devices at any
// moment.
func (m *mover) establish(ctx context.Context) error {
	nic, err := m.findNIC()
	if err != nil {
		return err
	}
	if nic == nil {
		return &UnsuitableError{m.j.Device, "it is gone"}
	}
	if name := nic.Attrs().Name; name != m.j.Device {
		return &UnsuitableError{m.j.Device, fmt.Sprintf("it is called %q now", name)}
	}
	if m.j.State != Adopted {
		m.j.State = Adopting
	}
	if err := m.configureBridge(ctx); err != nil {
		return err
	}
	if err := m.findOwn(); err != nil {
		return err
	}
	if m.own.Index != m.j.OwnIndex {
		if err := m.adjustOwn(); err != nil {
			return err
		}
	}
	from := linkstate.Device{Index: nic.Attrs().Index, Name: m.j.Device}
	moved := m.movedTo(m.own)
	if err := errors.Join(m.setUp(ctx, from), m.setUp(ctx, m.own)); err != nil {
		return err
	}
	if err := m.keepOwn(ctx); err != nil {
		return err
	}
	isAddress := func(o linkstate.Object) bool { return o.Kind == linkstate.Address }
	if err := m.add(ctx, m.own, moved, isAddress); err != nil {
		return err
	}
	if err := m.addPort(ctx); err != nil {
		return err
	}
	if m.connect != nil {
		if err := m.connect(ctx, m.j.uplink(m.DB, m.bridge)); err != nil {
			return fmt.Errorf("connect: %w", err)
		}
	}
	if err := m.conn.Learn(from, m.own); err != nil {
		return fmt.Errorf("neighbours of device %q: %w", from.Name, err)
	}
	if err := m.add(ctx, m.own, moved, func(o linkstate.Object) bool { return !isAddress(o) }); err != nil {
		return err
	}
	if err := m.conn.Settle(ctx, m.own, moved); err != nil {
		return err
	}
	if err := m.remove(ctx, from, m.movedTo(from)); err != nil {
		return err
	}
	if m.j.Silenced {
		if err := m.Step(ctx, "keep the kernel's IP stack away from device %q", from.Name); err != nil {
			return err
		}
		if err := m.NS.DisableIP(from.Name); err != nil {
			return err
		}
	}
	if m.verify != nil {
		if err := m.verify(ctx, m.j.uplink(m.DB, m.bridge)); err != nil {
			return fmt.Errorf("verify: %w", err)
		}
	}
	if m.j.State == Adopted && m.journalIsWritten() {
		return nil
	}
	m.j.State = Adopted
	return m.writeJournal(ctx)
}

// restore gives the NIC back, from whatever state.
func (m *mover) restore(ctx context.Context) error {
	nic, err := m.findNIC()
	if err != nil {
		return err
	}
	to := linkstate.Device{Name: m.j.Device}
	if nic != nil {
		to = linkstate.Device{Index: nic.Attrs().Index, Name: nic.Attrs().Name}
		if err := m.giveBack(ctx, to); err != nil {
			return err
		}
	}
	// A switch in user space never had the NIC for itself: the machine has its
	// link again as soon as nothing points at the bridge. One in the kernel must
	// let go of it first. Until then the machine sends by the NIC, to neighbours
	// that it holds for certain, and hears at the bridge's own port, whose addresses
	// answer for it.
	order := []func(context.Context) error{m.stripOwn, m.removeRows}
	if !m.userspace {
		order = []func(context.Context) error{m.stripOwnRoutes, m.removeRows, m.stripOwn}
	}
	for _, do := range order {
		if err := do(ctx); err != nil {
			return err
		}
	}
	if err := m.settleOwn(ctx); err != nil {
		return err
	}
	if nic != nil {
		if err := m.settleNIC(ctx, to); err != nil {
			return err
		}
		if err := m.conn.Unhold(to); err != nil {
			return fmt.Errorf("neighbours of device %q: %w", to.Name, err)
		}
	}
	return m.clearJournal(ctx)
}

// settleNIC gives the NIC the flags that it had. An ovs-vswitchd that was killed
// leaves it receiving everything.
func (m *mover) settleNIC(ctx context.Context, d linkstate.Device) error {
	link, err := m.Links.LinkByIndex(d.Index)
	if err != nil {
		return fmt.Errorf("device %q: %w", d.Name, err)
	}
	if link.Attrs().RawFlags&unix.IFF_PROMISC != 0 && !m.j.Promisc {
		if err := m.Step(ctx, "have device %q receive what is for it", d.Name); err != nil {
			return err
		}
		if err := m.Links.SetPromiscOff(link); err != nil {
			return fmt.Errorf("device %q: %w", d.Name, err)
		}
	}
	if !m.j.Up {
		return m.setDown(ctx, d)
	}
	return nil
}

// giveBack adds to the NIC what is moved.
func (m *mover) giveBack(ctx context.Context, to linkstate.Device) error {
	if err := m.setUp(ctx, to); err != nil {
		return err
	}
	if m.j.Silenced {
		if err := m.Step(ctx, "give device %q back to the kernel's IP stack", to.Name); err != nil {
			return err
		}
		if err := m.NS.RestoreIP(to.Name, m.j.IPSettings); err != nil {
			return err
		}
	}
	if m.own.Index != 0 {
		learn := m.conn.Learn
		if !m.userspace {
			learn = m.conn.Hold
		}
		if err := learn(m.own, to); err != nil {
			return fmt.Errorf("neighbours of device %q: %w", m.own.Name, err)
		}
	}
	moved := m.movedTo(to)
	if err := m.add(ctx, to, moved, func(linkstate.Object) bool { return true }); err != nil {
		return err
	}
	return m.conn.Settle(ctx, to, moved)
}

// stripOwnRoutes takes the routes through the bridge's own port, those to the
// subnets of its addresses as well, so that what is for outside goes by the NIC.
func (m *mover) stripOwnRoutes(ctx context.Context) error {
	if err := m.findOwn(); err != nil || m.own.Index == 0 {
		return err
	}
	moved := m.movedTo(m.own)
	routes, err := m.conn.SubnetRoutes(m.own, moved)
	if err != nil {
		return err
	}
	for _, o := range moved {
		if o.Kind == linkstate.Route {
			routes = append(routes, o)
		}
	}
	for _, r := range slices.Backward(routes) {
		if err := m.Step(ctx, "remove %s from device %q", r, m.own.Name); err != nil {
			return err
		}
		if err := m.conn.Remove(r); err != nil {
			return fmt.Errorf("device %q: %w", m.own.Name, err)
		}
	}
	return nil
}

// stripOwn takes from the bridge's own port what was moved to it.
func (m *mover) stripOwn(ctx context.Context) error {
	if err := m.findOwn(); err != nil {
		return err
	}
	moved := m.movedTo(m.own)
	if m.own.Index == 0 { // policy rules outlive the device
		moved = slices.DeleteFunc(moved, func(o linkstate.Object) bool { return o.Kind != linkstate.Rule })
	}
	return m.remove(ctx, m.own, moved)
}

// adjustOwn takes note of a bridge's own port that was made anew. Policy rules
// have outlived the old one.
func (m *mover) adjustOwn() error {
	own, err := m.conn.List(m.own)
	if err != nil {
		return err
	}
	m.j.OwnIndex, m.j.Own = m.own.Index, nil
	moved := idsOf(m.movedTo(m.own))
	m.j.Own = slices.DeleteFunc(own, func(o linkstate.Object) bool { return moved[o.ID()] })
	return nil
}

// settleOwn leaves the bridge's own port as it was.
func (m *mover) settleOwn(ctx context.Context) error {
	if err := m.findOwn(); err != nil || m.own.Index == 0 {
		return err
	}
	if m.j.OwnUp {
		return m.keepOwn(ctx)
	}
	return m.setDown(ctx, m.own)
}

// keepOwn gives the bridge's own port again what it had by itself. A change of
// its MAC address can take that away: ovs-vswitchd sets a device of the datapath
// in user space down for it.
func (m *mover) keepOwn(ctx context.Context) error {
	if m.own.Index != m.j.OwnIndex {
		return nil // made anew, without it
	}
	return m.add(ctx, m.own, m.j.Own, func(linkstate.Object) bool { return true })
}

// movedTo returns what is moved as objects of a device, one of the two.
func (m *mover) movedTo(to linkstate.Device) []linkstate.Object {
	listed := linkstate.Device{Index: m.j.DeviceIndex, Name: m.j.Device}
	own := idsOf(m.j.Own)
	var objects []linkstate.Object
	for _, o := range m.j.Moved {
		moved := o.Moved(listed, to)
		if to.Name == m.bridge && own[moved.ID()] {
			continue // the bridge's own port had it already
		}
		objects = append(objects, moved)
	}
	return objects
}

// add gives a device those objects that wanted says.
func (m *mover) add(
	ctx context.Context, to linkstate.Device, objects []linkstate.Object, wanted func(linkstate.Object) bool,
) error {
	now, err := sinceBoot()
	if err != nil {
		return err
	}
	var some []linkstate.Object
	for _, o := range objects {
		if wanted(o) {
			some = append(some, o)
		}
	}
	err = m.conn.Add(some, now-m.j.At, func(o linkstate.Object) error {
		return m.Step(ctx, "add %s to device %q", o, to.Name)
	})
	if err != nil {
		return fmt.Errorf("device %q: %w", to.Name, err)
	}
	return nil
}

// remove takes objects from a device, the last first.
func (m *mover) remove(ctx context.Context, from linkstate.Device, objects []linkstate.Object) error {
	for _, o := range slices.Backward(objects) {
		if err := m.Step(ctx, "remove %s from device %q", o, from.Name); err != nil {
			return err
		}
		if err := m.conn.Remove(o); err != nil {
			return fmt.Errorf("device %q: %w", from.Name, err)
		}
	}
	if from.Index == 0 {
		return nil
	}
	if err := m.Step(ctx, "remove what the kernel has left of the addresses of device %q", from.Name); err != nil {
		return err
	}
	return m.conn.Sweep(from, objects)
}

func (m *mover) setUp(ctx context.Context, d linkstate.Device) error {
	link, err := m.Links.LinkByIndex(d.Index)
	if err != nil {
		return fmt.Errorf("device %q: %w", d.Name, err)
	}
	if link.Attrs().Flags&net.FlagUp != 0 {
		return nil
	}
	if err := m.Step(ctx, "set device %q up", d.Name); err != nil {
		return err
	}
	if err := m.Links.LinkSetUp(link); err != nil {
		return fmt.Errorf("set device %q up: %w", d.Name, err)
	}
	return nil
}

func (m *mover) setDown(ctx context.Context, d linkstate.Device) error {
	if err := m.Step(ctx, "set device %q down", d.Name); err != nil {
		return err
	}
	link, err := m.Links.LinkByIndex(d.Index)
	if err == nil {
		err = m.Links.LinkSetDown(link)
	}
	if err != nil {
		return fmt.Errorf("set device %q down: %w", d.Name, err)
	}
	return nil
}
