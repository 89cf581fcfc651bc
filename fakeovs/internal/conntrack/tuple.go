// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// side is one end of a connection. An IPv4 address fills the first four bytes.
type side struct {
	addr [16]byte
	// port is a TCP or UDP port, or the identifier of an ICMP query.
	port uint16
	// icmpType is the type of the ICMP query that comes from this end; the code of one is 0.
	icmpType, icmpCode uint8
}

// tuple is what the packets of one direction of a connection have in common.
type tuple struct {
	src, dst side
	zone     uint16
	proto    uint8
	v6       bool
}

func (t tuple) reverse() tuple {
	t.src, t.dst = t.dst, t.src
	return t
}

// canonical is the one of the tuple and its reverse that comes first.
func (t *tuple) canonical() tuple {
	if c := bytes.Compare(t.src.addr[:], t.dst.addr[:]); c > 0 || c == 0 && t.src.rest() > t.dst.rest() {
		return t.reverse()
	}
	return *t
}

func (s *side) rest() uint32 { return uint32(s.port)<<16 | uint32(s.icmpType)<<8 | uint32(s.icmpCode) }

// hasPorts reports whether NAT may choose ports.
func (t *tuple) hasPorts() bool {
	return t.proto == openflow.IPProtoTCP || t.proto == openflow.IPProtoUDP
}

// addr is the address in its length on the wire.
func (t *tuple) addr(s *side) []byte {
	if t.v6 {
		return s.addr[:]
	}
	return s.addr[:4]
}

func (t *tuple) netip(s *side) netip.Addr {
	if t.v6 {
		return netip.AddrFrom16(s.addr)
	}
	return netip.AddrFrom4([4]byte(s.addr[:4]))
}

// ICMP types (RFC 792, RFC 4443).
const (
	icmpEchoReply      = 0
	icmpUnreachable    = 3
	icmpSourceQuench   = 4
	icmpRedirect       = 5
	icmpEcho           = 8
	icmpTimeExceeded   = 11
	icmpParameter      = 12
	icmpTimestamp      = 13
	icmpTimestampReply = 14
	icmpInfo           = 15
	icmpInfoReply      = 16

	icmp6Unreachable = 1
	icmp6Parameter   = 4 // with those between the two the error messages
	icmp6Echo        = 128
	icmp6EchoReply   = 129
)

// quoted is how much of the transport header an ICMP error quotes at least (RFC 792); quotedTCP6 is what Open vSwitch
// wants of a TCP header in one over IPv6.
const (
	quoted     = 8
	quotedTCP6 = 20
)

// extract reads the tuple of a packet. For an ICMP error it is that of the connection the error is about, in the
// error's direction, and related is true. It fails where the packet cannot belong to a connection: no IP, a fragment,
// cut short, a wrong checksum, port 0, an ICMP message that is neither a query nor an error.
func extract(p *packet.Packet, zone uint16) (t tuple, related, ok bool) {
	l3, l4 := p.Network(), p.Transport()
	if l3 == nil || p.Fragment() {
		return t, false, false
	}
	if !p.IPv6() && packet.Checksum(l3[:len(l3)-len(l4)]) != 0 {
		return t, false, false
	}
	t.zone = zone
	t.network(p, l3)
	switch {
	case t.proto == openflow.IPProtoTCP:
		if n := packet.TCPHeaderLen(l4); n < 20 || n > len(l4) {
			return t, false, false
		}
	case t.proto == openflow.IPProtoUDP:
		if len(l4) < 8 {
			return t, false, false
		}
		if n := int(binary.BigEndian.Uint16(l4[4:])); n < 8 || n > len(l4) {
			return t, false, false
		}
	case t.isICMP():
		if len(l4) < 8 {
			return t, false, false
		}
		if !p.TransportValid() {
			return t, false, false
		}
		if isError(t.v6, l4[0]) {
			t, ok = t.quotedBy(p)
			return t, ok, ok
		}
		return t, false, t.query(l4)
	default:
		return t, false, true
	}
	return t, false, p.TransportValid() && t.ports(l4)
}

// network reads addresses and protocol from a network header.
func (t *tuple) network(p *packet.Packet, l3 []byte) {
	t.proto = uint8(p.Key.Uint(openflow.FieldIPProto))
	t.v6 = p.IPv6()
	if t.v6 {
		copy(t.src.addr[:], l3[8:24])
		copy(t.dst.addr[:], l3[24:40])
		return
	}
	copy(t.src.addr[:], l3[12:16])
	copy(t.dst.addr[:], l3[16:20])
}

func (t *tuple) isICMP() bool {
	if t.v6 {
		return t.proto == openflow.IPProtoICMPv6
	}
	return t.proto == openflow.IPProtoICMP
}

func (t *tuple) ports(l4 []byte) bool {
	t.src.port = binary.BigEndian.Uint16(l4[0:])
	t.dst.port = binary.BigEndian.Uint16(l4[2:])
	return t.src.port != 0 && t.dst.port != 0
}

// query reads identifier and types of an ICMP query or its answer.
func (t *tuple) query(l4 []byte) bool {
	answer, ok := counterpart(t.v6, l4[0])
	if !ok || l4[1] != 0 {
		return false
	}
	id := binary.BigEndian.Uint16(l4[4:])
	t.src.port, t.dst.port = id, id
	t.src.icmpType, t.dst.icmpType = l4[0], answer
	return true
}

// quotedBy is the tuple of the packet that an ICMP error quotes, turned into the direction of the error. The error
// must go to whoever sent that packet.
func (t *tuple) quotedBy(p *packet.Packet) (tuple, bool) {
	in, ok := p.Inner()
	if !ok {
		return tuple{}, false
	}
	q := tuple{zone: t.zone}
	q.network(in, in.Network())
	l4 := in.Transport()
	if q.src.addr != t.dst.addr {
		return tuple{}, false
	}
	switch {
	case q.v6 && q.proto == openflow.IPProtoTCP:
		ok = len(l4) >= quotedTCP6 && q.ports(l4)
	case q.hasPorts():
		ok = len(l4) >= quoted && q.ports(l4)
	case q.isICMP():
		ok = len(l4) >= quoted && q.query(l4)
	}
	return q.reverse(), ok
}

func isError(v6 bool, typ uint8) bool {
	if v6 {
		return typ >= icmp6Unreachable && typ <= icmp6Parameter
	}
	switch typ {
	case icmpUnreachable, icmpSourceQuench, icmpRedirect, icmpTimeExceeded, icmpParameter:
		return true
	}
	return false
}

// counterpart is the type of the answer to a query, or of the query to an answer.
func counterpart(v6 bool, typ uint8) (uint8, bool) {
	if v6 {
		switch typ {
		case icmp6Echo:
			return icmp6EchoReply, true
		case icmp6EchoReply:
			return icmp6Echo, true
		}
		return 0, false
	}
	switch typ {
	case icmpEcho:
		return icmpEchoReply, true
	case icmpEchoReply:
		return icmpEcho, true
	case icmpTimestamp, icmpInfo:
		return typ + 1, true
	case icmpTimestampReply, icmpInfoReply:
		return typ - 1, true
	}
	return 0, false
}
