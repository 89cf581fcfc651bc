// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"

	of "github.com/ovskit/ovskit/openflow"
)

// A party is who has an address, or would have.
type party struct {
	name string // as verdicts name it
	addr netip.Addr
	// endpoint is nil for the host, the outside and spare addresses.
	endpoint *endpointState
	host     bool
	spare    bool // an address of an Address
}

func (p party) outside() bool { return p.endpoint == nil && !p.host && !p.spare }

// has reports whether a party has an address of the family.
func (s *state) has(sel Selector, f *family) bool {
	switch sel.kind {
	case selectEndpoint:
		e := s.endpoints[sel.name]
		if e == nil {
			return true // and is refused by resolve
		}
		_, ok := e.addr(f)
		return ok
	case selectPrefix:
		return f.has(sel.prefix.Addr())
	case selectHost:
		for _, n := range s.networks {
			if _, ok := n.gateway(f); ok {
				return true
			}
		}
		return s.host != nil && s.hostAddr(f).IsValid()
	}
	return true
}

// hostAddr is the address that the host is known by: the one that networks share, else its first.
func (s *state) hostAddr(f *family) netip.Addr {
	if s.uplink != nil {
		if a, ok := pickAddr(f, s.uplink.Addrs); ok {
			return a
		}
	}
	if p, ok := pick(f, s.host.Addrs); ok {
		return p.Addr()
	}
	return netip.Addr{}
}

// resolve finds who a selector of a query is, as seen by the other party.
func (s *state) resolve(sel, other Selector, f *family) (party, error) {
	switch sel.kind {
	case selectEndpoint:
		e := s.endpoints[sel.name]
		if e == nil {
			return party{}, fmt.Errorf("%s is not declared%s: %w", Endpoint{Name: sel.name}, s.declaredNames(), ErrNotFound)
		}
		a, _ := e.addr(f)
		return party{e.String(), a, e, false, false}, nil
	case selectPrefix:
		if !sel.prefix.IsSingleIP() {
			return party{}, fmt.Errorf("%s is not one address: %w", sel.prefix, ErrInvalid)
		}
		if a := sel.prefix.Addr(); a.IsLinkLocalUnicast() && a.Is6() {
			return party{}, fmt.Errorf("%s is of one link only, it does not tell whose it is: %w", a, ErrInvalid)
		}
		return s.holder(sel.prefix.Addr()), nil
	case selectHost:
		a := s.hostAddr(f)
		// To an endpoint the host is the gateway, unless it has another address that it is known by.
		if e := s.endpoints[other.name]; !a.IsValid() && other.kind == selectEndpoint && e != nil {
			g, _ := s.networks[e.Network].gateway(f)
			a = g.Addr()
		}
		if !a.IsValid() {
			return party{}, fmt.Errorf("the host has no address of %s: %w", f.name, ErrInvalid)
		}
		return party{"host", a, nil, true, false}, nil
	case selectOutside:
		return party{name: "outside", addr: s.outsideAddr(f)}, nil
	}
	return party{}, fmt.Errorf("%s is not one party: %w", sel, ErrInvalid)
}

// declaredNames lists some endpoints, for who has mistaken a name.
func (s *state) declaredNames() string {
	const most = 8
	all := slices.Sorted(maps.Keys(s.endpoints))
	switch {
	case len(all) == 0:
		return ", and no other is"
	case len(all) > most:
		return fmt.Sprintf(", of %d that are: %s, ...", len(all), strings.Join(all[:most], ", "))
	}
	return ", only: " + strings.Join(all, ", ")
}

// holder is who has an address.
func (s *state) holder(a netip.Addr) party {
	switch r := s.addrs[a]; r.kind {
	case kindEndpoint:
		return party{r.String(), a, s.endpoints[r.name], false, false}
	case kindHost, kindNetwork:
		return party{"host", a, nil, true, false}
	case kindAddress:
		return party{r.String(), a, nil, false, true}
	}
	return party{name: "outside", addr: a}
}

// The addresses of somebody outside (RFC 5737, RFC 3849), the first that is in no subnet of the host or a network.
var outsiders = []netip.Addr{
	netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("203.0.113.1"), netip.MustParseAddr("192.0.2.1"),
	netip.MustParseAddr("2001:db8:ffff::1"), netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8:1::1"),
}

func (s *state) outsideAddr(f *family) (last netip.Addr) {
	for _, a := range outsiders {
		if !f.has(a) {
			continue
		}
		if last = a; !s.near(a) {
			return a
		}
	}
	return last
}

// near reports whether an address is in a subnet of the host or of a network.
func (s *state) near(a netip.Addr) bool {
	if s.host != nil {
		if _, ok := overlapping(s.host.Addrs, single(a)); ok {
			return true
		}
	}
	return s.subnet(a) != nil
}

// subnet is the network whose subnet an address is in, nil if there is none.
func (s *state) subnet(a netip.Addr) *networkState {
	for _, n := range s.networks {
		if _, ok := overlapping(n.Gateways, single(a)); ok {
			return n
		}
	}
	return nil
}

// many reports whether an endpoint's packet to an address is for all that are on its network.
func (s *state) many(e *endpointState, to netip.Addr) bool {
	f := familyOf(to)
	g, ok := s.networks[e.Network].gateway(f)
	return ok && slices.ContainsFunc(toMany(f, g), func(p netip.Prefix) bool { return p.Contains(to) })
}

// manyMAC is the MAC that a packet for many has: of broadcast, or of a group (RFC 1112, 6.4; RFC 2464, 7).
func manyMAC(to netip.Addr) net.HardwareAddr {
	b := to.AsSlice()
	switch {
	case to.Is6():
		return append(net.HardwareAddr{0x33, 0x33}, b[12:]...)
	case to.IsMulticast():
		return net.HardwareAddr{0x01, 0x00, 0x5e, b[1] & 0x7f, b[2], b[3]}
	}
	return net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
}

// neighbour is the MAC of somebody on the uplink's link, such as the next hop.
var neighbour = net.HardwareAddr{0x02, 0x00, 0x5e, 0x00, 0x53, 0x02}

// sourcePort is the port that queries are asked from.
const sourcePort = 40000

// packet is a packet of a query on its way.
type packet struct {
	f                *family
	proto            Proto
	src, dst         netip.Addr
	srcPort, dstPort uint16
	ttl              uint8
}

// into is the packet as it comes into a port, in the words of ofproto/trace. It has a hash that a datapath might have given it:
// where a connection is balanced by one, a trace does not follow the packet to the datapath to get it.
func (p packet) into(port uint32, src, dst net.HardwareAddr) string {
	addr, icmp, echo := "nw", "icmp", "icmp_type"
	if p.f.v6 {
		addr, icmp, echo = "ipv6", "icmp6", "icmpv6_type"
	}
	in := fmt.Sprint(port)
	if port == of.PortLocal {
		in = "LOCAL"
	}
	ends := fmt.Sprintf("dp_hash=1,dl_src=%s,dl_dst=%s,%s_src=%s,%s_dst=%s,nw_ttl=%d", src, dst, addr, p.src, addr, p.dst, p.ttl)
	if p.proto == ICMP {
		return fmt.Sprintf("in_port=%s,%s,%s,%s=%d", in, icmp, ends, echo, p.f.echoRequest)
	}
	proto := p.proto.String()
	name := proto
	if p.f.v6 {
		name += "6"
	}
	return fmt.Sprintf("in_port=%s,%s,%s,%s_src=%d,%s_dst=%d", in, name, ends, proto, p.srcPort, proto, p.dstPort)
}

// source and destination are the packet's ends, with their ports if it has ports.
func (p packet) source() string      { return p.end(p.src, p.srcPort) }
func (p packet) destination() string { return p.end(p.dst, p.dstPort) }

func (p packet) end(a netip.Addr, port uint16) string {
	if p.proto == ICMP {
		return a.String()
	}
	return netip.AddrPortFrom(a, port).String()
}

// reply is the packet that answers.
func (p packet) reply() packet {
	p.src, p.dst, p.srcPort, p.dstPort = p.dst, p.src, p.dstPort, p.srcPort
	return p
}

func (p packet) String() string {
	return fmt.Sprintf("%s %s > %s", p.proto, p.source(), p.destination())
}
