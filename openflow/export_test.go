// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// What the tests of the codec of matches need of it.
var (
	AppendField       = appendField
	AppendFieldHeader = appendFieldHeader
	AppendMatch       = appendMatch
)

// DecodeMatch reads an ofp_match, and what follows it.
func DecodeMatch(b []byte) (m Match, rest []byte, err error) {
	r := &reader{b: b}
	m, err = decodeMatch(r)
	return m, r.b, err
}

// DecodeFieldHeader reads a field's header, and what follows it.
func DecodeFieldHeader(b []byte) (f Field, rest []byte, ok bool) {
	r := &reader{b: b}
	f, ok = decodeFieldHeader(r)
	return f, r.b, ok
}
