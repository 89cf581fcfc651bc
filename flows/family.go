// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"net/netip"

	of "github.com/ovskit/ovskit/openflow"
)

// family is IPv4 or IPv6, with what flows need to know about it.
type family struct {
	v6        bool
	name      string
	etherType of.MatchField
	icmp      uint8
	// icmpErrors are the types by which a router or receiver tells that a packet did not get through: destination
	// unreachable, which path MTU discovery needs, time exceeded and parameter problem (RFC 792), and packet too big (RFC 4443).
	icmpErrors  []uint8
	echoRequest uint8
	// router are the types by which a router tells of itself and of others, beside those of neighbour discovery: redirect
	// (RFC 792) and router advertisement (RFC 1256).
	router []uint8
	// dhcpClient is the port that a client of DHCP is answered at (RFC 2131, 4.1; RFC 8415, 7.2).
	dhcpClient uint16
	loopback   netip.Prefix
	// notUnicast are the prefixes that no machine has an address out of (RFC 6890). The first is that of machines without
	// an address.
	notUnicast []netip.Prefix
}

var families = [...]*family{
	{
		name: "IPv4", etherType: of.EthType(of.EthTypeIPv4),
		icmp: of.IPProtoICMP, icmpErrors: []uint8{3, 11, 12}, echoRequest: 8, router: []uint8{5, 9},
		dhcpClient: 68, loopback: netip.MustParsePrefix("127.0.0.0/8"),
		notUnicast: prefixes("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4"),
	},
	{
		v6: true, name: "IPv6", etherType: of.EthType(of.EthTypeIPv6),
		icmp: of.IPProtoICMPv6, icmpErrors: []uint8{1, 2, 3, 4}, echoRequest: 128,
		dhcpClient: 546, loopback: netip.MustParsePrefix("::1/128"),
		notUnicast: prefixes("::/128", "::1/128", "::ffff:0:0/96", "ff00::/8"),
	},
}

// linkLocal are the addresses of IPv6 that are for neighbours alone (RFC 4291, 2.5.6).
var linkLocal = netip.MustParsePrefix("fe80::/10")

func prefixes(texts ...string) []netip.Prefix {
	ps := make([]netip.Prefix, len(texts))
	for i, t := range texts {
		ps[i] = netip.MustParsePrefix(t)
	}
	return ps
}

// familyOf is the family of an address.
func familyOf(a netip.Addr) *family {
	if a.Is4() {
		return families[0]
	}
	return families[1]
}

// has reports whether the address is of the family.
func (f *family) has(a netip.Addr) bool { return a.IsValid() && a.Is4() != f.v6 }

// pick finds the prefix of a family, of which there is at most one.
func pick(f *family, ps []netip.Prefix) (netip.Prefix, bool) {
	for _, p := range ps {
		if f.has(p.Addr()) {
			return p, true
		}
	}
	return netip.Prefix{}, false
}

// pickAddr is pick of an address.
func pickAddr(f *family, as []netip.Addr) (netip.Addr, bool) {
	for _, a := range as {
		if f.has(a) {
			return a, true
		}
	}
	return netip.Addr{}, false
}

// ip is a match on the family's packets with further conditions.
func (f *family) ip(more ...of.MatchField) of.Match {
	return append(append(make(of.Match, 0, room), f.etherType), more...)
}

// icmpType is a match on the family's ICMP messages of a type with further conditions.
func (f *family) icmpType(t uint8, more ...of.MatchField) of.Match {
	field := of.ICMPType(t)
	if f.v6 {
		field = of.ICMPv6Type(t)
	}
	return append(f.ip(of.IPProto(f.icmp), field), more...)
}

func (f *family) src(p netip.Prefix) of.MatchField {
	if f.v6 {
		return of.IPv6Src(p)
	}
	return of.IPv4Src(p)
}

func (f *family) dst(p netip.Prefix) of.MatchField {
	if f.v6 {
		return of.IPv6Dst(p)
	}
	return of.IPv4Dst(p)
}

func (f *family) srcAddr(a netip.Addr) of.MatchField { return f.src(single(a)) }
func (f *family) dstAddr(a netip.Addr) of.MatchField { return f.dst(single(a)) }

// single is the prefix that holds one address.
func single(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }
