// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"fmt"
)

// reader takes values off the front of b. Where b ends too early, it gives zeros and remembers that in short.
type reader struct {
	b     []byte
	short bool
}

// bytes takes n bytes, which remain a part of what is read.
func (r *reader) bytes(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.short, r.b = true, nil
		return nil
	}
	out := r.b[:n:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) skip(n int) { r.bytes(n) }

// rest takes all that is left, nil if that is nothing.
func (r *reader) rest() []byte {
	if len(r.b) == 0 {
		return nil
	}
	return r.bytes(len(r.b))
}

func (r *reader) u8() uint8 {
	if b := r.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if b := r.bytes(2); b != nil {
		return be.Uint16(b)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if b := r.bytes(4); b != nil {
		return be.Uint32(b)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if b := r.bytes(8); b != nil {
		return be.Uint64(b)
	}
	return 0
}

// checked returns m unless the reader came to an end before all of m was read.
func checked[M Message](r *reader, m M) (Message, error) {
	if r.short {
		return nil, malformed(ErrBadRequestLen, "%s is too short", m.describe())
	}
	return m, nil
}

// ended returns m if it is all there was to read.
func ended[M Message](r *reader, m M) (Message, error) {
	if len(r.b) > 0 {
		return nil, malformed(ErrBadRequestLen, "%s has %d bytes too many", m.describe(), len(r.b))
	}
	return checked(r, m)
}

func malformed(code ErrorCode, format string, args ...any) *DecodeError {
	return &DecodeError{Code: code, Reason: fmt.Sprintf(format, args...)}
}
