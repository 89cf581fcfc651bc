// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "slices"

// alike reports whether instructions are the same in the same forms, without encoding them. Those that are not may still do
// the same.
func (in *Instructions) alike(other *Instructions) bool {
	return in.Meter == other.Meter && in.ClearActions == other.ClearActions && in.Goto == other.Goto &&
		in.Metadata == other.Metadata && in.MetadataMask == other.MetadataMask &&
		len(in.Unknown)+len(other.Unknown) == 0 &&
		slices.EqualFunc(in.Apply, other.Apply, alike) && slices.EqualFunc(in.Write, other.Write, alike)
}

// alike reports whether two actions are the same in the same form, for the kinds that most flows consist of.
func alike(a, b Action) bool {
	switch a := a.(type) {
	case SetField:
		b, ok := b.(SetField)
		return ok && a.Equal(b.MatchField)
	case CT:
		b, ok := b.(CT)
		return ok && a.alike(&b)
	case Output:
		return Action(a) == b
	case Move:
		return Action(a) == b
	case OutputGroup:
		return Action(a) == b
	case Conjunction:
		return Action(a) == b
	case DecTTL:
		b, ok := b.(DecTTL)
		return ok && slices.Equal(a.Controllers, b.Controllers)
	}
	return false
}

func (a *CT) alike(b *CT) bool {
	return a.Commit == b.Commit && a.Force == b.Force && a.Zone == b.Zone && alikeAt(a.ZoneFrom, b.ZoneFrom) &&
		a.Resume == b.Resume && a.Table == b.Table && a.ALG == b.ALG && alikeAt(a.NAT, b.NAT) &&
		slices.EqualFunc(a.Exec, b.Exec, alike)
}

// alikeAt reports whether both pointers are nil, or what they point to is equal.
func alikeAt[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }
