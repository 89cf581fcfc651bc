// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"slices"

	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/openflow"
)

// TableStats are the counters of the tables, with their configuration in the words of a version.
func (s *Bridge) TableStats(v openflow.Version) []openflow.TableStats {
	tables := make([]openflow.TableStats, flowcheck.VisibleTables)
	s.Begin()
	defer s.End()
	for i := range tables {
		counts := &s.flows.counts[i]
		tables[i] = openflow.TableStats{
			Table: uint8(i), Lookups: counts.lookups, Matches: counts.matches, Active: uint32(s.flows.tableLen(uint8(i))),
			Name: s.flows.config[i].tableName(), MaxEntries: uint32(min(s.flows.config[i].limit(), maxEntries)),
			Config: s.flows.config[i].missConfig(v), Last: i == flowcheck.VisibleTables-1,
		}
	}
	return tables
}

// maxEntries is how many flows a table claims to hold that has no limit.
const maxEntries = 1_000_000

// TableFeatures are what the tables can do in a version.
func (s *Bridge) TableFeatures(v openflow.Version) []openflow.TableFeatures {
	s.Begin()
	defer s.End()
	return s.tableFeatures(v)
}

// tableFeatures are what the tables can do: they differ in those that a packet can go on to, and in what they are
// configured to. The bridge is locked.
func (s *Bridge) tableFeatures(v openflow.Version) []openflow.TableFeatures {
	var matched, wildcards, settable []openflow.FieldHeader
	for f := openflow.FieldInvalid + 1; f < openflow.FieldUnknown; f++ {
		matched = append(matched, openflow.FieldHeader{Field: f, Masked: f.Maskable()})
		wildcards = append(wildcards, openflow.FieldHeader{Field: f})
		if f.Writable() {
			settable = append(settable, openflow.FieldHeader{Field: f})
		}
	}
	tables := make([]uint8, flowcheck.VisibleTables)
	for i := range tables {
		tables[i] = uint8(i)
	}
	features := make([]openflow.TableFeatures, flowcheck.VisibleTables)
	for i := range features {
		config := &s.flows.config[i]
		flows := openflow.FlowAbilities{
			Instructions: featureInstructions(v, i == flowcheck.VisibleTables-1), Next: slices.Clip(tables[i+1:]),
			Write: featureActions, Apply: featureActions, WriteSet: settable, ApplySet: settable,
		}
		features[i] = openflow.TableFeatures{
			Table: uint8(i), Name: config.tableName(), MetadataMatch: ^uint64(0), MetadataWrite: ^uint64(0),
			MaxEntries: uint32(min(config.limit(), maxEntries)),
			Abilities:  &openflow.TableAbilities{Match: matched, Wildcards: wildcards, Hit: flows, Miss: flows},
		}
	}
	return features
}

// featureInstructions are the instructions that flows may have; those of the last table cannot go on to another.
func featureInstructions(v openflow.Version, last bool) []openflow.TypeNumber {
	numbers := []openflow.TypeNumber{{Type: 1}, {Type: 2}, {Type: 3}, {Type: 4}, {Type: 5}}
	if v < openflow.Version15 {
		numbers = append(numbers, openflow.TypeNumber{Type: 6})
	}
	if last {
		numbers = numbers[1:]
	}
	return numbers
}

// featureActions are the actions that OpenFlow has itself: output, TTL of MPLS, tags of VLAN and MPLS, queue, group, TTL
// of IP, and set_field.
var featureActions = []openflow.TypeNumber{
	{Type: 0}, {Type: 15}, {Type: 16}, {Type: 17}, {Type: 18}, {Type: 19}, {Type: 20}, {Type: 21}, {Type: 22}, {Type: 23},
	{Type: 24}, {Type: 25},
}
