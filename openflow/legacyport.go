// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"fmt"
	"net"
)

// The flags of ports that only OpenFlow 1.0 has, and those of links, which are others in 1.0.
const (
	// PortConfigNoFlood keeps packets that are flooded from a port (OFPPC_NO_FLOOD); OpenFlow 1.0 only.
	PortConfigNoFlood PortConfig = 1 << 4

	// features10 are the flags of a link that stand in 1.0 where they stand later: those of 10 Mbit/s to 10 Gbit/s.
	features10 = 0x7f
)

func appendPort10(b []byte, p PortDesc) ([]byte, error) {
	no, ok := port16(p.No)
	if !ok {
		return b, errPort16(p.No)
	}
	b, err := appendMAC(be.AppendUint16(b, no), p.HWAddr)
	if err != nil {
		return b, fmt.Errorf("port %d: %w", p.No, err)
	}
	if b, err = appendCString(b, p.Name, portNameLen); err != nil {
		return b, fmt.Errorf("port %d: name: %w", p.No, err)
	}
	b = be.AppendUint32(b, uint32(p.Config))
	b = be.AppendUint32(b, uint32(p.State&PortStateLinkDown))
	for _, n := range []uint32{p.Current, p.Advertised, p.Supported, p.Peer} {
		b = be.AppendUint32(b, linkTo10(n))
	}
	return b, nil
}

// linkTo10 makes the flags of a link those of OpenFlow 1.0, in which the four speeds above 10 Gbit/s are missing.
func linkTo10(n uint32) uint32 { return n&features10 | n>>11<<7&0xf80 }

func linkFrom10(n uint32) uint32 { return n&features10 | n>>7<<11&0xf800 }

func decodePort10(r *reader) PortDesc {
	p := PortDesc{No: port32(r.u16()), HWAddr: net.HardwareAddr(r.bytes(6)), Name: cString(r.bytes(portNameLen))}
	p.Config, p.State = PortConfig(r.u32()), PortState(r.u32())
	for _, n := range []*uint32{&p.Current, &p.Advertised, &p.Supported, &p.Peer} {
		*n = linkFrom10(r.u32())
	}
	return p
}

func (m PortMod) append10(b []byte) ([]byte, uint8, error) {
	no, ok := port16(m.Port)
	if !ok {
		return b, 0, errPort16(m.Port)
	}
	b, err := appendMAC(be.AppendUint16(b, no), m.HWAddr)
	if err != nil {
		return b, 0, err
	}
	b = be.AppendUint32(be.AppendUint32(b, uint32(m.Config&m.Mask)), uint32(m.Mask))
	return pad(be.AppendUint32(b, linkTo10(m.Advertise)), 4), type10PortMod, nil
}

func decodePortMod10(r *reader) (Message, error) {
	m := PortMod{Port: port32(r.u16()), HWAddr: net.HardwareAddr(r.bytes(6))}
	m.Config, m.Mask = PortConfig(r.u32()), PortConfig(r.u32())
	m.Config &= m.Mask
	m.Advertise = linkFrom10(r.u32())
	r.skip(4)
	return ended(r, m)
}

// The capabilities that only some old versions have.
const (
	cap10STP       Capabilities = 1 << 3
	cap10ARPMatch  Capabilities = 1 << 7
	capOldOnlyMask              = CapFlowStats | CapTableStats | CapPortStats | CapIPReasm | CapQueueStats
)

// appendLegacy appends the ports as well, and in OpenFlow 1.0 the actions.
func (m FeaturesReply) appendLegacy(b []byte, v Version) (out []byte, typ uint8, err error) {
	b = be.AppendUint64(b, m.DatapathID)
	b = be.AppendUint32(b, m.Buffers)
	b = pad(append(b, m.Tables), 3)
	if v > Version10 {
		capabilities := m.Capabilities &^ (CapBundles | CapMonitoring)
		if v == Version11 {
			capabilities |= cap10ARPMatch
		}
		b = pad(be.AppendUint32(b, uint32(capabilities)), 4)
		for _, p := range m.Ports {
			if b, err = appendPort(b, v, p); err != nil {
				return b, 0, err
			}
		}
		return b, typeFeaturesReply, nil
	}
	b = be.AppendUint32(b, uint32(m.Capabilities&capOldOnlyMask|cap10ARPMatch))
	b = be.AppendUint32(b, m.Actions)
	for _, p := range m.Ports {
		if b, err = appendPort10(b, p); err != nil {
			return b, 0, err
		}
	}
	return b, typeFeaturesReply, nil
}

func decodeLegacyFeatures(r *reader, v Version) (Message, error) {
	m := FeaturesReply{DatapathID: r.u64(), Buffers: r.u32(), Tables: r.u8()}
	r.skip(3)
	m.Capabilities = Capabilities(r.u32())
	m.Actions = r.u32()
	for len(r.b) > 0 {
		p, err := PortDesc{}, error(nil)
		if v == Version10 {
			p = decodePort10(r)
		} else {
			p, err = decodePort(r, v)
		}
		if err != nil {
			return nil, err
		}
		m.Ports = append(m.Ports, p)
	}
	return checked(r, m)
}

func decodeQueueRequest10(r *reader) (Message, error) {
	port := port32(r.u16())
	r.skip(2)
	if port >= PortMax {
		return nil, malformed(ErrUnknownQueuePort, "queues of port %#x", port)
	}
	return ended(r, QueueDescRequest{port, QueueAll})
}

func appendOldQueue(b []byte, v Version, m Message) ([]byte, uint8, error) {
	if m, ok := m.(QueueDescRequest); ok {
		if v > Version10 {
			return m.appendTo(b, v, 0)
		}
		return pad(be.AppendUint16(b, portOrNone10(m.Port)), 2), type10QueueRequest, nil
	}
	reply := m.(QueueDescReply)
	if v == Version10 {
		b = pad(be.AppendUint16(b, portOrNone10(reply.Port)), 6)
	} else {
		b = pad(be.AppendUint32(b, orAny(reply.Port)), 4)
	}
	for _, q := range reply.Queues {
		start := len(b)
		b = pad(be.AppendUint32(b, q.ID), 4)
		b = appendRate(b, Version10, queueMinRate, q.MinRate)
		be.PutUint16(b[start+4:], uint16(len(b)-start))
	}
	if v > Version10 {
		return b, typeQueueReply, nil
	}
	return b, type10QueueReply, nil
}
