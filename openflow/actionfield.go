// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "errors"

// SetField writes a field (OpenFlow 1.3.5, 7.2.5.7). The field's Mask, where there is one, says which bits.
type SetField struct{ MatchField }

// String is the action in the words of ovs-actions(7).
func (a SetField) String() string { return "set_field:" + a.valueString() + "->" + a.Field.String() }

func (a SetField) appendTo(b []byte, v Version) ([]byte, error) {
	mf, some := a.canonical()
	if !some {
		return b, errors.New("sets no bit")
	}
	start := len(b)
	switch {
	case mf.Field == FieldInPort:
		// Open vSwitch takes 0, which lets the packet leave by the port it came in by, in the field of 16 bits only.
		port, ok := port16(uint32(beUint(mf.Value)))
		if !ok || mf.Mask != nil {
			return b, errors.New("in_port is set as a whole, to a port of 16 bits")
		}
		b = be.AppendUint32(appendAction(b, actionSetField, 0), headerNXMInPort)
		b = be.AppendUint16(b, port)
	case mf.Mask != nil && v < Version15:
		// The action of the standard takes masks from OpenFlow 1.5 on.
		var err error
		if b, err = appendField(appendNicira(b, nxRegLoad2, 0), mf); err != nil {
			return b, err
		}
	default:
		var err error
		if b, err = appendField(appendAction(b, actionSetField, 0), mf); err != nil {
			return b, err
		}
	}
	return putLength(padded(b, start), start, 2)
}

// decodeSetField reads the field of a set-field or, with a mask allowed, reg_load2 action.
func decodeSetField(b []byte, r *reader, maskAllowed bool) (Action, error) {
	mf, err := decodeField(r)
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
	mf, some := mf.canonical()
	if !some {
		return RawAction{b}, nil // sets no bit
	}
	return SetField{mf}, nil
}

// decodeRegLoad reads a load of at most 64 bits, which is a masked set-field.
func decodeRegLoad(b []byte, r *reader) (Action, error) {
	ofsNbits := r.u16()
	ofs, bits := ofsNbits>>6, ofsNbits&0x3f+1
	header := r.b
	f := decodeHeader(r)
	value := r.u64()
	if bits < 64 && value>>bits != 0 {
		return nil, malformed(ErrBadActionArgument, "load of %#x into %d bits", value, bits)
	}
	if len(header) >= 4 && be.Uint32(header) == headerNXMInPort && ofs == 0 && bits == 16 {
		return sized(b, 24, SetField{InPort(port32(uint16(value)))})
	}
	if f == FieldUnknown {
		return RawAction{b}, nil
	}
	s := Subfield{Field: f, Offset: ofs, Bits: bits}
	if !s.fits() {
		return nil, malformed(ErrBadSetLen, "load of %d bits at bit %d of %v", bits, ofs, f)
	}
	return sized(b, 24, SetField{s.load(value)})
}
