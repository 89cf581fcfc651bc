// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"context"
)

// Resume goes on with a packet that a controller action has paused (NXT_RESUME, "pause" in ovs-actions(7)). It has no
// reply.
type Resume struct {
	// PacketIn is what the switch handed over, of which Data and Match may be changed. Its Format and Userdata do not
	// count.
	PacketIn PacketIn
}

// Resume makes the switch go on with a packet that a controller action has paused and that it has handed over in the
// format PacketInNX2, and returns when it has. Data and Match of the packet-in may be changed before. The error wraps
// ErrResumeStale if the switch has not made the continuation or was restarted since.
func (c *Conn) Resume(ctx context.Context, p PacketIn) error {
	return c.apply(ctx, 1, func(int) Message { return Resume{p} })
}

func (Resume) describe() string { return "resume" }

func (m Resume) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	b, err := m.PacketIn.appendProperties(appendExperimenter(b, experimenterNicira, nxtResume), v)
	return b, typeExperimenter, err
}

// The properties of a packet-in in the format PacketInNX2 and of a Resume.
const (
	packetInPacket = iota
	packetInFullLen
	packetInBufferID
	packetInTable
	packetInCookie
	packetInReason
	packetInMetadata
	packetInUserdata
	packetInContinuation
)

// noCookie is the cookie of a packet-in without one.
const noCookie = ^uint64(0)

// appendProperties appends the packet-in as properties, in the order of a switch, without its userdata.
func (m PacketIn) appendProperties(b []byte, v Version) ([]byte, error) {
	b, err := appendPropertyBytes(b, packetInPacket, m.Data...)
	if err != nil {
		return b, err
	}
	if int(m.TotalLen) != len(m.Data) {
		b = appendProperty32(b, packetInFullLen, uint32(m.TotalLen))
	}
	if m.BufferID != NoBuffer {
		b = appendProperty32(b, packetInBufferID, m.BufferID)
	}
	b, _ = appendPropertyBytes(b, packetInTable, m.Table)
	if m.Cookie != noCookie {
		b, _ = appendPropertyBytes(b, packetInCookie, be.AppendUint64(make([]byte, 4), m.Cookie)...)
	}
	b, _ = appendPropertyBytes(b, packetInReason, byte(m.Reason.in(v)))
	start := len(b)
	b, err = appendBareMatch(appendProperty(b, packetInMetadata), m.Match)
	if err == nil {
		b, err = endProperty(b, start)
	}
	if err == nil && len(m.Continuation) > 0 {
		b, err = appendPropertyBytes(b, packetInContinuation, append(make([]byte, 4), m.Continuation...)...)
	}
	return b, err
}

func decodePacketIn2(r *reader, v Version) (Message, error) {
	m, err := decodePacketInProperties(r, v, false)
	if err != nil {
		return nil, err
	}
	return m, nil
}

func decodeResume(r *reader, v Version) (Message, error) {
	m, err := decodePacketInProperties(r, v, true)
	if err != nil {
		return nil, err
	}
	m.Userdata = nil
	return Resume{m}, nil
}

// decodePacketInProperties reads what appendProperties writes. Unknown properties are passed over unless it is strict.
func decodePacketInProperties(r *reader, v Version, strict bool) (m PacketIn, err error) {
	const what = "packet-in"
	if len(r.b)%8 != 0 {
		return m, malformed(ErrBadRequestLen, "packet-in with %d bytes of properties", len(r.b))
	}
	m = PacketIn{Format: PacketInNX2, BufferID: NoBuffer, Cookie: noCookie}
	var total uint32
	err = decodeProperties(r.rest(), v, func(p property) (err error) {
		switch p.typ {
		case packetInPacket:
			m.Data = p.body
		case packetInFullLen:
			total, err = p.u32(v, what)
		case packetInBufferID:
			m.BufferID, err = p.u32(v, what)
		case packetInTable:
			m.Table, err = p.u8(v, what)
		case packetInCookie:
			// Behind padding, which makes 8 bytes of the header.
			if len(p.body) != 12 {
				return p.badLen(v, what)
			}
			m.Cookie = be.Uint64(p.body[4:])
		case packetInReason:
			var reason uint8
			reason, err = p.u8(v, what)
			m.Reason = PacketInReason(reason)
		case packetInMetadata:
			m.Match, err = decodeBareMatch(p.body)
		case packetInUserdata:
			m.Userdata = p.body
		case packetInContinuation:
			m.Continuation, err = p.nested(v, what)
		default:
			if strict {
				err = p.unknown(v, what)
			}
		}
		return err
	})
	switch {
	case err != nil:
		return m, err
	case len(m.Data) == 0:
		return m, malformed(ErrBadRequestLen, "packet-in without a packet")
	case total != 0 && total < uint32(len(m.Data)) || total > MaxMessage:
		return m, malformed(ErrBadRequestLen, "packet-in with %d bytes of a packet of %d", len(m.Data), total)
	case total == 0:
		total = uint32(len(m.Data))
	}
	m.TotalLen = uint16(total)
	return m, nil
}

// u8 is the value of a property that holds a number of 8 bits, which may have any padding.
func (p property) u8(v Version, where string) (uint8, error) {
	if len(p.body) < 1 {
		return 0, p.badLen(v, where)
	}
	return p.body[0], nil
}

// nested is the value of a property that holds properties, which stand behind padding of 4 bytes.
func (p property) nested(v Version, where string) ([]byte, error) {
	if len(p.body) < 4 {
		return nil, p.badLen(v, where)
	}
	return p.body[4:], nil
}
