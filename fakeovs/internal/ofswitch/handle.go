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
		return s.packetOut(&m)
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
	case openflow.FlowMonitorRequest:
		return openflow.ErrBadMultipart
	case openflow.SetPacketInFormat, openflow.SetControllerID, openflow.Resume, openflow.TLVTableMod,
		openflow.TLVTableRequest, openflow.CTFlush:
		return openflow.ErrBadExperimenterType
	case openflow.Experimenter:
		if m.ID == niciraID || m.ID == onfID {
			return openflow.ErrBadExperimenterType
		}
		return openflow.ErrBadExperimenter
	case openflow.MultipartRequest, openflow.PortStatsRequest, openflow.QueueStatsRequest, openflow.GroupStatsRequest,
		openflow.GroupDescRequest, openflow.GroupFeaturesRequest, openflow.MeterStatsRequest, openflow.MeterConfigRequest,
		openflow.MeterFeaturesRequest:
		return openflow.ErrBadMultipart
	case openflow.Raw:
		return c.handleRaw(m, xid)
	default:
		return openflow.ErrBadType
	}
	return nil
}

// handleRaw carries out the messages that package openflow has no type for, or refuses them as a switch does that does
// not know them.
func (c *conn) handleRaw(m openflow.Raw, xid uint32) error {
	switch m.Type {
	case typeGetAsyncRequest:
		c.reply(c.getAsync(), xid)
		return nil
	case typeSetAsync:
		return c.setAsync(m.Body)
	}
	return openflow.ErrBadType
}

const onfID = 0x4f4e4600

func (s *Switch) features() openflow.FeaturesReply {
	return openflow.FeaturesReply{
		DatapathID: s.datapathID,
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
		return errBadConfigFlags
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.config = config
	return nil
}
