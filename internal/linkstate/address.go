// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package linkstate

import (
	"encoding/binary"
	"net/netip"
	"strings"

	"golang.org/x/sys/unix"
)

// Flags of addresses that can be given; the kernel finds the others out.
const (
	settableV4 = unix.IFA_F_NOPREFIXROUTE | unix.IFA_F_MCAUTOJOIN
	settableV6 = settableV4 | unix.IFA_F_NODAD | unix.IFA_F_HOMEADDRESS | unix.IFA_F_MANAGETEMPADDR
)

// forever is the lifetime of what does not end.
const forever = 1<<32 - 1

// cacheSize is the size of the lifetimes in struct ifa_cacheinfo: preferred and
// valid, in seconds.
const cacheSize = 8

// local is an address's own address, as opposed to that of a peer.
func (o Object) local() []byte {
	if l := o.get(unix.IFA_LOCAL); l != nil {
		return l
	}
	return o.get(unix.IFA_ADDRESS)
}

// addressIndex is the index of an address's device.
func (o Object) addressIndex() int { return int(binary.NativeEndian.Uint32(o.header[4:])) }

func (o Object) isV4() bool { return o.header[0] == unix.AF_INET }

// flags are an address's, IFA_F_*.
func (o Object) flags() uint32 {
	if f, ok := o.uint32(unix.IFA_FLAGS); ok {
		return f
	}
	return uint32(o.header[2])
}

// prefix is the subnet that an address makes reachable; the peer if it has one.
func (o Object) prefix() netip.Prefix {
	a, _ := netip.AddrFromSlice(o.get(unix.IFA_ADDRESS))
	p, _ := a.Prefix(int(o.header[1]))
	return p
}

// LinkLocal reports whether o is an address of IPv6 that is good for the link
// alone, RFC 4291 section 2.5.6. The kernel makes them by itself.
func (o Object) LinkLocal() bool {
	a, ok := netip.AddrFromSlice(o.local())
	return o.Kind == Address && ok && a.Is6() && a.IsLinkLocalUnicast()
}

// withFlags returns a copy that asks for flags.
func (o Object) withFlags(flags uint32) Object {
	return o.withHeader(func(h []byte) { h[2] = byte(flags) }).with(unix.IFA_FLAGS, uint32Value(flags))
}

// lifetimes are an address's preferred and valid lifetime in seconds.
func (o Object) lifetimes() (preferred, valid uint32) {
	c := o.get(unix.IFA_CACHEINFO)
	if len(c) < cacheSize {
		return forever, forever
	}
	return binary.NativeEndian.Uint32(c), binary.NativeEndian.Uint32(c[4:])
}

// agedAddress returns an address whose lifetimes are shorter by some seconds; ok is
// false if it has ended.
func agedAddress(o Object, seconds uint32) (_ Object, ok bool) {
	preferred, valid := o.lifetimes()
	if valid != forever {
		if valid <= seconds {
			return o, false
		}
		valid -= seconds
	}
	if preferred != forever {
		preferred -= min(preferred, seconds)
	}
	cache := make([]byte, unix.SizeofIfaCacheinfo)
	binary.NativeEndian.PutUint32(cache, preferred)
	binary.NativeEndian.PutUint32(cache[4:], valid)
	return o.with(unix.IFA_CACHEINFO, cache), true
}

func movedAddress(o Object, from, to Device) Object {
	moved := o.withHeader(func(h []byte) { binary.NativeEndian.PutUint32(h[4:], uint32(to.Index)) })
	label, found := strings.CutPrefix(text(o.get(unix.IFA_LABEL)), from.Name)
	if !found || label != "" && label[0] != ':' || len(to.Name+label) >= unix.IFNAMSIZ {
		return moved
	}
	return moved.with(unix.IFA_LABEL, []byte(to.Name+label+"\x00"))
}

// text is a string that ends with a zero byte.
func text(b []byte) string { return strings.TrimRight(string(b), "\x00") }

func ip(b []byte) string {
	a, ok := netip.AddrFromSlice(b)
	if !ok {
		return "of an unknown form"
	}
	return a.String()
}
