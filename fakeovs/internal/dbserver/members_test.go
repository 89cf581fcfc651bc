// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func intMap() *Type {
	return &Type{Key: baseType(Integer), Value: baseType(Integer), Max: Unlimited}
}

func fromMap(m map[int64]int64) Datum {
	var keys, values []atom
	for _, k := range slices.Sorted(maps.Keys(m)) {
		keys, values = append(keys, intAtom(k)), append(values, intAtom(m[k]))
	}
	return newDatum(keys, values)
}

func toMap(d Datum) map[int64]int64 {
	m := map[int64]int64{}
	for k, v := range d.all() {
		m[k.num] = v.num
	}
	return m
}

// TestMembers changes a large value at random and compares it with a Go map, and each version with the one before.
func TestMembers(t *testing.T) {
	typ := intMap()
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.Custom(func(t *rapid.T) map[int64]int64 {
			m := map[int64]int64{}
			factor, n := rapid.Int64Range(1, 3000).Draw(t, "factor"), rapid.Int64Range(0, 3000).Draw(t, "number")
			for i := range n {
				m[i*factor%3001] = i % 4 // 3001 is a prime
			}
			return m
		})
		model := some.Draw(t, "first")
		d := fromMap(model)
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			before, old := maps.Clone(model), d
			arg := rapid.OneOf(some, rapid.MapOfN(rapid.Int64Range(0, 3000), rapid.Int64Range(0, 3), 1, 3)).Draw(t, "argument")
			if rapid.Bool().Draw(t, "insert") {
				d = d.union(typ, fromMap(arg))
				for k, v := range arg {
					if _, ok := model[k]; !ok {
						model[k] = v
					}
				}
			} else {
				d = d.subtract(typ, fromMap(arg))
				maps.DeleteFunc(model, func(k, v int64) bool { w, ok := arg[k]; return ok && v == w })
			}
			if got := toMap(d); !maps.Equal(got, model) || d.Len() != len(model) {
				t.Fatalf("after a change with %v: got %v, want %v", arg, got, model)
			}
			checkNodes(t, d)
			checkDifference(t, typ, old, d, before, model)
		}
	})
}

func checkDifference(t *rapid.T, typ *Type, old, d Datum, before, after map[int64]int64) {
	wantAdded, wantRemoved, wantDiff := map[int64]int64{}, map[int64]int64{}, map[int64]int64{}
	for k, v := range before {
		if w, ok := after[k]; !ok || v != w {
			wantRemoved[k], wantDiff[k] = v, v
		}
	}
	for k, v := range after {
		if w, ok := before[k]; !ok || v != w {
			wantAdded[k], wantDiff[k] = v, v
		}
	}
	added, removed := old.changes(typ, d)
	if !maps.Equal(toMap(added), wantAdded) || !maps.Equal(toMap(removed), wantRemoved) {
		t.Fatalf("changes: got %v added and %v removed, want %v and %v", toMap(added), toMap(removed), wantAdded, wantRemoved)
	}
	difference := old.diff(typ, d)
	if got := toMap(old.patch(typ, difference)); !maps.Equal(got, after) {
		t.Fatalf("patch: got %v, want %v", got, after)
	}
	if got := toMap(difference); !maps.Equal(got, wantDiff) {
		t.Fatalf("diff: got %v, want %v", got, wantDiff)
	}
	same := maps.Equal(before, after)
	if old.equal(d) != same || (old.compare(d, typ) == 0) != same {
		t.Fatalf("equal and compare: got %v and %d, want equality %v", old.equal(d), old.compare(d, typ), same)
	}
	for k := int64(0); k < 3000; k += 97 {
		v, ok := d.get(Integer, intAtom(k))
		if w, want := after[k]; ok != want || v.num != w {
			t.Fatalf("get %d: got %d, %v, want %d, %v", k, v.num, ok, w, want)
		}
	}
}

// checkNodes checks that a value has no more and no larger leaves than it may.
func checkNodes(t *rapid.T, d Datum) {
	leaves := d.leaves()
	if len(leaves) > 5+4*d.Len()/maxLeaf {
		t.Fatalf("%d members in %d leaves", d.Len(), len(leaves))
	}
	for _, l := range leaves {
		if l.n != len(l.keys) || l.n == 0 || l.n > maxLeaf {
			t.Fatalf("leaf with %d keys says %d, want 1 to %d", len(l.keys), l.n, maxLeaf)
		}
	}
}

// TestMembersAreShared adds one member to a set of 10,000.
func TestMembersAreShared(t *testing.T) {
	var keys []atom
	for i := range int64(10_000) {
		keys = append(keys, intAtom(2*i))
	}
	d := newDatum(keys, nil)
	typ := Type{Key: baseType(Integer), Max: Unlimited}
	own := 0
	for _, l := range d.union(&typ, Integers(7777)).leaves() {
		if !slices.Contains(d.leaves(), l) {
			own++
		}
	}
	if own != 1 {
		t.Errorf("leaves that a set of 10,000 does not share with the one with a member more: got %d, want 1", own)
	}
}
