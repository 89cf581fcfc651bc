// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package linkstate

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Sweep removes the routes that the kernel has made for addresses which were
// among objects and are not on the device any more. It removes most by itself,
// but lets the route to the subnet of an address of IPv6 with a lifetime live
// for that long.
func (c *Conn) Sweep(d Device, objects []Object) error {
	gone := map[netip.Prefix]bool{}
	for _, o := range objects {
		if o.Kind == Address && !o.isV4() {
			gone[o.prefix()] = true
		}
	}
	if len(gone) == 0 {
		return nil
	}
	left, err := c.addresses(d)
	if err != nil {
		return fmt.Errorf("list addresses of device %q: %w", d.Name, err)
	}
	for _, a := range left {
		delete(gone, a.prefix())
	}
	var routes []Object
	err = c.each(Route, 0, func(o Object) error {
		oif, _ := o.uint32(unix.RTA_OIF)
		if int(oif) == d.Index && !o.isV4() && gone[o.dst()] && o.header[rtmProtocol] == unix.RTPROT_KERNEL &&
			o.header[rtmType] == unix.RTN_UNICAST {
			routes = append(routes, o.with(unix.RTA_CACHEINFO, nil).withHeader(func(h []byte) {
				binary.NativeEndian.PutUint32(h[rtmFlags:], 0)
			}))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("list routes through device %q: %w", d.Name, err)
	}
	for _, r := range routes {
		if err := c.Remove(r); err != nil {
			return fmt.Errorf("device %q: %w", d.Name, err)
		}
	}
	return nil
}
