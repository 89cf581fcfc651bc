// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package linkstate

import (
	"fmt"
	"net/netip"
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
	routes, err := c.SubnetRoutes(d, objects)
	if err != nil {
		return err
	}
	for _, r := range routes {
		if r.isV4() || !gone[r.dst()] {
			continue
		}
		if err := c.Remove(r); err != nil {
			return fmt.Errorf("device %q: %w", d.Name, err)
		}
	}
	return nil
}
