// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"encoding/binary"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/openflow"
)

// handle carries out a message; raw is its bytes. The error is or wraps an openflow.ErrorCode.
func (c *conn) handle(m openflow.Message, xid uint32, raw []byte) error {
	switch m := m.(type) {
	case openflow.Hello, openflow.EchoReply, openflow.Error:
	case openflow.EchoRequest:
		c.replyIn(openflow.Version(raw[0]), openflow.EchoReply(m), xid)
	case openflow.BarrierRequest:
		c.reply(openflow.BarrierReply{}, xid)
	case openflow.RoleRequest:
		return c.changeRole(m, xid)
	case openflow.FlowMod:
		return c.flowMod(m, xid, raw)
	case openflow.GroupMod:
		if err := c.mayChange(); err != nil {
			return err
		}
		return c.changeGroup(m, xid, raw)
	case openflow.PacketOut:
		return c.packetOut(m)
	case openflow.PortMod:
		return c.portMod(m)
	case openflow.TableMod:
		if err := c.mayChange(); err != nil {
			return err
		}
		return c.s.ConfigureTables(c.version, m)
	case openflow.BundleControl:
		return c.bundleControl(m, xid, raw)
	case openflow.BundleAdd:
		return c.bundleAdd(m, xid, raw)
	case openflow.FlowMonitorRequest:
		return c.monitorFlows(m, xid)
	case openflow.SetAsync:
		return c.setAsync(m.AsyncConfig, raw)
	default:
		for _, handler := range []func(openflow.Message, uint32) (bool, error){
			c.handleGroups, c.handleRequest, c.handleSetting, c.handleExtension, c.handleLegacy,
		} {
			if known, err := handler(m, xid); known {
				return err
			}
		}
		return refusal(m)
	}
	return nil
}

// handleRequest answers a question about the switch. It reports whether m is one.
func (c *conn) handleRequest(m openflow.Message, xid uint32) (known bool, err error) {
	switch m := m.(type) {
	case openflow.FeaturesRequest:
		c.reply(c.s.features(c.version), xid)
	case openflow.DescRequest:
		c.reply(c.s.description(), xid)
	case openflow.PortDescRequest:
		c.sendPorts(m.Port, xid)
	case openflow.PortStatsRequest:
		c.sendPortStats(m.Port, xid)
	case openflow.QueueStatsRequest:
		return true, c.sendQueueStats(m, xid)
	case openflow.QueueDescRequest:
		return true, c.sendQueues(m, xid)
	case openflow.FlowStatsRequest:
		return true, c.sendFlows(m, xid)
	case openflow.AggregateRequest:
		r, err := c.s.Aggregate(m.FlowFilter)
		if err != nil {
			return true, err
		}
		r.Plain = m.Plain
		c.reply(r, xid)
	case openflow.TableStatsRequest:
		c.sendTables(xid)
	case openflow.TableFeaturesRequest:
		return true, c.tableFeatures(m, xid)
	case openflow.TableDescRequest:
		c.sendTableDescs(xid)
	default:
		return false, nil
	}
	return true, nil
}

// handleSetting carries out a message about the connection itself. It reports whether m is one.
func (c *conn) handleSetting(m openflow.Message, xid uint32) (known bool, err error) {
	switch m := m.(type) {
	case openflow.GetConfigRequest:
		c.reply(openflow.GetConfigReply{SwitchConfig: c.getConfig()}, xid)
	case openflow.SetConfig:
		return true, c.setConfig(m.SwitchConfig)
	case openflow.GetAsyncRequest:
		c.reply(c.getAsync(), xid)
	case openflow.SetPacketInFormat:
		c.mu.Lock()
		c.format = m.Format
		c.mu.Unlock()
	case openflow.SetControllerID:
		c.mu.Lock()
		c.id = m.ID
		c.mu.Unlock()
	default:
		return false, nil
	}
	return true, nil
}

// handleExtension carries out a message of Nicira's. It reports whether m is one.
func (c *conn) handleExtension(m openflow.Message, xid uint32) (known bool, err error) {
	switch m := m.(type) {
	case openflow.CTFlushZone:
		c.s.dp.Tracker().FlushZone(m.Zone)
	case openflow.CTFlush:
		// Open vSwitch does not say either that there is no such connection.
		_ = c.s.dp.Tracker().FlushMatching(m.CTFilter)
	case openflow.TLVTableMod:
		if err := c.mayChange(); err != nil {
			return true, err
		}
		return true, c.s.ChangeTLVs(m)
	case openflow.TLVTableRequest:
		c.reply(openflow.TLVTableReply{
			MaxSpace: pipeline.MaxTLVSpace, MaxFields: pipeline.MaxTLVFields, Maps: c.s.Options().Maps(),
		}, xid)
	case openflow.Resume:
		return true, c.s.Resume(&m.PacketIn)
	default:
		return false, nil
	}
	return true, nil
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
		if asksIPFIX(&m) {
			return openflow.ErrNotConfigured
		}
		return openflow.ErrBadMultipart
	case openflow.Experimenter:
		if m.ID == niciraID || m.ID == onfID {
			return openflow.ErrBadExperimenterType
		}
		return openflow.ErrBadExperimenter
	}
	return openflow.ErrBadType
}

// asksIPFIX reports whether a request is one of Nicira's for the statistics of IPFIX, of a bridge or of its flows.
func asksIPFIX(m *openflow.MultipartRequest) bool {
	const experimenter, ofBridge, ofFlows = 0xffff, 3, 4
	if m.Type != experimenter || len(m.Body) < 8 || binary.BigEndian.Uint32(m.Body) != niciraID {
		return false
	}
	subtype := binary.BigEndian.Uint32(m.Body[4:])
	return subtype == ofBridge || subtype == ofFlows
}

func (c *conn) flowMod(m openflow.FlowMod, xid uint32, raw []byte) error {
	if err := c.mayChange(); err != nil {
		return err
	}
	f, err := c.prepare(m, raw)
	if err != nil {
		return err
	}
	s := c.s
	s.Begin()
	defer s.End()
	changes, err := s.Apply(&f)
	if err != nil {
		return err
	}
	s.finished(changes, c, xid)
	return nil
}

func (c *conn) packetOut(m openflow.PacketOut) error {
	if err := c.mayChange(); err != nil {
		return err
	}
	out, err := c.s.PreparePacketOut(&m)
	if err != nil {
		return err
	}
	return c.s.Output(out)
}
