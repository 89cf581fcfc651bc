// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"errors"
	"fmt"
	"slices"
)

// headerNXMInPort is the header of FieldInPort16.
const headerNXMInPort = classNXM0<<16 | 0<<9 | 2

// matchTypeOXM is the type of an ofp_match that consists of fields (OpenFlow 1.3.5, 7.2.3.1).
const matchTypeOXM = 1

// appendMatch appends an ofp_match with its padding: the match's canonical form, whose order puts each field behind its
// prerequisites. On error b is returned as it was.
func appendMatch(b []byte, m Match) ([]byte, error) {
	m = m.Canonical()
	start := len(b)
	out := append(b, 0, matchTypeOXM, 0, 0)
	for i, mf := range m {
		if i > 0 && mf.Field == m[i-1].Field && mf.Field != FieldUnknown {
			return b, fmt.Errorf("match: %w", &MatchError{mf.Field, ErrDupField, "match has two conditions on " + mf.Field.String()})
		}
		var err error
		if out, err = appendField(out, mf); err != nil {
			return b, fmt.Errorf("match: %w", err)
		}
	}
	out, err := putLength(out, start, 2)
	if err != nil {
		return b, fmt.Errorf("match: %w", err)
	}
	return padded(out, start), nil
}

// appendMatchIn is appendMatch in a version, of which OpenFlow 1.1 has a match of its own.
func appendMatchIn(b []byte, v Version, m Match) ([]byte, error) {
	if v == Version11 {
		return appendMatch11(b, m), nil
	}
	return appendMatch(b, m)
}

// appendField appends one OXM field: header, value and mask. On error b is returned as it was.
func appendField(b []byte, mf MatchField) ([]byte, error) {
	if err := mf.checkWidth(); err != nil {
		return b, err
	}
	if mf.Field == FieldUnknown {
		return append(b, mf.Value...), nil
	}
	b = appendHeader(b, mf.Field, mf.Mask != nil, len(mf.Value)+len(mf.Mask))
	return append(append(b, mf.Value...), mf.Mask...), nil
}

// appendFieldHeader appends the header of a field as actions name it: 32 bits, and the experimenter's identifier as 32
// more in the experimenter's class. On error b is returned as it was.
func appendFieldHeader(b []byte, f Field) ([]byte, error) {
	if f == FieldInvalid || f >= FieldUnknown {
		return b, fmt.Errorf("field %d does not exist", f)
	}
	return appendHeader(b, f, false, f.Bytes()), nil
}

func appendHeader(b []byte, f Field, masked bool, length int) []byte {
	info := f.info()
	b = append(b, byte(info.class>>8), byte(info.class), info.number<<1|bits(masked))
	if info.class != classExperimenter {
		return append(b, byte(length))
	}
	return be.AppendUint32(append(b, byte(length+4)), info.experimenter)
}

// decodeFieldHeader reads the header of a field in an action, of 32 bits or 64 in the experimenter's class. It reports
// false if there is no field of that header and length, or the header is one with a mask.
func decodeFieldHeader(r *reader) (Field, bool) {
	class, number, length, experimenter := readHeader(r)
	f, ok := fieldByHeader(class, number>>1, experimenter)
	if !ok || r.short || number&1 == 1 || !f.fits(length) {
		return FieldUnknown, false
	}
	return f, true
}

// readHeader reads a field's header. The length is without the experimenter's identifier, negative where it has no room
// for that.
func readHeader(r *reader) (class uint16, number uint8, length int, experimenter uint32) {
	class, number, length = r.u16(), r.u8(), int(r.u8())
	if class == classExperimenter {
		experimenter = r.u32()
		length -= 4
	}
	return class, number, length, experimenter
}

// decodeMatch reads an ofp_match with its padding, in canonical form. Its values are part of what is read.
func decodeMatch(r *reader) (Match, error) { return readMatch(r, false, false) }

// decodeToldMatch reads a match that a switch tells. A condition that would be refused becomes a FieldUnknown, if
// the match has not more than there are fields.
func decodeToldMatch(r *reader) (Match, error) { return readMatch(r, true, false) }

// decodeRequestMatch reads the match of a request and refuses it as a switch does.
func decodeRequestMatch(r *reader) (Match, error) {
	m, err := readMatch(r, false, true)
	if err == nil {
		err = asDecodeError(m.Validate())
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// asDecodeError is what Validate found as an error of decoding.
func asDecodeError(err error) error {
	if err == nil {
		return nil
	}
	var refused *MatchError
	if errors.As(err, &refused) {
		return &DecodeError{Code: refused.Code, Reason: refused.Reason}
	}
	return err
}

func readMatch(r *reader, loose, check bool) (Match, error) {
	typ, length := r.u16(), int(r.u16())
	if r.short || length < 4 {
		return nil, malformed(ErrBadMatchLen, "match of %d bytes", length)
	}
	if typ == matchTypeStandard && length == match11Len {
		return decodeMatch11(r)
	}
	if typ != matchTypeOXM {
		return nil, malformed(ErrBadMatchType, "match of type %d", typ)
	}
	fields := reader{b: r.bytes(length - 4)}
	r.skip((8 - length%8) % 8)
	if r.short {
		return nil, malformed(ErrBadMatchLen, "match of %d bytes is cut off", length)
	}
	m := Match(listFor[MatchField](countFields(fields.b)))
	var seen fieldSet
	var before prerequisites // what stands before a condition, in which a switch looks for its prerequisites
	for len(fields.b) > 0 {
		raw := fields.b
		mf, err := decodeCondition(&fields, check)
		if err != nil {
			unknown := MatchField{Field: FieldUnknown, Value: slices.Clip(raw[:len(raw)-len(fields.b)])}
			if !loose || !unknown.isWireForm() || len(m) >= int(fieldCount) {
				return nil, err
			}
			mf = unknown
		}
		if needs := mf.Field.info().needs; check && !before.met(needs) {
			return nil, malformed(ErrBadPrereq, "%v does not stand behind what says that it is %s", mf, needs)
		}
		n := len(m)
		if mf.Mask == nil && mf.Field.isPlain() {
			m = append(m, mf)
		} else {
			m = mf.appendCanonical(m)
		}
		if len(m) > n && mf.Field != FieldUnknown && !seen.add(mf.Field) {
			return nil, malformed(ErrDupField, "two conditions on %v", mf.Field)
		}
		for i := n; check && i < len(m); i++ {
			before.add(m[i])
		}
	}
	m = m.arrange()
	for i := 1; i < len(m); i++ {
		if m[i].Field == m[i-1].Field && m[i].Field != FieldUnknown {
			return nil, malformed(ErrDupField, "two conditions on %v", m[i].Field)
		}
	}
	return m, nil
}

// fieldSet is a set of fields.
type fieldSet [(fieldCount + 63) / 64]uint64

// add adds a field. It reports false if the field was there.
func (s *fieldSet) add(f Field) bool {
	bit := uint64(1) << (f % 64)
	added := s[f/64]&bit == 0
	s[f/64] |= bit
	return added
}

// decodeCondition reads one field of a match, and looks at its value if it is to check that.
func decodeCondition(r *reader, check bool) (MatchField, error) {
	mf, err := decodeField(r)
	if err != nil {
		return mf, err
	}
	for i, v := range mf.Mask {
		if mf.Value[i]&^v != 0 {
			return mf, malformed(ErrBadWildcards, "%v has value bits outside of its mask", mf)
		}
	}
	if check {
		err = asDecodeError(mf.check())
	}
	return mf, err
}

// countFields is how many conditions fields become, as far as their headers say.
func countFields(b []byte) (n int) {
	for len(b) >= 4 && b[3] > 0 {
		n++
		if be.Uint16(b) == classRegisters {
			n++
		}
		b = b[min(len(b), 4+int(b[3])):]
	}
	return n
}

// decodeField reads one OXM field. One without a name here becomes a FieldUnknown.
func decodeField(r *reader) (MatchField, error) {
	b := r.b
	if len(b) < 4 || len(b) < 4+int(b[3]) {
		r.short, r.b = true, nil
		return MatchField{}, malformed(ErrBadMatchLen, "field % x is cut off", b[:min(len(b), 4)])
	}
	class, number, length := be.Uint16(b), b[2], int(b[3])
	whole := b[: 4+length : 4+length]
	payload, n, experimenter := whole[4:], length, uint32(0)
	r.b = b[4+length:]
	if class == classExperimenter {
		if n < 4 {
			return MatchField{}, malformed(ErrBadMatchLen, "field of an experimenter with %d bytes", length)
		}
		experimenter, payload, n = be.Uint32(payload), payload[4:], n-4
	}
	masked := number&1 == 1
	if n == 0 {
		empty := reader{b: whole}
		if mf, ok := decodeEmptyOption(&empty); ok {
			return mf, nil
		}
	}
	if n == 0 || masked && n%2 == 1 {
		return MatchField{}, malformed(ErrBadMatchLen, "field of class %#x with %d bytes", class, length)
	}
	f, ok := fieldByHeader(class, number>>1, experimenter)
	if !ok {
		return MatchField{Field: FieldUnknown, Value: whole}, nil
	}
	mf := MatchField{Field: f, Value: payload}
	if masked {
		n /= 2
		mf.Value, mf.Mask = payload[:n:n], payload[n:]
	}
	if !f.fits(n) {
		return MatchField{}, malformed(ErrBadField, "%v with %d bytes", f, n)
	}
	if f.isOption() && masked && n < f.Bytes() && allOnes(mf.Mask) {
		// Were it the mask of the whole option, a switch would give none.
		mf.Value, mf.Mask = append([]byte{0}, mf.Value...), append([]byte{0}, mf.Mask...)
	}
	if f == FieldInPort16 && !masked {
		return InPort(port32(be.Uint16(mf.Value))), nil
	}
	return mf, nil
}
