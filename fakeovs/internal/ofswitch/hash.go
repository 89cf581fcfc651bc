// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"encoding/binary"
	"math/bits"
)

// Open vSwitch's hashes, bit for bit, since which way a packet takes depends on them. The one of words is that of
// MurmurHash3, the other one Bob Jenkins's lookup3.

func hashAdd(h, data uint32) uint32 {
	if data != 0 {
		data *= 0xcc9e2d51
		data = bits.RotateLeft32(data, 15)
		data *= 0x1b873593
		h ^= data
	}
	h = bits.RotateLeft32(h, 13)
	return h*5 + 0xe6546b64
}

func hashAdd64(h uint32, data uint64) uint32 {
	return hashAdd(hashAdd(h, uint32(data)), uint32(data>>32))
}

func hashFinish(h, final uint32) uint32 {
	h ^= final
	h ^= h >> 16
	h *= 0x85ebca6b
	h ^= h >> 13
	h *= 0xc2b2ae35
	return h ^ h>>16
}

func hash2(x, y uint32) uint32 { return hashFinish(hashAdd(hashAdd(x, 0), y), 8) }

func hashUint64(x uint64) uint32 { return hashFinish(hashAdd64(0, x), 8) }

// hashBytes hashes bytes, four at a time, the first one the lowest.
func hashBytes(b []byte, basis uint32) uint32 {
	h, n := basis, uint32(len(b))
	for ; len(b) >= 4; b = b[4:] {
		h = hashAdd(h, binary.LittleEndian.Uint32(b))
	}
	if len(b) > 0 {
		var rest [4]byte
		copy(rest[:], b)
		h = hashAdd(h, binary.LittleEndian.Uint32(rest[:]))
	}
	return hashFinish(h, n)
}

func hashBool(is bool, basis uint32) uint32 {
	p := uint32(0xe90f1258)
	if is {
		p = 0xc2b73583
	}
	return p ^ bits.RotateLeft32(basis, 1)
}

// jhash is lookup3.
func jhash(p []byte, basis uint32) uint32 {
	a := 0xdeadbeef + uint32(len(p)) + basis
	b, c := a, a
	for ; len(p) >= 12; p = p[12:] {
		a += binary.LittleEndian.Uint32(p)
		b += binary.LittleEndian.Uint32(p[4:])
		c += binary.LittleEndian.Uint32(p[8:])
		a, b, c = jhashMix(a, b, c)
	}
	if len(p) > 0 {
		var rest [12]byte
		copy(rest[:], p)
		a += binary.LittleEndian.Uint32(rest[:])
		b += binary.LittleEndian.Uint32(rest[4:])
		c += binary.LittleEndian.Uint32(rest[8:])
		c = jhashFinal(a, b, c)
	}
	return c
}

func jhashMix(a, b, c uint32) (uint32, uint32, uint32) {
	for _, r := range [...][2]int{{4, 6}, {8, 16}, {19, 4}} {
		a, b, c = jhashTurn(a, b, c, r[0])
		a, b, c = b, c, a
		a, b, c = jhashTurn(a, b, c, r[1])
		a, b, c = b, c, a
	}
	return a, b, c
}

// jhashTurn is a step of the mixing: a loses c and is mixed with it, and c gains b.
func jhashTurn(a, b, c uint32, n int) (uint32, uint32, uint32) {
	a -= c
	a ^= bits.RotateLeft32(c, n)
	return a, b, c + b
}

func jhashFinal(a, b, c uint32) uint32 {
	for _, n := range [...]int{14, 11, 25, 16, 4, 14, 24} {
		c ^= b
		c -= bits.RotateLeft32(b, n)
		a, b, c = b, c, a
	}
	return b
}
