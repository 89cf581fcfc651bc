// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/openflow"
)

// SetTableFeatures lets a controller that speaks a version set the names of tables, and claim less than they can do.
func (s *Bridge) SetTableFeatures(v openflow.Version, tables []openflow.TableFeatures) error {
	s.Begin()
	defer s.End()
	wanted := make(map[uint8]*openflow.TableFeatures)
	for i := range tables {
		t := &tables[i]
		if wanted[t.Table] != nil {
			return openflow.ErrDupTable
		}
		wanted[t.Table] = t
	}
	if wanted[flowcheck.VisibleTables] != nil {
		return openflow.ErrFeaturesPermission
	}
	switch tables[0].Command {
	case openflow.TableFeaturesModify:
	case openflow.TableFeaturesReplace:
		for i := range uint8(flowcheck.VisibleTables) {
			if wanted[i] == nil {
				return openflow.ErrFeaturesPermission
			}
		}
	default:
		return openflow.ErrFeaturesPermission
	}
	current := s.tableFeatures(v)
	for i := range current {
		t := wanted[uint8(i)]
		if t == nil {
			continue
		}
		config := &s.flows.config[i]
		if t.MaxEntries != current[i].MaxEntries || config.options.Name != "" && t.Name != config.options.Name {
			return openflow.ErrFeaturesPermission
		}
		if t.Abilities != nil && !within(t.Abilities, current[i].Abilities) {
			return openflow.ErrFeaturesPermission
		}
	}
	for i, t := range wanted {
		if int(i) < flowcheck.VisibleTables {
			s.flows.config[i].rename(t.Name)
		}
	}
	return nil
}

// within reports whether abilities are no more than others.
func within(a, all *openflow.TableAbilities) bool {
	return subset(a.Match, all.Match, sameHeader) && subset(a.Wildcards, all.Wildcards, sameHeader) &&
		flowsWithin(&a.Hit, &all.Hit) && flowsWithin(&a.Miss, &all.Miss)
}

func flowsWithin(a, all *openflow.FlowAbilities) bool {
	return subset(a.Instructions, all.Instructions, sameType) &&
		subset(a.Next, all.Next, func(x, y uint8) bool { return x == y }) &&
		subset(a.Write, all.Write, sameType) && subset(a.Apply, all.Apply, sameType) &&
		subset(a.WriteSet, all.WriteSet, sameHeader) && subset(a.ApplySet, all.ApplySet, sameHeader)
}

// sameHeader reports whether a field that is wanted is one that there is.
func sameHeader(want, have openflow.FieldHeader) bool {
	return want.Field == have.Field && (have.Masked || !want.Masked)
}

func sameType(want, have openflow.TypeNumber) bool { return want.Type == have.Type }

func subset[T any](list, all []T, same func(want, have T) bool) bool {
	for _, want := range list {
		found := false
		for _, have := range all {
			found = found || same(want, have)
		}
		if !found {
			return false
		}
	}
	return true
}
