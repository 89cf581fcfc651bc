// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"fmt"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// groupBit is the bit of an Ethernet address that tells a group of stations from one.
const groupBit = 1 << 40

// reservedAddress reports whether frames for an address are for bridges and their like, which do not forward them.
func reservedAddress(mac uint64) bool {
	switch mac {
	case 0x00e02b000000, 0x00e02b000004, 0x00e02b000006, // Extreme
		0x01000c000000, 0x01000ccccccc, 0x01000ccccccd, 0x01000ccdcdcd: // Cisco
		return true
	}
	return mac>>4 == 0x0180c2000000>>4 || mac>>4 == 0x01000cccccc0>>4
}

// inputLink is the link by which a packet comes in; nil for a packet of a controller's own. It reports false if there is no
// such port.
func (x *translation) inputLink(inPort uint32) (*link, bool) {
	if p := x.s.ports[inPort]; p != nil {
		return p.link, true
	}
	if inPort == openflow.PortController || inPort == openflow.PortAny {
		return nil, true
	}
	x.report(nodeError, "received packet on unknown port %d", uint16(inPort))
	return nil, false
}

// anyLink stands for the link of a controller's own packets.
var anyLink = func() *link {
	l := new(link)
	l.configure(Link{})
	return l
}()

// normal does with the packet what a switch without flows does: it learns the source address and sends the packet to
// where its destination was seen, or to everywhere in its VLAN.
func (x *translation) normal(inPort uint32) {
	x.wc.Mask(openflow.FieldEthSrc, openflow.FieldEthDst)
	x.wc.AddBits(openflow.FieldVLANTCI, packet.TCIPresent|vlanID)
	in, ok := x.inputLink(inPort)
	if !ok {
		x.report(nodeWarn, "no input bundle, dropping")
		return
	}
	known := in != nil
	if !known {
		in = anyLink
	}
	if isVLAN(x.flow.EthType()) && x.flow.Tags() == 0 {
		x.report(nodeWarn, "partial VLAN tag, dropping")
		return
	}
	if in.mirrorOut != 0 {
		x.report(nodeWarn, "input port is mirror output port, dropping")
		return
	}
	outer := extractTags(&x.flow)
	if known && !x.acceptsVLAN(in, outer[0].vid) {
		x.report(nodeWarn, "disallowed VLAN VID for this input port, dropping")
		return
	}
	t := in.inward(outer)
	vlan := t[0].vid
	if known && !x.admissible(in, x.s.ports[inPort], vlan) {
		return
	}
	gratuitous := x.gratuitousARP()
	if known && x.effects && x.flow.Uint(openflow.FieldPacketType) == 0 {
		src := x.flow.Uint(openflow.FieldEthSrc)
		if x.s.macs.learn(macKey{vlan, src}, in, gratuitous, x.s.now) {
			x.report(nodeDetail, fmt.Sprintf("learned that %v is on port %s in VLAN %d", hardwareAddr(src), in.config.Name, vlan))
		}
	}
	if x.snoops(in, t) {
		return
	}
	out := x.s.macs.lookup(macKey{vlan, x.flow.Uint(openflow.FieldEthDst)}, x.s.now)
	switch {
	case out == nil:
		x.report(nodeDetail, "no learned MAC for destination, flooding")
		x.normalFlood(in, t)
	case out.mirrorOut != 0:
		x.report(nodeWarn, "learned port is a mirror port, dropping")
	case out == in:
		x.report(nodeDetail, "learned port is input port, dropping")
	default:
		x.report(nodeDetail, "forwarding to learned port")
		x.outputLink(out, t)
	}
}

func isVLAN(ethType uint16) bool {
	return ethType == openflow.EthTypeVLAN || ethType == ethTypeServiceVLAN
}

// acceptsVLAN reports whether a packet with a VLAN may come in by a link, and if not says why.
func (x *translation) acceptsVLAN(l *link, vid uint16) bool {
	if l.takes(vid) {
		return true
	}
	name := l.config.Name
	switch l.config.Mode {
	case VLANAccess:
		x.report(nodeError, "dropping VLAN %d tagged packet received on port %s configured as VLAN %d access port",
			vid, name, l.config.VLAN)
	case VLANTunnel:
		x.report(nodeError, "dropping VLAN %d packet received on dot1q-tunnel port %s that excludes this VLAN", vid, name)
	default:
		x.report(nodeError, "dropping VLAN %d packet received on port %s not configured for trunking VLAN %d", vid, name, vid)
	}
	return false
}

// admissible reports whether a packet may be forwarded at all.
func (x *translation) admissible(l *link, p *Port, vlan uint16) bool {
	dst := x.flow.Uint(openflow.FieldEthDst)
	if !x.s.forwardBPDU && reservedAddress(dst) {
		x.report(nodeDetail, "packet has reserved destination MAC, dropping")
		return false
	}
	if l.bond == nil {
		return true
	}
	l.bond.run(x.s.now)
	ok, unlessMoved := l.bond.admit(p, dst)
	if !ok {
		x.report(nodeDetail, "bonding refused admissibility, dropping")
		return false
	}
	if unlessMoved {
		e := x.s.macs.find(macKey{vlan, x.flow.Uint(openflow.FieldEthSrc)})
		if e != nil && e.link != l && (!x.gratuitousARP() || x.s.now.Before(e.locked)) {
			x.report(nodeDetail, "SLB bond thinks this packet looped back, dropping")
			return false
		}
	}
	return true
}

// gratuitousARP reports whether the packet is an ARP message by which a station tells where it is.
func (x *translation) gratuitousARP() bool {
	if x.flow.EthType() != openflow.EthTypeARP || x.flow.Uint(openflow.FieldEthDst) != broadcast {
		return false
	}
	x.wc.Mask(openflow.FieldARPOp)
	const request, reply = 1, 2
	switch x.flow.Uint(openflow.FieldARPOp) {
	case reply:
		return true
	case request:
		x.wc.Mask(openflow.FieldARPSPA, openflow.FieldARPTPA)
		return x.flow.Uint(openflow.FieldARPSPA) == x.flow.Uint(openflow.FieldARPTPA)
	}
	return false
}

// normalFlood sends the packet out of all links of its VLAN that packets are flooded to, but for one.
func (x *translation) normalFlood(except *link, t tagPair) {
	for _, l := range x.s.links {
		if l != except && l.includes(t) && l.floods() && l.mirrorOut == 0 {
			x.outputLink(l, t)
		}
	}
}

// outputLink sends the packet out of a link, with the tags that it has there.
func (x *translation) outputLink(l *link, t tagPair) {
	if l.customers != nil {
		x.wc.AddBits(packet.InnerVLANTCI, 0xffff)
	}
	out := l.outward(t)
	if l.config.PriorityTags != PriorityTagsNever {
		out[0].pcp = uint16(x.flow.Uint(openflow.FieldVLANTCI)) & vlanPCP
	}
	if len(l.ports) == 0 {
		return
	}
	p := l.ports[0]
	if l.bond != nil {
		l.bond.run(x.s.now)
		if p = l.bond.output(&x.flow, out[0].vid, x.size); p == nil {
			return
		}
	}
	old := x.flow
	x.putTags(out, l.config.PriorityTags)
	x.send(p.No, false, false, false)
	for _, f := range [...]openflow.Field{
		openflow.FieldVLANTCI, packet.VLANTPID, packet.InnerVLANTCI, packet.InnerVLANTPID,
	} {
		x.flow.SetUint(f, old.Uint(f))
	}
}

// putTags gives the packet these tags instead of those that it has. One without a VLAN and a priority is none, unless all
// of them are to be kept.
func (x *translation) putTags(t tagPair, keep PriorityTags) {
	fields := [2][2]openflow.Field{
		{packet.VLANTPID, openflow.FieldVLANTCI}, {packet.InnerVLANTPID, packet.InnerVLANTCI},
	}
	for i, f := range fields {
		tci, tpid := t[i].vid|t[i].pcp, t[i].tpid
		if tci != 0 || keep == PriorityTagsAlways && tpid != 0 {
			tci |= packet.TCIPresent
			if tpid == 0 {
				tpid = openflow.EthTypeVLAN
			}
			x.flow.SetUint(f[0], uint64(tpid))
		}
		x.flow.SetUint(f[1], uint64(tci))
	}
}

// between reports whether a packet is on its way from one protected port to another.
func (x *translation) between(out *Port) bool {
	in := x.s.ports[uint32(x.flow.Uint(openflow.FieldInPort))]
	return in != nil && in.link.config.Protected && out.link.config.Protected
}
