// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// PacketIn hands a packet to the controller (OpenFlow 1.3.5, 7.4.1).
type PacketIn struct {
	// BufferID names a packet the switch has kept; NoBuffer is none.
	BufferID uint32
	// TotalLen is the length of the whole frame, of which Data may be the beginning.
	TotalLen uint16
	Reason   PacketInReason
	Table    uint8
	Cookie   uint64
	// Match is the packet's metadata, among it in_port.
	Match Match
	Data  []byte
}

// NoBuffer is the BufferID of a packet that the switch did not keep.
const NoBuffer uint32 = 0xffffffff

// PacketInReason says why a packet was handed to the controller.
type PacketInReason uint8

// The reasons of a PacketIn.
const (
	PacketInNoMatch PacketInReason = iota
	PacketInAction
	PacketInInvalidTTL
)

func (PacketIn) describe() string { return "packet-in" }

func (m PacketIn) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	b = be.AppendUint32(b, m.BufferID)
	b = be.AppendUint16(b, m.TotalLen)
	b = append(b, byte(m.Reason), m.Table)
	b = be.AppendUint64(b, m.Cookie)
	b, err := appendMatch(b, m.Match)
	return append(pad(b, 2), m.Data...), typePacketIn, err
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
