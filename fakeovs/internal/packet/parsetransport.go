// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"encoding/binary"

	"github.com/ovskit/ovskit/openflow"
)

// Types of ICMPv6 messages and of their options (RFC 4861, 4).
const (
	ndSolicit   = 135
	ndAdvert    = 136
	ndLen       = 24
	ndOptionLen = 8
	ndSource    = 1
	ndTarget    = 2
)

func (p *Packet) parseTransport(proto byte) {
	if p.laterFrag {
		return
	}
	b, k := p.b[p.l4:p.end], &p.Key
	switch proto {
	case openflow.IPProtoTCP:
		if header := TCPHeaderLen(b); header >= tcpLen && header <= len(b) {
			k[wordSHA] = uint64(be16(b, 12) & 0xfff)
			k[wordTransport] = uint64(binary.BigEndian.Uint32(b)) << 32
		}
	case openflow.IPProtoUDP:
		if len(b) >= udpLen {
			k[wordTransport] = uint64(binary.BigEndian.Uint32(b)) << 32
		}
	case openflow.IPProtoSCTP:
		if len(b) >= sctpLen {
			k[wordTransport] = uint64(binary.BigEndian.Uint32(b)) << 32
		}
	case openflow.IPProtoICMP:
		if len(b) >= icmpLen {
			k[wordTransport] = uint64(b[0])<<48 | uint64(b[1])<<32
		}
	case protoIGMP:
		if len(b) >= igmpLen {
			k[wordTransport] = uint64(b[0])<<48 | uint64(b[1])<<32
			k[wordGroup] = uint64(binary.BigEndian.Uint32(b[4:]))
		}
	case openflow.IPProtoICMPv6:
		if len(b) >= icmpLen {
			k[wordTransport] = uint64(b[0])<<48 | uint64(b[1])<<32
			if b[1] == 0 && (b[0] == ndSolicit || b[0] == ndAdvert) {
				p.parseND(b)
			}
		}
	}
}

// ported reports whether the packet has a transport header whose fields Init filled in, or one that looks the same.
func (p *Packet) ported() bool {
	if p.laterFrag || p.l4 == none {
		return false
	}
	switch n := p.end - p.l4; p.proto() {
	case openflow.IPProtoTCP:
		header := TCPHeaderLen(p.b[p.l4:p.end])
		return header >= tcpLen && header <= n
	case openflow.IPProtoUDP, openflow.IPProtoICMP, protoIGMP:
		return n >= udpLen
	case openflow.IPProtoSCTP:
		return n >= sctpLen
	case openflow.IPProtoICMPv6:
		return n >= icmpLen && !p.neighbour()
	}
	return false
}

// neighbour reports whether the packet is a neighbour solicitation or advertisement.
func (p *Packet) neighbour() bool {
	if p.l4 == none || p.laterFrag || !p.IPv6() || p.proto() != openflow.IPProtoICMPv6 {
		return false
	}
	b := p.b[p.l4:p.end]
	return len(b) >= icmpLen && b[1] == 0 && (b[0] == ndSolicit || b[0] == ndAdvert)
}

// parseND reads the target and the link-layer addresses of a neighbour solicitation or advertisement (RFC 4861, 4.3,
// 4.4 and 4.6.1). Where one kind of address comes twice, neither they nor the target stand.
func (p *Packet) parseND(b []byte) {
	k := &p.Key
	k[wordGroup] = uint64(binary.BigEndian.Uint32(b[4:]))
	if len(b) < ndLen {
		return
	}
	k[wordNDTarget], k[wordNDTarget+1] = binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b[16:])
	var addr [2]uint64
	var first uint64 // the kind that comes first
	for b = b[ndLen:]; len(b) >= ndOptionLen; {
		n := int(b[1]) * ndOptionLen
		if n == 0 || n > len(b) {
			break
		}
		if kind := b[0]; (kind == ndSource || kind == ndTarget) && n == ndOptionLen {
			a := &addr[kind-ndSource]
			if *a != 0 {
				k[wordNDTarget], k[wordNDTarget+1] = 0, 0
				addr = [2]uint64{}
				break
			}
			*a = be48(b[2:])
			if first == 0 {
				first = uint64(kind)
			}
		}
		b = b[n:]
	}
	k[wordSHA] = addr[0]<<16 | first<<8
	k[wordTHA] = addr[1] << 16
}

// TCPHeaderLen is how long the TCP header at the beginning of b says that it is, 0 if b is too short for one.
func TCPHeaderLen(b []byte) int {
	if len(b) < tcpLen {
		return 0
	}
	return int(b[12]>>4) * 4
}
