// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"math/bits"
	"sort"

	"github.com/ovskit/ovskit/fakeovs/internal/ovshash"
)

// hashOrder brings names into the order in which ovsdb-server goes through a hash table that has them as keys. Where
// several things are wrong with an object, that decides which of them the server complains about.
//
// It is exact for names that were added one after the other, in the order given.
func hashOrder(names []string) []string {
	if len(names) < 2 {
		return names
	}
	out := make([]string, len(names))
	for i, at := range hashOrderOf(names) {
		out[i] = names[at]
	}
	return out
}

// hashOrderOf is hashOrder for names that may occur more than once. It returns their indexes.
func hashOrderOf(names []string) []int {
	hashes := make([]uint32, len(names))
	for i, name := range names {
		hashes[i] = ovshash.Bytes([]byte(name), 0)
	}
	buckets, mask := [][]int{nil}, 0
	for i := range names {
		buckets[hashes[i]&uint32(mask)] = append(buckets[hashes[i]&uint32(mask)], i)
		if n := i + 1; n/2 > mask {
			mask = 1<<bits.Len(uint(n/2)) - 1
			if mask == 1 {
				mask = 3
			}
			// The newest of a bucket comes first, and the table is filled anew in that order.
			grown := make([][]int, mask+1)
			for _, b := range buckets {
				for j := len(b) - 1; j >= 0; j-- {
					to := hashes[b[j]] & uint32(mask)
					grown[to] = append(grown[to], b[j])
				}
			}
			buckets = grown
		}
	}
	out := make([]int, 0, len(names))
	for _, b := range buckets {
		for j := len(b) - 1; j >= 0; j-- {
			out = append(out, b[j])
		}
	}
	return out
}

// memberNames returns the names of an object's members in that order. The order in which they stood in the text is not
// known, so that of names in one bucket is a guess.
func memberNames(o map[string]any) []string { return hashOrder(sortedNames(o)) }

func sortedNames(o map[string]any) []string {
	names := make([]string, 0, len(o))
	for name := range o {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
