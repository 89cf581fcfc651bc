// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package linkstate

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Places in struct rtmsg.
const (
	rtmDstLen   = 1
	rtmProtocol = 5
	rtmType     = 7
	rtmFlags    = 8
)

// rtaExpires is the attribute by which the kernel is told how many seconds a
// route is to live. It lists that in another form.
const rtaExpires = 23 // RTA_EXPIRES

// rtaNextHopID is the attribute that names a next hop object.
const rtaNextHopID = 30 // RTA_NH_ID

// userHz is the unit of times in lists of the kernel, in 1/s.
const userHz = 100

// nextHopFlags are those of a next hop that can be given.
const nextHopFlags = unix.RTNH_F_ONLINK | unix.RTNH_F_PERVASIVE

// errNextHop says that a route cannot be moved by itself.
var errNextHop = errors.New("uses a next hop object (ip nexthop), which cannot be moved")

// A hop is a struct rtnexthop with its attributes.
type hop struct {
	index int
	bytes []byte
}

// hops are the next hops of a route that has several.
func (o Object) hops() (hops []hop) {
	b := o.get(unix.RTA_MULTIPATH)
	for len(b) >= unix.SizeofRtNexthop {
		size := int(binary.NativeEndian.Uint16(b))
		if size < unix.SizeofRtNexthop || size > len(b) {
			break
		}
		hops = append(hops, hop{int(int32(binary.NativeEndian.Uint32(b[4:]))), b[:size]})
		b = b[min(align(size), len(b)):]
	}
	return hops
}

// withHops returns a copy with other next hops.
func (o Object) withHops(hops ...hop) Object {
	var b []byte
	for _, h := range hops {
		start := len(b)
		b = append(b, h.bytes...)
		b[start+2] &= nextHopFlags
		binary.NativeEndian.PutUint32(b[start+4:], uint32(h.index))
		b = append(b, make([]byte, align(len(b))-len(b))...)
	}
	return o.with(unix.RTA_MULTIPATH, b)
}

// routesThrough are the parts of a listed route that concern a device, in the
// form in which they are added; none if it is not the device's, or if the
// kernel made it because of one of the addresses.
func routesThrough(o Object, device int, addrs []Object) ([]Object, error) {
	hops := o.hops()
	through := false
	for _, h := range hops {
		through = through || h.index == device
	}
	if oif, ok := o.uint32(unix.RTA_OIF); ok && int(oif) == device {
		through = true
	}
	flags := binary.NativeEndian.Uint32(o.header[rtmFlags:])
	if !through || flags&unix.RTM_F_CLONED != 0 || kernelMade(o, addrs) {
		return nil, nil
	}
	if o.get(rtaNextHopID) != nil {
		return nil, fmt.Errorf("%s: %w", o, errNextHop)
	}
	if c := o.get(unix.RTA_CACHEINFO); len(c) >= 12 {
		if left := int32(binary.NativeEndian.Uint32(c[8:])); left > 0 {
			o = o.with(rtaExpires, uint32Value(uint32(left+userHz-1)/userHz))
		}
	}
	o = o.with(unix.RTA_CACHEINFO, nil).withHeader(func(h []byte) {
		binary.NativeEndian.PutUint32(h[rtmFlags:], flags&nextHopFlags)
	})
	switch {
	case hops == nil:
		return []Object{o}, nil
	case o.isV4():
		return []Object{o.withHops(hops...)}, nil
	}
	// The next hops of IPv6 are routes by themselves, and are added one by one
	// to those that are there.
	var routes []Object
	for _, h := range hops {
		if h.index == device {
			routes = append(routes, o.withHops(h))
		}
	}
	return routes, nil
}

// kernelMade reports whether the kernel has made a route because of a device or
// its addresses. Those that programs add in the kernel's name, as they do for
// an address that has IFA_F_NOPREFIXROUTE, are not.
func kernelMade(o Object, addrs []Object) bool {
	if o.header[rtmProtocol] != unix.RTPROT_KERNEL {
		return false
	}
	if o.header[rtmType] != unix.RTN_UNICAST {
		return true
	}
	for _, a := range addrs {
		if a.flags()&unix.IFA_F_NOPREFIXROUTE == 0 && a.prefix() == o.dst() {
			return true
		}
	}
	return false
}

// dst is a route's destination.
func (o Object) dst() netip.Prefix {
	a, ok := netip.AddrFromSlice(o.get(unix.RTA_DST))
	switch {
	case !ok && o.isV4():
		a = netip.IPv4Unspecified()
	case !ok:
		a = netip.IPv6Unspecified()
	}
	return netip.PrefixFrom(a, int(o.header[rtmDstLen]))
}

func routeString(o Object) string {
	s := "route to " + o.dst().String()
	if gw := o.get(unix.RTA_GATEWAY); gw != nil {
		s += " via " + ip(gw)
	}
	if table, ok := o.uint32(unix.RTA_TABLE); ok && table != unix.RT_TABLE_MAIN {
		s += fmt.Sprintf(" in table %d", table)
	}
	return s
}

func movedRoute(o Object, from, to Device) Object {
	if hops := o.hops(); hops != nil {
		for i := range hops {
			if hops[i].index == from.Index {
				hops[i].index = to.Index
			}
		}
		return o.withHops(hops...)
	}
	return o.with(unix.RTA_OIF, uint32Value(uint32(to.Index)))
}

// agedRoute is agedAddress for routes.
func agedRoute(o Object, seconds uint32) (_ Object, ok bool) {
	left, expires := o.uint32(rtaExpires)
	if !expires {
		return o, true
	}
	if left <= seconds {
		return o, false
	}
	return o.with(rtaExpires, uint32Value(left-seconds)), true
}
