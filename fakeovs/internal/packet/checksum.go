// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/ovskit/ovskit/openflow"
)

// Checksum is the Internet checksum (RFC 1071) of b: 0 if b contains its own right checksum.
func Checksum(b []byte) uint16 { return fold(sum(0, b)) }

// sum adds b to a sum of 16-bit words.
func sum(s uint64, b []byte) uint64 {
	for ; len(b) >= 8; b = b[8:] {
		v := binary.BigEndian.Uint64(b)
		s += v>>32 + v&0xffffffff
	}
	for ; len(b) >= 2; b = b[2:] {
		s += uint64(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		s += uint64(b[0]) << 8
	}
	return s
}

func fold(s uint64) uint16 {
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return ^uint16(s)
}

// TransportValid reports whether the checksum of the transport header is right. A UDP datagram over IPv4 may have none
// (RFC 768). Without a transport header it is not.
func (p *Packet) TransportValid() bool {
	l4 := p.Transport()
	switch proto := p.proto(); {
	case l4 == nil:
		return false
	case proto == openflow.IPProtoUDP && !p.IPv6() && len(l4) >= udpLen && be16(l4, 6) == 0:
		return true
	case proto == openflow.IPProtoICMP && !p.IPv6():
		return Checksum(l4) == 0
	default:
		return fold(sum(p.pseudoHeader(proto, len(l4)), l4)) == 0
	}
}

// pseudoHeader is the sum of what a transport checksum covers of the network header (RFC 9293, 3.1; RFC 8200, 8.1).
func (p *Packet) pseudoHeader(proto uint8, length int) uint64 {
	s := uint64(proto) + uint64(length)
	if p.IPv6() {
		return sum(s, p.b[p.l3+8:p.l3+40])
	}
	return sum(s, p.b[p.l3+12:p.l3+20])
}

// replace writes new over the bytes at off, an even distance from the beginning of their header, and corrects the
// checksums at the offsets of sums (RFC 1624).
func (p *Packet) replace(off int, new []byte, sums ...int) {
	old := p.b[off : off+len(new)]
	for _, at := range sums {
		s := uint64(^be16(p.b, at)) + sum(0, new)
		for i := 0; i < len(old); i += 2 {
			s += uint64(^be16(old, i))
		}
		binary.BigEndian.PutUint16(p.b[at:], fold(s))
	}
	copy(old, new)
}

// replaceSCTP writes new over the bytes at off of an SCTP packet and corrects its CRC32c (RFC 9260, appendix A): one that
// was wrong stays wrong by the same bits.
func (p *Packet) replaceSCTP(off int, new []byte) {
	const at = 8 // where the sum stands
	l4 := p.b[p.l4:p.end]
	sum := binary.LittleEndian.Uint32(l4[at:])
	clear(l4[at : at+4])
	table := crc32.MakeTable(crc32.Castagnoli)
	sum ^= crc32.Checksum(l4, table)
	copy(p.b[off:], new)
	sum ^= crc32.Checksum(l4, table)
	binary.LittleEndian.PutUint32(l4[at:], sum)
}

// checksumAt is where the transport checksum stands; ok is false where there is none to keep right.
func (p *Packet) checksumAt() (at int, ok bool) {
	if p.l4 == none || p.laterFrag {
		return 0, false
	}
	l4 := p.b[p.l4:p.end]
	switch p.proto() {
	case openflow.IPProtoTCP:
		return p.l4 + 16, len(l4) >= tcpLen
	case openflow.IPProtoUDP:
		// 0 says that there is no checksum.
		return p.l4 + 6, len(l4) >= udpLen && be16(l4, 6) != 0
	case openflow.IPProtoICMPv6:
		return p.l4 + 2, len(l4) >= 4 && p.IPv6()
	case openflow.IPProtoICMP:
		return p.l4 + 2, len(l4) >= 4 && !p.IPv6()
	}
	return 0, false
}

// hideZero writes a UDP checksum that came out as 0 as its other form, since 0 means none.
func (p *Packet) hideZero(at int) {
	if p.proto() == openflow.IPProtoUDP && be16(p.b, at) == 0 {
		binary.BigEndian.PutUint16(p.b[at:], 0xffff)
	}
}
