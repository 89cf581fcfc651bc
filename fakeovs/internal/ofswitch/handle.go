// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import "github.com/ovskit/ovskit/openflow"

// handle carries out a message; raw is its bytes. The error is or wraps an openflow.ErrorCode.
func (c *conn) handle(m openflow.Message, xid uint32, raw []byte) error {
	s := c.s
	switch m := m.(type) {
	case openflow.Hello, openflow.EchoReply, openflow.Error:
	case openflow.EchoRequest:
		c.reply(openflow.EchoReply(m), xid)
	case openflow.BarrierRequest:
		c.reply(openflow.BarrierReply{}, xid)
	case openflow.FeaturesRequest:
		c.reply(s.features(), xid)
	case openflow.GetConfigRequest:
		c.mu.Lock()
		config := c.config
		c.mu.Unlock()
		c.reply(openflow.GetConfigReply{SwitchConfig: config}, xid)
	case openflow.SetConfig:
		return c.setConfig(m.SwitchConfig)
	case openflow.RoleRequest:
		r, err := c.setRole(m)
		if err != nil {
			return err
		}
		c.reply(r, xid)
	case openflow.FlowMod:
		if err := c.mayChange(); err != nil {
			return err
		}
		return s.change(m)
	case openflow.PacketOut:
		if err := c.mayChange(); err != nil {
			return err
		}
		out, err := preparePacketOut(&m)
		if err != nil {
			return err
		}
		s.output(out)
	case openflow.CTFlushZone:
		s.dp.conns.FlushZone(m.Zone)
	case openflow.BundleControl:
		return c.bundleControl(m, xid, raw)
	case openflow.BundleAdd:
		return c.bundleAdd(m, xid, raw)
	case openflow.DescRequest:
		c.reply(description, xid)
	case openflow.PortDescRequest:
		c.sendPorts(xid)
	case openflow.FlowStatsRequest:
		return c.sendFlows(m.FlowFilter, xid)
	case openflow.AggregateRequest:
		r, err := s.aggregate(m.FlowFilter)
		if err != nil {
			return err
		}
		c.reply(r, xid)
	case openflow.TableStatsRequest:
		c.sendTables(xid)
	case openflow.TableFeaturesRequest:
		if len(m.Tables) > 0 || m.More {
			return openflow.ErrFeaturesPermission
		}
		c.sendTableFeatures(xid)
	case openflow.GetAsyncRequest:
		c.reply(c.getAsync(), xid)
	case openflow.SetAsync:
		c.setAsync(m.AsyncConfig)
	case openflow.SetPacketInFormat:
		c.mu.Lock()
		c.format = m.Format
		c.mu.Unlock()
	case openflow.SetControllerID:
		c.mu.Lock()
		c.id = m.ID
		c.mu.Unlock()
	default:
		if known, err := c.handleGroups(m, xid); known {
			return err
		}
		return refusal(m)
	}
	return nil
}

// The experimenters that a switch knows, if not each of their messages.
const (
	niciraID = 0x00002320
	onfID    = 0x4f4e4600
)

// refusal is how a switch refuses a message that it does not know.
func refusal(m openflow.Message) error {
	switch m := m.(type) {
	case openflow.MultipartRequest:
		return openflow.ErrBadMultipart
	case openflow.FlowMonitorRequest, openflow.PortStatsRequest, openflow.QueueStatsRequest:
		return unsupported(openflow.ErrBadMultipart, "%T", m)
	case openflow.Resume:
		return unsupported(openflow.ErrResumeUnsupported, "%T", m)
	case openflow.TLVTableMod, openflow.TLVTableRequest, openflow.CTFlush:
		return unsupported(openflow.ErrBadExperimenterType, "%T", m)
	case openflow.Experimenter:
		if m.ID == niciraID || m.ID == onfID {
			return openflow.ErrBadExperimenterType
		}
		return openflow.ErrBadExperimenter
	case openflow.PortMod, openflow.TableMod, openflow.QueueDescRequest:
		return unsupported(openflow.ErrBadType, "%T", m)
	}
	return openflow.ErrBadType
}

func (s *Switch) features() openflow.FeaturesReply {
	return openflow.FeaturesReply{
		DatapathID: s.datapathID.Load(),
		Tables:     visibleTables,
		Capabilities: openflow.CapFlowStats | openflow.CapTableStats | openflow.CapPortStats | openflow.CapGroupStats |
			openflow.CapQueueStats,
	}
}

// description is what Open vSwitch says of itself.
var description = openflow.DescReply{
	Manufacturer: "Nicira, Inc.",
	Hardware:     "Open vSwitch",
	Software:     "3.1.0",
	SerialNumber: "None",
	Datapath:     "None",
}

func (c *conn) setConfig(config openflow.SwitchConfig) error {
	if config.Flags != 0 {
		return openflow.ErrBadConfigFlags
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.config = config
	return nil
}
