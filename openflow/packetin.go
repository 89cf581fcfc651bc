// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"context"
	"fmt"
)

// PacketIn hands a packet to the controller (OpenFlow 1.3.5, 7.4.1). Nicira's formats have the same and more.
type PacketIn struct {
	// Format is the message it came in or goes out as.
	Format PacketInFormat
	// BufferID names a packet the switch has kept; NoBuffer is none.
	BufferID uint32
	// TotalLen is the length of the whole frame, of which Data may be the beginning.
	TotalLen uint16
	Reason   PacketInReason
	Table    uint8
	// Cookie is that of the flow, all ones if there is none.
	Cookie uint64
	// Match is the packet's metadata, among it in_port.
	Match Match
	Data  []byte
	// Userdata is what the controller action was given ("userdata" in ovs-actions(7)); PacketInNX2 only.
	Userdata []byte
	// Continuation is what Resume needs to go on with the packet where a controller action has paused it ("pause" in
	// ovs-actions(7)), in a form that is the switch's own; PacketInNX2 only.
	Continuation []byte
}

// NoBuffer is the BufferID of a packet that the switch did not keep.
const NoBuffer uint32 = 0xffffffff

// PacketInReason says why a packet was handed to the controller.
type PacketInReason uint8

// The reasons of a PacketIn. The last three are of OpenFlow 1.4; before, they go out as PacketInAction.
const (
	PacketInNoMatch PacketInReason = iota
	PacketInAction
	PacketInInvalidTTL
	PacketInActionSet
	PacketInGroup
	PacketInPacketOut
)

// PacketInFormat is a message that hands over a packet.
type PacketInFormat uint32

// The formats: the standard's, and NXT_PACKET_IN and NXT_PACKET_IN2 of Open vSwitch.
const (
	PacketInStandard PacketInFormat = iota
	PacketInNX
	PacketInNX2
)

// String is the format in the words of ovs-ofctl(8), such as "nxt_packet_in2".
func (f PacketInFormat) String() string {
	if int(f) >= len(packetInFormatNames) {
		return fmt.Sprintf("packet-in format %d", uint32(f))
	}
	return packetInFormatNames[f]
}

var packetInFormatNames = []string{"standard", "nxt_packet_in", "nxt_packet_in2"}

// SetPacketInFormat makes the switch hand over packets in a format on this connection (NXT_SET_PACKET_IN_FORMAT). It has
// no reply.
type SetPacketInFormat struct{ Format PacketInFormat }

// SetPacketInFormat makes the switch hand over packets in a format on this connection, and returns when that is so.
// PacketInNX2 is what brings Userdata and Continuation.
func (c *Conn) SetPacketInFormat(ctx context.Context, format PacketInFormat) error {
	return c.apply(ctx, 1, func(int) Message { return SetPacketInFormat{format} })
}

func (PacketIn) describe() string { return "packet-in" }

func (m SetPacketInFormat) describe() string { return fmt.Sprintf("set-packet-in-format %v", m.Format) }

func (m PacketIn) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	if m.Format == PacketInNX2 {
		b, err := m.appendProperties(appendExperimenter(b, experimenterNicira, nxtPacketIn2), v)
		if err == nil && len(m.Userdata) > 0 {
			b, err = appendPropertyBytes(b, packetInUserdata, m.Userdata...)
		}
		return b, typeExperimenter, err
	}
	if len(m.Userdata) > 0 || len(m.Continuation) > 0 {
		return b, 0, fmt.Errorf("%v has no userdata and no continuation", m.Format)
	}
	typ := uint8(typePacketIn)
	if m.Format == PacketInNX {
		typ, b = typeExperimenter, appendExperimenter(b, experimenterNicira, nxtPacketIn)
	} else if m.Format != PacketInStandard {
		return b, 0, fmt.Errorf("%v does not exist", m.Format)
	}
	b = be.AppendUint32(b, m.BufferID)
	b = be.AppendUint16(b, m.TotalLen)
	b = append(b, byte(m.Reason.in(v)), m.Table)
	b = be.AppendUint64(b, m.Cookie)
	var err error
	if m.Format == PacketInNX {
		start := len(b)
		if b, err = appendNXM(pad(b, 2+6), m.Match); err != nil {
			return b, 0, err
		}
		n := len(b) - start - 8
		if n > MaxMessage {
			return b, 0, errTooLong
		}
		be.PutUint16(b[start:], uint16(n))
		b = padded(b, start)
	} else if b, err = appendMatch(b, m.Match); err != nil {
		return b, 0, err
	}
	return append(pad(b, 2), m.Data...), typ, nil
}

// in is the reason as a version has it.
func (r PacketInReason) in(v Version) PacketInReason {
	if v < Version14 && r >= PacketInActionSet && r <= PacketInPacketOut {
		return PacketInAction
	}
	return r
}

func decodePacketIn(r *reader) (Message, error) {
	m := decodePacketInHead(r)
	if r.short {
		return nil, malformed(ErrBadRequestLen, "packet-in is too short")
	}
	var err error
	if m.Match, err = decodeToldMatch(r); err != nil {
		return nil, err
	}
	r.skip(2)
	m.Data = r.rest()
	return checked(r, m)
}

func decodeNXPacketIn(r *reader) (Message, error) {
	m := decodePacketInHead(r)
	m.Format = PacketInNX
	n := int(r.u16())
	r.skip(6)
	match := r.bytes(n)
	r.skip((8 - n%8) % 8)
	r.skip(2)
	if r.short {
		return nil, malformed(ErrBadRequestLen, "packet-in with a match of %d bytes is too short", n)
	}
	var err error
	if m.Match, err = decodeBareMatch(match); err != nil {
		return nil, err
	}
	m.Data = r.rest()
	return m, nil
}

func decodePacketInHead(r *reader) PacketIn {
	return PacketIn{
		BufferID: r.u32(), TotalLen: r.u16(), Reason: PacketInReason(r.u8()), Table: r.u8(), Cookie: r.u64(),
	}
}

func (m SetPacketInFormat) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	b = appendExperimenter(b, experimenterNicira, nxtSetPacketInFormat)
	return be.AppendUint32(b, uint32(m.Format)), typeExperimenter, nil
}

func decodeSetPacketInFormat(r *reader) (Message, error) {
	m := SetPacketInFormat{PacketInFormat(r.u32())}
	if !r.short && m.Format > PacketInNX2 {
		return nil, malformed(ErrRequestPermission, "%v does not exist", m.Format)
	}
	return ended(r, m)
}

// appendBareMatch appends the fields of a match without the header and the padding of an ofp_match.
func appendBareMatch(b []byte, m Match) ([]byte, error) {
	start := len(b)
	b, err := appendMatch(b, m)
	if err != nil {
		return b, err
	}
	end := start + int(be.Uint16(b[start+2:]))
	return append(b[:start], b[start+4:end]...), nil
}

// decodeBareMatch reads the fields of a match that fill b.
func decodeBareMatch(b []byte) (Match, error) {
	if len(b) > MaxMessage-4 {
		return nil, malformed(ErrBadMatchLen, "match of %d bytes", len(b))
	}
	whole := be.AppendUint16(append(make([]byte, 0, len(b)+12), 0, 1), uint16(len(b)+4))
	return decodeToldMatch(&reader{b: padded(append(whole, b...), 0)})
}
