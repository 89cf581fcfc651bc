// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"encoding/binary"
	"net/netip"
)

// The action types (OpenFlow 1.3.5, 7.2.5) and Nicira's subtypes that are decoded.
const (
	actionOutput       = 0
	actionSetTTL       = 23
	actionDecTTL       = 24
	actionSetField     = 25
	actionExperimenter = 0xffff

	nxResubmit      = 1
	nxRegMove       = 6
	nxRegLoad       = 7
	nxResubmitTable = 14
	nxDecTTL        = 18
	nxRegLoad2      = 33
	nxCT            = 35
	nxNAT           = 36
	nxCTClear       = 43
)

// decodeActions reads a list of actions that fills b.
func decodeActions(b []byte) ([]Action, error) {
	var actions []Action
	for len(b) > 0 {
		raw, rest, err := cutAction(b)
		if err != nil {
			return nil, err
		}
		a, err := decodeAction(raw)
		if err != nil {
			return nil, err
		}
		actions, b = append(actions, a), rest
	}
	return actions, nil
}

// cutAction splits the first action off b.
func cutAction(b []byte) (action, rest []byte, err error) {
	if len(b) < 8 {
		return nil, nil, malformed(ErrBadActionLen, "%d bytes after the last action", len(b))
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if n < 8 || n%8 != 0 || n > len(b) {
		return nil, nil, malformed(ErrBadActionLen, "action of %d bytes in a list with room for %d", n, len(b))
	}
	return b[:n:n], b[n:], nil
}

// decodeAction reads an action that fills b. What this package has no name for stays raw.
func decodeAction(b []byte) (Action, error) {
	r := &reader{b: b}
	typ := r.u16()
	r.skip(2)
	switch typ {
	case actionOutput:
		return decodeOutput(b, r)
	case actionSetTTL:
		return sized(b, 8, SetField{Uint(FieldIPTTL, uint64(r.u8()))})
	case actionDecTTL:
		return sized(b, 8, DecTTL{})
	case actionSetField:
		return decodeSetField(b, r, false)
	case actionExperimenter:
		if r.u32() == experimenterNicira {
			return decodeNicira(b, r)
		}
	}
	return RawAction{b}, nil
}

// sized returns a if its wire form has the length it must have.
func sized(b []byte, length int, a Action) (Action, error) {
	if len(b) != length {
		return nil, malformed(ErrBadActionLen, "%v action of %d bytes", a, len(b))
	}
	return a, nil
}

func decodeOutput(b []byte, r *reader) (Action, error) {
	a := Output{Port: r.u32(), MaxLen: r.u16()}
	if _, ok := port16(a.Port); !ok {
		return nil, malformed(ErrBadOutPort, "output to port %#x", a.Port)
	}
	if a.Port != PortController {
		a.MaxLen = 0
	}
	return sized(b, 16, a)
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

func decodeNicira(b []byte, r *reader) (Action, error) {
	switch r.u16() {
	case nxResubmit:
		return sized(b, 16, Resubmit{InPort: port32(r.u16()), Table: CurrentTable})
	case nxResubmitTable:
		return sized(b, 16, Resubmit{InPort: port32(r.u16()), Table: r.u8()})
	case nxRegMove:
		return decodeMove(b, r)
	case nxRegLoad:
		return decodeRegLoad(b, r)
	case nxRegLoad2:
		return decodeSetField(b, r, true)
	case nxDecTTL:
		return sized(b, 16, DecTTL{})
	case nxCT:
		return decodeCT(b, r)
	case nxNAT:
		return nil, malformed(ErrBadActionArgument, "nat outside of ct")
	case nxCTClear:
		return sized(b, 16, CTClear{})
	}
	return RawAction{b}, nil
}

// decodeHeader reads the header of a field in an action. The field is FieldUnknown if there is none of that
// header and length.
func decodeHeader(r *reader) Field {
	f, _ := decodeFieldHeader(r)
	return f
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
	if len(header) >= 4 && binary.BigEndian.Uint32(header) == headerNXMInPort && ofs == 0 && bits == 16 {
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

const (
	ctCommit = 1 << 0
	ctForce  = 1 << 1
)

// decodeCT reads a ct action; one with an application-level gateway or flags of a later time stays raw.
func decodeCT(b []byte, r *reader) (Action, error) {
	flags := r.u16()
	zoneHeader := reader{b: r.bytes(4)}
	zone, table := r.u16(), r.u8()
	r.skip(3)
	alg := r.u16()
	if r.short {
		return nil, malformed(ErrBadActionLen, "ct action of %d bytes", len(b))
	}
	a := CT{Commit: flags&ctCommit != 0, Force: flags&ctForce != 0}
	if flags&^(ctCommit|ctForce) != 0 || alg != 0 {
		return RawAction{b}, nil
	}
	if binary.BigEndian.Uint32(zoneHeader.b) == 0 {
		a.Zone = zone
	} else {
		a.ZoneFrom = &Subfield{Field: decodeHeader(&zoneHeader), Offset: zone >> 6, Bits: zone&0x3f + 1}
		if a.ZoneFrom.Field == FieldUnknown {
			return RawAction{b}, nil
		}
		if a.ZoneFrom.Bits != 16 || !a.ZoneFrom.fits() {
			return nil, malformed(ErrBadSetLen, "ct zone from %v", *a.ZoneFrom)
		}
	}
	if table != 0xff {
		a.Resume, a.Table = true, table
	}
	for inner := r.rest(); len(inner) > 0; {
		raw, rest, err := cutAction(inner)
		if err != nil {
			return nil, err
		}
		inner = rest
		switch niciraSubtype(raw) {
		case nxCT:
			return nil, malformed(ErrBadActionArgument, "ct inside ct")
		case nxNAT:
			if a.NAT != nil {
				return nil, malformed(ErrBadActionArgument, "two nat in one ct")
			}
			if a.NAT, err = decodeNAT(raw); err != nil {
				return nil, err
			}
			continue
		}
		exec, err := decodeAction(raw)
		if err != nil {
			return nil, err
		}
		a.Exec = append(a.Exec, exec)
	}
	return a, nil
}

// niciraSubtype is the subtype of an action of Nicira's, -1 of another.
func niciraSubtype(action []byte) int {
	r := &reader{b: action}
	if typ := r.u16(); typ != actionExperimenter || len(action) < 10 {
		return -1
	}
	r.skip(2)
	if r.u32() != experimenterNicira {
		return -1
	}
	return int(r.u16())
}

const (
	natSource      = 1 << 0
	natDestination = 1 << 1
	natPersistent  = 1 << 2
	natHash        = 1 << 3
	natRandom      = 1 << 4
)

func decodeNAT(b []byte) (*NAT, error) {
	r := &reader{b: b}
	r.skip(10 + 2)
	flags, present := r.u16(), r.u16()
	n := NAT{Persistent: flags&natPersistent != 0, Hash: flags&natHash != 0, Random: flags&natRandom != 0}
	switch flags & (natSource | natDestination) {
	case natSource:
		n.Type = NATSource
	case natDestination:
		n.Type = NATDestination
	case natSource | natDestination:
		return nil, malformed(ErrBadActionArgument, "nat of source and destination")
	}
	// The parts stand in the order of their flags.
	for bit, dst := range []*netip.Addr{&n.AddrMin, &n.AddrMax} {
		if present>>bit&1 == 1 {
			*dst, _ = netip.AddrFromSlice(r.bytes(4))
		}
	}
	for bit, dst := range []*netip.Addr{&n.AddrMin, &n.AddrMax} {
		if present>>(2+bit)&1 == 1 {
			*dst, _ = netip.AddrFromSlice(r.bytes(16))
		}
	}
	for bit, dst := range []*uint16{&n.PortMin, &n.PortMax} {
		if present>>(4+bit)&1 == 1 {
			*dst = r.u16()
		}
	}
	switch {
	case r.short:
		return nil, malformed(ErrBadActionLen, "nat of %d bytes", len(b))
	case flags>>5 != 0 || present>>6 != 0 || present&3 != 0 && present&12 != 0 || n.Hash && n.Random,
		n.Type == NATExisting && (n != NAT{}), n.AddrMax.IsValid() && !n.AddrMin.IsValid(),
		n.PortMin != 0 && !n.AddrMin.IsValid(), n.PortMin == 0 && n.PortMax != 0,
		n.PortMax != 0 && n.PortMax < n.PortMin, n.AddrMax.IsValid() && n.AddrMax.Less(n.AddrMin):
		return nil, malformed(ErrBadActionArgument, "nat with flags %#x and parts %#x", flags, present)
	}
	n = n.canonical()
	return &n, nil
}
