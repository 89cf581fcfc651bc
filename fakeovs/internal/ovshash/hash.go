// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package ovshash has the hash functions by which Open vSwitch chooses among several ways, so that a choice is the same
// here: MurmurHash3, as builds for x86-64 without SSE 4.2 use it, which Debian's is, and Jenkins' lookup3.
package ovshash

import (
	"encoding/binary"
	"math/bits"
)

// Add takes 32 bits into a hash, which Finish ends.
func Add(hash, data uint32) uint32 {
	if data != 0 {
		data *= 0xcc9e2d51
		data = bits.RotateLeft32(data, 15)
		hash ^= data * 0x1b873593
	}
	return bits.RotateLeft32(hash, 13)*5 + 0xe6546b64
}

// Add64 takes 64 bits into a hash, the lower half first.
func Add64(hash uint32, data uint64) uint32 { return Add(Add(hash, uint32(data)), uint32(data>>32)) }

// Finish ends a hash. By convention final is the number of bytes that were added.
func Finish(hash, final uint32) uint32 {
	hash ^= final
	hash ^= hash >> 16
	hash *= 0x85ebca6b
	hash ^= hash >> 13
	hash *= 0xc2b2ae35
	return hash ^ hash>>16
}

// Bytes is the hash of b.
func Bytes(b []byte, basis uint32) uint32 {
	hash, n := basis, len(b)
	for ; len(b) >= 4; b = b[4:] {
		hash = Add(hash, binary.LittleEndian.Uint32(b))
	}
	if len(b) > 0 {
		var rest [4]byte
		copy(rest[:], b)
		hash = Add(hash, binary.LittleEndian.Uint32(rest[:]))
	}
	return Finish(hash, uint32(n))
}

// Words2 is the hash of two words.
func Words2(x, y uint32) uint32 { return Finish(Add(Add(x, 0), y), 8) }

// Int is the hash of one word.
func Int(x, basis uint32) uint32 { return Words2(x, basis) }

// Uint64 is the hash of 64 bits.
func Uint64(x uint64) uint32 { return Finish(Add64(0, x), 8) }
