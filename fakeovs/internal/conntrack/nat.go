// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack

import (
	"encoding/binary"
	"hash/fnv"

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
	rewrite(p, t, n, !related)
	if !related {
		return
	}
	if in, ok := p.Inner(); ok {
		r := t.reverse()
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

// ports are a range to choose from and the one to begin with.
type ports struct{ first, min, max uint16 }

// choose finds what a new connection is translated to: it sets c.nat and c.reply such that no other connection has
// the same reply tuple. It fails where the range is exhausted.
func (t *Tracker) choose(c *conn, nat *openflow.NAT) bool {
	switch nat.Type {
	case openflow.NATSource:
		c.nat = source
	case openflow.NATDestination:
		c.nat = destination
	default:
		// Committing a new connection with a nat that names no translation gives it a reply tuple that no packet
		// has: a mistake of Open vSwitch 3.1's userspace datapath that its users have to live with.
		c.reply.src.addr = [16]byte{}
		if c.reply.hasPorts() {
			c.reply.dst.port = 0
		}
		return !t.taken(&c.reply)
	}
	hash := c.hash()
	if nat.AddrMin.IsValid() && !nat.AddrMin.IsUnspecified() {
		addr := addrInRange(nat, hash)
		if c.nat == source {
			c.reply.dst.addr = addr
		} else {
			c.reply.src.addr = addr
		}
	}
	if !c.orig.hasPorts() {
		return !t.taken(&c.reply)
	}
	var chosen *ports
	if nat.PortMin != 0 || nat.PortMax != 0 {
		r := ports{min: nat.PortMin, max: max(nat.PortMin, nat.PortMax)}
		r.first = r.min + uint16(hash%(uint32(r.max-r.min)+1))
		chosen = &r
	}
	if chosen != nil && c.nat == destination {
		if t.free(c, &c.reply.src.port, *chosen) {
			return true
		}
	}
	srcPorts := ephemeral(c.orig.src.port)
	if chosen != nil && c.nat == source {
		srcPorts = *chosen
	}
	return t.free(c, &c.reply.dst.port, srcPorts)
}

// free gives *port the first value of the range, from r.first on, with which nothing else has c's reply tuple.
func (t *Tracker) free(c *conn, port *uint16, r ports) bool {
	*port = r.first
	for n := int(r.max) - int(r.min); ; n-- {
		if !t.taken(&c.reply) {
			return true
		}
		if n <= 0 {
			*port = r.first
			return false
		}
		if *port++; *port > r.max || *port < r.min {
			*port = r.min
		}
	}
}

// ephemeral is the class of source ports that NAT keeps a port in, and begins with the port itself.
func ephemeral(port uint16) ports {
	switch {
	case port < 512:
		return ports{port, 1, 511}
	case port < 1024:
		return ports{port, 600, 1023}
	}
	return ports{port, 1024, 65535}
}

// hash is what chooses from a range, the same for the same connection.
func (c *conn) hash() uint32 {
	h := fnv.New32a()
	var b [8]byte
	binary.BigEndian.PutUint16(b[0:], c.orig.src.port)
	binary.BigEndian.PutUint16(b[2:], c.orig.dst.port)
	binary.BigEndian.PutUint16(b[4:], c.orig.zone)
	b[6] = c.orig.proto
	_, _ = h.Write(c.orig.src.addr[:])
	_, _ = h.Write(c.orig.dst.addr[:])
	_, _ = h.Write(b[:])
	return h.Sum32()
}

// addrInRange is one of the addresses from AddrMin to AddrMax; of a longer range than 2^32, one of the first so many.
func addrInRange(nat *openflow.NAT, hash uint32) (addr [16]byte) {
	low := nat.AddrMin.AsSlice()
	copy(addr[:], low)
	if !nat.AddrMax.IsValid() || nat.AddrMax.BitLen() != nat.AddrMin.BitLen() || !nat.AddrMin.Less(nat.AddrMax) {
		return addr
	}
	high := nat.AddrMax.AsSlice()
	span := uint64(1)<<32 - 2
	tail := len(low) - 4
	if string(low[:tail]) == string(high[:tail]) {
		span = uint64(binary.BigEndian.Uint32(high[tail:]) - binary.BigEndian.Uint32(low[tail:]))
	}
	add := uint64(hash) % (span + 1)
	for i := len(low) - 1; i >= 0 && add != 0; i-- {
		add += uint64(addr[i])
		addr[i] = byte(add)
		add >>= 8
	}
	return addr
}
