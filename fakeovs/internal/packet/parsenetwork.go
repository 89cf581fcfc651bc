// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"encoding/binary"
	"math"
)

// The values of ip_frag: one bit in every fragment, the other in all but the first.
const (
	fragAny   = 1
	fragLater = 2
)

// Headers that may stand between IPv6's and that of the transport layer (RFC 8200, 4).
const (
	extHopByHop    = 0
	extRouting     = 43
	extFragment    = 44
	extAuth        = 51
	extDestination = 60
)

const protoIGMP = 2

func (p *Packet) parseIPv4() {
	b, k := p.b[p.l3:], &p.Key
	if len(b) < ipv4Len {
		return
	}
	header, total := int(b[0]&0xf)*4, int(be16(b, 2))
	if header < ipv4Len || header > total || total > len(b) || len(b)-total > math.MaxUint16 {
		return
	}
	p.end = p.l3 + total
	p.l4 = p.l3 + header
	k[wordIPv4] = binary.BigEndian.Uint64(b[12:])
	frag := uint64(0)
	if off := be16(b, 6); off&0x3fff != 0 {
		p.frag, frag = true, fragAny
		if off&0x1fff != 0 {
			p.laterFrag, frag = true, fragAny|fragLater
		}
	}
	proto := b[9]
	k[wordNetwork] = frag<<24 | uint64(b[1])<<16 | uint64(b[8])<<8 | uint64(proto)
	p.parseTransport(proto)
}

func (p *Packet) parseIPv6() {
	b, k := p.b[p.l3:], &p.Key
	if len(b) < ipv6Len {
		return
	}
	length := int(be16(b, 4)) + ipv6Len
	if length > len(b) || len(b)-length > math.MaxUint16 {
		return
	}
	b = b[:length]
	p.end = p.l3 + length
	for i := range 4 {
		k[wordIPv6Src+i] = binary.BigEndian.Uint64(b[8+8*i:])
	}
	proto, off, frag, ok := extensions(b)
	p.frag, p.laterFrag = frag != 0, frag&fragLater != 0
	if !ok {
		return
	}
	first := uint64(binary.BigEndian.Uint32(b))
	k[wordNetwork] = first&0xfffff<<32 | uint64(frag)<<24 | first>>20&0xff<<16 | uint64(b[7])<<8 | uint64(proto)
	p.l4 = p.l3 + off
	p.parseTransport(proto)
}

// extensions walks the extension headers of an IPv6 packet and says which protocol follows them and where, and what kind
// of fragment it is. In all but the first fragment the protocol is that of the fragment header. It fails where a header
// is cut short.
func extensions(b []byte) (proto byte, off int, frag uint8, ok bool) {
	proto, off = b[6], ipv6Len
	for {
		var n int
		switch proto {
		case extHopByHop, extRouting, extDestination, extAuth, extFragment:
			if len(b) < off+8 {
				return proto, off, frag, false
			}
		default:
			return proto, off, frag, true
		}
		kind := proto
		proto = b[off]
		switch kind {
		case extAuth:
			n = (int(b[off+1]) + 2) * 4
		case extFragment:
			n = 8
		default:
			n = (int(b[off+1]) + 1) * 8
		}
		if len(b) < off+n {
			return proto, off, frag, false
		}
		if kind == extFragment {
			if field := be16(b, off+2); field != 0 {
				frag = fragAny
				if field&0xfff8 != 0 {
					return extFragment, off + n, fragAny | fragLater, true
				}
			}
		}
		off += n
	}
}

// parseNSH reads a Network Service Header (RFC 8300, 2) with metadata of type 1; of others only the base and the path.
func (p *Packet) parseNSH() {
	b, k := p.b[p.l3:], &p.Key
	if len(b) < nshBaseLen {
		return
	}
	base := be16(b, 0)
	length := int(base&0x3f) * 4
	if length > len(b) || base>>14 != 0 {
		return
	}
	switch b[2] {
	case nshType1:
		if length != nshType1Len {
			return
		}
		k[wordNSH+1] = binary.BigEndian.Uint64(b[8:])
		k[wordNSH+2] = binary.BigEndian.Uint64(b[16:])
	case nshType2:
		if length < nshBaseLen {
			return
		}
	}
	p.nsh = true
	k[wordNSH] = uint64(base>>12&3)<<56 | uint64(base>>6&0x3f)<<48 | uint64(b[2])<<40 | uint64(b[3])<<32 |
		uint64(binary.BigEndian.Uint32(b[4:]))
}

const (
	nshBaseLen  = 8
	nshType1Len = 24
	nshType1    = 1
	nshType2    = 2
)
