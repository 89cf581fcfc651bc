// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovshash

import (
	"encoding/binary"
	"math/bits"
)

// Jenkins is lookup3 of b, which Open vSwitch uses where the value shows outside of a switch.
func Jenkins(b []byte, basis uint32) uint32 {
	x := 0xdeadbeef + uint32(len(b)) + basis
	y, z := x, x
	rot := bits.RotateLeft32
	for ; len(b) >= 12; b = b[12:] {
		x += binary.LittleEndian.Uint32(b)
		y += binary.LittleEndian.Uint32(b[4:])
		z += binary.LittleEndian.Uint32(b[8:])
		x -= z
		x ^= rot(z, 4)
		z += y
		y -= x
		y ^= rot(x, 6)
		x += z
		z -= y
		z ^= rot(y, 8)
		y += x
		x -= z
		x ^= rot(z, 16)
		z += y
		y -= x
		y ^= rot(x, 19)
		x += z
		z -= y
		z ^= rot(y, 4)
		y += x
	}
	if len(b) == 0 {
		return z
	}
	var rest [12]byte
	copy(rest[:], b)
	x += binary.LittleEndian.Uint32(rest[:])
	y += binary.LittleEndian.Uint32(rest[4:])
	z += binary.LittleEndian.Uint32(rest[8:])
	z = (z ^ y) - rot(y, 14)
	x = (x ^ z) - rot(z, 11)
	y = (y ^ x) - rot(x, 25)
	z = (z ^ y) - rot(y, 16)
	x = (x ^ z) - rot(z, 4)
	y = (y ^ x) - rot(x, 14)
	return (z ^ y) - rot(y, 24)
}
