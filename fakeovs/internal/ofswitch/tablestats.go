// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"slices"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// sendTables answers a request for the counters of the tables.
func (c *conn) sendTables(xid uint32) {
	s := c.s
	tables := make([]openflow.TableStats, visibleTables)
	s.begin()
	for i := range tables {
		counts := &s.flows.counts[i]
		tables[i] = openflow.TableStats{Table: uint8(i), Lookups: counts.lookups, Matches: counts.matches}
		if cls := s.flows.tables[i]; cls != nil {
			tables[i].Active = uint32(cls.count)
		}
	}
	s.end()
	c.reply(openflow.TableStatsReply{Tables: tables}, xid)
}

// What flows may have: the instructions but meter, and OpenFlow's own actions.
var (
	instructionTypes = []openflow.TypeNumber{{Type: 1}, {Type: 2}, {Type: 3}, {Type: 4}, {Type: 5}}
	// Output, push and pop a VLAN tag, decrement the TTL, set a field.
	actionTypes = []openflow.TypeNumber{{Type: 0}, {Type: 17}, {Type: 18}, {Type: 24}, {Type: 25}}
)

// featuresPerReply is how many tables' features surely fit into a message.
const featuresPerReply = 16

// sendTableFeatures answers a request for what the tables can do.
func (c *conn) sendTableFeatures(xid uint32) {
	features := tableFeatures()
	for len(features) > featuresPerReply {
		c.reply(openflow.TableFeaturesReply{Tables: features[:featuresPerReply], More: true}, xid)
		features = features[featuresPerReply:]
	}
	c.reply(openflow.TableFeaturesReply{Tables: features}, xid)
}

// tableFeatures are what the tables can do: they differ in those that a packet can go on to.
func tableFeatures() []openflow.TableFeatures {
	var matched, wildcards, settable []openflow.FieldHeader
	for f := openflow.FieldInvalid + 1; f < openflow.FieldUnknown; f++ {
		if !packet.Known(f) {
			continue
		}
		matched = append(matched, openflow.FieldHeader{Field: f, Masked: f.Maskable()})
		wildcards = append(wildcards, openflow.FieldHeader{Field: f})
		if f.Writable() {
			settable = append(settable, openflow.FieldHeader{Field: f})
		}
	}
	tables := make([]uint8, visibleTables)
	for i := range tables {
		tables[i] = uint8(i)
	}
	features := make([]openflow.TableFeatures, visibleTables)
	for i := range features {
		flows := openflow.FlowAbilities{
			Instructions: instructionTypes, Next: slices.Clip(tables[i+1:]),
			Write: actionTypes, Apply: actionTypes, WriteSet: settable, ApplySet: settable,
		}
		features[i] = openflow.TableFeatures{
			Table: uint8(i), MetadataMatch: ^uint64(0), MetadataWrite: ^uint64(0), MaxEntries: maxFlows,
			Abilities: &openflow.TableAbilities{Match: matched, Wildcards: wildcards, Hit: flows, Miss: flows},
		}
	}
	return features
}
