// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package linkconf gives a network device its addresses and routes, and takes
// them away again when something later fails.
package linkconf

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// MinMTU and MaxMTU bound the MTU of a device. IPv4 needs the former and IPv6
// MinMTU6, RFC 8200 section 5.
const (
	MinMTU  = 68
	MinMTU6 = 1280
	MaxMTU  = 65535
)

// A Route leads to Dst through a device, by way of Via unless Via is invalid.
type Route struct {
	Dst netip.Prefix
	Via netip.Addr
}

func (r Route) String() string {
	if !r.Via.IsValid() {
		return r.Dst.String()
	}
	return r.Dst.String() + " via " + r.Via.String()
}

// A Config is what a device is given.
type Config struct {
	Addrs  []netip.Prefix
	Routes []Route
	MTU    int // 0 is not checked; callers set it where they create the device
}

// Check reports what no device can be given.
func (c Config) Check() error {
	for i, a := range c.Addrs {
		switch {
		case !a.IsValid() || a.Addr().Is4In6() || a.Addr().Zone() != "":
			return fmt.Errorf("address %q: not a valid address with its prefix length", a)
		case a.Addr().IsUnspecified() || a.Addr().IsMulticast() || a.Addr().IsLoopback() || a.Addr() == broadcast:
			return fmt.Errorf("address %q: not an address for an interface", a)
		case slices.ContainsFunc(c.Addrs[:i], func(b netip.Prefix) bool { return a.Addr() == b.Addr() }):
			return fmt.Errorf("address %q: given twice", a)
		case a.Addr().Is6() && c.MTU != 0 && c.MTU < MinMTU6:
			return fmt.Errorf("address %q: IPv6 needs an MTU of %d, not %d", a, MinMTU6, c.MTU)
		}
	}
	for i, r := range c.Routes {
		switch {
		case !r.Dst.IsValid() || r.Dst.Addr().Is4In6():
			return fmt.Errorf("route to %s: not a valid destination", r)
		case r.Dst.Masked() != r.Dst:
			return fmt.Errorf("route to %s: destination has bits beyond its prefix length", r)
		case slices.ContainsFunc(c.Routes[:i], func(o Route) bool { return o.Dst == r.Dst }):
			return fmt.Errorf("route to %s: there is another route to this destination", r)
		case r.Via.Zone() != "":
			return fmt.Errorf("route to %s: a next hop has no zone but the device", r)
		case r.Via.IsValid() && r.Via.Is4() != r.Dst.Addr().Is4():
			return fmt.Errorf("route to %s: not of the same family", r)
		case r.Via.IsValid() && !c.Reaches(r.Via):
			return fmt.Errorf("route to %s: next hop is not in the subnet of any address", r)
		}
	}
	if c.MTU != 0 && (c.MTU < MinMTU || c.MTU > MaxMTU) {
		return fmt.Errorf("MTU %d: not between %d and %d", c.MTU, MinMTU, MaxMTU)
	}
	return nil
}

// broadcast is the limited broadcast address, RFC 919 section 7.
var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// Reaches reports whether an address is a neighbour: in the subnet of one of
// the addresses and not that address itself.
func (c Config) Reaches(a netip.Addr) bool {
	if a.IsLinkLocalUnicast() && a.Is6() {
		return true
	}
	return slices.ContainsFunc(c.Addrs, func(p netip.Prefix) bool { return p.Contains(a) && p.Addr() != a })
}

// Apply gives a device its addresses, sets it up and adds the routes. What it
// has already is left as it is. The returned function takes away what was added
// and may be called once; nothing is left behind when Apply fails.
func Apply(h *netlink.Handle, device string, c Config) (undo func() error, err error) {
	link, err := h.LinkByName(device)
	if err != nil {
		return nil, fmt.Errorf("device %q: %w", device, err)
	}
	var steps []func() error
	takeBack := func() error {
		var errs []error
		for _, step := range slices.Backward(steps) {
			errs = append(errs, step())
		}
		return errors.Join(errs...)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, takeBack())
		}
	}()
	for _, a := range c.Addrs {
		addr := netlinkAddr(a)
		err := h.AddrAdd(link, addr)
		switch {
		case errors.Is(err, unix.EEXIST):
		case err != nil:
			return nil, fmt.Errorf("add address %s to device %q: %w", a, device, err)
		default:
			steps = append(steps, func() error { return h.AddrDel(link, addr) })
		}
	}
	if link.Attrs().Flags&net.FlagUp == 0 {
		if err := h.LinkSetUp(link); err != nil {
			return nil, fmt.Errorf("set device %q up: %w", device, err)
		}
		steps = append(steps, func() error { return h.LinkSetDown(link) })
	}
	for _, r := range c.Routes {
		added, err := addRoute(h, link, r)
		if err != nil {
			return nil, fmt.Errorf("add route to %s through device %q: %w", r, device, err)
		}
		if added {
			steps = append(steps, func() error { return h.RouteDel(netlinkRoute(link, r)) })
		}
	}
	return takeBack, nil
}

// addRoute adds a route and reports whether it was not there.
func addRoute(h *netlink.Handle, link netlink.Link, r Route) (added bool, err error) {
	route := netlinkRoute(link, r)
	err = h.RouteAdd(route)
	if !errors.Is(err, unix.EEXIST) {
		return err == nil, err
	}
	has, err := hasRoute(h, link, r)
	if err == nil && !has {
		err = errors.New("there is another route to this destination")
	}
	return false, err
}

// hasRoute reports whether a route is there.
func hasRoute(h *netlink.Handle, link netlink.Link, r Route) (bool, error) {
	family := netlink.FAMILY_V6
	if r.Dst.Addr().Is4() {
		family = netlink.FAMILY_V4
	}
	route := netlinkRoute(link, r)
	there, err := complete(func() ([]netlink.Route, error) {
		return h.RouteListFiltered(family, route, netlink.RT_FILTER_DST|netlink.RT_FILTER_OIF)
	})
	return slices.ContainsFunc(there, func(o netlink.Route) bool { return o.Gw.Equal(route.Gw) }), err
}

// complete asks for a list again that others have made changes to while it was read.
func complete[T any](list func() ([]T, error)) (all []T, err error) {
	const attempts = 10
	for range attempts {
		if all, err = list(); !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	return all, err
}

func netlinkAddr(p netip.Prefix) *netlink.Addr {
	addr := &netlink.Addr{IPNet: ipNet(p)}
	if p.Addr().Is6() {
		// Whoever gives out the addresses knows that they are free; until
		// the kernel has found that out by itself, sockets cannot use it.
		addr.Flags = unix.IFA_F_NODAD
	}
	return addr
}

func netlinkRoute(link netlink.Link, r Route) *netlink.Route {
	route := &netlink.Route{LinkIndex: link.Attrs().Index, Dst: ipNet(r.Dst)}
	if r.Via.IsValid() {
		route.Gw = r.Via.AsSlice()
	} else {
		route.Scope = netlink.SCOPE_LINK
	}
	return route
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
