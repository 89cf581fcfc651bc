// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"maps"
	"slices"

	"github.com/ovskit/ovskit/openflow"
)

// GroupStats are the counters of a group or of all, none if there is no such group.
func (s *Bridge) GroupStats(id uint32) []openflow.GroupStats {
	return chosenGroups(s, id, func(g *group) openflow.GroupStats { return g.stats(s.now) })
}

// GroupDescs are a group or all as controllers of a version are told of them, none if there is no such group.
func (s *Bridge) GroupDescs(id uint32, v openflow.Version) []openflow.Group {
	return chosenGroups(s, id, func(g *group) openflow.Group { return g.desc(v) })
}

// GroupDesc is one of GroupDescs; false if it is not there. The bridge is locked.
func (s *Bridge) GroupDesc(id uint32, v openflow.Version) (openflow.Group, bool) {
	g := s.group(id)
	if g == nil {
		return openflow.Group{}, false
	}
	return g.desc(v), true
}

// MeterStats are the counters of a meter or of all; the error is openflow.ErrUnknownMeter.
func (s *Bridge) MeterStats(id uint32) ([]openflow.MeterStats, error) {
	return chosenMeters(s, id, func(m *meter) openflow.MeterStats { return m.stats(s.now) })
}

// MeterConfigs are a meter or all; the error is openflow.ErrUnknownMeter.
func (s *Bridge) MeterConfigs(id uint32) ([]openflow.MeterConfig, error) {
	return chosenMeters(s, id, func(m *meter) openflow.MeterConfig { return m.config })
}

// chosenGroups looks at one group or all.
func chosenGroups[T any](s *Bridge, id uint32, look func(*group) T) []T {
	s.Begin()
	defer s.End()
	var list []T
	if id != openflow.GroupAll {
		if g := s.group(id); g != nil {
			list = append(list, look(g))
		}
		return list
	}
	for _, id := range slices.Sorted(maps.Keys(s.flows.groups)) {
		list = append(list, look(s.flows.groups[id]))
	}
	return list
}

// chosenMeters looks at one meter or all.
func chosenMeters[T any](s *Bridge, id uint32, look func(*meter) T) ([]T, error) {
	s.Begin()
	defer s.End()
	if id != openflow.MeterAll {
		m := s.meter(id)
		if m == nil {
			return nil, openflow.ErrUnknownMeter
		}
		return []T{look(m)}, nil
	}
	var list []T
	for _, id := range slices.Sorted(maps.Keys(s.flows.meters)) {
		list = append(list, look(s.flows.meters[id]))
	}
	return list, nil
}
