// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack

import (
	"encoding/binary"
	"hash/fnv"

	"github.com/ovskit/ovskit/openflow"
)

// ports are a range to choose from and the one to begin with, which need not be in it.
type ports struct{ first, min, max uint16 }

// maxAttempts is how many ports in a row are tried before the next try begins elsewhere with half as many, down to
// minAttempts.
const (
	maxAttempts = 128
	minAttempts = 16
)

// choose finds what a new connection is translated to: it sets c.nat and c.reply such that no other connection has
// the same reply tuple. It fails where the range is exhausted, or most of it.
func (t *Tracker) choose(c *conn, nat *openflow.NAT, now int64) bool {
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
		return !t.taken(&c.reply, now)
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
		return !t.taken(&c.reply, now)
	}
	srcPorts := ephemeral(c.orig.src.port)
	if nat.AddrMin.IsValid() && nat.PortMin != 0 {
		r := ports{min: nat.PortMin, max: max(nat.PortMin, nat.PortMax)}
		r.first = r.min + uint16(hash%(uint32(r.max-r.min)+1))
		if c.nat == source {
			c.reply.dst.port = r.first
			srcPorts = r
		} else if t.free(c, &c.reply.src.port, r, now) {
			return true
		}
	}
	return t.free(c, &c.reply.dst.port, srcPorts, now)
}

// free gives *port a value of the range, the first one from r.first on, with which nothing else has c's reply tuple.
func (t *Tracker) free(c *conn, port *uint16, r ports, now int64) bool {
	size := int(r.max) - int(r.min) + 1
	at := r.first
	for attempts := min(size, maxAttempts); ; attempts /= 2 {
		for range attempts {
			if *port = at; !t.taken(&c.reply, now) {
				return true
			}
			if at++; at > r.max || at < r.min {
				at = r.min
			}
		}
		if attempts >= size || attempts < minAttempts {
			*port = r.first
			return false
		}
		at = r.min + uint16(t.random.IntN(size))
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
	copy(addr[:], nat.AddrMin.AsSlice())
	if !nat.AddrMax.IsValid() || nat.AddrMax.BitLen() != nat.AddrMin.BitLen() || !nat.AddrMin.Less(nat.AddrMax) {
		return addr
	}
	if nat.AddrMin.Is4() {
		low, high := binary.BigEndian.Uint32(addr[:]), binary.BigEndian.Uint32(nat.AddrMax.AsSlice())
		binary.BigEndian.PutUint32(addr[:], low+hash%(high-low+1))
		return addr
	}
	high := nat.AddrMax.As16()
	lowTop, lowTail := binary.BigEndian.Uint64(addr[:8]), binary.BigEndian.Uint64(addr[8:])
	span := uint64(1)<<32 - 2
	tops, n := binary.BigEndian.Uint64(high[:8])-lowTop, binary.BigEndian.Uint64(high[8:])-lowTail
	if tops == 0 || tops == 1 && lowTail+n < lowTail {
		span = min(span, n)
	}
	tail := lowTail + uint64(hash)%(span+1)
	if tail < lowTail {
		lowTop++
	}
	binary.BigEndian.PutUint64(addr[:8], lowTop)
	binary.BigEndian.PutUint64(addr[8:], tail)
	return addr
}
