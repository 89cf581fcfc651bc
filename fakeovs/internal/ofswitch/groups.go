// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"maps"
	"slices"

	"github.com/ovskit/ovskit/openflow"
)

// handleGroups carries out a message about groups or meters. It reports whether m is one.
func (c *conn) handleGroups(m openflow.Message, xid uint32) (known bool, err error) {
	switch m := m.(type) {
	case openflow.GroupMod:
		if err := c.mayChange(); err != nil {
			return true, err
		}
		return true, c.changeGroup(m, xid)
	case openflow.MeterMod:
		if err := c.mayChange(); err != nil {
			return true, err
		}
		return true, c.changeMeter(m, xid)
	case openflow.GroupStatsRequest:
		groups, drop := chosenGroups(c, m.ID, func(g *group) openflow.GroupStats { return g.stats(c.s.now) })
		defer drop()
		sendList(c, xid, groups, func(part []openflow.GroupStats, more bool) openflow.Message {
			return openflow.GroupStatsReply{Groups: part, More: more}
		})
	case openflow.GroupDescRequest:
		groups, drop := chosenGroups(c, m.ID, (*group).desc)
		defer drop()
		sendList(c, xid, groups, func(part []openflow.Group, more bool) openflow.Message {
			return openflow.GroupDescReply{Groups: part, More: more}
		})
	case openflow.GroupFeaturesRequest:
		c.reply(groupFeatures(c.version), xid)
	case openflow.MeterStatsRequest:
		meters, drop, err := chosenMeters(c, m.ID, func(m *meter) openflow.MeterStats { return m.stats(c.s.now) })
		if err != nil {
			return true, err
		}
		defer drop()
		sendList(c, xid, meters, func(part []openflow.MeterStats, more bool) openflow.Message {
			return openflow.MeterStatsReply{Meters: part, More: more}
		})
	case openflow.MeterConfigRequest:
		meters, drop, err := chosenMeters(c, m.ID, func(m *meter) openflow.MeterConfig { return m.config })
		if err != nil {
			return true, err
		}
		defer drop()
		sendList(c, xid, meters, func(part []openflow.MeterConfig, more bool) openflow.Message {
			return openflow.MeterConfigReply{Meters: part, More: more}
		})
	case openflow.MeterFeaturesRequest:
		c.reply(meterFeatures, xid)
	default:
		return false, nil
	}
	return true, nil
}

// The actions that Open vSwitch says buckets may have, by their numbers: in OpenFlow 1.0 all, in OpenFlow 1.1 all but
// copies of a TTL, and later output, TTL of MPLS, tags of VLAN and MPLS, queue, group, TTL of IP, and set_field.
const (
	groupActions11 = 0x01ff_ffff &^ (1<<11 | 1<<12)
	groupActions   = 1 | 0x03ff_8000
)

func groupFeatures(v openflow.Version) openflow.GroupFeaturesReply {
	actions := uint32(groupActions)
	switch v {
	case openflow.Version10:
		actions = actions10
	case openflow.Version11:
		actions = groupActions11
	}
	return openflow.GroupFeaturesReply{
		Types: 1<<openflow.GroupTypeAll | 1<<openflow.GroupTypeSelect | 1<<openflow.GroupTypeIndirect |
			1<<openflow.GroupTypeFastFailover,
		Capabilities: openflow.GroupCapSelectWeight | openflow.GroupCapSelectLiveness | openflow.GroupCapChaining,
		MaxGroups:    [4]uint32{openflow.GroupMax, openflow.GroupMax, openflow.GroupMax, openflow.GroupMax},
		Actions:      [4]uint32{actions, actions, actions, actions},
	}
}

// chosenGroups looks at one group or all. The list is in the backlog until drop.
func chosenGroups[T any](c *conn, id uint32, look func(*group) T) (list []T, drop func()) {
	if !c.beginList() {
		return nil, func() {}
	}
	s := c.s
	defer s.end()
	ids := []uint32{id}
	if id == openflow.GroupAll {
		ids = slices.Sorted(maps.Keys(s.flows.groups))
	}
	size := int64(0)
	for _, id := range ids {
		if g := s.group(id); g != nil {
			list = append(list, look(g))
			size += groupWeight + int64(len(g.buckets))*bucketWeight
		}
	}
	return list, c.holdList(size)
}

// chosenMeters looks at one meter or all. The list is in the backlog until drop.
func chosenMeters[T any](c *conn, id uint32, look func(*meter) T) (list []T, drop func(), err error) {
	if !c.beginList() {
		return nil, func() {}, nil
	}
	s := c.s
	defer s.end()
	ids := []uint32{id}
	if id == openflow.MeterAll {
		ids = slices.Sorted(maps.Keys(s.flows.meters))
	} else if s.meter(id) == nil {
		return nil, nil, openflow.ErrUnknownMeter
	}
	size := int64(0)
	for _, id := range ids {
		m := s.meter(id)
		list = append(list, look(m))
		size += m.weight()
	}
	return list, c.holdList(size), nil
}
