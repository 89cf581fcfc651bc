// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/ovshash"
)

// hashOrder sorts names in the order in which ovs-vswitchd walks through a hash table of them, which shows wherever it
// numbers things as they come.
func hashOrder[T any](items []T, name func(T) string) {
	mask := hashMask(len(items))
	slices.SortStableFunc(items, func(a, b T) int {
		if c := int(ovshash.Bytes([]byte(name(a)), 0)&mask) - int(ovshash.Bytes([]byte(name(b)), 0)&mask); c != 0 {
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
