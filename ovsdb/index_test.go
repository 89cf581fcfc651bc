// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// After any changes an index holds exactly the rows that a search finds, and so
// does one that is made afterwards.
func TestIndexIsASearch(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		table := NewTable[testRow]("T", TableOptions{})
		names := NewIndex(table, func(r *testRow) string { return r.Name })
		ints := NewMultiIndex(table, func(r *testRow) []int64 { return r.Ints })
		uuids := []string{uuidA, uuidB, uuidC}
		for range rapid.IntRange(0, 30).Draw(rt, "changes") {
			uuid := rapid.SampledFrom(uuids).Draw(rt, "uuid")
			if rapid.Bool().Draw(rt, "delete") {
				table.commit(uuid, nil)
				continue
			}
			table.commit(uuid, &testRow{UUID: uuid, Name: rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "name"),
				Ints: rapid.SliceOfNDistinct(rapid.Int64Range(0, 3), 0, 3, rapid.ID).Draw(rt, "ints")})
		}
		late := NewIndex(table, func(r *testRow) string { return r.Name })
		for _, name := range []string{"a", "b", "c"} {
			want := search(table, func(r *testRow) bool { return r.Name == name })
			for _, index := range []*Index[testRow, string]{names, late} {
				if diff := gocmp.Diff(want, sorted(index.All(name))); diff != "" {
					rt.Errorf("name %q (-want +got):\n%s", name, diff)
				}
				if row, ok := index.Get(name); ok != (len(want) > 0) || ok && row.Name != name {
					rt.Errorf("Get(%q) = %+v, %t; want one of %v", name, row, ok, want)
				}
			}
		}
		for n := range int64(4) {
			want := search(table, func(r *testRow) bool { return slices.Contains(r.Ints, n) })
			if diff := gocmp.Diff(want, sorted(ints.All(n))); diff != "" {
				rt.Errorf("int %d (-want +got):\n%s", n, diff)
			}
		}
	})
}

func search(table *Table[testRow], matches func(*testRow) bool) []string {
	return sorted(slices.DeleteFunc(table.All(), func(r *testRow) bool { return !matches(r) }))
}

// sorted returns the UUIDs of rows.
func sorted(rows []*testRow) []string {
	var uuids []string
	for _, r := range rows {
		uuids = append(uuids, r.UUID)
	}
	slices.Sort(uuids)
	return uuids
}
