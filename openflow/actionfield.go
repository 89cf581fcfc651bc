// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"errors"
	"fmt"
	"iter"
	"strings"
)

// SetField writes a field (OpenFlow 1.3.5, 7.2.5.7; ovs-actions(7), "The set_field and load actions"). The field's Mask,
// where there is one, says which bits. It is what all actions that write a value are read as: load, and those that
// OpenFlow has for single fields.
type SetField struct{ MatchField }

// String is the action in the words of ovs-actions(7): several load actions if only some bits are written of a field that
// set_field writes as a whole.
func (a SetField) String() string { return a.text(nil) }

func (a SetField) text(names *Names) string {
	mf, _ := a.canonical()
	if mf.inParts() {
		var loads []string
		for s, value := range mf.parts() {
			loads = append(loads, fmt.Sprintf("load:%s->%v", hexString(be.AppendUint64(nil, value)), s))
		}
		return strings.Join(loads, ",")
	}
	return "set_field:" + mf.valueText(names) + "->" + a.Field.actionName()
}

// canonical is the field in the form that equal actions share, and whether the action sets any bit. It is not that of a
// condition, which may have bits in its mask that the field has not, and for which the priority of no VLAN is nothing.
func (a SetField) canonical() (MatchField, bool) {
	f := a.MatchField
	if f.checkWidth() != nil || f.Field == FieldUnknown {
		return f, true
	}
	some := true
	if f.Mask != nil {
		if _, _, within := f.maskBits(); !within {
			f = BytesMasked(f.Field, f.Value, f.Mask)
		}
		if !f.Field.isOption() && f.valid() {
			f = f.withinField()
		}
		var full bool
		if some, full, _ = f.maskBits(); full {
			f.Mask = nil
		}
	}
	if f.Field.isOption() {
		f = f.without(f.leading())
	}
	return f, some
}

// inParts reports whether f, in canonical form, is on some bits of a field of which a switch takes no mask.
func (f MatchField) inParts() bool {
	return f.Mask != nil && f.Field != FieldUnknown && !f.Field.Maskable() && f.checkWidth() == nil
}

// parts are the runs of bits in the mask, of at most 64 bits each from the lowest on, and what they are set to.
func (f MatchField) parts() iter.Seq2[Subfield, uint64] {
	return func(yield func(Subfield, uint64) bool) {
		bit := func(b []byte, i int) uint64 { return uint64(b[len(b)-1-i/8] >> (i % 8) & 1) }
		for i := 0; i < 8*len(f.Mask); {
			if bit(f.Mask, i) == 0 {
				i++
				continue
			}
			s, value := Subfield{Field: f.Field, Offset: uint16(i)}, uint64(0)
			for ; i < 8*len(f.Mask) && s.Bits < 64 && bit(f.Mask, i) == 1; i++ {
				value |= bit(f.Value, i) << s.Bits
				s.Bits++
			}
			if !yield(s, value) {
				return
			}
		}
	}
}

func (a SetField) appendTo(b []byte, v Version) ([]byte, error) {
	mf, some := a.canonical()
	if !some {
		return b, errors.New("sets no bit")
	}
	switch {
	case mf.Field == FieldInPort:
		// Open vSwitch takes 0, which lets the packet leave by the port it came in by, in the field of 16 bits only.
		port, ok := port16(uint32(beUint(mf.Value)))
		if !ok || mf.Mask != nil {
			return b, errors.New("in_port is set as a whole, to a port of 16 bits")
		}
		mf = Uint(FieldInPort16, uint64(port))
	case mf.inParts():
		if v >= Version15 {
			return b, fmt.Errorf("%v has no action to write a part of %v", v, mf.Field)
		}
		return appendLoads(b, mf)
	}
	start := len(b)
	var err error
	if mf.Mask != nil && v < Version15 {
		// The action of the standard takes masks from OpenFlow 1.5 on.
		b, err = appendNXMField(appendNicira(b, nxRegLoad2, 0), mf)
	} else {
		b, err = appendField(appendAction(b, actionSetField, 0), mf)
	}
	if err != nil {
		return b, err
	}
	return putLength(padded(b, start), start, 2)
}

// leavesTag reports whether the action sets a VLAN identifier without the bit that says that there is a tag, which the standard's
// action has to set (OpenFlow 1.5.1, 7.2.6.7).
func (a SetField) leavesTag() bool {
	return a.Field == FieldVLANVID &&
		(beUint(a.Value)&vlanPresent == 0 || a.Mask != nil && beUint(a.Mask)&vlanPresent == 0)
}

// appendLoads appends a load action for each run of bits in the mask.
func appendLoads(b []byte, mf MatchField) ([]byte, error) {
	for s, value := range mf.parts() {
		var err error
		if b, err = s.appendRange(appendNicira(b, nxRegLoad, 24)); err == nil {
			b, err = appendNXM32(b, mf.Field)
		}
		if err != nil {
			return b, err
		}
		b = be.AppendUint64(b, value)
	}
	return b, nil
}

// decodeSetField reads the field of a set-field or, with a mask allowed, reg_load2 action.
func decodeSetField(b []byte, r *reader, maskAllowed bool) (Action, error) {
	mf, empty := decodeEmptyOption(r)
	var err error
	if !empty {
		mf, err = decodeField(r)
	}
	switch {
	case err != nil:
		return nil, malformed(ErrBadSetLen, "%v", err)
	case len(r.b) >= 8:
		return nil, malformed(ErrBadActionLen, "set-field action of %d bytes", len(b))
	case mf.Field == FieldUnknown:
		return RawAction{b}, nil
	case mf.Mask != nil && !maskAllowed:
		return nil, malformed(ErrBadSetType, "set-field action with a mask")
	}
	mf, some := SetField{mf}.canonical()
	if !some {
		return RawAction{b}, nil // sets no bit
	}
	if mf.inParts() {
		return nil, malformed(ErrBadSetMask, "set-field action with a part of %v", mf.Field)
	}
	if mf.Field == FieldInPort {
		if _, ok := port16(uint32(beUint(mf.Value))); !ok {
			return nil, malformed(ErrBadSetArgument, "set-field action with %v", mf)
		}
	}
	return SetField{mf}, nil
}

// decodeEmptyOption reads a tunnel's option of no bytes, which is one of zeros.
func decodeEmptyOption(r *reader) (MatchField, bool) {
	header := *r
	class, number, n, experimenter := readHeader(&header)
	f, known := fieldByHeader(class, number>>1, experimenter)
	if !known || n != 0 || header.short || !f.isOption() {
		return MatchField{}, false
	}
	*r = header
	mf := MatchField{Field: f, Value: []byte{0}}
	if number&1 == 1 {
		mf.Mask = []byte{0}
	}
	return mf, true
}

// decodeRegLoad reads a load of at most 64 bits, which is a masked set-field.
func decodeRegLoad(b []byte, r *reader) (Action, error) {
	s := decodeRange(r)
	header := r.b
	s.Field = decodeHeader(r)
	value := r.u64()
	n := s.Field.Bytes()
	if s.Field.isOption() {
		n = int(header[3]) // where it ends, the other bits of the option are not there to be left alone
	}
	switch {
	case s.Bits < 64 && value>>s.Bits != 0:
		return nil, malformed(ErrBadActionArgument, "load of %#x into %d bits", value, s.Bits)
	case s.Field == FieldUnknown, s.Field == FieldInPort:
		return RawAction{b}, nil // the port is written in its form of 16 bits
	case !s.fits() || int(s.Offset+s.Bits) > 8*n:
		return nil, s.misfit("load")
	case s == Whole(FieldInPort16):
		return sized(b, 24, SetField{InPort(port32(uint16(value)))})
	}
	return sized(b, 24, SetField{s.load(value, n)})
}
