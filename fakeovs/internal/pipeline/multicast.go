// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"encoding/binary"
	"net/netip"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

const (
	broadcast = 1<<48 - 1
	protoIGMP = 2
)

// The messages of IGMP (RFC 3376, 4) and of MLD (RFC 3810, 5).
const (
	igmpQuery    = 0x11
	igmpReport1  = 0x12
	igmpReport2  = 0x16
	igmpLeave    = 0x17
	igmpReport3  = 0x22
	mldQuery     = 130
	mldReport    = 131
	mldDone      = 132
	mldReport2   = 143
	memberHeader = 8
)

// The types of the records of a report about a group (RFC 3376, 4.2.12).
const (
	modeIsInclude   = 1
	changeToInclude = 3
	blockOldSources = 6
)

// snoops sends the packet to where the members of its multicast group and the routers are. It is false if that is not known
// of the packet, so that it goes the way of all others.
func (x *translation) snoops(in *link, t tagPair) bool {
	g := x.s.groups
	dst := x.flow.Uint(openflow.FieldEthDst)
	if g == nil || dst&groupBit == 0 || dst == broadcast || !x.flow.IsIP() {
		return false
	}
	g.expire(x.s.now.Unix())
	v4 := x.flow.EthType() == openflow.EthTypeIPv4
	x.wc.Mask(openflow.FieldIPProto)
	proto := x.flow.Uint(openflow.FieldIPProto)
	kind := x.flow.Uint(openflow.FieldTCPSrc)
	switch {
	case v4 && proto == protoIGMP:
		x.slow |= slowAction
		report := isReport(kind)
		if report || kind == igmpQuery {
			x.heedMembers(in, t[0].vid, kind)
		}
		if report {
			x.outputLinks(append(x.routerLinks(nil, in, t[0].vid), x.reportLinks(in)...), t)
			return true
		}
		x.report(nodeDetail, "multicast traffic, flooding")
		x.normalFlood(in, t)
		return true
	case !v4 && proto == openflow.IPProtoICMPv6:
		x.wc.Mask(openflow.FieldTCPSrc)
		if kind < mldQuery || kind > mldDone && kind != mldReport2 {
			break
		}
		x.slow |= slowAction
		x.heedMembers(in, t[0].vid, kind)
		if kind != mldQuery {
			x.outputLinks(append(x.routerLinks(nil, in, t[0].vid), x.reportLinks(in)...), t)
			return true
		}
		x.report(nodeDetail, "MLD query, flooding")
		x.normalFlood(in, t)
		return true
	}
	address := x.destination(v4)
	if localMulticast(address) {
		x.report(nodeDetail, "RFC4541: section 2.1.2, item 2, flooding")
		x.normalFlood(in, t)
		return true
	}
	to := g.find(address, t[0].vid)
	switch {
	case to != nil:
		out := x.links(nil, in, to.members, "group")
		out = x.floodLinks(out, in)
		x.outputLinks(x.routerLinks(out, in, t[0].vid), t)
	case g.onlyRouters:
		x.outputLinks(x.floodLinks(x.routerLinks(nil, in, t[0].vid), in), t)
	default:
		x.report(nodeDetail, "unregistered multicast, flooding")
		x.normalFlood(in, t)
	}
	return true
}

func isReport(igmpType uint64) bool {
	switch igmpType {
	case igmpReport1, igmpReport2, igmpReport3, igmpLeave:
		return true
	}
	return false
}

// destination is the address that the packet is for.
func (x *translation) destination(v4 bool) netip.Addr {
	if v4 {
		x.wc.Mask(openflow.FieldIPv4Dst)
		return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(x.flow.Uint(openflow.FieldIPv4Dst)))))
	}
	x.wc.Mask(openflow.FieldIPv6Dst)
	hi, lo := x.flow.Words128(openflow.FieldIPv6Dst)
	return netip.AddrFrom16([16]byte(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, hi), lo)))
}

// localMulticast reports whether packets for an address are for all that are on the link (RFC 4541, 2.1.2).
func localMulticast(address netip.Addr) bool {
	if address.Is4() {
		b := address.As4()
		return b[0] == 224 && b[1] == 0 && b[2] == 0
	}
	return address == netip.IPv6LinkLocalAllNodes()
}

// links are out and those links that the packet did not come in by.
func (x *translation) links(out []*link, in *link, list []membership, kind string) []*link {
	for _, m := range list {
		if m.link == in {
			x.report(nodeDetail, "mcast "+kind+" port is input port, dropping")
			continue
		}
		x.report(nodeDetail, "forwarding to mcast "+kind+" port")
		out = append(out, m.link)
	}
	return out
}

// routerLinks are out and the links of the routers of a VLAN.
func (x *translation) routerLinks(out []*link, in *link, vlan uint16) []*link {
	for i, r := range x.s.groups.routers {
		if r.vlan != vlan {
			x.report(nodeDetail, "mcast router is on another vlan, dropping")
			continue
		}
		out = x.links(out, in, x.s.groups.routers[i:i+1], "router")
	}
	return out
}

// floodLinks are out and the links that all multicast packets go to.
func (x *translation) floodLinks(out []*link, in *link) []*link {
	for _, l := range x.s.groups.flood {
		out = x.links(out, in, []membership{{link: l}}, "flood")
	}
	return out
}

// reportLinks are the links that all reports go to.
func (x *translation) reportLinks(in *link) (out []*link) {
	for _, l := range x.s.groups.reports {
		if l == in {
			x.report(nodeDetail, "mcast port is input port, dropping the Report")
			continue
		}
		x.report(nodeDetail, "forwarding report to mcast flagged port")
		out = append(out, l)
	}
	return out
}

func (x *translation) outputLinks(out []*link, t tagPair) {
	for _, l := range out {
		x.outputLink(l, t)
	}
}

// heedMembers learns from a message of IGMP or MLD.
func (x *translation) heedMembers(in *link, vlan uint16, kind uint64) {
	g := x.s.groups
	if !x.effects || x.packet == nil || in == anyLink {
		return
	}
	for _, l := range g.flood {
		if l == in {
			return
		}
	}
	name, now := in.config.Name, x.s.now.Unix()
	b := x.packet.Transport()
	v4 := x.flow.EthType() == openflow.EthTypeIPv4
	if v4 && (len(b) < memberHeader || packet.Checksum(b) != 0) {
		x.report(nodeDetail, "multicast snooping received bad IGMP checksum on port %s in VLAN %d", name, vlan)
		return
	}
	if !v4 && (len(b) < memberHeader || !x.packet.TransportValid()) {
		x.report(nodeDetail, "multicast snooping received bad MLD checksum on port %s in VLAN %d", name, vlan)
		return
	}
	switch {
	case v4 && kind == igmpQuery:
		src := uint32(x.flow.Uint(openflow.FieldIPv4Src))
		if src != 0 && g.addRouter(vlan, in, now) {
			x.report(nodeDetail, "multicast snooping query from %v is on port %s in VLAN %d", ipv4(src), name, vlan)
		}
	case v4 && kind == igmpReport3:
		x.heedRecords(b, in, vlan, now)
	case v4:
		address := netip.AddrFrom4([4]byte(b[4:8]))
		if kind == igmpLeave {
			if g.leave(address, vlan, in) {
				x.report(nodeDetail, "multicast snooping leaving %v is on port %s in VLAN %d", address, name, vlan)
			}
		} else if g.join(address, vlan, in, now) {
			x.report(nodeDetail, "multicast snooping learned that %v is on port %s in VLAN %d", address, name, vlan)
		}
	case kind == mldQuery:
		hi, lo := x.flow.Words128(openflow.FieldIPv6Src)
		if hi|lo != 0 && g.addRouter(vlan, in, now) {
			x.report(nodeDetail, "multicast snooping query on port %s in VLAN %d", name, vlan)
		}
	case kind == mldReport2:
		x.heedRecords(b, in, vlan, now)
	case len(b) >= memberHeader+16:
		address := netip.AddrFrom16([16]byte(b[memberHeader:]))
		if kind == mldDone && g.leave(address, vlan, in) || kind == mldReport && g.join(address, vlan, in, now) {
			x.report(nodeDetail, "multicast snooping processed %d addresses on port %s in VLAN %d", 1, name, vlan)
		}
	}
}

func ipv4(v uint32) netip.Addr {
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, v)))
}

// heedRecords learns from the records of a report of IGMPv3 (RFC 3376, 4.2) or MLDv2 (RFC 3810, 5.2). One of a member that
// includes no source says that it leaves.
func (x *translation) heedRecords(b []byte, in *link, vlan uint16, now int64) {
	size := 4
	if x.flow.EthType() == openflow.EthTypeIPv6 {
		size = 16
	}
	n, count := int(binary.BigEndian.Uint16(b[6:])), 0
	for b = b[memberHeader:]; n > 0 && len(b) >= 4+size; n-- {
		kind, sources := b[0], int(binary.BigEndian.Uint16(b[2:]))
		address, _ := netip.AddrFromSlice(b[4 : 4+size])
		known := kind >= modeIsInclude && kind <= blockOldSources
		if !known && size == 4 {
			break // Open vSwitch does not go on behind one that it does not know
		}
		var done bool
		switch {
		case !known:
		case sources == 0 && (kind == modeIsInclude || kind == changeToInclude):
			done = x.s.groups.leave(address, vlan, in)
		default:
			done = x.s.groups.join(address, vlan, in, now)
		}
		if done {
			count++
		}
		b = b[min(len(b), 4+size+sources*size+int(b[1])):]
	}
	if count > 0 {
		x.report(nodeDetail, "multicast snooping processed %d addresses on port %s in VLAN %d", count, in.config.Name, vlan)
	}
}
