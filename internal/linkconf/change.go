// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package linkconf

import (
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Without is what c has and other has not.
func (c Config) Without(other Config) (rest Config) {
	for _, a := range c.Addrs {
		if !slices.Contains(other.Addrs, a) {
			rest.Addrs = append(rest.Addrs, a)
		}
	}
	for _, r := range c.Routes {
		if !slices.Contains(other.Routes, r) {
			rest.Routes = append(rest.Routes, r)
		}
	}
	return rest
}

// Remove takes routes and addresses from a device. What is not there is passed
// over.
func Remove(h *netlink.Handle, device string, c Config) error {
	if len(c.Addrs) == 0 && len(c.Routes) == 0 {
		return nil
	}
	link, err := h.LinkByName(device)
	if err != nil {
		return fmt.Errorf("device %q: %w", device, err)
	}
	for _, r := range c.Routes {
		if err := h.RouteDel(netlinkRoute(link, r)); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("remove route to %s through device %q: %w", r, device, err)
		}
	}
	for _, a := range c.Addrs {
		err := h.AddrDel(link, netlinkAddr(a))
		// A device whose MTU is too small for IPv6 does without it.
		if err != nil && !errors.Is(err, unix.EADDRNOTAVAIL) && !errors.Is(err, unix.ENXIO) {
			return fmt.Errorf("remove address %s from device %q: %w", a, device, err)
		}
	}
	return nil
}

// SetDevice gives a device its MAC address and its MTU, if they are other than it
// has. A nil address and an MTU of 0 are passed over.
func SetDevice(h *netlink.Handle, device string, mac net.HardwareAddr, mtu int) error {
	link, err := h.LinkByName(device)
	if err != nil {
		return fmt.Errorf("device %q: %w", device, err)
	}
	if mac != nil && !slices.Equal(mac, link.Attrs().HardwareAddr) {
		if err := h.LinkSetHardwareAddr(link, mac); err != nil {
			return fmt.Errorf("set MAC address %s of device %q: %w", mac, device, err)
		}
	}
	if mtu != 0 && mtu != link.Attrs().MTU {
		if err := h.LinkSetMTU(link, mtu); err != nil {
			return fmt.Errorf("set MTU %d of device %q: %w", mtu, device, err)
		}
	}
	return nil
}

// Missing is what of c a device lacks. Its MTU is not looked at.
func Missing(h *netlink.Handle, link netlink.Link, c Config) (rest Config, err error) {
	there, err := complete(func() ([]netlink.Addr, error) { return h.AddrList(link, netlink.FAMILY_ALL) })
	if err != nil {
		return Config{}, err
	}
	for _, a := range c.Addrs {
		want := ipNet(a)
		if !slices.ContainsFunc(there, func(have netlink.Addr) bool { return have.IPNet.String() == want.String() }) {
			rest.Addrs = append(rest.Addrs, a)
		}
	}
	for _, r := range c.Routes {
		has, err := hasRoute(h, link, r)
		if err != nil {
			return Config{}, err
		}
		if !has {
			rest.Routes = append(rest.Routes, r)
		}
	}
	return rest, nil
}
