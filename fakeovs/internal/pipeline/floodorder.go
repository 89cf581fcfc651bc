// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import "github.com/ovskit/ovskit/fakeovs/internal/ovshash"

// floodOrder are the numbers of the ports in the order in which Open vSwitch floods to them: that of a hash table, whose
// chains have the newest first and are turned around when it grows.
func (s *Bridge) floodOrder() []uint32 {
	mask := uint32(0)
	chains := make([][]uint32, 1)
	count := uint32(0)
	for _, p := range s.ordered {
		h := ovshash.Int(uint32(uint16(p.No)), 0)
		chains[h&mask] = append(chains[h&mask], p.No)
		if count++; count/2 <= mask {
			continue
		}
		old := chains
		mask = tableMask(count / 2)
		chains = make([][]uint32, mask+1)
		for _, chain := range old {
			for i := len(chain) - 1; i >= 0; i-- {
				h := ovshash.Int(uint32(uint16(chain[i])), 0) & mask
				chains[h] = append(chains[h], chain[i])
			}
		}
	}
	order := make([]uint32, 0, count)
	for _, chain := range chains {
		for i := len(chain) - 1; i >= 0; i-- {
			order = append(order, chain[i])
		}
	}
	return order
}

// tableMask is the mask of hashes of a table for so many chains.
func tableMask(n uint32) uint32 {
	mask := n
	for _, shift := range [...]int{1, 2, 4, 8, 16} {
		mask |= mask >> shift
	}
	return mask | mask&1<<1
}
