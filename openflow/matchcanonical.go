// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"bytes"
	"cmp"
	"slices"
)

// Canonical returns the match in the one form that equal matches share: ordered by field, without masks of all bits
// and without conditions on no bit, values cleared outside their mask, registers of 32 bits, one condition on the VLAN
// tag, tunnel options without leading bytes that say nothing, and no packet type that other fields imply. What a switch
// dumps differs from what was added in these points.
// The result may be m itself.
func (m Match) Canonical() Match {
	if m.isCanonical() {
		return m
	}
	out := make(Match, 0, len(m))
	for _, mf := range m {
		out = mf.appendCanonical(out)
	}
	return out.arrange()
}

// arrange puts canonical conditions in order, joins those on the VLAN tag, and drops what others imply. It changes m.
func (m Match) arrange() Match {
	m.sort()
	m = m.joinVLAN()
	if m.impliesPacketType() {
		m = m[1:]
	}
	return m
}

// sort puts conditions in order. There are few as a rule, and they are moved less than slices.SortFunc would.
func (m Match) sort() {
	const few = 16
	if len(m) > few {
		slices.SortFunc(m, MatchField.compare)
		return
	}
	for i := 1; i < len(m); i++ {
		f, at := m[i], i
		for at > 0 && f.compare(m[at-1]) < 0 {
			at--
		}
		if at < i {
			copy(m[at+1:i+1], m[at:i])
			m[at] = f
		}
	}
}

func (f MatchField) compare(g MatchField) int {
	if f.Field != g.Field {
		return cmp.Compare(f.Field, g.Field)
	}
	return cmp.Or(bytes.Compare(f.Value, g.Value), bytes.Compare(f.Mask, g.Mask))
}

func (m Match) isCanonical() bool {
	for i := range m {
		f := &m[i]
		if f.Field.isForm() || !f.isCanonical() {
			return false
		}
		if i == 0 || m[i-1].Field < f.Field {
			continue
		}
		if m[i-1].Field > f.Field || f.Field == FieldVLANTCI || m[i-1].compare(*f) > 0 {
			return false
		}
	}
	return !m.impliesPacketType()
}

// isForm reports whether a condition on f is written as one on other fields.
func (f Field) isForm() bool {
	switch f {
	case FieldInPort16, FieldVLANVID, FieldVLANPCP, FieldIPToS:
		return true
	}
	return FieldXReg0 <= f && f <= FieldXXReg3
}

// isPlain reports whether an exact condition on f is canonical.
func (f Field) isPlain() bool { return f != FieldVLANTCI && !f.isForm() && !f.isOption() }

// impliesPacketType reports whether a match in order begins with the packet type Ethernet and has a condition that is
// on Ethernet packets only.
func (m Match) impliesPacketType() bool {
	if len(m) < 2 || m[0].Field != FieldPacketType || m[0].Mask != nil || beUint(m[0].Value) != 0 {
		return false
	}
	return slices.ContainsFunc(m[1:], func(f MatchField) bool { return f.Field.info().needs != needNothing })
}

func (f MatchField) isCanonical() bool {
	if f.Field == FieldVLANTCI && f.untagged() {
		return f.Mask != nil && f.Mask[0]&^tagMask[0] == 0
	}
	if f.Field.isOption() && f.leading() > 0 {
		return false
	}
	if f.Mask == nil {
		return true
	}
	if len(f.Mask) != len(f.Value) {
		return false
	}
	some, full, within := f.maskBits()
	return within && !full && (some || f.Field.isOption()) && !f.excessMask() && !(f.Field.masksItself() && !allZero(f.Value))
}

// excessMask reports whether the mask has bits that the field does not have and that a switch leaves out of what it dumps. Of
// other fields it keeps such bits: a mask with and one without them make two flows.
func (f MatchField) excessMask() bool {
	switch f.Field {
	case FieldCTState, FieldIPFrag, FieldTunFlags:
	default:
		return false
	}
	if !f.valid() {
		return false
	}
	for i, m := range f.Mask {
		if m&^f.Field.fullMask(i) != 0 {
			return true
		}
	}
	return false
}

// leading is how many bytes a tunnel's option begins with that may be left out of the condition: a switch takes a value for
// the last bytes of the option, and the bytes before it for zeros, or for masked out if there is a mask. A mask of which no
// byte is left out, and that has all bits, would be that of the whole option.
func (f MatchField) leading() (n int) {
	if !f.Field.fits(len(f.Value)) || f.Mask != nil && len(f.Mask) != len(f.Value) {
		return 0
	}
	bytes := f.Value
	if f.Mask != nil {
		bytes = f.Mask
	}
	for n < len(bytes)-1 && bytes[n] == 0 {
		n++
	}
	if n > 0 && f.Mask != nil && allOnes(f.Mask[n:]) {
		n--
	}
	return n
}

func allOnes(b []byte) bool {
	return !slices.ContainsFunc(b, func(x byte) bool { return x != 0xff })
}

// without is the condition without its first bytes.
func (f MatchField) without(n int) MatchField {
	f.Value = f.Value[n:]
	if f.Mask != nil {
		f.Mask = f.Mask[n:]
	}
	return f
}

// maskBits says of a mask whether it has some of the field's bits or all, and whether the value lies within it.
func (f MatchField) maskBits() (some, full, within bool) {
	full, within = true, true
	for i, m := range f.Mask {
		some = some || m != 0
		all := byte(0xff)
		if !f.Field.isOption() {
			all = f.Field.fullMask(i)
		}
		full = full && m&all == all
		within = within && f.Value[i]&^m == 0
	}
	return some, full, within
}

// canonical returns the condition in its canonical form and whether it is a condition on any bit.
func (f MatchField) canonical() (MatchField, bool) {
	if f.isCanonical() {
		return f, true
	}
	if f.Field == FieldVLANTCI && f.untagged() {
		mask := slices.Clone(tagMask)
		if f.Mask != nil {
			mask = []byte{f.Mask[0] & tagMask[0], f.Mask[1]}
		}
		return MatchField{Field: f.Field, Value: f.Value, Mask: mask}, true
	}
	if f.Mask != nil {
		if len(f.Mask) != len(f.Value) {
			return f, true
		}
		if _, _, within := f.maskBits(); !within {
			f = BytesMasked(f.Field, f.Value, f.Mask)
		}
		if f.excessMask() {
			f = f.withinField()
		}
		some, full, _ := f.maskBits()
		if full || f.Field.masksItself() && !allZero(f.Value) {
			f.Mask = nil
		}
		if !some && !f.Field.isOption() {
			return f, false
		}
	}
	if f.Field.isOption() {
		f = f.without(f.leading())
	}
	return f, true
}

// withinField is the condition without the bits of its mask that the field does not have.
func (f MatchField) withinField() MatchField {
	mask := slices.Clone(f.Mask)
	for i := range mask {
		mask[i] &= f.Field.fullMask(i)
	}
	return BytesMasked(f.Field, f.Value, mask)
}

// appendCanonical appends the conditions that f is, in their canonical form. A condition of another length than its
// field's stays what it is.
func (f MatchField) appendCanonical(m Match) Match {
	if f.Field.isForm() && len(f.Value) == f.Field.Bytes() && (f.Mask == nil || len(f.Mask) == len(f.Value)) {
		switch f.Field {
		case FieldInPort16:
			if f.Mask == nil || f.Mask[0]&f.Mask[1] == 0xff {
				f = InPort(port32(be.Uint16(f.Value)))
			}
		case FieldIPToS:
			f = f.shifted(FieldIPDSCP, 2)
		case FieldVLANVID, FieldVLANPCP:
			f = f.tci()
		default:
			return f.appendRegisters(m)
		}
	}
	if c, some := f.canonical(); some {
		m = append(m, c)
	}
	return m
}

// shifted is the condition as one on another field of one byte, whose bits are so many lower.
func (f MatchField) shifted(to Field, by int) MatchField {
	mf := MatchField{Field: to, Value: []byte{f.Value[0] >> by}}
	if f.Mask != nil {
		mf.Mask = []byte{f.Mask[0] >> by}
	}
	return mf
}

// appendRegisters appends the conditions on 32-bit registers that one on a wider register is.
func (f MatchField) appendRegisters(m Match) Match {
	register := FieldReg0 + 2*(f.Field-FieldXReg0)
	if f.Field >= FieldXXReg0 {
		register = FieldReg0 + 4*(f.Field-FieldXXReg0)
	}
	for i := 0; i < len(f.Value); i += 4 {
		part := MatchField{Field: register, Value: f.Value[i : i+4 : i+4]}
		if f.Mask != nil {
			part.Mask = f.Mask[i : i+4 : i+4]
		}
		if part, some := part.canonical(); some {
			m = append(m, part)
		}
		register++
	}
	return m
}

// tci is a condition on the VLAN identifier or priority as one on the TCI.
func (f MatchField) tci() MatchField {
	value, mask := beUint(f.Value), uint64(0xffff)
	if f.Mask != nil {
		mask = beUint(f.Mask)
	}
	if f.Field == FieldVLANPCP {
		value, mask = value<<13, mask<<13&vlanPCPMask
	} else {
		mask &= vlanPresent | vlanIDMask
	}
	b := make([]byte, 0, 4)
	b = be.AppendUint16(b, uint16(value&mask))
	b = be.AppendUint16(b, uint16(mask))
	return MatchField{Field: FieldVLANTCI, Value: b[:2:2], Mask: b[2:]}
}

// joinVLAN makes one condition out of those on different bits of the TCI, which follow each other.
func (m Match) joinVLAN() Match {
	first := slices.IndexFunc(m, func(f MatchField) bool { return f.Field == FieldVLANTCI })
	for first >= 0 && first+1 < len(m) && m[first+1].Field == FieldVLANTCI {
		a, b := m[first], m[first+1]
		if len(a.Mask) != 2 || len(b.Mask) != 2 || len(a.Value) != 2 || len(b.Value) != 2 || beUint(a.Mask)&beUint(b.Mask) != 0 {
			break
		}
		joined := UintMasked(FieldVLANTCI, beUint(a.Value)|beUint(b.Value), beUint(a.Mask)|beUint(b.Mask))
		m[first], _ = joined.canonical()
		m = slices.Delete(m, first+1, first+2)
	}
	return m
}

// tagMask is the bits of the TCI that are all zero only without a tag: its presence and the VLAN identifier.
var tagMask = []byte{0x1f, 0xff}

// untagged reports whether a condition on the TCI asks that there be no tag. Whether it asks for a priority of zero as
// well makes no difference, and a switch does not tell.
func (f MatchField) untagged() bool {
	return len(f.Value) == 2 && f.Value[0]|f.Value[1] == 0 &&
		(f.Mask == nil || len(f.Mask) == 2 && f.Mask[0]&(vlanPresent>>8) != 0)
}
