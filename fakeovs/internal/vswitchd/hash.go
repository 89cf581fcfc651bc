// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
)

// hashOrder sorts names in the order in which ovs-vswitchd walks through a hash table of them, which shows wherever it
// numbers things as they come.
func hashOrder[T any](items []T, name func(T) string) {
	mask := hashMask(len(items))
	slices.SortStableFunc(items, func(a, b T) int {
		if c := int(hashString(name(a))&mask) - int(hashString(name(b))&mask); c != 0 {
			return c
		}
		return strings.Compare(name(a), name(b))
	})
}

// hashMask is the mask of a hash table's buckets after n names have been put into it.
func hashMask(n int) uint32 {
	var mask uint32
	for held := uint32(1); held <= uint32(n); held++ {
		if held/2 > mask {
			mask = 1<<bits.Len32(held/2) - 1
			mask |= mask & 1 << 1
		}
	}
	return mask
}

// hashString is MurmurHash3 of 32 bits with the seed 0, which pads the last word with zeros.
func hashString(s string) uint32 {
	var h uint32
	b := append([]byte(s), make([]byte, -len(s)&3)...)
	for ; len(b) > 0; b = b[4:] {
		h ^= bits.RotateLeft32(binary.LittleEndian.Uint32(b)*0xcc9e2d51, 15) * 0x1b873593
		h = bits.RotateLeft32(h, 13)*5 + 0xe6546b64
	}
	h ^= uint32(len(s))
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return h ^ h>>16
}
