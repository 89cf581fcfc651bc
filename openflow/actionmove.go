// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// Move copies bits from one field to another; both are equally wide (ovs-actions(7), "The move action"). OpenFlow 1.5 has
// it as the action copy-field, before that it is Nicira's.
type Move struct{ Src, Dst Subfield }

// String is the action in the words of ovs-actions(7).
func (a Move) String() string { return "move:" + a.Src.String() + "->" + a.Dst.String() }

func (a Move) appendTo(b []byte, v Version) ([]byte, error) {
	for _, s := range [2]Subfield{a.Src, a.Dst} {
		if err := s.check(); err != nil {
			return b, err
		}
	}
	if a.Src.Bits != a.Dst.Bits {
		return b, fmt.Errorf("%d bits do not fit into %d", a.Src.Bits, a.Dst.Bits)
	}
	start := len(b)
	appendHeader := appendNXMHeader
	if v >= Version15 {
		b, appendHeader = appendAction(b, actionCopyField, 0), appendFieldHeader
	} else {
		b = appendNicira(b, nxRegMove, 0)
	}
	b = be.AppendUint16(b, a.Src.Bits)
	b = be.AppendUint16(b, a.Src.Offset)
	b = be.AppendUint16(b, a.Dst.Offset)
	if v >= Version15 {
		b = pad(b, 2)
	}
	b, err := appendHeader(b, a.Src.Field)
	if err == nil {
		b, err = appendHeader(b, a.Dst.Field)
	}
	if err != nil {
		return b, err
	}
	return putLength(padded(b, start), start, 2)
}

// decodeMove reads a move action, which has some bytes of padding before the fields.
func decodeMove(b []byte, r *reader, padding int) (Action, error) {
	bits := r.u16()
	a := Move{Src: Subfield{Offset: r.u16(), Bits: bits}, Dst: Subfield{Offset: r.u16(), Bits: bits}}
	r.skip(padding)
	a.Src.Field, a.Dst.Field = decodeHeader(r), decodeHeader(r)
	if a.Src.Field == FieldUnknown || a.Dst.Field == FieldUnknown {
		return RawAction{b}, nil
	}
	for _, s := range [2]Subfield{a.Src, a.Dst} {
		if !s.fits() {
			return nil, s.misfit("move")
		}
	}
	return filled(b, r, a)
}
