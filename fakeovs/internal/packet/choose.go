// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"math/bits"

	"github.com/ovskit/ovskit/fakeovs/internal/ovshash"
	"github.com/ovskit/ovskit/openflow"
)

// maxRendezvous is the greatest number of links that the highest random weight is looked for among.
const maxRendezvous = 64

// ChooseLink chooses one of n links, at least one, by a hash, as the action multipath does (ovs-actions(7)).
func ChooseLink(hash uint32, algorithm openflow.MultipathAlgorithm, n int, arg uint32) uint16 {
	links := uint32(n)
	switch algorithm {
	case openflow.MultipathHashThreshold:
		if n == 1 {
			return 0
		}
		return uint16(hash / (^uint32(0)/links + 1))
	case openflow.MultipathHRW:
		if n <= maxRendezvous {
			return highestWeight(hash, links)
		}
		return iterate(hash, links, 0)
	case openflow.MultipathIterHash:
		return iterate(hash, links, arg)
	}
	return uint16(hash % links)
}

func highestWeight(hash, links uint32) uint16 {
	best, weight := uint32(0), ovshash.Words2(hash, 0)
	for link := uint32(1); link < links; link++ {
		if w := ovshash.Words2(hash, link); w > weight {
			best, weight = link, w
		}
	}
	return uint16(best)
}

// iterate hashes on until the remainder is a link.
func iterate(hash, links, modulo uint32) uint16 {
	if modulo < links || modulo/2 > links {
		modulo = 1 << bits.Len32(links-1)
	}
	for i := uint32(0); ; i++ {
		if link := ovshash.Words2(hash, i) % modulo; link < links {
			return uint16(link)
		}
	}
}

// ChooseMember chooses one of n members by the highest random weight, as the action bundle does; enabled says which may be
// chosen. It is -1 if none may.
func ChooseMember(hash uint32, n int, enabled func(i int) bool) int {
	best, weight := -1, uint32(0)
	for i := range n {
		if !enabled(i) {
			continue
		}
		if w := ovshash.Words2(uint32(i), hash); best < 0 || w > weight {
			best, weight = i, w
		}
	}
	return best
}
