// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/ovskit/ovskit/internal/ofwire"
)

// appendOwn appends what a switch says to a controller, what either says, and what only Open vSwitch is told.
func appendOwn(b []byte, m Message, xid uint32) ([]byte, error) {
	start := len(b)
	typ := uint8(0)
	b = append(b, make([]byte, HeaderLen)...)
	be := binary.BigEndian
	var err error
	switch m := m.(type) {
	case Error:
		typ = typeError
		b = be.AppendUint16(b, m.Code.Type())
		b = be.AppendUint16(b, m.Code.Code())
		if m.Code.Type() == errorTypeExperimenter {
			b = be.AppendUint32(b, m.Code.Experimenter())
		}
		b = append(b, m.Data...)
	case EchoRequest:
		typ, b = typeEchoRequest, append(b, m.Data...)
	case EchoReply:
		typ, b = typeEchoReply, append(b, m.Data...)
	case FeaturesReply:
		typ = typeFeaturesReply
		b = be.AppendUint64(b, m.DatapathID)
		b = be.AppendUint32(b, m.Buffers)
		b = append(b, m.Tables, m.AuxiliaryID, 0, 0)
		b = be.AppendUint32(b, uint32(m.Capabilities))
		b = pad(b, 4)
	case GetConfigReply:
		typ = typeGetConfigReply
		b = be.AppendUint16(b, m.Flags)
		b = be.AppendUint16(b, m.MissSendLen)
	case BarrierReply:
		typ = typeBarrierReply
	case RoleRequest:
		typ, b = typeRoleRequest, appendRole(b, m.Role, m.Generation)
	case RoleReply:
		typ, b = typeRoleReply, appendRole(b, m.Role, m.Generation)
	case GetAsyncRequest:
		typ = typeGetAsyncRequest
	case GetAsyncReply:
		typ, b = typeGetAsyncReply, appendAsync(b, Version13, m.AsyncConfig)
	case SetAsync:
		typ, b = typeSetAsync, appendAsync(b, Version13, m.AsyncConfig)
	case PacketIn:
		typ = typePacketIn
		b, err = appendPacketIn(b, m)
	case FlowRemoved:
		typ = typeFlowRemoved
		b, err = appendFlowRemoved(b, m)
	case PortStatus:
		typ = typePortStatus
		b, err = appendPort(pad(append(b, byte(m.Reason)), 7), m.Port)
	case FlowStatsReply:
		typ, b = typeMultipartReply, appendMultipart(b, multipartFlow, m.More)
		for _, s := range m.Flows {
			if b, err = appendFlowStats(b, s); err != nil {
				break
			}
		}
	case AggregateReply:
		typ, b = typeMultipartReply, appendMultipart(b, multipartAggregate, false)
		b = be.AppendUint64(b, m.Packets)
		b = be.AppendUint64(b, m.Bytes)
		b = be.AppendUint32(b, m.Flows)
		b = pad(b, 4)
	case DescReply:
		typ, b = typeMultipartReply, appendMultipart(b, multipartDesc, false)
		b, err = appendDesc(b, m)
	case PortDescReply:
		typ, b = typeMultipartReply, appendMultipart(b, multipartPortDesc, m.More)
		for _, p := range m.Ports {
			if b, err = appendPort(b, p); err != nil {
				break
			}
		}
	case MultipartReply:
		typ, b = typeMultipartReply, append(appendMultipart(b, m.Type, m.More), m.Body...)
	case CTFlushZone:
		typ, b = typeExperimenter, appendCTFlushZone(b, m)
	case Raw:
		typ, b = m.Type, append(b, m.Body...)
	default:
		return b, fmt.Errorf("unknown type %T", m)
	}
	if err != nil {
		return b, err
	}
	n := len(b) - start
	if n > MaxMessage {
		return b, ofwire.ErrTooLong
	}
	b[start], b[start+1] = uint8(Version13), typ
	be.PutUint16(b[start+2:], uint16(n))
	be.PutUint32(b[start+4:], xid)
	return b, nil
}

// pad appends n zeros.
func pad(b []byte, n int) []byte { return append(b, make([]byte, n)...) }

func appendRole(b []byte, role uint32, generation uint64) []byte {
	return binary.BigEndian.AppendUint64(pad(binary.BigEndian.AppendUint32(b, role), 4), generation)
}

func appendMultipart(b []byte, typ uint16, more bool) []byte {
	b = binary.BigEndian.AppendUint16(b, typ)
	b = binary.BigEndian.AppendUint16(b, uint16(bits(more)))
	return pad(b, 4)
}

func appendMatch(b []byte, m Match) ([]byte, error) {
	fields, err := wireMatch(m)
	if err != nil {
		return b, err
	}
	match, err := ofwire.Match(fields)
	return append(b, match...), err
}

func appendPacketIn(b []byte, m PacketIn) ([]byte, error) {
	b = binary.BigEndian.AppendUint32(b, m.BufferID)
	b = binary.BigEndian.AppendUint16(b, m.TotalLen)
	b = append(b, byte(m.Reason), m.Table)
	b = binary.BigEndian.AppendUint64(b, m.Cookie)
	b, err := appendMatch(b, m.Match)
	return append(pad(b, 2), m.Data...), err
}

func appendFlowRemoved(b []byte, m FlowRemoved) ([]byte, error) {
	s := m.Stats
	b = binary.BigEndian.AppendUint64(b, s.Cookie)
	b = binary.BigEndian.AppendUint16(b, s.Priority)
	b = append(b, byte(m.Reason), s.Table)
	b = appendDuration(b, s.Duration)
	b = binary.BigEndian.AppendUint16(b, s.IdleTimeout)
	b = binary.BigEndian.AppendUint16(b, s.HardTimeout)
	b = binary.BigEndian.AppendUint64(b, s.Packets)
	b = binary.BigEndian.AppendUint64(b, s.Bytes)
	return appendMatch(b, s.Match)
}

func appendDuration(b []byte, d time.Duration) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(d/time.Second))
	return binary.BigEndian.AppendUint32(b, uint32(d%time.Second))
}

func appendFlowStats(b []byte, s FlowStats) ([]byte, error) {
	start := len(b)
	b = append(b, 0, 0, s.Table, 0)
	b = appendDuration(b, s.Duration)
	b = binary.BigEndian.AppendUint16(b, s.Priority)
	b = binary.BigEndian.AppendUint16(b, s.IdleTimeout)
	b = binary.BigEndian.AppendUint16(b, s.HardTimeout)
	b = binary.BigEndian.AppendUint16(b, uint16(s.Flags))
	b = pad(b, 4)
	b = binary.BigEndian.AppendUint64(b, s.Cookie)
	b = binary.BigEndian.AppendUint64(b, s.Packets)
	b = binary.BigEndian.AppendUint64(b, s.Bytes)
	b, err := appendMatch(b, s.Match)
	if err != nil {
		return b, err
	}
	in, err := wireInstructions(s.Instructions)
	if err != nil {
		return b, err
	}
	if b, err = in.Append(b); err != nil {
		return b, err
	}
	n := len(b) - start
	if n > MaxMessage {
		return b, ofwire.ErrTooLong
	}
	binary.BigEndian.PutUint16(b[start:], uint16(n))
	return b, nil
}

func appendPort(b []byte, p PortDesc) ([]byte, error) {
	if len(p.HWAddr) != 6 {
		return b, fmt.Errorf("port %d: hardware address of %d bytes", p.No, len(p.HWAddr))
	}
	b = pad(binary.BigEndian.AppendUint32(b, p.No), 4)
	b = pad(append(b, p.HWAddr...), 2)
	b, err := appendCString(b, p.Name, portNameLen)
	if err != nil {
		return b, fmt.Errorf("port %d: name: %w", p.No, err)
	}
	for _, v := range []uint32{uint32(p.Config), uint32(p.State), p.Current, p.Advertised, p.Supported, p.Peer,
		p.CurrentSpeed, p.MaxSpeed} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b, nil
}

func appendDesc(b []byte, m DescReply) ([]byte, error) {
	for _, part := range []struct {
		text string
		size int
	}{{m.Manufacturer, 256}, {m.Hardware, 256}, {m.Software, 256}, {m.SerialNumber, 32}, {m.Datapath, 256}} {
		var err error
		if b, err = appendCString(b, part.text, part.size); err != nil {
			return b, err
		}
	}
	return b, nil
}

// appendCString appends text and the zeros that fill it up to size, at least one.
func appendCString(b []byte, text string, size int) ([]byte, error) {
	if len(text) >= size {
		return b, fmt.Errorf("%q is longer than %d bytes", text, size-1)
	}
	return pad(append(b, text...), size-len(text)), nil
}
