// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// NATType says what a NAT translates.
type NATType uint8

const (
	// NATExisting applies what the connection was committed with ("nat" without arguments).
	NATExisting NATType = iota
	// NATSource and NATDestination give a new connection's source or destination a new address.
	NATSource
	NATDestination
)

// NAT is the translation of a CT action (ovs-actions(7), "The ct action"). The zero value is NATExisting. It is an action
// inside of CT alone.
type NAT struct {
	Type NATType
	// AddrMin to AddrMax is the range of addresses; an invalid AddrMax is AddrMin alone.
	AddrMin, AddrMax netip.Addr
	// PortMin to PortMax is the range of ports; 0 leaves the choice to the switch, a zero PortMax is PortMin alone.
	PortMin, PortMax uint16
	// Persistent, Hash and Random are the flags of the same names.
	Persistent, Hash, Random bool
}

// String is the translation in the words of ovs-actions(7).
func (n NAT) String() string {
	n = n.canonical()
	if n.Type == NATExisting {
		return "nat"
	}
	var b strings.Builder
	b.WriteString(map[NATType]string{NATSource: "nat(src", NATDestination: "nat(dst"}[n.Type])
	if n.AddrMin.IsValid() {
		open, shut := "", ""
		if n.AddrMin.Is6() && n.PortMin != 0 {
			open, shut = "[", "]"
		}
		b.WriteString("=" + open + n.AddrMin.String() + shut)
		if n.AddrMax.IsValid() {
			b.WriteString("-" + open + n.AddrMax.String() + shut)
		}
		if n.PortMin != 0 {
			fmt.Fprintf(&b, ":%d", n.PortMin)
		}
		if n.PortMax != 0 {
			fmt.Fprintf(&b, "-%d", n.PortMax)
		}
	}
	for _, flag := range []struct {
		set  bool
		name string
	}{{n.Persistent, ",persistent"}, {n.Hash, ",hash"}, {n.Random, ",random"}} {
		if flag.set {
			b.WriteString(flag.name)
		}
	}
	return b.String() + ")"
}

const (
	natSource      = 1 << 0
	natDestination = 1 << 1
	natPersistent  = 1 << 2
	natHash        = 1 << 3
	natRandom      = 1 << 4
)

func (n NAT) appendTo(b []byte, _ Version) ([]byte, error) {
	n = n.canonical()
	switch {
	case n.Type > NATDestination:
		return b, fmt.Errorf("NAT type %d does not exist", n.Type)
	case n.Type == NATExisting && (n != NAT{}):
		return b, errors.New("NAT as committed has no parameters")
	case n.AddrMax.IsValid() && (n.AddrMin.BitLen() != n.AddrMax.BitLen() || n.AddrMax.Less(n.AddrMin)):
		return b, fmt.Errorf("NAT range from %v to %v", n.AddrMin, n.AddrMax)
	case n.AddrMin.IsValid() && n.AddrMin.IsUnspecified():
		return b, fmt.Errorf("NAT to %v", n.AddrMin)
	case n.PortMin != 0 && !n.AddrMin.IsValid():
		return b, errors.New("NAT to a port needs an address")
	case n.Hash && n.Random:
		return b, errors.New("NAT by hash and at random")
	case n.PortMax != 0 && n.PortMax < n.PortMin || n.PortMin == 0 && n.PortMax != 0:
		return b, fmt.Errorf("NAT range from port %d to %d", n.PortMin, n.PortMax)
	}
	start := len(b)
	b = pad(appendNicira(b, nxNAT, 0), 2)
	b = be.AppendUint16(b, uint16(bits(n.Type == NATSource, n.Type == NATDestination, n.Persistent, n.Hash, n.Random)))
	v4, v6, span := n.AddrMin.Is4(), n.AddrMin.Is6(), n.AddrMax.IsValid()
	b = be.AppendUint16(b, uint16(bits(v4, v4 && span, v6, v6 && span, n.PortMin != 0, n.PortMax != 0)))
	for _, a := range [2]netip.Addr{n.AddrMin, n.AddrMax} {
		switch {
		case a.Is4():
			a4 := a.As4()
			b = append(b, a4[:]...)
		case a.Is6():
			a16 := a.As16()
			b = append(b, a16[:]...)
		}
	}
	for _, port := range [2]uint16{n.PortMin, n.PortMax} {
		if port != 0 {
			b = be.AppendUint16(b, port)
		}
	}
	return putLength(padded(b, start), start, 2)
}

// The parts that a nat may have, in the order of their bits.
const (
	natIPv4Min = 1 << iota
	natIPv4Max
	natIPv6Min
	natIPv6Max
	natPortMin
	natPortMax
)

// decodeNAT reads a nat action. It returns none if it is to an IPv6 address that stands for an IPv4 address.
func decodeNAT(b []byte) (*NAT, error) {
	r := &reader{b: b}
	r.skip(10 + 2)
	flags, present := r.u16(), r.u16()
	n := NAT{Persistent: flags&natPersistent != 0, Hash: flags&natHash != 0, Random: flags&natRandom != 0}
	switch flags & (natSource | natDestination) {
	case natSource:
		n.Type = NATSource
	case natDestination:
		n.Type = NATDestination
	case natSource | natDestination:
		return nil, malformed(ErrBadActionArgument, "nat of source and destination")
	}
	addr := func(part uint16, size int) (a netip.Addr) {
		if present&part != 0 {
			a, _ = netip.AddrFromSlice(r.bytes(size))
		}
		return a
	}
	min4, max4 := addr(natIPv4Min, 4), addr(natIPv4Max, 4)
	min6, max6 := addr(natIPv6Min, 16), addr(natIPv6Max, 16)
	if n.AddrMin, n.AddrMax = min4, max4; present&(natIPv6Min|natIPv6Max) != 0 {
		n.AddrMin, n.AddrMax = min6, max6
	}
	if present&natPortMin != 0 {
		n.PortMin = r.u16()
	}
	if present&natPortMax != 0 {
		n.PortMax = r.u16()
	}
	const both4, both6 = natIPv4Min | natIPv4Max, natIPv6Min | natIPv6Max
	switch {
	case r.short:
		return nil, malformed(ErrBadActionLen, "nat of %d bytes", len(b))
	case flags>>5 != 0 || present>>6 != 0 || present&both4 != 0 && present&both6 != 0 || n.Hash && n.Random,
		n.Type == NATExisting && (n != NAT{}),
		n.AddrMin.IsValid() && n.AddrMin.IsUnspecified() || n.AddrMax.IsValid() && !n.AddrMin.IsValid(),
		present&natPortMin != 0 && (n.PortMin == 0 || !n.AddrMin.IsValid()), present&natPortMax != 0 && n.PortMax < n.PortMin,
		present&natPortMax != 0 && present&natPortMin == 0, n.AddrMax.IsValid() && n.AddrMax.Less(n.AddrMin):
		return nil, malformed(ErrBadActionArgument, "nat with flags %#x and parts %#x", flags, present)
	case n.AddrMin.Is4In6() || n.AddrMax.Is4In6():
		return nil, nil
	case len(r.b) >= 8:
		return nil, malformed(ErrBadActionLen, "nat of %d bytes", len(b))
	}
	n = n.canonical()
	return &n, nil
}

// canonical spells out a range of one as its only element.
func (n NAT) canonical() NAT {
	n.AddrMin, n.AddrMax = n.AddrMin.Unmap(), n.AddrMax.Unmap()
	if n.AddrMax == n.AddrMin {
		n.AddrMax = netip.Addr{}
	}
	if n.PortMax == n.PortMin {
		n.PortMax = 0
	}
	return n
}
