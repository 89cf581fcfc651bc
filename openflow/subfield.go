// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"fmt"
)

// Subfield is Bits bits of a field from bit Offset on, bit 0 being the least significant (ovs-actions(7), "Field
// Specifications").
type Subfield struct {
	Field  Field
	Offset uint16
	Bits   uint16
}

// Whole is all bits of a field.
func Whole(f Field) Subfield { return Subfield{Field: f, Bits: uint16(f.Bits())} }

// String is the subfield in the words of ovs-ofctl(8), such as "NXM_NX_REG0[0..15]".
func (s Subfield) String() string {
	name := s.Field.OXMName()
	if name == "" {
		name = s.Field.String()
	}
	switch {
	case s == Whole(s.Field):
		return name + "[]"
	case s.Bits == 1:
		return fmt.Sprintf("%s[%d]", name, s.Offset)
	}
	return fmt.Sprintf("%s[%d..%d]", name, s.Offset, int(s.Offset)+int(s.Bits)-1)
}

// actionName is the field's name where an action has it with a value.
func (f Field) actionName() string {
	if f == FieldInPort16 {
		f = FieldInPort
	}
	return f.String()
}

// fits reports whether the field has the bits.
func (s Subfield) fits() bool { return s.Bits > 0 && int(s.Offset)+int(s.Bits) <= s.Field.Bits() }

func (s Subfield) check() error {
	if !s.fits() {
		return fmt.Errorf("%v has no %d bits from bit %d on", s.Field, s.Bits, s.Offset)
	}
	return nil
}

// appendRange appends the offset and the number of bits as they stand together in 16 bits.
func (s Subfield) appendRange(b []byte) ([]byte, error) {
	if err := s.check(); err != nil {
		return b, err
	}
	if s.Bits > 64 || s.Offset >= 1<<10 {
		return b, fmt.Errorf("%v is more than 64 bits", s)
	}
	return be.AppendUint16(b, s.Offset<<6|(s.Bits-1)), nil
}

// decodeRange reads what appendRange appends. The field is still to be read.
func decodeRange(r *reader) Subfield {
	n := r.u16()
	return Subfield{Offset: n >> 6, Bits: n&0x3f + 1}
}

// misfit is that a field of a decoded action does not have the bits.
func (s Subfield) misfit(action string) error {
	return malformed(ErrBadSetLen, "%s of %d bits at bit %d of %v", action, s.Bits, s.Offset, s.Field)
}

// load is the field, of n bytes, with a value in the bits of the subfield, at most 64, and a mask of them unless they are
// all.
func (s Subfield) load(value uint64, n int) MatchField {
	mf := MatchField{Field: s.Field, Value: make([]byte, n), Mask: make([]byte, n)}
	for i := range s.Bits {
		bit := int(s.Offset + i)
		mf.Mask[n-1-bit/8] |= 1 << (bit % 8)
		mf.Value[n-1-bit/8] |= byte(value>>i&1) << (bit % 8)
	}
	mf, _ = SetField{mf}.canonical()
	return mf
}

// nxmHeaders has the fields that Nicira's actions name by another header than that of a match, an older one: its class
// and number as they stand in the wire's first 24 bits.
var nxmHeaders = func() (headers [fieldCount]uint32) {
	for row, c := range fieldClasses {
		if c.class != classNXM0 && c.class != classNXM1 {
			continue
		}
		for number, f := range fieldsByNumber[row] {
			if f != FieldInvalid && fields[f].class != classNXM0 && fields[f].class != classNXM1 {
				headers[f] = uint32(c.class)<<8 | uint32(number)<<1
			}
		}
	}
	return headers
}()

// appendNXMHeader appends the header by which Nicira's actions name a field. It has 32 bits, or 64 if the field is an
// experimenter's.
func appendNXMHeader(b []byte, f Field) ([]byte, error) {
	start := len(b)
	b, err := appendFieldHeader(b, f)
	if err == nil {
		renameNXM(b[start:], f)
	}
	return b, err
}

// appendNXMField appends a field, with its value, as it stands in Nicira's actions.
func appendNXMField(b []byte, mf MatchField) ([]byte, error) {
	start := len(b)
	b, err := appendField(b, mf)
	if err == nil {
		renameNXM(b[start:], mf.Field)
	}
	return b, err
}

// renameNXM replaces the class and the number of the header that b begins with. That it has a mask remains.
func renameNXM(b []byte, f Field) {
	if f < fieldCount && nxmHeaders[f] != 0 {
		be.PutUint16(b, uint16(nxmHeaders[f]>>8))
		b[2] = byte(nxmHeaders[f]) | b[2]&1
	}
}

// appendNXM32 appends the header of a field where an action has 32 bits for it.
func appendNXM32(b []byte, f Field) ([]byte, error) {
	start := len(b)
	b, err := appendNXMHeader(b, f)
	if err == nil && len(b)-start != 4 {
		err = fmt.Errorf("%v has no header of 32 bits", f)
	}
	return b, err
}

// decodeHeader reads the header of a field in an action. The field is FieldUnknown if there is none of that header and
// length. A switch says the length of a tunnel's option, but takes any.
func decodeHeader(r *reader) Field {
	f, _ := decodeFieldHeader(r)
	return f
}
