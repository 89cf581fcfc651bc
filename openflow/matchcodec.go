// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"fmt"
	"slices"
)

// appendMatch appends an ofp_match with its padding, in the canonical form, whose order puts each field behind its
// prerequisites.
func appendMatch(b []byte, m Match) ([]byte, error) {
	m = m.Canonical()
	start := len(b)
	b = append(b, 0, 1, 0, 0)
	for i, mf := range m {
		if i > 0 && mf.Field == m[i-1].Field && mf.Field != FieldUnknown {
			return b, fmt.Errorf("match has two conditions on %v", mf.Field)
		}
		var err error
		if b, err = appendField(b, mf); err != nil {
			return b, fmt.Errorf("match: %w", err)
		}
	}
	b, err := putLength(b, start, 2)
	return padded(b, start), err
}

// appendField appends an OXM field with its header.
func appendField(b []byte, mf MatchField) ([]byte, error) {
	if mf.Field == FieldUnknown {
		r := &reader{b: mf.Value}
		r.skip(2)
		number, length := r.u8(), int(r.u8())
		if mf.Mask != nil || r.short || len(r.b) != length || length == 0 || number&1 == 1 && length%2 == 1 {
			return b, fmt.Errorf("unknown field of %d bytes is not in wire form", len(mf.Value))
		}
		return append(b, mf.Value...), nil
	}
	b, err := appendFieldHeader(b, mf.Field)
	n := mf.Field.Bytes()
	switch {
	case err != nil:
		return b, err
	case len(mf.Value) != n:
		return b, fmt.Errorf("%v: value of %d bytes, not %d", mf.Field, len(mf.Value), n)
	case mf.Mask != nil && len(mf.Mask) != n:
		return b, fmt.Errorf("%v: mask of %d bytes, not %d", mf.Field, len(mf.Mask), n)
	case mf.Mask != nil:
		b[len(b)-2] |= 1
		b[len(b)-1] *= 2
	}
	return append(append(b, mf.Value...), mf.Mask...), nil
}

// appendFieldHeader appends the header of a field without mask.
func appendFieldHeader(b []byte, f Field) ([]byte, error) {
	if f == FieldInvalid || f >= FieldUnknown {
		return b, fmt.Errorf("field %d does not exist", f)
	}
	info := f.info()
	return append(be.AppendUint16(b, info.class), info.number<<1, uint8(f.Bytes())), nil
}

// Fields that are turned into another field of this package when they are decoded.
const (
	numberVLANVID  = 6  // bits 0 to 12 of the TCI
	numberVLANPCP  = 7  // bits 13 to 15 of the TCI
	numberTCPFlags = 42 // ONF's experimenter class
)

// decodeMatch reads an ofp_match with its padding.
func decodeMatch(r *reader) (Match, error) {
	typ, length := r.u16(), int(r.u16())
	if r.short || length < 4 {
		return nil, malformed(ErrBadMatchLen, "match of %d bytes", length)
	}
	if typ != 1 {
		return nil, malformed(ErrBadMatchType, "match of type %d", typ)
	}
	fields := &reader{b: r.bytes(length - 4)}
	r.skip((8 - length%8) % 8)
	if r.short {
		return nil, malformed(ErrBadMatchLen, "match of %d bytes is cut off", length)
	}
	var m Match
	for len(fields.b) > 0 {
		mf, err := decodeField(fields)
		if err != nil {
			return nil, err
		}
		for i, v := range mf.Mask {
			if mf.Value[i]&^v != 0 {
				return nil, malformed(ErrBadWildcards, "%v has value bits outside of its mask", mf)
			}
		}
		if mf, err = fromVLANField(mf); err != nil {
			return nil, err
		}
		i := slices.IndexFunc(m, func(have MatchField) bool { return have.Field == mf.Field })
		switch {
		case i < 0 || mf.Field == FieldUnknown:
			m = append(m, mf)
		case mf.Field == FieldVLANTCI:
			if m[i], err = joinVLAN(m[i], mf); err != nil {
				return nil, err
			}
		default:
			return nil, malformed(ErrDupField, "two conditions on %v", mf.Field)
		}
	}
	return m.Canonical(), nil
}

// decodeField reads one OXM field. One without a name here becomes a FieldUnknown.
func decodeField(r *reader) (MatchField, error) {
	whole := r.b
	class, number, length := r.u16(), r.u8(), int(r.u8())
	payload := r.bytes(length)
	if r.short {
		return MatchField{}, malformed(ErrBadMatchLen, "field of class %#x is cut off", class)
	}
	masked := number&1 == 1
	number >>= 1
	unknown := MatchField{Field: FieldUnknown, Value: whole[: 4+length : 4+length]}
	if length == 0 || masked && length%2 == 1 {
		return MatchField{}, malformed(ErrBadMatchLen, "field of class %#x with %d bytes", class, length)
	}
	if class == classNXM0 && number == 0 && length == 2 && !masked {
		return InPort(port32(be.Uint16(payload))), nil
	}
	f, ok := fieldByHeader(class, number)
	if class == classExperimenter && length >= 4 && number == numberTCPFlags &&
		be.Uint32(payload) == experimenterONF {
		f, ok, payload = FieldTCPFlags, true, payload[4:]
	}
	if !ok {
		return unknown, nil
	}
	n := f.Bytes()
	switch {
	case masked && len(payload) == 2*n:
		return MatchField{Field: f, Value: payload[:n:n], Mask: payload[n:]}, nil
	case !masked && len(payload) == n:
		return MatchField{Field: f, Value: payload}, nil
	}
	return MatchField{}, malformed(ErrBadMatchLen, "%v with %d bytes", f, len(payload))
}

// fromVLANField turns OpenFlow's VLAN identifier and priority into conditions on the TCI, which they are parts of.
func fromVLANField(mf MatchField) (MatchField, error) {
	if mf.Field != FieldUnknown {
		return mf, nil
	}
	r := &reader{b: mf.Value}
	class, number, length := r.u16(), r.u8(), r.u8()
	if class != classBasic {
		return mf, nil
	}
	masked := number&1 == 1
	switch {
	case number == numberVLANVID<<1 && length == 2 || number == numberVLANVID<<1|1 && length == 4:
		value, mask := r.u16(), uint16(0x1fff)
		if masked {
			mask = r.u16()
		}
		if value&^mask != 0 {
			return mf, malformed(ErrBadWildcards, "vlan_vid has value bits outside of its mask")
		}
		return UintMasked(FieldVLANTCI, uint64(value), uint64(mask&0x1fff)), nil
	case number == numberVLANPCP<<1 && length == 1:
		return UintMasked(FieldVLANTCI, uint64(r.u8())<<13, 0xe000), nil
	}
	return mf, nil
}

// joinVLAN makes one condition out of two on different bits of the TCI.
func joinVLAN(a, b MatchField) (MatchField, error) {
	if a.Mask == nil || b.Mask == nil || beUint(a.Mask)&beUint(b.Mask) != 0 {
		return a, malformed(ErrDupField, "two conditions on %v", a.Field)
	}
	return UintMasked(FieldVLANTCI, beUint(a.Value)|beUint(b.Value), beUint(a.Mask)|beUint(b.Mask)), nil
}
