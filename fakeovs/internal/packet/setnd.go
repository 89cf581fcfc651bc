// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"encoding/binary"

	"github.com/ovskit/ovskit/openflow"
)

// neighbourMessage is the ICMPv6 message of at least the length of a neighbour solicitation, nil if there is none.
func (p *Packet) neighbourMessage() []byte {
	if p.l4 == none || p.laterFrag || !p.IPv6() || p.proto() != openflow.IPProtoICMPv6 || p.end-p.l4 < ndLen {
		return nil
	}
	return p.b[p.l4:p.end]
}

// SetND writes the target and the link-layer address of a neighbour solicitation or advertisement. As Open vSwitch, it
// changes only the first address that the message has, be it the source's or the target's.
func (p *Packet) SetND(value, mask *Key) {
	b, k := p.neighbourMessage(), &p.Key
	if b == nil {
		return
	}
	at := p.l4 + 2
	hi, lo := p.merged(wordNDTarget, value, mask), p.merged(wordNDTarget+1, value, mask)
	if hi != k[wordNDTarget] || lo != k[wordNDTarget+1] {
		var v [16]byte
		binary.BigEndian.PutUint64(v[:], hi)
		binary.BigEndian.PutUint64(v[8:], lo)
		p.replace(p.l4+8, v[:], at)
		k[wordNDTarget], k[wordNDTarget+1] = hi, lo
	}
	for off := ndLen; len(b) >= off+ndOptionLen && b[off+1] != 0; off += int(b[off+1]) * ndOptionLen {
		kind := b[off]
		if kind != ndSource && kind != ndTarget || b[off+1] != 1 {
			continue
		}
		word := wordSHA
		if kind == ndTarget {
			word = wordTHA
		}
		now := p.merged(word, value, mask) >> 16
		if old := b[off+2 : off+ndOptionLen]; be48(old) != now {
			var v [6]byte
			put(v[:], now)
			p.replace(p.l4+off+2, v[:], at)
			k[word] = now<<16 | k[word]&0xffff
		}
		return
	}
}

// SetNDExtensions writes the reserved field of a neighbour solicitation or the flags of an advertisement, and the kind of
// its first option, and computes the checksum anew. As Open vSwitch, it takes the packet for one without extension headers.
func (p *Packet) SetNDExtensions(value, mask *Key) {
	b := p.neighbourMessage()
	if b == nil {
		return
	}
	reserved := uint32(p.merged(wordGroup, value, mask))
	binary.BigEndian.PutUint32(b[4:], reserved)
	p.Key.SetUint(openflow.FieldNDReserved, uint64(reserved))
	if mask.Has(openflow.FieldNDOptionsType) && len(b) > ndLen {
		b[ndLen] = byte(value.Uint(openflow.FieldNDOptionsType))
		p.Key.SetUint(openflow.FieldNDOptionsType, uint64(b[ndLen]))
	}
	ip := p.b[p.l3:]
	binary.BigEndian.PutUint16(b[2:], 0)
	binary.BigEndian.PutUint16(b[2:], fold(sum(sum(uint64(ip[6])+uint64(be16(ip, 4)), ip[8:ipv6Len]), b)))
	p.Reparse() // since another option may come first now
}
