// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack_test

import (
	"encoding/binary"
	"net/netip"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

var be = binary.BigEndian

// fragmentOf is the fields of a network header that make a fragment: the offset in bytes, and whether more follow.
type fragmentOf struct {
	id     uint32
	offset int
	more   bool
}

// network makes a network header before a payload; frag is nil for a whole packet.
func network(src, dst netip.Addr, proto uint8, payload []byte, frag *fragmentOf) []byte {
	if src.Is6() {
		b := []byte{0x60, 0, 0, 0, 0, 0, proto, 64}
		b = append(append(b, src.AsSlice()...), dst.AsSlice()...)
		if frag != nil {
			b[6] = 44
			f := uint16(frag.offset)
			if frag.more {
				f |= 1
			}
			b = be.AppendUint32(be.AppendUint16(append(b, proto, 0), f), frag.id)
		}
		b = append(b, payload...)
		be.PutUint16(b[4:], uint16(len(b)-40))
		return b
	}
	b := make([]byte, 20, 20+len(payload))
	b[0], b[8], b[9] = 0x45, 64, proto
	be.PutUint16(b[2:], uint16(20+len(payload)))
	if frag != nil {
		f := uint16(frag.offset >> 3)
		if frag.more {
			f |= 0x2000
		}
		be.PutUint16(b[4:], uint16(frag.id))
		be.PutUint16(b[6:], f)
	}
	copy(b[12:], src.AsSlice())
	copy(b[16:], dst.AsSlice())
	be.PutUint16(b[10:], packet.Checksum(b))
	return append(b, payload...)
}

// extend puts options into the network header of IPv4, and an extension header after that of IPv6 (RFC 8200, 4.6).
func extend(l3 []byte) []byte {
	if l3[0]>>4 == 6 {
		b := append([]byte(nil), l3[:40]...)
		b = append(append(b, l3[6], 0, 1, 4, 0, 0, 0, 0), l3[40:]...)
		b[6] = 60
		be.PutUint16(b[4:], uint16(len(b)-40))
		return b
	}
	b := append(append(append([]byte(nil), l3[:20]...), 1, 1, 1, 0), l3[20:]...)
	b[0]++
	be.PutUint16(b[2:], uint16(len(b)))
	b[10], b[11] = 0, 0
	be.PutUint16(b[10:], packet.Checksum(b[:24]))
	return b
}

// checksum is the checksum of a transport header and what follows it.
func checksum(src, dst netip.Addr, proto uint8, l4 []byte) uint16 {
	b := append(src.AsSlice(), dst.AsSlice()...)
	b = be.AppendUint16(be.AppendUint16(b, uint16(proto)), uint16(len(l4)))
	if proto == openflow.IPProtoICMP {
		b = nil
	}
	return packet.Checksum(append(b, l4...))
}

// transport makes TCP, UDP and ICMP headers.

type segment struct {
	flags    string
	seq, ack uint32
	window   uint16
	// scale is the option, -1 is none.
	scale   int
	payload string
}

const tcpFlags = "FSRPAU"

func tcpHeader(src, dst netip.AddrPort, s segment) []byte {
	b := make([]byte, 20)
	be.PutUint16(b[0:], src.Port())
	be.PutUint16(b[2:], dst.Port())
	be.PutUint32(b[4:], s.seq)
	be.PutUint32(b[8:], s.ack)
	be.PutUint16(b[14:], s.window)
	for i := range tcpFlags {
		for j := range s.flags {
			if s.flags[j] == tcpFlags[i] {
				b[13] |= 1 << i
			}
		}
	}
	if s.scale >= 0 {
		b = append(b, 1, 3, 3, byte(s.scale))
	}
	b[12] = byte(len(b) / 4 << 4)
	b = append(b, s.payload...)
	be.PutUint16(b[16:], checksum(src.Addr(), dst.Addr(), 6, b))
	return b
}

func udpHeader(src, dst netip.AddrPort, payload []byte) []byte {
	b := make([]byte, 8, 8+len(payload))
	be.PutUint16(b[0:], src.Port())
	be.PutUint16(b[2:], dst.Port())
	be.PutUint16(b[4:], uint16(8+len(payload)))
	b = append(b, payload...)
	be.PutUint16(b[6:], checksum(src.Addr(), dst.Addr(), 17, b))
	return b
}

// icmpHeader makes a message of ICMP, or ICMPv6; rest are the four bytes after the checksum.
func icmpHeader(src, dst netip.Addr, typ, code uint8, rest uint32, payload []byte) []byte {
	b := append([]byte{typ, code, 0, 0}, be.AppendUint32(nil, rest)...)
	b = append(b, payload...)
	be.PutUint16(b[2:], checksum(src, dst, icmpOf(src), b))
	return b
}

func icmpOf(a netip.Addr) uint8 {
	if a.Is6() {
		return openflow.IPProtoICMPv6
	}
	return openflow.IPProtoICMP
}

// frameOf makes a frame to the station with a number.
func frameOf(to uint64, v6 bool, l3 []byte) []byte {
	b := be.AppendUint64(nil, to<<16)[:6]
	b = append(b, 2, 0, 0, 0, 0, 1)
	typ := uint16(openflow.EthTypeIPv4)
	if v6 {
		typ = openflow.EthTypeIPv6
	}
	return append(be.AppendUint16(b, typ), l3...)
}
