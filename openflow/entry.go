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

// listFor is an empty list with room for so many elements, nil for none.
func listFor[T any](n int) []T {
	if n == 0 {
		return nil
	}
	return make([]T, 0, n)
}

// countEntries is how many entries of at least so many bytes b has, as far as the lengths say that they begin with.
func countEntries(b []byte, least int) (n int) {
	for len(b) >= least {
		n++
		b = b[min(len(b), max(least, int(be.Uint16(b)))):]
	}
	return n
}
