// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import "github.com/ovskit/ovskit/openflow"

// handleGroups carries out messages about groups and meters as a switch does that can have none. It reports whether m is
// one.
func (c *conn) handleGroups(m openflow.Message, xid uint32) (known bool, err error) {
	switch m := m.(type) {
	case openflow.GroupMod:
		return true, c.groupMod(m.Command)
	case openflow.MeterMod:
		return true, c.meterMod(m.Command)
	case openflow.GroupStatsRequest:
		c.reply(openflow.GroupStatsReply{}, xid)
	case openflow.GroupDescRequest:
		c.reply(openflow.GroupDescReply{}, xid)
	case openflow.GroupFeaturesRequest:
		c.reply(openflow.GroupFeaturesReply{}, xid)
	case openflow.MeterStatsRequest:
		if m.ID != openflow.MeterAll {
			return true, openflow.ErrUnknownMeter
		}
		c.reply(openflow.MeterStatsReply{}, xid)
	case openflow.MeterConfigRequest:
		if m.ID != openflow.MeterAll {
			return true, openflow.ErrUnknownMeter
		}
		c.reply(openflow.MeterConfigReply{}, xid)
	case openflow.MeterFeaturesRequest:
		c.reply(openflow.MeterFeaturesReply{}, xid)
	default:
		return false, nil
	}
	return true, nil
}

// groupMod refuses new groups and changes of groups. There being none, each that is to be deleted is gone.
func (c *conn) groupMod(command openflow.GroupCommand) error {
	if err := c.mayChange(); err != nil {
		return err
	}
	switch command {
	case openflow.GroupAdd, openflow.GroupAddOrModify:
		return unsupported(openflow.ErrOutOfGroups, "groups")
	case openflow.GroupDelete:
		return nil
	}
	return openflow.ErrUnknownGroup
}

func (c *conn) meterMod(command openflow.MeterCommand) error {
	if err := c.mayChange(); err != nil {
		return err
	}
	if command == openflow.MeterDelete {
		return nil
	}
	return unsupported(openflow.ErrInvalidMeter, "meters")
}
