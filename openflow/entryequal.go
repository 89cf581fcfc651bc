// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"bytes"
	"cmp"
	"slices"
)

// Equal reports whether two groups are the same to a switch, whichever way their buckets' actions are encoded and the fields
// of their selection ordered.
func (g Group) Equal(h Group) bool {
	return equalEncoding(GroupMod{Group: g.canonical()}, GroupMod{Group: h.canonical()}) &&
		slices.EqualFunc(g.Buckets, h.Buckets, func(x, y Bucket) bool {
			return Instructions{Apply: x.Actions}.Equal(Instructions{Apply: y.Actions})
		})
}

// before15 is what a version before 1.5 tells of a group.
func (g Group) before15() Group {
	g.Selection, g.Buckets = Selection{}, slices.Clone(g.Buckets)
	for i := range g.Buckets {
		g.Buckets[i].ID = 0
	}
	return g
}

// canonical is the group without the actions of its buckets, with the fields of its selection in order.
func (g Group) canonical() Group {
	g.Buckets = slices.Clone(g.Buckets)
	for i := range g.Buckets {
		g.Buckets[i].Actions = nil
	}
	g.Selection.Fields = slices.SortedFunc(slices.Values(g.Selection.Fields), func(a, b MatchField) int {
		return cmp.Or(cmp.Compare(a.Field, b.Field), bytes.Compare(a.Value, b.Value))
	})
	return g
}

// Equal reports whether two meters are the same to a switch, which takes no note of burst sizes without MeterBurst, and the
// rate for a burst size of 0.
func (m MeterConfig) Equal(n MeterConfig) bool {
	return equalEncoding(MeterMod{MeterConfig: m.canonical()}, MeterMod{MeterConfig: n.canonical()})
}

func (m MeterConfig) canonical() MeterConfig {
	m.Bands = slices.Clone(m.Bands)
	for i, b := range m.Bands {
		if m.Flags&MeterBurst == 0 || b.BurstSize == 0 {
			m.Bands[i].BurstSize = b.Rate
		}
	}
	return m
}

// equalEncoding reports whether two messages go over the wire as the same bytes. What cannot be encoded equals nothing.
func equalEncoding(a, b Message) bool {
	x, err := Encode(Version15, a, 0)
	if err != nil {
		return false
	}
	y, err := Encode(Version15, b, 0)
	return err == nil && bytes.Equal(x, y)
}
