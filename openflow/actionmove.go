// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// Subfield is Bits bits of a field from bit Offset on, bit 0 being the least significant.
type Subfield struct {
	Field  Field
	Offset uint16
	Bits   uint16
}

// Whole is all bits of a field.
func Whole(f Field) Subfield { return Subfield{Field: f, Bits: uint16(f.Bits())} }

// String is the subfield in the words of ovs-actions(7), such as "reg0[0..15]".
func (s Subfield) String() string {
	switch {
	case s == Whole(s.Field):
		return s.Field.String() + "[]"
	case s.Bits == 1:
		return fmt.Sprintf("%v[%d]", s.Field, s.Offset)
	}
	return fmt.Sprintf("%v[%d..%d]", s.Field, s.Offset, int(s.Offset)+int(s.Bits)-1)
}

// Move copies bits from one field to another; both are equally wide.
type Move struct{ Src, Dst Subfield }

// String is the action in the words of ovs-actions(7).
func (a Move) String() string { return "move:" + a.Src.String() + "->" + a.Dst.String() }

func (a Move) appendTo(b []byte, _ Version) ([]byte, error) {
	for _, s := range []Subfield{a.Src, a.Dst} {
		if err := s.check(); err != nil {
			return b, err
		}
	}
	if a.Src.Bits != a.Dst.Bits {
		return b, fmt.Errorf("%d bits do not fit into %d", a.Src.Bits, a.Dst.Bits)
	}
	start := len(b)
	b = be.AppendUint16(appendNicira(b, nxRegMove, 0), a.Src.Bits)
	b = be.AppendUint16(b, a.Src.Offset)
	b = be.AppendUint16(b, a.Dst.Offset)
	b, err := appendFieldHeader(b, a.Src.Field)
	if err == nil {
		b, err = appendFieldHeader(b, a.Dst.Field)
	}
	if err != nil {
		return b, err
	}
	return putLength(padded(b, start), start, 2)
}

func decodeMove(b []byte, r *reader) (Action, error) {
	bits := r.u16()
	a := Move{Src: Subfield{Offset: r.u16(), Bits: bits}, Dst: Subfield{Offset: r.u16(), Bits: bits}}
	a.Src.Field, a.Dst.Field = decodeHeader(r), decodeHeader(r)
	if a.Src.Field == FieldUnknown || a.Dst.Field == FieldUnknown {
		return RawAction{b}, nil
	}
	for _, s := range []Subfield{a.Src, a.Dst} {
		if !s.fits() {
			return nil, malformed(ErrBadSetLen, "move of %d bits at bit %d of %v", s.Bits, s.Offset, s.Field)
		}
	}
	return sized(b, 24, a)
}

// fits reports whether the field has the bits.
func (s Subfield) fits() bool { return s.Bits > 0 && int(s.Offset)+int(s.Bits) <= s.Field.Bits() }

func (s Subfield) check() error {
	if !s.fits() {
		return fmt.Errorf("%v has no %d bits from bit %d on", s.Field, s.Bits, s.Offset)
	}
	return nil
}

// appendRange appends the offset and the number of bits as they stand together in 16 bits; at most 64 bits.
func (s Subfield) appendRange(b []byte) []byte { return be.AppendUint16(b, s.Offset<<6|(s.Bits-1)) }

// load is the field with a value in the bits of the subfield, at most 64, and a mask of them unless they are all.
func (s Subfield) load(value uint64) MatchField {
	n := s.Field.Bytes()
	mf := MatchField{Field: s.Field, Value: make([]byte, n), Mask: make([]byte, n)}
	for i := range s.Bits {
		bit := int(s.Offset + i)
		mf.Mask[n-1-bit/8] |= 1 << (bit % 8)
		mf.Value[n-1-bit/8] |= byte(value>>i&1) << (bit % 8)
	}
	mf, _ = mf.canonical()
	return mf
}

// decodeHeader reads the header of a field in an action. The field is FieldUnknown if there is none of that header and
// length.
func decodeHeader(r *reader) Field {
	f, _ := decodeFieldHeader(r)
	return f
}
