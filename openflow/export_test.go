// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"encoding/binary"
	"strings"
)

// What the tests of the codec of matches need of it.
var (
	AppendField       = appendField
	AppendFieldHeader = appendFieldHeader
	AppendMatch       = appendMatch
)

// Alike reports whether instructions are found equal without encoding them.
func (in Instructions) Alike(other Instructions) bool { return in.alike(&other) }

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

// FieldHeaders has the headers of all fields by their names, without the mask's bit.
func FieldHeaders() map[string][]byte {
	headers := map[string][]byte{}
	for name, f := range fieldsByName {
		for _, c := range fieldClasses {
			if !strings.HasPrefix(name, c.prefix) {
				continue
			}
			for i := range fieldClasses {
				for number, g := range fieldsByNumber[i] {
					if g == f && fieldClasses[i] == c {
						b := binary.BigEndian.AppendUint16(nil, c.class)
						b = append(b, byte(number<<1), byte(f.Bytes()))
						if c.class == classExperimenter {
							b[3] += 4
							b = binary.BigEndian.AppendUint32(b, c.experimenter)
						}
						headers[name] = b
					}
				}
			}
			break
		}
	}
	return headers
}
