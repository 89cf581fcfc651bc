// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"encoding/binary"

	"github.com/ovskit/ovskit/openflow"
)

// Ethernet types and lengths of headers.
const (
	typeVLAN = 0x8100
	typeQinQ = 0x88a8
	typeRARP = 0x8035
	// typeNone is what Open vSwitch gives to a frame without an Ethernet type.
	typeNone = 0x05ff

	ethLen  = 14
	vlanLen = 4
	arpLen  = 28
	ipv4Len = 20
	ipv6Len = 40
	tcpLen  = 20
	udpLen  = 8
	icmpLen = 8
	sctpLen = 12
)

// vlanCFI is set in the TCI of a frame with a VLAN tag, so that it differs from the 0 of one without.
const vlanCFI = 0x1000

// Packet is a frame with its headers found. Key has what the bytes say; the metadata fields are the caller's.
type Packet struct {
	Key Key
	b   []byte
	// l3 and l4 are offsets of the headers in b, 0 where there is none; end is where the network layer ends, without
	// padding.
	l3, l4, end int
	tagged      bool
	laterFrag   bool
	frag        bool
}

// Parse takes a frame, which is the Packet's from then on.
func Parse(frame []byte) *Packet {
	p := &Packet{b: frame}
	p.parse()
	return p
}

// Bytes is the frame.
func (p *Packet) Bytes() []byte { return p.b }

// Clone copies the packet and its bytes.
func (p *Packet) Clone() *Packet {
	q := *p
	q.b = append([]byte(nil), p.b...)
	return &q
}

// Reparse reads the fields from the bytes again and keeps the metadata.
func (p *Packet) Reparse() {
	old := p.Key
	*p = Packet{b: p.b}
	copy(p.Key[:metadataEnd], old[:metadataEnd])
	p.parse()
}

func (p *Packet) parse() {
	b, k := p.b, &p.Key
	p.end = len(b)
	if len(b) < ethLen {
		return
	}
	k.SetMasked(openflow.FieldEthDst, b[0:6], nil)
	k.SetMasked(openflow.FieldEthSrc, b[6:12], nil)
	off, typ := 12, be16(b, 12)
	if (typ == typeVLAN || typ == typeQinQ) && len(b) >= ethLen+vlanLen {
		k.SetUint(openflow.FieldVLANTCI, uint64(be16(b, 14)|vlanCFI))
		p.tagged = true
		off, typ = 16, be16(b, 16)
	}
	off += 2
	if typ < 0x600 {
		typ = typeNone
		// IEEE 802.2 with a SNAP header carries an Ethernet type.
		if len(b) >= off+8 && [6]byte(b[off:off+6]) == [6]byte{0xaa, 0xaa, 3} && be16(b, off+6) >= 0x600 {
			typ = be16(b, off+6)
			off += 8
		}
	}
	k.SetUint(openflow.FieldEthType, uint64(typ))
	p.l3 = off
	switch typ {
	case openflow.EthTypeIPv4:
		p.parseIPv4()
	case openflow.EthTypeIPv6:
		p.parseIPv6()
	case openflow.EthTypeARP, typeRARP:
		p.parseARP()
	}
}

func (p *Packet) parseIPv4() {
	b, k := p.b[p.l3:], &p.Key
	if len(b) < ipv4Len {
		return
	}
	header, total := int(b[0]&0xf)*4, int(be16(b, 2))
	if header < ipv4Len || header > total || total > len(b) {
		return
	}
	b = b[:total]
	p.end = p.l3 + total
	p.l4 = p.l3 + header
	p.frag = be16(b, 6)&0x3fff != 0
	p.laterFrag = be16(b, 6)&0x1fff != 0
	k.SetUint(openflow.FieldIPProto, uint64(b[9]))
	k.SetUint(openflow.FieldIPTTL, uint64(b[8]))
	p.setTrafficClass(b[1])
	p.setFragment()
	k.SetMasked(openflow.FieldIPv4Src, b[12:16], nil)
	k.SetMasked(openflow.FieldIPv4Dst, b[16:20], nil)
	p.parseTransport(b[9])
}

func (p *Packet) parseIPv6() {
	b, k := p.b[p.l3:], &p.Key
	if len(b) < ipv6Len {
		return
	}
	payload := int(be16(b, 4))
	if payload > len(b)-ipv6Len {
		return
	}
	b = b[:ipv6Len+payload]
	p.end = p.l3 + len(b)
	k.SetUint(openflow.FieldIPTTL, uint64(b[7]))
	p.setTrafficClass(byte(be16(b, 0) >> 4))
	k.SetUint(openflow.FieldIPv6Label, uint64(binary.BigEndian.Uint32(b)&0xfffff))
	proto, off, ok := p.ipv6Transport(b)
	k.SetUint(openflow.FieldIPProto, uint64(proto))
	p.setFragment()
	if !ok {
		return
	}
	p.l4 = p.l3 + off
	p.parseTransport(proto)
}

// setTrafficClass sets the fields of IPv4's type of service or IPv6's traffic class (RFC 2474, RFC 3168).
func (p *Packet) setTrafficClass(class byte) {
	p.Key.SetUint(openflow.FieldIPDSCP, uint64(class>>2))
	p.Key.SetUint(openflow.FieldIPECN, uint64(class&3))
}

// setFragment sets ip_frag: one bit in every fragment, the other in all but the first.
func (p *Packet) setFragment() {
	switch {
	case p.laterFrag:
		p.Key.SetUint(openflow.FieldIPFrag, 3)
	case p.frag:
		p.Key.SetUint(openflow.FieldIPFrag, 1)
	}
}

// ipv6Transport walks the extension headers (RFC 8200, 4) and says which protocol follows them and where. It fails
// where a header is cut short.
func (p *Packet) ipv6Transport(b []byte) (proto byte, off int, ok bool) {
	proto, off = b[6], ipv6Len
	for {
		var n int
		switch proto {
		case 0, 43, 60, 51: // hop-by-hop, routing, destination options, authentication
			if len(b) < off+2 {
				return proto, off, false
			}
			if n = (int(b[off+1]) + 1) * 8; proto == 51 {
				n = (int(b[off+1]) + 2) * 4
			}
		case 44: // fragment
			if len(b) < off+8 {
				return proto, off, false
			}
			p.frag = be16(b, off+2) != 0
			p.laterFrag = be16(b, off+2)&0xfff8 != 0
			n = 8
		default:
			return proto, off, true
		}
		if len(b) < off+n {
			return proto, off, false
		}
		later := proto == 44 && p.laterFrag
		proto = b[off]
		off += n
		if later {
			return proto, off, true
		}
	}
}

func (p *Packet) parseTransport(proto byte) {
	b, k := p.b[p.l4:p.end], &p.Key
	if p.laterFrag {
		return
	}
	switch proto {
	case openflow.IPProtoTCP:
		if header := TCPHeaderLen(b); header >= tcpLen && header <= len(b) {
			k.SetUint(openflow.FieldTCPFlags, uint64(be16(b, 12)&0xfff))
			p.parsePorts(b)
		}
	case openflow.IPProtoUDP:
		if len(b) >= udpLen {
			p.parsePorts(b)
		}
	case openflow.IPProtoSCTP:
		if len(b) >= sctpLen {
			p.parsePorts(b)
		}
	case openflow.IPProtoICMP, openflow.IPProtoICMPv6:
		if len(b) >= icmpLen {
			k.SetUint(openflow.FieldICMPv4Type, uint64(b[0]))
			k.SetUint(openflow.FieldICMPv4Code, uint64(b[1]))
		}
	}
}

func (p *Packet) parsePorts(b []byte) {
	p.Key.SetUint(openflow.FieldTCPSrc, uint64(be16(b, 0)))
	p.Key.SetUint(openflow.FieldTCPDst, uint64(be16(b, 2)))
}

func (p *Packet) parseARP() {
	b, k := p.b[p.l3:], &p.Key
	if len(b) < arpLen || be16(b, 0) != 1 || be16(b, 2) != openflow.EthTypeIPv4 || b[4] != 6 || b[5] != 4 {
		return
	}
	p.end = p.l3 + arpLen
	// Open vSwitch knows only the opcodes of one byte.
	if op := be16(b, 6); op < 0x100 {
		k.SetUint(openflow.FieldARPOp, uint64(op))
	}
	k.SetMasked(openflow.FieldARPSHA, b[8:14], nil)
	k.SetMasked(openflow.FieldARPSPA, b[14:18], nil)
	k.SetMasked(openflow.FieldARPTHA, b[18:24], nil)
	k.SetMasked(openflow.FieldARPTPA, b[24:28], nil)
}

// TCPHeaderLen is how long the TCP header at the beginning of b says that it is, 0 if b is too short for one.
func TCPHeaderLen(b []byte) int {
	if len(b) < tcpLen {
		return 0
	}
	return int(b[12]>>4) * 4
}

func be16(b []byte, off int) uint16 { return binary.BigEndian.Uint16(b[off:]) }
