// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package linkstate

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// ndaProtocol is the attribute with the protocol that a neighbour comes from.
const ndaProtocol = 12

// held marks neighbours that Hold has made, among the protocols of rtnetlink(7)
// that neighbours may come from: a number that is nobody's.
const held = 0x6f

// Hold makes a device know the neighbours that another one has learnt for
// certain: the machine does not ask whether they are there still, until Unhold.
// What the device knows by itself to be permanent stays so.
func (c *Conn) Hold(from, to Device) error {
	var found []Object
	permanent := map[string]bool{}
	err := c.each(Neighbour, 0, func(o Object) error {
		if int(binary.NativeEndian.Uint32(o.header[ndmIndex:])) == to.Index && o.neighbourState()&unix.NUD_PERMANENT != 0 {
			permanent[string(o.get(unix.NDA_DST))] = true
		}
		if n, ok := learntOf(o, from.Index, to.Index); ok {
			found = append(found, n.with(ndaProtocol, []byte{held}).withHeader(func(h []byte) {
				binary.NativeEndian.PutUint16(h[ndmState:], unix.NUD_NOARP)
			}))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("list neighbours: %w", err)
	}
	for _, n := range found {
		if permanent[string(n.get(unix.NDA_DST))] {
			continue
		}
		if err := c.change(unix.RTM_NEWNEIGH, unix.NLM_F_CREATE|unix.NLM_F_REPLACE, n); err != nil {
			return fmt.Errorf("hold %s: %w", n, err)
		}
	}
	return nil
}

// isHeld reports whether Hold has made a listed neighbour. The kernel keeps the mark
// when it is let go.
func (o Object) isHeld() bool {
	p := o.get(ndaProtocol)
	return len(p) == 1 && p[0] == held && o.neighbourState()&unix.NUD_NOARP != 0
}

// Unhold makes ordinary neighbours of those that Hold has made.
func (c *Conn) Unhold(d Device) error {
	var found []Object
	err := c.each(Neighbour, 0, func(o Object) error {
		if int(binary.NativeEndian.Uint32(o.header[ndmIndex:])) == d.Index && o.isHeld() {
			n := o
			n.attrs = []attr{{unix.NDA_DST, o.get(unix.NDA_DST)}, {unix.NDA_LLADDR, o.get(unix.NDA_LLADDR)}}
			found = append(found, n.withHeader(func(h []byte) {
				binary.NativeEndian.PutUint16(h[ndmState:], unix.NUD_STALE)
				h[ndmFlags] &= unix.NTF_ROUTER
			}))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("list neighbours: %w", err)
	}
	for _, n := range found {
		if err := c.change(unix.RTM_NEWNEIGH, unix.NLM_F_CREATE|unix.NLM_F_REPLACE, n); err != nil {
			return fmt.Errorf("let go of %s: %w", n, err)
		}
	}
	return nil
}

// SubnetRoutes lists the routes through a device that the kernel has made for the
// subnets of the addresses among objects.
func (c *Conn) SubnetRoutes(d Device, objects []Object) (routes []Object, err error) {
	subnets := map[netip.Prefix]bool{}
	for _, o := range objects {
		if o.Kind == Address {
			subnets[o.prefix()] = true
		}
	}
	err = c.each(Route, 0, func(o Object) error {
		oif, _ := o.uint32(unix.RTA_OIF)
		if int(oif) == d.Index && o.header[rtmProtocol] == unix.RTPROT_KERNEL && o.header[rtmType] == unix.RTN_UNICAST &&
			subnets[o.dst()] {
			routes = append(routes, o.with(unix.RTA_CACHEINFO, nil).withHeader(func(h []byte) {
				binary.NativeEndian.PutUint32(h[rtmFlags:], 0)
			}))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list routes through device %q: %w", d.Name, err)
	}
	return routes, nil
}
