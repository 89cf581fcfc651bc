// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovshash_test

import (
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/ovshash"
	"github.com/ovskit/ovskit/openflow"
)

// TestKnown compares with the values that the functions' authors give.
func TestKnown(t *testing.T) {
	for _, c := range []struct {
		what      string
		got, want uint32
	}{
		{"Bytes", ovshash.Bytes([]byte("test"), 0), 0xba6bd213},
		{"Bytes, with a basis", ovshash.Bytes([]byte("test"), 0x9747b28c), 0x704b81dc},
		{"Boolean(true, 0)", ovshash.Boolean(true, 0), 0xc2b73583},
		{"Boolean(false, 1)", ovshash.Boolean(false, 1), 0xe90f1258 ^ 2},
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

// TestMultipath: every algorithm chooses each link about as often as the others, and none beyond.
func TestMultipath(t *testing.T) {
	const tries = 20000
	for algorithm := openflow.MultipathModuloN; algorithm <= openflow.MultipathIterHash; algorithm++ {
		for _, n := range []int{1, 2, 3, 7, 64, 65} {
			counts := make([]int, n)
			for i := range uint32(tries) {
				counts[ovshash.Multipath(ovshash.Int(i, 0), algorithm, n, 0)]++
			}
			for link, c := range counts {
				if c < tries/n*2/3 || c > tries/n*4/3+1 {
					t.Errorf("%v among %d: link %d %d times in %d", algorithm, n, link, c, tries)
				}
			}
		}
	}
}

func TestMember(t *testing.T) {
	if got := ovshash.Member(5, 3, func(int) bool { return false }); got != -1 {
		t.Errorf("member of none: got %d, want -1", got)
	}
	if got := ovshash.Member(5, 3, func(i int) bool { return i == 1 }); got != 1 {
		t.Errorf("member of one: got %d, want 1", got)
	}
	moved := 0
	for hash := range uint32(1000) {
		all := ovshash.Member(hash, 4, func(int) bool { return true })
		if without := ovshash.Member(hash, 4, func(i int) bool { return i != 2 }); without != all {
			if moved++; all != 2 {
				t.Errorf("hash %d moves from member %d, that is still there, to %d", hash, all, without)
			}
		}
	}
	if moved == 0 {
		t.Errorf("no hash moves when a member goes")
	}
}
