// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "slices"

// PacketOut makes the switch run actions on a packet (OpenFlow 1.3.5, 7.3.7; OpenFlow 1.5.1, 7.3.6).
type PacketOut struct {
	// InPort is the port the packet counts as coming in by; 0 stands for PortController.
	InPort uint32
	// Match is further metadata of the packet, such as registers and tunnel fields, without in_port; OpenFlow 1.5 only.
	Match   Match
	Actions []Action
	// Data is the Ethernet frame.
	Data []byte
}

func (PacketOut) describe() string { return "packet-out" }

func (m PacketOut) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	in := m.InPort
	if in == 0 {
		in = PortController
	}
	b = be.AppendUint32(b, NoBuffer)
	length := len(b) // where that of the actions stands
	var err error
	switch {
	case v >= Version15:
		b, err = appendMatch(pad(b, 2+2), m.Match.With(InPort(in)))
	case len(m.Match) > 0:
		err = errVersion(v, "metadata in a packet-out")
	default:
		length += 4
		b = pad(be.AppendUint32(b, in), 2+6)
	}
	if err != nil {
		return b, 0, err
	}
	start := len(b)
	if b, err = appendActions(b, v, m.Actions); err != nil {
		return b, 0, err
	}
	n := len(b) - start
	if n > MaxMessage {
		return b, 0, errTooLong
	}
	be.PutUint16(b[length:], uint16(n))
	return append(b, m.Data...), typePacketOut, nil
}

func decodePacketOut(r *reader, v Version) (Message, error) {
	buffer := r.u32()
	var m PacketOut
	var actions int
	if v >= Version15 {
		actions = int(r.u16())
		r.skip(2)
		var err error
		if err = m.decodeMetadata(r); err != nil {
			return nil, err
		}
	} else {
		m.InPort = r.u32()
		actions = int(r.u16())
		r.skip(6)
	}
	list := r.bytes(actions)
	if r.short {
		return nil, malformed(ErrBadRequestLen, "packet-out with %d bytes of actions is too short", actions)
	}
	if buffer != NoBuffer {
		return nil, malformed(ErrBufferUnknown, "packet-out of packet buffer %#x", buffer)
	}
	if _, ok := port16(m.InPort); !ok || m.InPort == 0 || m.InPort >= PortMax && m.InPort != PortLocal &&
		m.InPort != PortController && m.InPort != PortAny {
		return nil, malformed(ErrBadPort, "packet-out with in_port %#x", m.InPort)
	}
	var err error
	if m.Actions, err = decodeActions(list, v, false); err != nil {
		return nil, err
	}
	m.Data = r.rest()
	return m, nil
}

// decodeMetadata reads the metadata of a packet-out, one of which must be in_port.
func (m *PacketOut) decodeMetadata(r *reader) error {
	if r.short {
		return malformed(ErrBadRequestLen, "packet-out is too short")
	}
	match, err := decodeMatch(r)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(match, func(f MatchField) bool { return f.Field == FieldInPort })
	switch {
	case i < 0:
		return malformed(ErrBadPort, "packet-out without in_port")
	case match[i].Mask != nil:
		return malformed(ErrBadMask, "packet-out with a mask on in_port")
	}
	m.InPort = uint32(beUint(match[i].Value))
	m.Match = slices.Delete(match, i, i+1)
	return nil
}
