// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	of "github.com/ovskit/ovskit/openflow"
)

// given is what an object is compiled to: a flow for each number, and the group and the meter of the first.
func given(numbers ...uint32) (out output) {
	for i, n := range numbers {
		f := of.Flow{Table: 9, Match: of.Match{of.Reg(0, n)}, Instructions: of.Instructions{Goto: 10}}
		out.flows = append(out.flows, entry{f.Key(), f})
		if i == 0 {
			out.groups, out.meters = []of.Group{{ID: n}}, []of.MeterConfig{{ID: n}}
		}
	}
	return out
}

// Objects get, lose and exchange flows, groups and meters: whatever the changes, the book and a switch that follows them
// hold what all objects are compiled to.
func TestBook(t *testing.T) {
	a, b, c := ref{kindEndpoint, "a"}, ref{kindEndpoint, "b"}, ref{kindEndpoint, "c"}
	book := newBook()
	held := newItems()
	declared := map[ref]output{}
	for i, step := range []map[ref]output{
		{a: given(1, 11)},
		{b: given(2, 12), c: given(3)},
		{a: given(2, 12, 13), b: given(1, 11)}, // they change places
		{b: {}},
		{a: given(4), c: given(2)},
		{a: {}, c: {}},
	} {
		e := book.edit(step)
		book.apply(e)
		held.apply(e)
		maps.Copy(declared, step)
		want := newItems()
		for _, out := range declared {
			for _, f := range out.flows {
				want.flows[f.key] = f.flow
			}
			for _, g := range out.groups {
				want.groups[g.ID] = g
			}
			for _, m := range out.meters {
				want.meters[m.ID] = m
			}
		}
		for what, got := range map[string]items{"the book": book.items, "the switch": held} {
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(items{})); diff != "" {
				t.Errorf("step %d: %s (-want +got):\n%s", i, what, diff)
			}
		}
	}
	if n := len(book.objects); n != 0 {
		t.Errorf("the book has %d objects when nothing is declared", n)
	}
}

func TestPace(t *testing.T) {
	var p pace
	now := time.Unix(0, 0)
	var pauses []time.Duration
	for range 12 {
		p.failed(now)
		pauses = append(pauses, p.pause)
		now = p.next
	}
	if !slices.IsSorted(pauses) || pauses[0] != minPause || pauses[11] != maxPause {
		t.Errorf("with drift after drift the pauses are %v, want them to grow from %v to %v", pauses, minPause, maxPause)
	}
	p.failed(now.Add(11 * maxPause))
	if p.pause != minPause {
		t.Errorf("after a quiet time the pause is %v, want %v", p.pause, minPause)
	}
}
