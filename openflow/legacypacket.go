// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// appendLegacy appends the standard packet-in: before OpenFlow 1.3 it has no cookie, and before 1.2 no match but in_port.
func (m PacketIn) appendLegacy(b []byte, v Version) (out []byte, typ uint8, err error) {
	inPort := PortAny
	for _, f := range m.Match {
		if f.Field == FieldInPort {
			inPort = uint32(beUint(f.Value))
		}
	}
	b = be.AppendUint32(b, m.BufferID)
	reason := byte(m.Reason.in(v))
	switch v {
	case Version10:
		b = be.AppendUint16(be.AppendUint16(b, m.TotalLen), portOrNone10(inPort))
		b = append(b, reason, 0)
	case Version11:
		b = be.AppendUint32(be.AppendUint32(b, inPort), inPort)
		b = append(be.AppendUint16(b, m.TotalLen), reason, m.Table)
	default:
		b = append(be.AppendUint16(b, m.TotalLen), reason, m.Table)
		if b, err = appendMatch(b, m.Match); err != nil {
			return b, 0, err
		}
		b = pad(b, 2)
	}
	return append(b, m.Data...), typePacketIn, nil
}

func decodeLegacyPacketIn(r *reader, v Version) (Message, error) {
	m := PacketIn{BufferID: r.u32(), Cookie: ^uint64(0)}
	switch v {
	case Version10:
		m.TotalLen = r.u16()
		m.Match = Match{InPort(port32(r.u16()))}
		m.Reason = PacketInReason(r.u8())
		r.skip(1)
	case Version11:
		m.Match = Match{InPort(r.u32())}
		r.skip(4)
		m.TotalLen, m.Reason, m.Table = r.u16(), PacketInReason(r.u8()), r.u8()
	default:
		m.TotalLen, m.Reason, m.Table = r.u16(), PacketInReason(r.u8()), r.u8()
		var err error
		if m.Match, err = decodeToldMatch(r); err != nil {
			return nil, err
		}
		r.skip(2)
	}
	m.Data = r.rest()
	return checked(r, m)
}

func (m PacketOut) append10(b []byte) ([]byte, uint8, error) {
	in := m.InPort
	if in == 0 {
		in = PortController
	}
	if len(m.Match) > 0 {
		return b, 0, errVersion(Version10, "metadata in a packet-out")
	}
	b = be.AppendUint16(be.AppendUint32(b, NoBuffer), portOrNone10(in))
	length := len(b)
	b = pad(b, 2)
	b, err := appendActions(b, Version10, m.Actions)
	if err != nil {
		return b, 0, err
	}
	n := len(b) - length - 2
	if n > MaxMessage {
		return b, 0, errTooLong
	}
	be.PutUint16(b[length:], uint16(n))
	return append(b, m.Data...), typePacketOut, nil
}

func decodePacketOut10(r *reader) (Message, error) {
	buffer := r.u32()
	m := PacketOut{InPort: port32(r.u16())}
	n := int(r.u16())
	list := r.bytes(n)
	switch {
	case r.short:
		return nil, malformed(ErrBadRequestLen, "packet-out with %d bytes of actions is too short", n)
	case buffer != NoBuffer:
		return nil, malformed(ErrBufferUnknown, "packet-out of packet buffer %#x", buffer)
	case m.InPort == 0 || m.InPort >= PortMax && m.InPort != PortLocal && m.InPort != PortController && m.InPort != PortAny:
		return nil, malformed(ErrBadPort, "packet-out with in_port %#x", m.InPort)
	}
	var err error
	if m.Actions, err = decodeActions(list, Version10, false); err != nil {
		return nil, err
	}
	m.Data = r.rest()
	return m, nil
}
