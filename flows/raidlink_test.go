// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"
)

// inside puts further headers between the MACs of a frame and its EtherType.
func inside(headers ...byte) func(b []byte) []byte {
	return func(b []byte) []byte { return slices.Concat(b[:12], headers, b[12:]) }
}

// typed gives a frame another EtherType, and a receiver.
func typed(to string, etherType uint16) func(b []byte) []byte {
	return func(b []byte) []byte {
		b = slices.Clone(b)
		if to != "" {
			mac, err := net.ParseMAC(to)
			if err != nil {
				panic(err)
			}
			copy(b, mac)
		}
		binary.BigEndian.PutUint16(b[12:], etherType)
		return b
	}
}

// What is not plain IP, ARP or neighbour discovery goes nowhere, whoever it is for.
func attackByEncapsulation(r *raid) {
	m := r.mallory.at(r.family)
	for _, to := range []*station{r.web1.at(r.family), r.by(r.outside.at(r.family).addr), r.gateway("web")} {
		legal := packet("udp", m, to, 4000, 4001)
		for name, change := range map[string]func(b []byte) []byte{
			"VLAN":                     inside(0x81, 0, 0, 100),
			"VLAN of priority alone":   inside(0x81, 0, 0xe0, 0),
			"service VLAN":             inside(0x88, 0xa8, 0, 0),
			"VLAN in VLAN":             inside(0x81, 0, 0, 100, 0x81, 0, 0, 200),
			"VLAN in service VLAN":     inside(0x88, 0xa8, 0, 0, 0x81, 0, 0, 0),
			"VLAN in old service VLAN": inside(0x91, 0, 0, 0, 0x81, 0, 0, 0),
			"MPLS":                     inside(0x88, 0x47, 0, 1, 1, 64),
			"MPLS multicast":           inside(0x88, 0x48, 0, 1, 1, 64),
			"PPPoE session":            inside(0x88, 0x64, 0x11, 0, 0, 1, 0, 60, 0, 0x21),
			"NSH":                      typed("", 0x894f),
			"experimental EtherType":   typed("", 0x88b5),
			"length of 0":              typed("", 0),
			"RARP":                     typed("ff:ff:ff:ff:ff:ff", 0x8035),
			"spanning tree":            typed("01:80:c2:00:00:00", 60),
			"pause":                    typed("01:80:c2:00:00:01", 0x8808),
			"LACP":                     typed("01:80:c2:00:00:02", 0x8809),
			"802.1X":                   typed("01:80:c2:00:00:03", 0x888e),
			"LLDP":                     typed("01:80:c2:00:00:0e", 0x88cc),
			"CFM":                      typed("01:80:c2:00:00:30", 0x8902),
			"CDP":                      typed("01:00:0c:cc:cc:cc", 60),
			"IPv4 as IPv6, or reverse": func(b []byte) []byte { return typed("", 0x86dd^0x0800^binary.BigEndian.Uint16(b[12:]))(b) },
		} {
			r.add(name+" to "+to.name, r.mallory, nobody(), changed(legal, change))
		}
	}
	// To Open vSwitch, IP in a SNAP header (RFC 1042) is IP: it goes by its addresses.
	snap := inside(0, 60, 0xaa, 0xaa, 3, 0, 0, 0)
	web1 := packet("udp", m, r.web1.at(r.family), 4000, 4001)
	r.add("SNAP to web1", r.mallory, reaches(r.web1), changed(web1, snap))
	r.add("SNAP as another to web1", r.mallory, nobody(), changed(web1.with(func(f *frame) { f.from = r.db0.MAC() }), snap))
	r.add("SNAP to the gateway", r.mallory, nobody(), changed(packet("udp", m, r.gateway("web"), 4000, 4001), snap))
	if r.onBridge() { // there a tag is the host's
		in := packet("udp", r.outside.at(r.family), r.byNIC(r.web1.at(r.family).addr), 4000, 4001)
		r.add("VLAN from outside", r.outside, reaches(r.host), changed(in, inside(0x81, 0, 0, 100)))
	}
}

// arpFrame is an ARP message in all its parts.
type arpFrame struct {
	from, to net.HardwareAddr
	op       uint16
	sha      net.HardwareAddr
	spa      netip.Addr
	tha      net.HardwareAddr
	tpa      netip.Addr
}

func (f arpFrame) wire(_ *testing.T, tag []byte) []byte {
	return slices.Concat(f.to, f.from, []byte{8, 6, 0, 1, 8, 0, 6, 4, byte(f.op >> 8), byte(f.op)},
		f.sha, f.spa.AsSlice(), f.tha, f.tpa.AsSlice(), make([]byte, 18), tag)
}

// Nobody is told that an address is elsewhere than it is, by an endpoint or from outside.
func attackByARP(r *raid) {
	m, web1, gateway := r.mallory.at(0), r.web1.at(0), r.gateway("web")
	none := make(net.HardwareAddr, 6)
	others := addrs{
		"the gateway": gateway.addr, "web1": web1.addr, "itself": m.addr, "db0": r.db0.at(0).addr, "the host": r.host.at(0).addr,
		"the outside": r.outside.at(0).addr, "nobody": m.addr.Next(),
	}
	listeners := map[string]net.HardwareAddr{"web1": web1.mac, "the host": gateway.mac, "all": broadcast}
	for claimed, spa := range others {
		for who, to := range listeners {
			for _, tpa := range []netip.Addr{web1.addr, gateway.addr, r.host.at(0).addr, spa} {
				name := claimed + " to " + who + " about " + tpa.String()
				r.add("reply as "+name, r.mallory, nobody(), arpFrame{m.mac, to, 2, m.mac, spa, to, tpa})
				r.add("request as "+name, r.mallory, nobody(), arpFrame{m.mac, to, 1, m.mac, spa, none, tpa})
				r.add("request by another MAC as "+name, r.mallory, nobody(), arpFrame{web1.mac, to, 1, m.mac, spa, none, tpa})
				r.add("request with another MAC as "+name, r.mallory, nobody(), arpFrame{m.mac, to, 1, web1.mac, spa, none, tpa})
			}
		}
		from := r.outside.MAC()
		if claimed == "the outside" {
			continue
		}
		for _, op := range []uint16{1, 2} {
			for _, a := range []netip.Addr{web1.addr, gateway.addr, m.addr} {
				r.add("outside as "+claimed, r.outside, nobody(), arpFrame{from, broadcast, op, from, a, none, spa})
			}
		}
	}
	if r.onBridge() {
		from := r.outside.MAC()
		ask := arpFrame{from, broadcast, 1, from, r.outside.at(0).addr, none, r.host.at(0).addr}
		r.add("outside as itself", r.outside, reaches(r.host), ask)
	}
}

// ndMessage is a message of neighbour discovery about target, with an option of that kind.
func ndMessage(from, to *station, typ byte, flags byte, target netip.Addr, option byte, mac net.HardwareAddr) frame {
	f := packet("icmp", from, to, 0, 0)
	f.ttl, f.icmpType = 255, typ
	f.body = slices.Concat([]byte{flags, 0, 0, 0}, target.AsSlice())
	if option != 0 {
		f.body = append(append(f.body, option, 1), mac...)
	}
	return f
}

// The same with neighbour discovery.
func attackByND(r *raid) {
	m, web1, gateway := r.mallory.at(1), r.web1.at(1), r.gateway("web")
	link := &station{name: "link-local", mac: m.mac, addr: netip.MustParseAddr("fe80::66")}
	allNodes := &station{name: "all", mac: net.HardwareAddr{0x33, 0x33, 0, 0, 0, 1}, addr: netip.MustParseAddr("ff02::1")}
	byLink := &station{name: "the host's MAC", mac: gateway.mac, addr: netip.MustParseAddr("ff02::1")}
	claims := addrs{
		"the gateway": gateway.addr, "web1": web1.addr, "itself": m.addr, "db0": r.db0.at(1).addr, "the host": r.host.at(1).addr,
		"the outside": r.outside.at(1).addr,
	}
	for claimed, target := range claims {
		for _, to := range []*station{web1, gateway, r.by(r.host.at(1).addr), allNodes, byLink} {
			for _, from := range []*station{m, link, {mac: m.mac, addr: target}, {mac: m.mac, addr: web1.addr}} {
				name := claimed + " to " + to.addr.String() + " from " + from.addr.String()
				r.add("advertisement as "+name, r.mallory, nobody(), ndMessage(from, to, 136, 0x20, target, 2, m.mac))
				r.add("solicited advertisement as "+name, r.mallory, nobody(), ndMessage(from, to, 136, 0xe0, target, 2, m.mac))
				r.add("advertisement for another MAC as "+name, r.mallory, nobody(), ndMessage(from, to, 136, 0x20, target, 2, web1.mac))
				r.add("solicitation for "+name, r.mallory, nobody(), ndMessage(from, to, 135, 0, target, 1, m.mac))
				r.add("redirect to "+name, r.mallory, nobody(), ndMessage(from, to, 137, 0, target, 2, m.mac))
			}
		}
		if claimed == "the outside" || claimed == "the host" {
			continue
		}
		o := r.outside.at(1)
		for _, to := range []*station{r.byNIC(r.host.at(1).addr), allNodes} {
			r.add("outside as "+claimed, r.outside, nobody(), ndMessage(o, to, 136, 0x20, target, 2, o.mac))
			r.add("outside asks as "+claimed, r.outside, nobody(),
				ndMessage(&station{mac: o.mac, addr: target}, to, 135, 0, r.host.at(1).addr, 1, o.mac))
		}
	}
	if r.onBridge() {
		ask := ndMessage(r.outside.at(1), r.byNIC(r.host.at(1).addr), 135, 0, r.host.at(1).addr, 1, r.outside.MAC())
		r.add("outside as itself", r.outside, reaches(r.host), ask)
	}
}

// unharmed fails if anybody takes a neighbour for another than it is, and tells that the host knows its neighbours at all.
func (r *raid) unharmed() {
	r.t.Helper()
	for _, p := range []*party{r.mallory, r.web1, r.db0} {
		if err := r.host.Ping(r.ctx, p.at(r.family).addr); err != nil {
			r.t.Error(err)
		}
	}
	truth := map[netip.Addr]net.HardwareAddr{}
	for _, p := range r.parties() {
		truth[p.at(r.family).addr] = p.MAC()
	}
	for _, network := range []string{"web", "db"} {
		truth[r.gateway(network).addr] = r.Bridge().MAC
	}
	truth[r.host.at(r.family).addr] = r.nic
	for _, p := range r.parties() {
		known, err := p.Neighbours()
		if err != nil {
			r.t.Fatal(err)
		}
		for addr, mac := range known {
			if want, ok := truth[addr]; ok && !bytes.Equal(mac, want) {
				r.t.Errorf("%s takes %s to be at %s, want %s", p.Name(), addr, mac, want)
			}
		}
		for _, other := range r.parties() {
			if p == r.host && other.network != "" && known[other.at(r.family).addr] == nil {
				r.t.Errorf("the host does not know its neighbour %s", other.Name())
			}
		}
	}
}

// Nor is an endpoint a router, or a server of DHCP, or one that asks who listens to which group.
func attackAsRouter(r *raid) {
	m := r.mallory.at(r.family)
	targets := []*station{r.web1.at(r.family), r.gateway("web"), r.by(r.outside.at(r.family).addr)}
	for name, a := range r.toAll() {
		targets = append(targets, &station{name: name, mac: broadcast, addr: a})
	}
	sources := []netip.Addr{m.addr, r.gateway("web").addr}
	server, client := uint16(67), uint16(68)
	types := []byte{5, 9}
	if r.v6() {
		sources = append(sources, netip.MustParseAddr("fe80::66"))
		server, client = 547, 546
		types = []byte{130, 131, 132, 133, 134, 137, 143}
	}
	for _, to := range targets {
		for _, src := range sources {
			from := &station{mac: m.mac, addr: src}
			for _, typ := range types {
				f := packet("icmp", from, to, 0, 0)
				f.icmpType, f.ttl, f.body = typ, 255, make([]byte, 20)
				r.add(fmt.Sprintf("ICMP %d to %s", typ, to.addr), r.mallory, nobody(), f)
			}
			r.add("DHCP to "+to.addr.String(), r.mallory, nobody(), packet("udp", from, to, server, client))
			r.add("DHCP from elsewhere to "+to.addr.String(), r.mallory, nobody(), packet("udp", from, to, 4000, client))
			if !r.v6() {
				r.add("IGMP to "+to.addr.String(), r.mallory, nobody(), changed(packet("icmp", from, to, 0, 0).with(func(f *frame) {
					f.icmpType, f.ttl, f.body = 0x11, 1, make([]byte, 4)
				}), func(b []byte) []byte { return protocol(b, 2) }))
			}
		}
	}
}

// protocol gives an IPv4 packet without options another protocol.
func protocol(b []byte, p byte) []byte {
	b = slices.Clone(b)
	b[23] = p
	clear(b[24:26])
	binary.BigEndian.PutUint16(b[24:], sum(b[14:34]))
	return b
}
