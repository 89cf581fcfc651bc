// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"bytes"
	"fmt"
)

// FieldHeader names a field and, in TableAbilities.Match, says whether it may be matched in part.
type FieldHeader struct {
	Field  Field
	Masked bool
	// Raw is the OXM header, of 4 bytes or, if it is an experimenter's, 8. It is nil where this package has the header itself:
	// a field may have others, and a FieldUnknown has none.
	Raw []byte
}

// headerLen is the length of the OXM header that b begins with.
func headerLen(b []byte) int {
	if len(b) >= 2 && be.Uint16(b) == classExperimenter {
		return 8
	}
	return 4
}

// appendFieldHeaders appends a property that lists fields.
func appendFieldHeaders(b []byte, typ uint16, list []FieldHeader) ([]byte, error) {
	start := len(b)
	b = appendProperty(b, typ)
	for _, h := range list {
		var err error
		if b, err = h.append(b); err != nil {
			return b, err
		}
	}
	return endProperty(b, start)
}

func (h FieldHeader) append(b []byte) ([]byte, error) {
	if h.Raw != nil || h.Field == FieldUnknown {
		if len(h.Raw) != headerLen(h.Raw) {
			return b, fmt.Errorf("header of field %v has %d bytes", h.Field, len(h.Raw))
		}
		return append(b, h.Raw...), nil
	}
	start := len(b)
	b, err := appendFieldHeader(b, h.Field)
	if err == nil && h.Masked {
		b[start+2] |= 1
		b[start+3] += byte(h.Field.Bytes())
	}
	return b, err
}

// decodeFieldHeaders reads a list of fields that fills b. Only where fields may be matched in part do they have masks.
func decodeFieldHeaders(b []byte, masks bool) ([]FieldHeader, error) {
	var list []FieldHeader
	// A header is understood as that of a field of zeros.
	var whole [4 + 0xff]byte
	for len(b) > 0 {
		n := headerLen(b)
		if n > len(b) || n > 4+int(b[3]) {
			return nil, malformed(ErrBadMatchLen, "header of a field is cut off")
		}
		clear(whole[copy(whole[:], b[:n]):])
		h := FieldHeader{Field: FieldUnknown, Raw: b[:n:n]}
		f, err := decodeField(&reader{b: whole[:4+int(b[3])]})
		if err == nil && f.Field != FieldUnknown {
			h = FieldHeader{Field: f.Field, Masked: f.Mask != nil}
			if own, err := h.append(nil); err != nil || !bytes.Equal(own, b[:n]) {
				h.Raw = b[:n:n]
			}
		}
		if h.Masked && !masks {
			return nil, malformed(ErrBadMask, "field %v with a mask where none may be", h.Field)
		}
		list, b = append(list, h), b[n:]
	}
	return list, nil
}
