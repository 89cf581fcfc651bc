// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"encoding/binary"

	"github.com/ovskit/ovskit/openflow"
)

// Ethernet types and lengths of headers.
const (
	typeTEB = 0x6558
	// typeLeast is the least number that is a type and not a length (IEEE 802.3).
	typeLeast = 0x600
	// typeNone is what Open vSwitch gives to a frame without an Ethernet type.
	typeNone = 0x05ff

	ethLen  = 14
	vlanLen = 4
	snapLen = 8
	mplsLen = 4
	arpLen  = 28
	ipv4Len = 20
	ipv6Len = 40
	tcpLen  = 20
	udpLen  = 8
	icmpLen = 8
	sctpLen = 12
	igmpLen = 8
)

// MaxVLANs is how many VLAN tags a Key has room for.
const MaxVLANs = 2

// Packet types of IP packets, which package openflow has no names for.
const (
	PacketIPv4 openflow.PacketType = 1<<16 | openflow.EthTypeIPv4
	PacketIPv6 openflow.PacketType = 1<<16 | openflow.EthTypeIPv6
)

// none is the offset of a header that is not there.
const none = -1

// Packet is a frame with its headers found. Key has what the bytes say; the metadata fields are the caller's.
type Packet struct {
	Key Key
	b   []byte
	// mpls, l3 and l4 are offsets of the headers in b, or none; end is where the network layer ends, without padding.
	mpls, l3, l4, end int
	limit             int
	tags              int
	arp, nsh          bool
	laterFrag         bool
	frag              bool
}

// Parse takes an Ethernet frame, which is the Packet's from then on, and looks for one VLAN tag, as Open vSwitch does
// unless other_config:vlan-limit says otherwise.
func Parse(frame []byte) *Packet {
	p := new(Packet)
	p.Init(frame, openflow.PacketEthernet, 1)
	return p
}

// Init parses a frame of a type, which is the Packet's from then on, and looks for at most limit VLAN tags. The metadata
// becomes zero.
func (p *Packet) Init(frame []byte, packetType openflow.PacketType, limit int) {
	*p = Packet{b: frame, mpls: none, l3: none, l4: none, end: len(frame), limit: limit}
	p.Key[wordType] = uint64(packetType)
	off, typ := 0, uint16(packetType)
	if packetType == openflow.PacketEthernet {
		if len(frame) < ethLen {
			return
		}
		off, typ = p.parseEthernet()
	}
	p.Key[wordEthDst] |= uint64(typ)
	if typ == openflow.EthTypeMPLS || typ == openflow.EthTypeMPLSMulticast {
		p.mpls = off
		off = p.parseMPLS(off)
	}
	p.l3 = off
	switch typ {
	case openflow.EthTypeIPv4:
		p.parseIPv4()
	case openflow.EthTypeIPv6:
		p.parseIPv6()
	case openflow.EthTypeARP, openflow.EthTypeRARP:
		p.parseARP()
	case openflow.EthTypeNSH:
		p.parseNSH()
	}
}

// Bytes is the frame.
func (p *Packet) Bytes() []byte { return p.b }

// Type is what the packet begins with.
func (p *Packet) Type() openflow.PacketType { return openflow.PacketType(uint32(p.Key[wordType])) }

// Clone copies the packet and its bytes.
func (p *Packet) Clone() *Packet {
	q := *p
	q.b = append([]byte(nil), p.b...)
	return &q
}

// Reparse reads the fields from the bytes again and keeps the metadata. Of the original tuple of a connection it keeps
// what fits the packet: the addresses of its version of IP, and the ports where it has a transport header.
func (p *Packet) Reparse() { p.reparse(p.b, p.Type()) }

func (p *Packet) reparse(b []byte, packetType openflow.PacketType) {
	old := p.Key
	p.Init(b, packetType, p.limit)
	k := &p.Key
	k.SetMetadata(&old)
	k.SetUint(openflow.FieldPacketType, uint64(packetType))
	switch typ := k.Uint(openflow.FieldEthType); {
	case p.l4 != none && typ == openflow.EthTypeIPv4 && !old.Has(openflow.FieldCTIPv6Src):
		k[wordCTIPv4] = old[wordCTIPv4]
	case p.l4 != none && typ == openflow.EthTypeIPv6 && old[wordCTIPv4] == 0:
		copy(k[wordCTIPv6:wordCTIPv6+4], old[wordCTIPv6:])
	default:
		k.SetUint(openflow.FieldCTNwProto, 0)
		return
	}
	if p.ported() {
		k[wordTransport] |= old[wordTransport] & 0xffffffff
	}
}

// parseEthernet reads the addresses and the VLAN tags, and says where what follows the Ethernet type begins.
func (p *Packet) parseEthernet() (off int, typ uint16) {
	b, k := p.b, &p.Key
	k[wordEthDst] = binary.BigEndian.Uint64(b) &^ 0xffff
	k[wordEthSrc] = uint64(binary.BigEndian.Uint32(b[6:]))<<32 | uint64(be16(b, 10))<<16
	off, typ = 12, be16(b, 12)
	for (typ == openflow.EthTypeVLAN || typ == openflow.EthTypeServiceVLAN) && p.tags < p.limit && len(b) >= off+vlanLen+2 {
		tci := uint64(be16(b, off+2) | TCIPresent)
		if p.tags == 0 {
			k[wordEthSrc] |= tci
			k[wordVLAN] = uint64(typ) << 48
		} else {
			k[wordVLAN] |= uint64(typ)<<32 | tci
		}
		p.tags++
		off += vlanLen
		typ = be16(b, off)
	}
	off += 2
	if typ >= typeLeast {
		return off, typ
	}
	typ = typeNone
	// IEEE 802.2 with a SNAP header carries an Ethernet type.
	if len(b) >= off+snapLen && [6]byte(b[off:off+6]) == [6]byte{0xaa, 0xaa, 3} {
		off += snapLen
		if t := be16(b, off-2); t >= typeLeast {
			typ = t
		}
	}
	return off, typ
}

// parseMPLS reads the label stack, which ends with the entry that says so (RFC 3032, 2.1).
func (p *Packet) parseMPLS(off int) (end int) {
	for i := 0; len(p.b) >= off+mplsLen; i++ {
		lse := binary.BigEndian.Uint32(p.b[off:])
		off += mplsLen
		if i < 3 {
			p.Key[wordMPLS+i/2] |= uint64(lse) << (32 * (1 - i%2))
		}
		if lse&mplsBottom != 0 {
			break
		}
	}
	return off
}

// mplsBottom is the bit of the last entry of a label stack.
const mplsBottom = 0x100

func (p *Packet) parseARP() {
	b, k := p.b[p.l3:], &p.Key
	if len(b) < arpLen || be16(b, 0) != 1 || be16(b, 2) != openflow.EthTypeIPv4 || b[4] != 6 || b[5] != 4 {
		return
	}
	p.arp = true
	p.end = p.l3 + arpLen
	// Open vSwitch knows only the opcodes of one byte.
	if op := be16(b, 6); op < 0x100 {
		k[wordNetwork] = uint64(op)
	}
	k[wordIPv4] = uint64(binary.BigEndian.Uint32(b[14:]))<<32 | uint64(binary.BigEndian.Uint32(b[24:]))
	k[wordSHA] = be48(b[8:]) << 16
	k[wordTHA] = be48(b[18:]) << 16
}

func be16(b []byte, off int) uint16 { return binary.BigEndian.Uint16(b[off:]) }

func be48(b []byte) uint64 {
	return uint64(binary.BigEndian.Uint16(b))<<32 | uint64(binary.BigEndian.Uint32(b[2:]))
}
