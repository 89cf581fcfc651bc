// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"bytes"
	"encoding/binary"
	"net"
)

const helloVersionBitmap = 1

func decodeHello(r *reader, version Version) (Message, error) {
	h := Hello{Version: version}
	// Unknown elements are passed over, and what is no element ends them: a greeting is not refused for its details.
	for len(r.b) >= 4 {
		typ, length := binary.BigEndian.Uint16(r.b), int(binary.BigEndian.Uint16(r.b[2:]))
		element := &reader{b: r.bytes(length)}
		if r.short || length < 4 {
			break
		}
		element.skip(4)
		if typ == helloVersionBitmap && length >= 8 {
			h.Bitmap = element.u32()
		}
		r.skip(min((8-length%8)%8, len(r.b)))
	}
	return h, nil
}

const errorTypeExperimenter = 0xffff

func decodeError(r *reader) (Message, error) {
	typ, code := r.u16(), r.u16()
	e := Error{Code: MakeErrorCode(typ, code)}
	if typ == errorTypeExperimenter {
		e.Code = MakeExperimenterErrorCode(r.u32(), code)
	}
	e.Data = r.rest()
	return checked(r, e)
}

func decodeFeaturesReply(r *reader) (Message, error) {
	m := FeaturesReply{DatapathID: r.u64(), Buffers: r.u32(), Tables: r.u8(), AuxiliaryID: r.u8()}
	r.skip(2)
	m.Capabilities = Capabilities(r.u32())
	r.skip(4)
	return ended(r, m)
}

func decodePacketIn(r *reader) (Message, error) {
	m := PacketIn{
		BufferID: r.u32(), TotalLen: r.u16(), Reason: PacketInReason(r.u8()), Table: r.u8(), Cookie: r.u64(),
	}
	var err error
	if m.Match, err = decodeMatch(r); err != nil {
		return nil, err
	}
	r.skip(2)
	m.Data = r.rest()
	return checked(r, m)
}

func decodePacketOut(r *reader) (Message, error) {
	buffer := r.u32()
	m := PacketOut{InPort: r.u32()}
	actions := int(r.u16())
	r.skip(6)
	list := r.bytes(actions)
	if r.short {
		return nil, malformed(ErrBadRequestLen, "packet-out with %d bytes of actions is too short", actions)
	}
	if buffer != NoBuffer {
		return nil, malformed(ErrBufferUnknown, "packet-out of packet buffer %#x", buffer)
	}
	if _, ok := port16(m.InPort); !ok || m.InPort == 0 {
		return nil, malformed(ErrBadPort, "packet-out with in_port %#x", m.InPort)
	}
	var err error
	if m.Actions, err = decodeActions(list); err != nil {
		return nil, err
	}
	m.Data = r.rest()
	return m, nil
}

func decodeFlowRemoved(r *reader) (Message, error) {
	var m FlowRemoved
	m.Stats.Cookie, m.Stats.Priority = r.u64(), r.u16()
	m.Reason, m.Stats.Table = FlowRemovedReason(r.u8()), r.u8()
	m.Stats.Duration = decodeDuration(r)
	m.Stats.IdleTimeout, m.Stats.HardTimeout = r.u16(), r.u16()
	m.Stats.Packets, m.Stats.Bytes = r.u64(), r.u64()
	var err error
	if m.Stats.Match, err = decodeMatch(r); err != nil {
		return nil, err
	}
	return ended(r, m)
}

func decodePortStatus(r *reader) (Message, error) {
	m := PortStatus{Reason: PortReason(r.u8())}
	r.skip(7)
	m.Port = decodePort(r)
	return ended(r, m)
}

const (
	portLen     = 64
	portNameLen = 16
)

func decodePort(r *reader) (p PortDesc) {
	p.No = r.u32()
	r.skip(4)
	p.HWAddr = net.HardwareAddr(r.bytes(6))
	r.skip(2)
	p.Name = cString(r.bytes(portNameLen))
	p.Config, p.State = PortConfig(r.u32()), PortState(r.u32())
	p.Current, p.Advertised, p.Supported, p.Peer = r.u32(), r.u32(), r.u32(), r.u32()
	p.CurrentSpeed, p.MaxSpeed = r.u32(), r.u32()
	return p
}

// cString is the text before the first zero byte. The last byte is taken for a zero, which it must be.
func cString(b []byte) string {
	b, _, _ = bytes.Cut(b[:max(0, len(b)-1)], []byte{0})
	return string(b)
}

const multipartMore = 1

func decodeMultipartRequest(r *reader) (Message, error) {
	typ, flags := r.u16(), r.u16()
	r.skip(4)
	if r.short {
		return nil, malformed(ErrBadRequestLen, "multipart request is too short")
	}
	more := flags&multipartMore != 0
	switch {
	case more:
	case typ == multipartDesc:
		return ended(r, DescRequest{})
	case typ == multipartPortDesc:
		return ended(r, PortDescRequest{})
	case typ == multipartFlow:
		f, err := decodeFlowFilter(r)
		if err != nil {
			return nil, err
		}
		return ended(r, FlowStatsRequest{f})
	case typ == multipartAggregate:
		f, err := decodeFlowFilter(r)
		if err != nil {
			return nil, err
		}
		return ended(r, AggregateRequest{f})
	}
	return MultipartRequest{Type: typ, Body: r.rest(), More: more}, nil
}

func decodeFlowFilter(r *reader) (f FlowFilter, err error) {
	if table := r.u8(); table != AllTables {
		f.Table = &table
	}
	r.skip(3)
	f.OutPort, f.OutGroup = r.u32(), r.u32()
	r.skip(4)
	f.Cookie, f.CookieMask = r.u64(), r.u64()
	if r.short {
		return f, malformed(ErrBadRequestLen, "flow statistics request is too short")
	}
	if f.OutPort == 0 || f.OutGroup == 0 {
		return f, malformed(ErrBadPort, "flow statistics request for flows that output to port or group 0")
	}
	f.OutPort, f.OutGroup = fromAny(f.OutPort), fromAny(f.OutGroup)
	f.Match, err = decodeRequestMatch(r)
	return f, err
}

func decodeMultipartReply(r *reader) (Message, error) {
	typ, flags := r.u16(), r.u16()
	r.skip(4)
	if r.short {
		return nil, malformed(ErrBadRequestLen, "multipart reply is too short")
	}
	more := flags&multipartMore != 0
	switch {
	case typ == multipartFlow:
		m := FlowStatsReply{More: more}
		for len(r.b) > 0 {
			s, err := decodeFlowStats(r)
			if err != nil {
				return nil, err
			}
			m.Flows = append(m.Flows, s)
		}
		return m, nil
	case typ == multipartPortDesc:
		m := PortDescReply{More: more}
		for len(r.b) >= portLen {
			m.Ports = append(m.Ports, decodePort(r))
		}
		return ended(r, m)
	case typ == multipartDesc && !more:
		return ended(r, DescReply{
			Manufacturer: cString(r.bytes(256)), Hardware: cString(r.bytes(256)), Software: cString(r.bytes(256)),
			SerialNumber: cString(r.bytes(32)), Datapath: cString(r.bytes(256)),
		})
	case typ == multipartAggregate && !more:
		m := AggregateReply{Packets: r.u64(), Bytes: r.u64(), Flows: r.u32()}
		r.skip(4)
		return ended(r, m)
	}
	return MultipartReply{Type: typ, Body: r.rest(), More: more}, nil
}
