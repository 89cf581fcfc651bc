// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowcheck

import "github.com/ovskit/ovskit/openflow"

// Placed is a number in its place in a field, with a mask of its bits.
func Placed(s openflow.Subfield, number []byte) openflow.MatchField {
	n := s.Field.Bytes()
	f := openflow.MatchField{Field: s.Field, Value: make([]byte, n), Mask: make([]byte, n)}
	for bit := range int(s.Bits) {
		at := int(s.Offset) + bit
		f.Mask[n-1-at/8] |= 1 << (at % 8)
		if i := len(number) - 1 - bit/8; i >= 0 && number[i]>>(bit%8)&1 == 1 {
			f.Value[n-1-at/8] |= 1 << (at % 8)
		}
	}
	return f
}
