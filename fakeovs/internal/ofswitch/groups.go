// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"unsafe"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/openflow"
)

// handleGroups carries out a message about groups or meters. It reports whether m is one.
func (c *conn) handleGroups(m openflow.Message, xid uint32) (known bool, err error) {
	switch m := m.(type) {
	case openflow.MeterMod:
		if err := c.mayChange(); err != nil {
			return true, err
		}
		return true, c.changeMeter(m, xid)
	case openflow.GroupStatsRequest:
		groups, drop := listed(c, func() []openflow.GroupStats { return c.s.GroupStats(m.ID) },
			func(g *openflow.GroupStats) int { return len(g.Buckets) })
		defer drop()
		sendList(c, xid, groups, func(part []openflow.GroupStats, more bool) openflow.Message {
			return openflow.GroupStatsReply{Groups: part, More: more}
		})
	case openflow.GroupDescRequest:
		groups, drop := listed(c, func() []openflow.Group { return c.s.GroupDescs(m.ID, c.version) },
			func(g *openflow.Group) int { return len(g.Buckets) })
		defer drop()
		sendList(c, xid, groups, func(part []openflow.Group, more bool) openflow.Message {
			return openflow.GroupDescReply{Groups: part, More: more}
		})
	case openflow.GroupFeaturesRequest:
		c.reply(groupFeatures(c.version), xid)
	case openflow.MeterStatsRequest:
		var err error
		meters, drop := listed(c, func() (list []openflow.MeterStats) {
			list, err = c.s.MeterStats(m.ID)
			return list
		}, func(m *openflow.MeterStats) int { return len(m.Bands) })
		defer drop()
		if err != nil {
			return true, err
		}
		sendList(c, xid, meters, func(part []openflow.MeterStats, more bool) openflow.Message {
			return openflow.MeterStatsReply{Meters: part, More: more}
		})
	case openflow.MeterConfigRequest:
		var err error
		meters, drop := listed(c, func() (list []openflow.MeterConfig) {
			list, err = c.s.MeterConfigs(m.ID)
			return list
		}, func(m *openflow.MeterConfig) int { return len(m.Bands) })
		defer drop()
		if err != nil {
			return true, err
		}
		sendList(c, xid, meters, func(part []openflow.MeterConfig, more bool) openflow.Message {
			return openflow.MeterConfigReply{Meters: part, More: more}
		})
	case openflow.MeterFeaturesRequest:
		c.reply(pipeline.MeterFeatures, xid)
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

// changeGroup carries out a group-mod; raw is its bytes.
func (c *conn) changeGroup(m openflow.GroupMod, xid uint32, raw []byte) error {
	s := c.s
	mod := s.PrepareGroup(m, c.version, raw)
	s.Begin()
	defer s.End()
	changes, err := s.ApplyGroup(mod)
	if err != nil {
		return err
	}
	s.finished(changes, c, xid)
	c.forwardGroup(m, pipeline.ReplacesGroup(changes), xid)
	return nil
}

// changeMeter carries out a meter-mod.
func (c *conn) changeMeter(m openflow.MeterMod, xid uint32) error {
	c.s.Begin()
	defer c.s.End()
	if err := c.s.ApplyMeter(m); err != nil {
		return err
	}
	c.forward(m, xid)
	return nil
}

// listed makes a list for an answer, which is in the backlog until drop. Parts is how many buckets or bands an entry has.
func listed[T any](c *conn, makes func() []T, parts func(*T) int) (list []T, drop func()) {
	const partSize = 64
	drop = c.makeList(func() int64 {
		list = makes()
		size := int64(0)
		for i := range list {
			size += int64(unsafe.Sizeof(list[i])) + partSize*int64(parts(&list[i]))
		}
		return size
	})
	if drop == nil {
		return nil, func() {}
	}
	return list, drop
}
