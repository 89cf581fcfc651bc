// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"encoding/binary"

	"github.com/ovskit/ovskit/openflow"
)

// PushVLAN makes a tag the outermost one of an Ethernet frame. It ignores the presence bit of tci.
func (p *Packet) PushVLAN(typ, tci uint16) {
	if p.Type() != openflow.PacketEthernet || len(p.b) < ethLen {
		return
	}
	p.insert(12, vlanLen)
	binary.BigEndian.PutUint16(p.b[12:], typ)
	binary.BigEndian.PutUint16(p.b[14:], tci&^TCIPresent)
	k := &p.Key
	k.SetUint(InnerVLANTCI, k.Uint(openflow.FieldVLANTCI))
	k.SetUint(InnerVLANTPID, k.Uint(VLANTPID))
	k.SetUint(openflow.FieldVLANTCI, uint64(tci|TCIPresent))
	k.SetUint(VLANTPID, uint64(typ))
	p.tags++
}

// PopVLAN takes the outermost tag off an Ethernet frame.
func (p *Packet) PopVLAN() {
	if p.Type() != openflow.PacketEthernet || len(p.b) < ethLen+vlanLen || !isVLAN(be16(p.b, 12)) {
		return
	}
	p.remove(12, vlanLen)
	k := &p.Key
	k.SetUint(openflow.FieldVLANTCI, k.Uint(InnerVLANTCI))
	k.SetUint(VLANTPID, k.Uint(InnerVLANTPID))
	k.SetUint(InnerVLANTCI, 0)
	k.SetUint(InnerVLANTPID, 0)
	p.tags = max(p.tags-1, 0)
}

func isVLAN(typ uint16) bool {
	return typ == openflow.EthTypeVLAN || typ == openflow.EthTypeServiceVLAN
}

func isMPLS(typ uint16) bool {
	return typ == openflow.EthTypeMPLS || typ == openflow.EthTypeMPLSMulticast
}

// PushMPLS makes an entry the outermost one of the label stack, which stands behind the VLAN tags, and typ, which must be
// one of MPLS, the Ethernet type.
func (p *Packet) PushMPLS(typ uint16, lse uint32) {
	at := p.mpls
	if at == none {
		at = p.l3
	}
	if !isMPLS(typ) || at == none {
		return
	}
	p.setEthType(at, typ)
	p.insert(at, mplsLen)
	binary.BigEndian.PutUint32(p.b[at:], lse)
	packetType := p.Type()
	if packetType != openflow.PacketEthernet {
		packetType = 1<<16 | openflow.PacketType(typ)
	}
	p.reparse(p.b, packetType)
	p.mpls = at // also behind a header of SNAP, which parsing no longer finds
}

// PushOuterMPLS puts an entry before the whole packet, the Ethernet header included, and makes it a packet of the type
// typ, which must be one of MPLS.
func (p *Packet) PushOuterMPLS(typ uint16, lse uint32) {
	if !isMPLS(typ) {
		return
	}
	p.insert(0, mplsLen)
	binary.BigEndian.PutUint32(p.b, lse)
	p.reparse(p.b, 1<<16|openflow.PacketType(typ))
}

// PopMPLS takes the outermost entry off the label stack and makes typ the Ethernet type. What was before an MPLS packet
// without an Ethernet header becomes a frame again if typ is that of transparent Ethernet bridging.
func (p *Packet) PopMPLS(typ uint16) {
	if p.mpls == none || len(p.b) < p.mpls+mplsLen {
		return
	}
	packetType, at := p.Type(), p.mpls
	bottom := binary.BigEndian.Uint32(p.b[at:])&mplsBottom != 0
	p.setEthType(at, typ)
	p.remove(at, mplsLen)
	switch {
	case packetType == openflow.PacketEthernet:
	case typ == typeTEB:
		packetType = openflow.PacketEthernet
	default:
		packetType = 1<<16 | openflow.PacketType(typ)
	}
	p.reparse(p.b, packetType)
	if p.mpls = at; bottom {
		p.mpls = none
	}
}

// setEthType writes the Ethernet type before what begins at off, behind the VLAN tags; without tags, behind the addresses.
func (p *Packet) setEthType(off int, typ uint16) {
	if p.Type() != openflow.PacketEthernet || len(p.b) < ethLen {
		return
	}
	at := 12
	if isVLAN(be16(p.b, 12)) {
		at = off - 2
	}
	binary.BigEndian.PutUint16(p.b[at:], typ)
}

// PushEthernet puts an Ethernet header before a packet that has none.
func (p *Packet) PushEthernet(dst, src [6]byte) {
	if p.Type() == openflow.PacketEthernet {
		return
	}
	typ := uint16(p.Type())
	p.insert(0, ethLen)
	copy(p.b, dst[:])
	copy(p.b[6:], src[:])
	binary.BigEndian.PutUint16(p.b[12:], typ)
	p.reparse(p.b, openflow.PacketEthernet)
}

// PopEthernet takes the Ethernet header and the VLAN tags off a frame.
func (p *Packet) PopEthernet() {
	off := p.mpls
	if off == none {
		off = p.l3
	}
	if p.Type() != openflow.PacketEthernet || off < ethLen {
		return
	}
	typ := be16(p.b, off-2)
	p.remove(0, off)
	p.reparse(p.b, 1<<16|openflow.PacketType(typ))
}

// nextProtocols are the numbers that a Network Service Header has for what follows it (RFC 8300, 2.2).
var nextProtocols = map[openflow.PacketType]byte{
	PacketIPv4: 1, PacketIPv6: 2, openflow.PacketEthernet: 3, openflow.PacketNSH: 4,
}

// PushNSH puts a Network Service Header with the fields of k before the packet. Metadata of type 2 is given as it stands
// in the header, in whole words. It fails where NSH has no number for the packet's type, or there is too much metadata.
func (p *Packet) PushNSH(k *Key, metadata []byte) bool {
	next, ok := nextProtocols[p.Type()]
	length := nshBaseLen + len(metadata)
	typ := byte(k.Uint(openflow.FieldNSHMDType))
	if typ == nshType1 {
		length = nshType1Len
	}
	if !ok || length > 252 || length%4 != 0 {
		return false
	}
	p.insert(0, length)
	b := p.b
	binary.BigEndian.PutUint16(b, uint16(k.Uint(openflow.FieldNSHFlags)&3<<12|k.Uint(openflow.FieldNSHTTL)<<6)|uint16(length/4))
	b[2], b[3] = typ, next
	binary.BigEndian.PutUint32(b[4:], uint32(k.Uint(NSHPath)))
	if typ == nshType1 {
		binary.BigEndian.PutUint64(b[8:], k[wordNSH+1])
		binary.BigEndian.PutUint64(b[16:], k[wordNSH+2])
	} else {
		copy(b[nshBaseLen:], metadata)
	}
	p.reparse(b, openflow.PacketNSH)
	return true
}

// PopNSH takes the Network Service Header off. It fails where the packet then is of a type that nobody knows.
func (p *Packet) PopNSH() bool {
	if p.Type() != openflow.PacketNSH || len(p.b) < nshBaseLen {
		return true
	}
	for typ, next := range nextProtocols {
		if next == p.b[3] {
			p.remove(0, min(int(be16(p.b, 0)&0x3f)*4, len(p.b)))
			p.reparse(p.b, typ)
			return true
		}
	}
	return false
}

// Truncate cuts the packet down to n bytes. The key and the lengths in the headers stay.
func (p *Packet) Truncate(n int) {
	if n >= len(p.b) {
		return
	}
	p.b = p.b[:max(n, 0)]
	if p.l4 > len(p.b) {
		p.l4 = none
	}
	if p.l3 > len(p.b) {
		p.l3 = none
	}
	if p.mpls > len(p.b) {
		p.mpls = none
	}
	p.end = min(p.end, len(p.b))
	p.arp = p.arp && len(p.b) >= p.l3+arpLen
	p.nsh = p.nsh && p.l3 != none && len(p.b) >= p.l3+nshType1Len
}

// insert makes room for n bytes at off and moves the headers that begin there or later.
func (p *Packet) insert(off, n int) {
	b := make([]byte, len(p.b)+n)
	copy(b, p.b[:off])
	copy(b[off+n:], p.b[off:])
	p.b = b
	p.shift(off, n)
}

// remove takes n bytes at off away.
func (p *Packet) remove(off, n int) {
	copy(p.b[off:], p.b[off+n:])
	p.b = p.b[:len(p.b)-n]
	p.shift(off, -n)
}

// shift moves the headers from off on by n bytes.
func (p *Packet) shift(off, n int) {
	p.end = max(p.end+n, 0)
	for _, at := range [...]*int{&p.mpls, &p.l3, &p.l4} {
		if *at >= off {
			*at = max(*at+n, 0)
		}
	}
}
