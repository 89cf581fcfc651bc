// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package uplink

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/ovskit/ovskit/internal/linkstate"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// plan looks at a NIC and the bridge's own port before an adoption.
func (m *mover) plan(device string) (*journal, error) {
	if _, err := checkDevice(m.DB, m.NS, m.Links, device); err != nil {
		return nil, err
	}
	j, err := m.list(device)
	if err != nil {
		return nil, err
	}
	br, ok := m.DB.BridgeByUUID(m.uuid)
	if !ok {
		return nil, ErrNoBridge
	}
	if hwaddr, ok := br.OtherConfig[hwaddrKey]; ok {
		j.Hwaddr = &hwaddr
	}
	iface, ok := m.DB.Interface(m.bridge)
	if !ok {
		return nil, fmt.Errorf("the bridge's own port: not in the database")
	}
	if iface.IfIndex == nil || int(*iface.IfIndex) != m.own.Index {
		return nil, fmt.Errorf("the bridge's own port: device %q in network namespace %q is not the one that the switch has made",
			m.bridge, m.NS.Path())
	}
	j.MTURequest = iface.MTURequest
	return j, nil
}

// list makes a journal of what the NIC and the bridge's own port have.
func (m *mover) list(device string) (*journal, error) {
	link, err := m.Links.LinkByName(device)
	if err != nil {
		return nil, fmt.Errorf("device %q: %w", device, err)
	}
	own, err := m.Links.LinkByName(m.bridge)
	if err != nil {
		return nil, fmt.Errorf("the bridge's own port: device %q in network namespace %q: %w", m.bridge, m.NS.Path(), err)
	}
	attrs := link.Attrs()
	j := &journal{
		State: Adopting, Boot: m.Boot, Device: device, DeviceIndex: attrs.Index, MAC: attrs.HardwareAddr.String(), MTU: attrs.MTU,
		Up: attrs.Flags&net.FlagUp != 0, Promisc: attrs.RawFlags&unix.IFF_PROMISC != 0, Silenced: m.userspace,
		OwnIndex: own.Attrs().Index, OwnMTU: own.Attrs().MTU, OwnUp: own.Attrs().Flags&net.FlagUp != 0,
	}
	if j.At, err = sinceBoot(); err != nil {
		return nil, err
	}
	if m.userspace {
		if j.IPSettings, err = m.NS.IPSettings(device); err != nil {
			return nil, err
		}
	}
	if j.Moved, err = m.conn.List(linkstate.Device{Index: attrs.Index, Name: device}); err != nil {
		return nil, err
	}
	if j.Own, err = m.conn.List(linkstate.Device{Index: j.OwnIndex, Name: m.bridge}); err != nil {
		return nil, err
	}
	if n := len(j.Moved) + len(j.Own); n > MaxObjects {
		return nil, fmt.Errorf("%d objects: %w", n, ErrTooMany)
	}
	return j, nil
}

// findOwn finds the device that is the bridge's own port; its index is 0 while
// it does not exist.
func (m *mover) findOwn() error {
	m.own = linkstate.Device{Name: m.bridge}
	link, err := m.Links.LinkByName(m.bridge)
	if err == nil {
		m.own.Index = link.Attrs().Index
	} else if !errors.As(err, new(netlink.LinkNotFoundError)) {
		return fmt.Errorf("device %q: %w", m.bridge, err)
	}
	return nil
}

// findNIC finds the NIC; nil if it is gone. Another device that has come to its
// name is not it, and it is itself under another name.
func (m *mover) findNIC() (netlink.Link, error) {
	byName, err := found(m.Links.LinkByName(m.j.Device))
	if err != nil {
		return nil, fmt.Errorf("device %q: %w", m.j.Device, err)
	}
	if byName != nil && (byName.Attrs().HardwareAddr.String() == m.j.MAC || byName.Attrs().Index == m.j.DeviceIndex) {
		return byName, nil
	}
	byIndex, err := found(m.Links.LinkByIndex(m.j.DeviceIndex))
	if err != nil {
		return nil, fmt.Errorf("device of index %d: %w", m.j.DeviceIndex, err)
	}
	if byIndex != nil && byIndex.Attrs().HardwareAddr.String() == m.j.MAC && byIndex.Attrs().Name != m.bridge {
		return byIndex, nil
	}
	return nil, nil
}

// found is a device that was asked for; nil if there is none.
func found(link netlink.Link, err error) (netlink.Link, error) {
	if errors.As(err, new(netlink.LinkNotFoundError)) {
		return nil, nil
	}
	return link, err
}

// sinceBoot is the time since the machine was started, sleep included: what is
// leased goes on to run out while it sleeps.
func sinceBoot() (time.Duration, error) {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return 0, fmt.Errorf("read the clock: %w", err)
	}
	return time.Duration(t.Nano()), nil
}
