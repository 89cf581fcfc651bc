// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "time"

// CounterUnknown is the value of a counter that the switch does not keep.
const CounterUnknown uint64 = 1<<64 - 1

// entry takes a record off the front of r. Its 16-bit length, which is at least least, stands at an offset of it.
func entry(r *reader, offset, least int, what string) (*reader, error) {
	n := 0
	if len(r.b) >= offset+2 {
		n = int(be.Uint16(r.b[offset:]))
	}
	if n < least || n > len(r.b) {
		return nil, malformed(ErrBadRequestLen, "%s of %d bytes in a list with room for %d", what, n, len(r.b))
	}
	return &reader{b: r.bytes(n)}, nil
}

// appendAge appends a duration, which is all ones if it is negative: not known.
func appendAge(b []byte, d time.Duration) []byte {
	if d < 0 {
		return be.AppendUint64(b, 1<<64-1)
	}
	return appendDuration(b, d)
}

// decodeAge is the opposite of appendAge.
func decodeAge(r *reader) time.Duration {
	if len(r.b) >= 8 && be.Uint64(r.b) == 1<<64-1 {
		r.skip(8)
		return -1
	}
	return decodeDuration(r)
}
