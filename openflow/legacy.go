// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// The messages of OpenFlow 1.0 to 1.2 stand in the files whose names begin with "legacy", where their form is not that of
// 1.3. Connections of this package speak 1.3 and later; the codec knows the older versions for switches, of which
// ovs-ofctl(8) and old controllers ask them.

// The numbers of message types in OpenFlow 1.0 that are others than later.
const (
	type10PortMod        = 15
	type10StatsRequest   = 16
	type10StatsReply     = 17
	type10BarrierRequest = 18
	type10BarrierReply   = 19
	type10QueueRequest   = 20
	type10QueueReply     = 21
)

// Nicira's messages of old versions.
const (
	nxtRoleRequest        = 10
	nxtRoleReply          = 11
	nxtSetFlowFormat      = 12
	nxtFlowMod            = 13
	nxtFlowModTableID     = 15
	nxtSetAsync           = 19
	nxtFlowMonitorCancel  = 21
	nxtFlowMonitorPaused  = 22
	nxtFlowMonitorResumed = 23
	nxtSetAsync2          = 27
	nxtGroupMod           = 31
	nxtRequestForward     = 132
)

// SetFlowFormat says in which form flows are told of (NXT_SET_FLOW_FORMAT); OpenFlow 1.0 only.
type SetFlowFormat struct {
	// NXM is Nicira's extensible match in place of the match of OpenFlow 1.0.
	NXM bool
}

// FlowModTableID says whether the high byte of a flow-mod's command is the number of the table
// (NXT_FLOW_MOD_TABLE_ID); OpenFlow 1.0 only.
type FlowModTableID struct{ Set bool }

func (SetFlowFormat) describe() string  { return "set-flow-format" }
func (FlowModTableID) describe() string { return "flow-mod-table-id" }

func (m SetFlowFormat) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	format := uint32(0)
	if m.NXM {
		format = formatNXM
	}
	return be.AppendUint32(appendExperimenter(b, experimenterNicira, nxtSetFlowFormat), format), typeExperimenter, nil
}

func (m FlowModTableID) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	b = appendExperimenter(b, experimenterNicira, nxtFlowModTableID)
	return pad(append(b, byte(bits(m.Set))), 7), typeExperimenter, nil
}

const formatNXM = 2

// appendLegacy is appendTo for OpenFlow 1.0 to 1.2.
func appendLegacy(b []byte, v Version, m Message, xid uint32) (out []byte, typ uint8, err error) {
	switch m := m.(type) {
	case Error:
		return m.appendLegacy(b, v)
	case FeaturesReply:
		return m.appendLegacy(b, v)
	case PacketIn:
		if m.Format == PacketInStandard {
			return m.appendLegacy(b, v)
		}
	case PortStatsReply:
		return m.appendLegacy(b, v)
	case TableStatsReply:
		return m.appendLegacy(b, v)
	case QueueStatsReply:
		return m.appendLegacy(b, v)
	case GroupStatsReply:
		return m.appendLegacy(b, v)
	case FlowMonitorRequest:
		return m.appendLegacy(b, v)
	case FlowUpdates:
		return m.appendLegacy(b, v)
	case QueueDescRequest, QueueDescReply:
		if v < Version12 {
			return appendOldQueue(b, v, m)
		}
	case RoleRequest, RoleReply:
		if v < Version12 {
			return appendNXRole(b, m)
		}
	case SetAsync:
		return appendAsync(appendExperimenter(b, experimenterNicira, nxtSetAsync), Version13, m.AsyncConfig), typeExperimenter, nil
	case GetAsyncRequest, GetAsyncReply, MeterMod, MeterStatsRequest, MeterStatsReply, MeterConfigRequest, MeterConfigReply, MeterFeaturesRequest,
		MeterFeaturesReply, TableFeaturesRequest, TableFeaturesReply, BundleControl, BundleAdd:
		return b, 0, errVersion(v, m.describe())
	}
	if v > Version10 {
		return m.appendTo(b, v, xid)
	}
	return append10(b, m, xid)
}

// append10 is appendTo for what OpenFlow 1.0 has in another form than 1.1.
func append10(b []byte, m Message, xid uint32) (out []byte, typ uint8, err error) {
	switch m := m.(type) {
	case FlowMod:
		return m.append10(b)
	case FlowRemoved:
		return m.append10(b)
	case PortStatus:
		b, err = appendPort10(pad(append(b, byte(m.Reason)), 7), m.Port)
		return b, typePortStatus, err
	case PacketOut:
		return m.append10(b)
	case PortMod:
		return m.append10(b)
	case BarrierRequest:
		return b, type10BarrierRequest, nil
	case BarrierReply:
		return b, type10BarrierReply, nil
	case GroupMod:
		b, _, err = m.appendTo(appendExperimenter(b, experimenterNicira, nxtGroupMod), Version10, xid)
		return b, typeExperimenter, err
	case FlowStatsRequest, FlowStatsReply, AggregateRequest, AggregateReply, PortStatsRequest, PortDescReply, QueueStatsRequest,
		GroupStatsRequest, GroupDescRequest, GroupDescReply, GroupFeaturesRequest, GroupFeaturesReply, DescRequest, DescReply,
		TableStatsRequest, PortDescRequest, MultipartRequest, MultipartReply:
		return appendStats10(b, m, xid)
	}
	return m.appendTo(b, Version10, xid)
}

// decodeLegacy is decodeBody for OpenFlow 1.0 to 1.2.
func decodeLegacy(v Version, typ uint8, xid uint32, body []byte, inBundle bool) (Message, error) {
	r := &reader{b: body}
	switch typ {
	case typeFeaturesReply:
		return decodeLegacyFeatures(r, v)
	case typePacketIn:
		return decodeLegacyPacketIn(r, v)
	case typeExperimenter:
		return decodeLegacyExperimenter(r, v, xid, inBundle)
	}
	if v == Version10 {
		return decode10(r, typ)
	}
	switch typ {
	case typeMultipartRequest, typeMultipartReply:
		return decodeLegacyMultipart(r, v, typ == typeMultipartReply)
	case typeRoleRequest, typeRoleReply:
		if v < Version12 {
			return Raw{Type: typ, Body: body}, nil
		}
	case typeGetAsyncRequest, typeGetAsyncReply, typeSetAsync, typeMeterMod:
		return Raw{Type: typ, Body: body}, nil
	}
	return decodeModern(v, typ, xid, body, inBundle)
}

// decode10 reads what follows the header of a message of OpenFlow 1.0.
func decode10(r *reader, typ uint8) (Message, error) {
	switch typ {
	case typeFlowMod:
		return decodeFlowMod10(r)
	case typeFlowRemoved:
		return decodeFlowRemoved10(r)
	case typePortStatus:
		m := PortStatus{Reason: PortReason(r.u8())}
		r.skip(7)
		m.Port = decodePort10(r)
		return ended(r, m)
	case typePacketOut:
		return decodePacketOut10(r)
	case type10PortMod:
		return decodePortMod10(r)
	case type10StatsRequest, type10StatsReply:
		return decodeStats10(r, typ == type10StatsReply)
	case type10BarrierRequest:
		return ended(r, BarrierRequest{})
	case type10BarrierReply:
		return ended(r, BarrierReply{})
	case type10QueueRequest:
		return decodeQueueRequest10(r)
	case typeHello, typeError, typeEchoRequest, typeEchoReply, typeFeaturesRequest, typeGetConfigRequest, typeGetConfigReply,
		typeSetConfig:
		return decodeModern(Version10, typ, 0, r.rest(), false)
	}
	return Raw{Type: typ, Body: r.rest()}, nil
}

func decodeLegacyExperimenter(r *reader, v Version, xid uint32, inBundle bool) (Message, error) {
	head := reader{b: r.b}
	if id, typ := head.u32(), head.u32(); id == experimenterNicira && !head.short {
		switch typ {
		case nxtRoleRequest, nxtRoleReply:
			role, generation := decodeNXRole(&head)
			if role < RoleEqual || role > RoleSecondary {
				return nil, malformed(ErrBadRole, "%v", role)
			}
			if typ == nxtRoleRequest {
				return ended(&head, RoleRequest{role, generation})
			}
			return ended(&head, RoleReply{role, generation})
		case nxtSetFlowFormat:
			if v == Version10 {
				format := head.u32()
				if !head.short && format != 0 && format != formatNXM {
					return nil, malformed(ErrRequestPermission, "flow format %d does not exist", format)
				}
				return ended(&head, SetFlowFormat{NXM: format == formatNXM})
			}
		case nxtFlowModTableID:
			m := FlowModTableID{Set: head.u8() != 0}
			head.skip(7)
			return ended(&head, m)
		case nxtFlowMod:
			return decodeNXFlowMod(&head)
		case nxtRequestForward:
			return decodeRequestForward(&head, v, inBundle)
		case nxtSetAsync:
			return decodeAsyncMessage(&head, Version13, typeSetAsync)
		case nxtSetAsync2:
			return decodeAsyncMessage(&head, Version14, typeSetAsync)
		case nxtFlowMonitorCancel:
			return ended(&head, FlowMonitorRequest{[]FlowMonitor{{ID: head.u32(), Command: MonitorDelete}}})
		case nxtGroupMod:
			if v == Version10 {
				return decodeGroupMod(&head, Version10, false)
			}
		}
	}
	return decodeExperimenter(r, v, xid, inBundle)
}

// Roles count from 0 in Nicira's messages: equal, primary, secondary.

func appendNXRole(b []byte, m Message) ([]byte, uint8, error) {
	typ, role, generation := uint32(nxtRoleRequest), Role(0), uint64(0)
	switch m := m.(type) {
	case RoleRequest:
		role, generation = m.Role, m.Generation
	case RoleReply:
		typ, role, generation = nxtRoleReply, m.Role, m.Generation
	}
	if role == RoleNoChange || role > RoleSecondary {
		return b, 0, fmt.Errorf("%v has no form before OpenFlow 1.2", role)
	}
	_ = generation // which they do not carry
	return be.AppendUint32(appendExperimenter(b, experimenterNicira, typ), uint32(role)-1), typeExperimenter, nil
}

func decodeNXRole(r *reader) (role Role, generation uint64) { return Role(r.u32()) + 1, 0 }
