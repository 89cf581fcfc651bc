// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"bytes"
	"slices"
)

// MatchField is one field of a packet with the value it must have, and the bits of it that matter.
type MatchField struct {
	Field Field
	// Value is big-endian and Field.Bytes() long, or as long as the option that a FieldTunMetadata is. Bytes at the beginning
	// of an option that are zero, or that the mask leaves out, need not be there, and are not in the canonical form.
	Value []byte
	// Mask has the length of Value; a set bit must match. Nil: every bit must, which a mask of all bits of Value means as well.
	Mask []byte
}

// Equal reports whether two match fields are the same in every bit.
func (f MatchField) Equal(g MatchField) bool {
	return f.Field == g.Field && bytes.Equal(f.Value, g.Value) && bytes.Equal(f.Mask, g.Mask)
}

// Match is the conditions a packet must meet, all of them. The empty match is met by every packet. Each field
// stands at most once; a field's prerequisites (ovs-fields(7)) are conditions of the same match.
type Match []MatchField

// Get returns the condition on f, if there is one.
func (m Match) Get(f Field) (MatchField, bool) {
	i := slices.IndexFunc(m, func(mf MatchField) bool { return mf.Field == f })
	if i < 0 {
		return MatchField{}, false
	}
	return m[i], true
}

// With returns a new match with the conditions of m and the further ones.
func (m Match) With(fields ...MatchField) Match {
	return append(slices.Clip(m), fields...)
}

// Uint makes an exact condition on a field of at most 64 bits.
func Uint(f Field, value uint64) MatchField {
	return MatchField{Field: f, Value: uintBytes(f, value)}
}

// UintMasked makes a condition on the bits of mask of a field of at most 64 bits. Value bits outside the mask are
// cleared, as a switch wants them.
func UintMasked(f Field, value, mask uint64) MatchField {
	return MatchField{Field: f, Value: uintBytes(f, value&mask), Mask: uintBytes(f, mask)}
}

func uintBytes(f Field, v uint64) []byte {
	var b [8]byte
	be.PutUint64(b[:], v)
	return append(make([]byte, max(0, f.Bytes()-8), f.Bytes()), b[max(0, 8-f.Bytes()):]...)
}

// Bytes makes an exact condition on a field of any width. The value is copied.
func Bytes(f Field, value []byte) MatchField {
	return MatchField{Field: f, Value: bytes.Clone(value)}
}

// BytesMasked makes a condition on the bits of mask, which is as long as value, of a field of any width. Both are
// copied, and value bits outside the mask are cleared.
func BytesMasked(f Field, value, mask []byte) MatchField {
	mf := MatchField{Field: f, Value: bytes.Clone(value), Mask: bytes.Clone(mask)}
	for i := range min(len(value), len(mask)) {
		mf.Value[i] &= mask[i]
	}
	return mf
}
