// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "strings"

// parseSubfield reads a field or some of its bits, such as "reg0", "reg0[]", "reg0[3]" or "NXM_NX_REG0[0..15]". In an
// action in_port has the 16 bits of NXM_OF_IN_PORT.
func parseSubfield(p piece, action bool) (Subfield, error) {
	name, bits, ranged := p.cut("[")
	f, err := fieldNamed(name)
	if err != nil {
		return Subfield{}, err
	}
	if action && name.s == "in_port" {
		f = FieldInPort16
	}
	s := Whole(f)
	if !ranged {
		return s, nil
	}
	if !strings.HasSuffix(bits.s, "]") {
		return s, bits.errorf("%q is not a range of bits", p)
	}
	if bits = bits.to(len(bits.s) - 1); bits.empty() {
		return s, nil
	}
	first, last, isRange := bits.cut("..")
	if !isRange {
		last = first
	}
	var from, to uint16
	if err := num(first, &from); err != nil {
		return s, err
	}
	if err := num(last, &to); err != nil {
		return s, err
	}
	if from > to || int(to) >= f.Bits() {
		return s, bits.errorf("%v has no bits %d to %d", f, from, to)
	}
	return Subfield{Field: f, Offset: from, Bits: to - from + 1}, nil
}

// place is the field with a number in the bits of the subfield, and a mask of them unless they are all. The number has
// the field's width. It reports false if the number has more bits.
func (s Subfield) place(number []byte) (MatchField, bool) {
	n := s.Field.Bytes()
	mf := MatchField{Field: s.Field, Value: make([]byte, n), Mask: make([]byte, n)}
	for bit := range 8 * n {
		set := number[n-1-bit/8]>>(bit%8)&1 == 1
		to := bit + int(s.Offset)
		switch {
		case bit < int(s.Bits):
			mf.Mask[n-1-to/8] |= 1 << (to % 8)
			if set {
				mf.Value[n-1-to/8] |= 1 << (to % 8)
			}
		case set:
			return mf, false
		}
	}
	mf, _ = mf.canonical()
	return mf, true
}
