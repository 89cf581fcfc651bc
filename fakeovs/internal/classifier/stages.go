// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package classifier

import (
	"math/bits"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
)

// part is the bits of a mask in one word of a key.
type part struct {
	word uint8
	mask uint64
}

// split sorts the bits of a mask by the stage of a look-up that they belong to.
func split(mask *packet.Key) (s [packet.Layers][]part) {
	for w, m := range mask {
		if m != 0 {
			l := packet.LayerOf(w)
			s[l] = append(s[l], part{uint8(w), m})
		}
	}
	return s
}

// mix adds the bits of a packet that some parts of a mask let through to a hash.
func mix(h uint64, parts []part, k *packet.Key) uint64 {
	for _, p := range parts {
		hi, lo := bits.Mul64(h^k[p.word]&p.mask, 0x9e3779b97f4a7c15)
		h = hi ^ bits.RotateLeft64(lo, 23)
	}
	return h
}

// fold adds parts of a mask to the bits that were looked at.
func fold(wc *packet.Key, parts []part) {
	for _, p := range parts {
		wc[p.word] |= p.mask
	}
}
