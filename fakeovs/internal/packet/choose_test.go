// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet_test

import (
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/ovshash"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// TestChooseLink: every algorithm chooses each link about as often as the others, and none beyond.
func TestChooseLink(t *testing.T) {
	const tries = 20000
	for algorithm := openflow.MultipathModuloN; algorithm <= openflow.MultipathIterHash; algorithm++ {
		for _, n := range []int{1, 2, 3, 7, 64, 65} {
			counts := make([]int, n)
			for i := range uint32(tries) {
				counts[packet.ChooseLink(ovshash.Int(i, 0), algorithm, n, 0)]++
			}
			for link, c := range counts {
				if c < tries/n*2/3 || c > tries/n*4/3+1 {
					t.Errorf("%v among %d: link %d %d times in %d", algorithm, n, link, c, tries)
				}
			}
		}
	}
}

func TestChooseMember(t *testing.T) {
	if got := packet.ChooseMember(5, 3, func(int) bool { return false }); got != -1 {
		t.Errorf("member of none: got %d, want -1", got)
	}
	if got := packet.ChooseMember(5, 3, func(i int) bool { return i == 1 }); got != 1 {
		t.Errorf("member of one: got %d, want 1", got)
	}
	moved := 0
	for hash := range uint32(1000) {
		all := packet.ChooseMember(hash, 4, func(int) bool { return true })
		if without := packet.ChooseMember(hash, 4, func(i int) bool { return i != 2 }); without != all {
			if moved++; all != 2 {
				t.Errorf("hash %d moves from member %d, that is still there, to %d", hash, all, without)
			}
		}
	}
	if moved == 0 {
		t.Errorf("no hash moves when a member goes")
	}
}
