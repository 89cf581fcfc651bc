// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// PacketOut makes the switch run actions on a packet (OpenFlow 1.3.5, 7.3.7).
type PacketOut struct {
	// InPort is the port the packet counts as coming in by; 0 stands for PortController.
	InPort  uint32
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
	b = pad(be.AppendUint32(b, in), 2+6)
	start := len(b)
	b, err := appendActions(b, v, m.Actions)
	if err != nil {
		return b, 0, err
	}
	n := len(b) - start
	if n > MaxMessage {
		return b, 0, errTooLong
	}
	be.PutUint16(b[start-8:], uint16(n))
	return append(b, m.Data...), typePacketOut, nil
}

func decodePacketOut(r *reader, v Version) (Message, error) {
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
	if m.Actions, err = decodeActions(list, v); err != nil {
		return nil, err
	}
	m.Data = r.rest()
	return m, nil
}
