// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovshash_test

import (
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/ovshash"
)

// TestKnown compares with the values that the functions' authors give.
func TestKnown(t *testing.T) {
	for _, c := range []struct {
		what      string
		got, want uint32
	}{
		{"Bytes", ovshash.Bytes([]byte("test"), 0), 0xba6bd213},
		{"Bytes, with a basis", ovshash.Bytes([]byte("test"), 0x9747b28c), 0x704b81dc},
		{"Uint64", ovshash.Uint64(2<<32 | 1), ovshash.Finish(ovshash.Add(ovshash.Add(0, 1), 2), 8)},
		{"Bytes of a whole word", ovshash.Bytes([]byte{1, 0, 0, 0}, 7), ovshash.Finish(ovshash.Add(7, 1), 4)},
		{"Bytes of an odd number", ovshash.Bytes([]byte{1, 2, 3, 4, 5}, 7), ovshash.Finish(ovshash.Add(ovshash.Add(7, 0x04030201), 5), 5)},
		{"Jenkins of nothing", ovshash.Jenkins(nil, 0), 0xdeadbeef},
		{"Jenkins of text", ovshash.Jenkins([]byte("Four score and seven years ago"), 0), 0x17770551},
		{"Jenkins of text, basis 1", ovshash.Jenkins([]byte("Four score and seven years ago"), 1), 0xcd628161},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %#x, want %#x", c.what, c.got, c.want)
		}
	}
}
