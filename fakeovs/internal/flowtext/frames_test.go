// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowtext_test

import (
	"encoding/binary"
	"math/rand/v2"
)

var be = binary.BigEndian

// maker makes random frames, most of them sound.
type maker struct{ *rand.Rand }

func (m maker) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(m.Uint32())
	}
	return b
}

// one is true once in n times.
func (m maker) one(n int) bool { return m.IntN(n) == 0 }

func pick[T any](m maker, of ...T) T { return of[m.IntN(len(of))] }

// frame is a frame, now and then cut short or with some bytes of its headers changed.
func (m maker) frame() []byte {
	b := m.bytes(12)
	for range pick(m, 0, 0, 0, 1, 1, 2, 3) {
		b = be.AppendUint16(b, pick[uint16](m, 0x8100, 0x8100, 0x88a8))
		b = append(b, m.bytes(2)...)
	}
	typ := pick[uint16](m, 0x800, 0x800, 0x800, 0x86dd, 0x86dd, 0x86dd, 0x806, 0x8035, 0x8847, 0x8848, 0x894f, 0x1234)
	if m.one(12) {
		b = be.AppendUint16(b, uint16(m.IntN(0x600)))
		b = append(b, pick(m, "\xaa\xaa\x03\x00\x00\x00", "\xaa\xaa\x03\x00\x00\x00", "\xaa\xaa\x03\x00\x00\x01", "\x42\x42\x03")...)
	}
	b = be.AppendUint16(b, typ)
	b = append(b, m.layer3(typ)...)
	b = append(b, make([]byte, pick(m, 0, 0, 0, 1, 20))...)
	if m.one(4) {
		b = b[:m.IntN(len(b))+1]
	}
	if m.one(4) {
		for range m.IntN(4) + 1 {
			b[m.IntN(len(b))] = pick(m, byte(m.Uint32()), 0, 1, 0xff)
		}
	}
	return b
}

func (m maker) layer3(typ uint16) []byte {
	switch typ {
	case 0x800:
		return m.ipv4()
	case 0x86dd:
		return m.ipv6()
	case 0x806, 0x8035:
		b := []byte{0, 1, 8, 0, 6, 4, 0, byte(m.IntN(5))}
		if m.one(10) {
			b[6] = 1
		}
		return append(b, m.bytes(20)...)
	case 0x8847, 0x8848:
		var b []byte
		for i, n := 0, m.IntN(5); i <= n; i++ {
			lse := m.bytes(4)
			lse[2] = lse[2]&^1 | byte(pick(m, 0, i/max(n, 1)))
			b = append(b, lse...)
		}
		return append(b, m.ipv4()...)
	case 0x894f:
		words := pick(m, 6, 6, 2, 3)
		b := be.AppendUint16(nil, uint16(m.IntN(0x4000))&^0x3f|uint16(words))
		b = append(b, pick[byte](m, 1, 1, 2, 3), pick[byte](m, 1, 2, 3, 4))
		return append(append(b, m.bytes(4*words-4)...), m.bytes(m.IntN(30))...)
	}
	return m.bytes(m.IntN(60))
}

func (m maker) ipv4() []byte {
	proto := pick[byte](m, 1, 2, 6, 6, 17, 58, 132, 99)
	options := m.bytes(4 * pick(m, 0, 0, 0, 1, 10))
	l4 := m.layer4(proto)
	b := []byte{0x45 + byte(len(options)/4), byte(m.Uint32())}
	b = be.AppendUint16(b, uint16(20+len(options)+len(l4)))
	b = append(b, m.bytes(2)...)
	b = be.AppendUint16(b, pick[uint16](m, 0, 0, 0, 0x4000, 0x2000, 0x2001, 7))
	b = append(b, byte(m.Uint32()), proto, 0, 0)
	b = append(append(b, m.bytes(8)...), options...)
	be.PutUint16(b[10:], sum(0, b))
	sumLayer4(proto, sumOf(b[12:20])+uint32(proto)+uint32(len(l4)), l4, false)
	return append(b, l4...)
}

func (m maker) ipv6() []byte {
	proto := pick[byte](m, 2, 6, 6, 17, 58, 58, 58, 132, 99)
	b := be.AppendUint32(nil, 6<<28|m.Uint32()>>4)
	payload, first := m.extensions(proto)
	l4 := m.layer4(proto)
	b = be.AppendUint16(b, uint16(len(payload)+len(l4)))
	b = append(append(b, first, byte(m.Uint32())), m.bytes(32)...)
	if m.one(8) {
		clear(b[8:20]) // an IPv4-compatible address
	}
	sumLayer4(proto, sumOf(b[8:40])+uint32(proto)+uint32(len(l4)), l4, true)
	return append(append(b, payload...), l4...)
}

// extensions are up to three extension headers that lead to a protocol, and the kind of the first.
func (m maker) extensions(proto byte) (b []byte, first byte) {
	if !m.one(3) {
		return nil, proto
	}
	kinds := make([]byte, m.IntN(3)+1)
	for i := range kinds {
		kinds[i] = pick[byte](m, 0, 43, 44, 51, 60)
	}
	for i, kind := range kinds {
		next := proto
		if i+1 < len(kinds) {
			next = kinds[i+1]
		}
		h := []byte{next, 0, 0, 0, 0, 0, 0, 0}
		switch kind {
		case 44:
			be.PutUint16(h[2:], pick[uint16](m, 0, 0, 1, 8, 9, 2))
		case 43:
			h[3] = byte(m.IntN(2))
			fallthrough
		default:
			h[1] = byte(m.IntN(3))
			n := 8 * (int(h[1]) + 1)
			if kind == 51 {
				n = max(8, 4*(int(h[1])+2))
			}
			h = append(h, m.bytes(n-8)...)
		}
		b = append(b, h...)
	}
	return b, kinds[0]
}

func (m maker) layer4(proto byte) []byte {
	payload := m.bytes(m.IntN(30))
	switch proto {
	case 6:
		b := m.bytes(20)
		words := pick(m, 5, 5, 6, 8)
		b[12] = byte(words)<<4 | b[12]&0xf
		return append(append(b, m.bytes(4*words-20)...), payload...)
	case 17:
		b := m.bytes(8)
		be.PutUint16(b[4:], uint16(8+len(payload)))
		if m.one(4) {
			b[6], b[7] = 0, 0
		}
		return append(b, payload...)
	case 132:
		return append(m.bytes(12), payload...)
	case 58:
		b := m.bytes(8)
		b[0], b[1] = pick[byte](m, 135, 135, 136, 136, 128, 1), pick[byte](m, 0, 0, 0, 0, 1)
		if b[0] < 135 {
			return append(b, payload...)
		}
		b = append(b, m.bytes(16)...)
		for range m.IntN(4) {
			n := pick[byte](m, 1, 1, 1, 2, 0)
			b = append(append(b, pick[byte](m, 1, 1, 2, 2, 5), n), m.bytes(max(8*int(n), 8)-2)...)
		}
		return b
	}
	b := m.bytes(8)
	b[0], b[1] = pick(m, b[0], 8, 0), pick(m, b[1], 0)
	return append(b, payload...)
}

// sumLayer4 writes the checksum of TCP, UDP unless it has none, and ICMP; pseudo is the sum of the pseudo header.
func sumLayer4(proto byte, pseudo uint32, b []byte, ipv6 bool) {
	at := map[byte]int{6: 16, 17: 6, 1: 2, 58: 2, 2: 2}[proto]
	if at == 0 || proto == 17 && b[6] == 0 && b[7] == 0 || ipv6 == (proto == 1) && (proto == 1 || proto == 58) {
		return
	}
	if proto == 1 || proto == 2 {
		pseudo = 0
	}
	b[at], b[at+1] = 0, 0
	s := sum(pseudo, b)
	if s == 0 && proto == 17 {
		s = 0xffff
	}
	be.PutUint16(b[at:], s)
}

func sumOf(b []byte) (s uint32) {
	for ; len(b) > 1; b = b[2:] {
		s += uint32(be.Uint16(b))
	}
	if len(b) == 1 {
		s += uint32(b[0]) << 8
	}
	return s
}

func sum(start uint32, b []byte) uint16 {
	s := start + sumOf(b)
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return ^uint16(s)
}
