// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"bytes"
	"fmt"
	"slices"
)

// appendNXM appends the fields of a match, without header and padding, by the names that Nicira's messages have for them
// (ovs-fields(7), NXM): older ones where there are two.
func appendNXM(b []byte, m Match) ([]byte, error) {
	if err := m.Validate(); err != nil {
		return b, err
	}
	start := len(b)
	for _, mf := range m.inNXM() {
		var err error
		if b, err = appendNXMField(b, mf); err != nil {
			return b[:start], fmt.Errorf("match: %w", err)
		}
	}
	return b, nil
}

// inNXM is the canonical form of a match in terms of NXM: a port of 16 bits, and the differentiated services as bits of the type
// of service. Without a tag there is no priority of VLANs either.
func (m Match) inNXM() Match {
	m = slices.Clone(m.Canonical())
	for i, mf := range m {
		switch {
		case mf.Field == FieldVLANTCI && mf.untagged() && bytes.Equal(mf.Mask, tagMask):
			m[i].Mask = nil
		case mf.Mask != nil:
		case mf.Field == FieldInPort:
			port, _ := port16(uint32(beUint(mf.Value)))
			m[i] = Uint(FieldInPort16, uint64(port))
		case mf.Field == FieldIPDSCP:
			m[i] = Uint(FieldIPToS, beUint(mf.Value)<<2)
		}
	}
	return m
}
