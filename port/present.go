// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"errors"
	"fmt"

	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/vishvananda/netlink"
)

// expectInterface looks for the devices of a port that is there already. It fails with
// errNoDevice when they are gone and the port is to be made anew, and with ErrExists when
// another device has the place of one, which is not to be touched.
func (m *Manager) expectInterface(p *plan, iface *vswitch.Interface) error {
	switch {
	case p.Kind == Device:
		another, err := m.isAnotherDevice(p.Name, iface)
		if another {
			err = errNoDevice
		}
		return err
	case p.Kind == Veth && !p.HandOver:
		return m.expectPair(p)
	case p.Kind == Internal && p.inNamespace():
		return m.expectInternal(p)
	}
	return nil
}

func (m *Manager) expectPair(p *plan) error {
	id, err := identify(m.db, m.owner, p.Name)
	if err != nil {
		return err
	}
	device, err := id.find(m.source, p.Name)
	if errors.Is(err, errForeignDevice) {
		return fmt.Errorf("device %q on the switch's side is not the port's: %w", p.Name, ErrExists)
	}
	if err != nil && !errors.Is(err, errNoDevice) {
		return err
	}
	inside, err := deviceIn(p.target, p.Ifname)
	if err == nil && (device == nil || !arePeers(device, inside)) {
		err = notThePorts(p)
	}
	return err
}

func (m *Manager) expectInternal(p *plan) error {
	there, err := hasDevice(m.source, p.Name)
	if there || err != nil {
		return err // not moved yet
	}
	inside, err := deviceIn(p.target, p.Ifname)
	if err == nil && !isInternal(inside) {
		err = notThePorts(p)
	}
	return err
}

func notThePorts(p *plan) error {
	return fmt.Errorf("interface %q in network namespace %q is not the port's: %w", p.Ifname, p.target.Name(), ErrExists)
}

// arePeers reports whether two devices, which may be in different namespaces, are the
// ends of one pair.
func arePeers(a, b netlink.Link) bool {
	return a.Type() == "veth" && b.Type() == "veth" &&
		a.Attrs().ParentIndex == b.Attrs().Index && b.Attrs().ParentIndex == a.Attrs().Index
}

// isInternal reports whether a device is of the kinds that ovs-vswitchd makes.
func isInternal(link netlink.Link) bool {
	switch link.Type() {
	case "tuntap", "tun", "openvswitch":
		return true
	}
	return false
}

// deviceIn finds a device by its name. It fails with errNoDevice when there is none.
func deviceIn(ns *netns.Shared, name string) (netlink.Link, error) {
	h, err := ns.Netlink()
	if err != nil {
		return nil, err
	}
	link, err := h.LinkByName(name)
	if errors.As(err, new(netlink.LinkNotFoundError)) {
		return nil, errNoDevice
	}
	if err != nil {
		return nil, fmt.Errorf("device %q in network namespace %q: %w", name, ns.Name(), err)
	}
	return link, nil
}

// hasDevice reports whether there is a device of a name. One that cannot be told is
// an error: what is taken to be gone is made anew.
func hasDevice(ns *netns.Shared, name string) (bool, error) {
	_, err := deviceIn(ns, name)
	if errors.Is(err, errNoDevice) {
		return false, nil
	}
	return err == nil, err
}
