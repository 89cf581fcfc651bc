// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack

import (
	"encoding/binary"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// translation says which end of a connection's original packets NAT replaces.
type translation uint8

const (
	none translation = iota
	source
	destination
)

func (n translation) reverse() translation {
	switch n {
	case source:
		return destination
	case destination:
		return source
	}
	return none
}

// apply translates a packet of an existing connection, once in a zone.
func (c *conn) apply(p *packet.Packet, m *Meta, zone uint16, reply, related bool) {
	if c.nat == none || m.translated() && m.Zone == zone || p.Network() == nil || p.IPv6() != c.orig.v6 {
		return
	}
	m.State &^= openflow.CTSrcNAT | openflow.CTDstNAT
	c.translate(p, m, reply, related)
}

// translate rewrites a packet of the connection and notes it in the packet's state. In a related packet, an ICMP error,
// the quoted packet is rewritten back as well.
func (c *conn) translate(p *packet.Packet, m *Meta, reply, related bool) {
	t, n := &c.reply, c.nat
	if reply {
		t, n = &c.orig, n.reverse()
	}
	switch n {
	case source:
		m.State |= openflow.CTSrcNAT
	case destination:
		m.State |= openflow.CTDstNAT
	case none:
		return
	}
	if related && t.v6 {
		spoil(p, t, n)
	}
	rewrite(p, t, n, !related)
	if !related {
		return
	}
	if in, ok := p.Inner(); ok {
		r := t.reverse()
		spill(in, &r)
		rewrite(in, &r, n.reverse(), true)
		p.FixChecksum()
	}
}

// rewrite gives a packet the addresses, and the ports if wanted, of those that t answers.
func rewrite(p *packet.Packet, t *tuple, n translation, ports bool) {
	if n == source {
		p.SetAddr(false, t.addr(&t.dst))
	} else {
		p.SetAddr(true, t.addr(&t.src))
	}
	if ports && t.hasPorts() {
		p.SetPort(false, t.dst.port)
		p.SetPort(true, t.src.port)
	}
}

// spoil does what Open vSwitch 3.1 does to an ICMPv6 error when it rewrites an address of it: it takes the message for a
// packet of the connection that it is about, and corrects what would be the checksum there.
func spoil(p *packet.Packet, t *tuple, n translation) {
	l3, l4 := p.Network(), p.Transport()
	at := 0
	switch {
	case t.proto == openflow.IPProtoTCP && len(l4) >= 20:
		at = 16
	case t.proto == openflow.IPProtoUDP && len(l4) >= 8 && binary.BigEndian.Uint16(l4[6:]) != 0:
		at = 6
	default:
		return
	}
	old, addr := l3[8:24], t.dst.addr
	if n == destination {
		old, addr = l3[24:40], t.src.addr
	}
	sum := amend(binary.BigEndian.Uint16(l4[at:]), old, addr[:])
	if sum == 0 && t.proto == openflow.IPProtoUDP {
		sum = 0xffff
	}
	binary.BigEndian.PutUint16(l4[at:], sum)
}

// spill does what Open vSwitch does to a quoted TCP header that is cut off before its checksum: it corrects what stands at
// its place for the change of the ports, be it padding of the frame.
func spill(in *packet.Packet, t *tuple) {
	l4 := in.Transport()
	at := in.NetworkOffset() + len(in.Network()) - len(l4) + 16
	b := in.Bytes()
	if t.proto != openflow.IPProtoTCP || len(l4) >= 20 || at+2 > len(b) {
		return
	}
	var ports [4]byte
	binary.BigEndian.PutUint16(ports[0:], t.dst.port)
	binary.BigEndian.PutUint16(ports[2:], t.src.port)
	for i := 0; i < len(ports); i += 2 {
		if old := l4[i : i+2]; string(old) != string(ports[i:i+2]) {
			binary.BigEndian.PutUint16(b[at:], amend(binary.BigEndian.Uint16(b[at:]), old, ports[i:i+2]))
		}
	}
}

// amend is a checksum after a change of what it covers (RFC 1624), of the same even length.
func amend(sum uint16, old, new []byte) uint16 {
	s := uint32(^sum)
	for i := 0; i < len(old); i += 2 {
		s += uint32(^binary.BigEndian.Uint16(old[i:])) + uint32(binary.BigEndian.Uint16(new[i:]))
	}
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return uint16(^s)
}
