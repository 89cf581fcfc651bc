// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"math"
	"testing"
)

// TestCallNumbers begins and ends calls around the end of the transaction numbers: no two share one.
func TestCallNumbers(t *testing.T) {
	cs := calls{next: math.MaxUint32 - 250}
	var active []*call
	for i := range 100 {
		c := cs.begin(uint32(1+i%40), func(uint32, answer) {})
		if c.first == 0 || uint64(c.first)+uint64(c.n) > math.MaxUint32 {
			t.Fatalf("call %d has the numbers %d to %d", i, c.first, c.first+c.n-1)
		}
		for _, other := range active {
			if c.first < other.first+other.n && other.first < c.first+c.n {
				t.Fatalf("calls from %d and from %d overlap", c.first, other.first)
			}
		}
		active = append(active, c)
		if i%3 == 0 {
			cs.end(active[0])
			active = active[1:]
		}
		if i == 50 {
			cs.next = 1 // as after a turn of the numbers, with calls still under way
		}
	}
	for _, c := range active {
		var got []uint32
		c.handle = func(i uint32, _ answer) { got = append(got, i) }
		for _, i := range []uint32{0, c.n - 1} {
			if !cs.deliver(c.first+i, answer{}) {
				t.Errorf("number %d of the call from %d finds no call", i, c.first)
			}
		}
		if len(got) != 2 || got[0] != 0 || got[1] != c.n-1 {
			t.Errorf("the call from %d gets %v, want 0 and %d", c.first, got, c.n-1)
		}
		cs.end(c)
		if cs.deliver(c.first, answer{}) {
			t.Errorf("the call from %d has ended and gets an answer", c.first)
		}
	}
	if len(cs.active) != 0 {
		t.Errorf("%d calls are left", len(cs.active))
	}
}
