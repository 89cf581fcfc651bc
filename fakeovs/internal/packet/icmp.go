// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"encoding/binary"

	"github.com/ovskit/ovskit/openflow"
)

// Inner is the packet that an ICMP error message quotes (RFC 792; RFC 4443, 3). It shares the bytes, is usually cut
// short, and can be changed by SetAddr and SetPort; FixChecksum of the outer packet makes that good. It fails
// where the quoted network header is broken or that of a fragment.
func (p *Packet) Inner() (*Packet, bool) {
	if p.l4 == none || p.end-p.l4 < icmpLen {
		return nil, false
	}
	q := &Packet{b: p.b, mpls: none, l3: p.l4 + icmpLen, l4: none, end: p.end}
	b := q.b[q.l3:q.end]
	if p.IPv6() {
		if len(b) < ipv6Len {
			return nil, false
		}
		proto, off, frag, ok := extensions(b)
		if !ok || frag != 0 {
			return nil, false
		}
		q.l4 = q.l3 + off
		q.Key.SetUint(openflow.FieldEthType, openflow.EthTypeIPv6)
		q.Key.SetUint(openflow.FieldIPProto, uint64(proto))
		return q, true
	}
	if len(b) < ipv4Len {
		return nil, false
	}
	header := int(b[0]&0xf) * 4
	if header < ipv4Len || header > len(b) || be16(b, 6)&0x3fff != 0 {
		return nil, false
	}
	q.l4 = q.l3 + header
	q.Key.SetUint(openflow.FieldEthType, openflow.EthTypeIPv4)
	q.Key.SetUint(openflow.FieldIPProto, uint64(b[9]))
	return q, true
}

// FixChecksum computes the checksum of a TCP segment, a UDP datagram that has one or an ICMP message anew.
func (p *Packet) FixChecksum() {
	at, ok := p.checksumAt()
	if !ok {
		return
	}
	l4 := p.Transport()
	clear(p.b[at : at+2])
	var s uint64
	if p.IPv6() || p.proto() != openflow.IPProtoICMP {
		s = p.pseudoHeader(p.proto(), len(l4))
	}
	binary.BigEndian.PutUint16(p.b[at:], fold(sum(s, l4)))
	p.hideZero(at)
}
