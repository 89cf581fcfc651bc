// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack

import (
	"encoding/binary"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// alg is the protocol of a packet, if it is one in which connections announce others.
type alg uint8

const (
	noALG alg = iota
	ftp
	tftp
)

// String is the name of the helper for the protocol.
func (a alg) String() string { return [...]string{noALG: "", ftp: "ftp", tftp: "tftp"}[a] }

// helperOf is the name of the helper that a ct action asks for.
func helperOf(port uint16) string {
	switch port {
	case openflow.ALGFTP:
		return ftp.String()
	case openflow.ALGTFTP:
		return tftp.String()
	}
	return ""
}

// algOf tells by the ports what a packet is; if the action asks for a helper, by the transport protocol alone.
func algOf(p *packet.Packet, r *Request) alg {
	l3, l4 := p.Network(), p.Transport()
	if len(l4) < 4 {
		return noALG
	}
	proto := l3[9]
	if p.IPv6() {
		proto = l3[6] // no extension headers
	}
	src, dst := binary.BigEndian.Uint16(l4[0:]), binary.BigEndian.Uint16(l4[2:])
	switch proto {
	case openflow.IPProtoUDP:
		if dst == openflow.ALGTFTP || r.ALG == openflow.ALGTFTP {
			return tftp
		}
	case openflow.IPProtoTCP:
		if src == openflow.ALGFTP || dst == openflow.ALGFTP || r.ALG == openflow.ALGFTP {
			return ftp
		}
	}
	return noALG
}

// expectation is a connection that another one, the parent, has announced. It stays as long as the parent.
type expectation struct {
	// key is the tuple of the connection's packets, with source port 0 for any.
	key, parent tuple
	mark        uint32
	label       [2]uint64
	// addr replaces the source of the connection's original packets, or the destination.
	addr   [16]byte
	source bool
}

type expectations struct {
	byKey    map[tuple]*expectation
	byParent map[tuple][]*expectation
}

// How many a parent may have, since it chooses their number, and how many there may be.
const (
	maxExpectations    = 1024
	maxAllExpectations = 1 << 16
)

func newExpectations() expectations {
	return expectations{byKey: make(map[tuple]*expectation), byParent: make(map[tuple][]*expectation)}
}

// find finds what has been said of a connection.
func (x *expectations) find(key *tuple) *expectation {
	if len(x.byKey) == 0 {
		return nil
	}
	k := *key
	k.src.port = 0
	return x.byKey[k]
}

// expect notes that a connection announces one to a port of the end that the packet comes from.
func (x *expectations) expect(c *conn, port uint16, reply bool) {
	e := &expectation{key: c.orig, parent: c.orig, mark: c.mark, label: c.label}
	if reply {
		e.addr, e.source = c.reply.dst.addr, true
		if c.nat == destination {
			e.addr, e.source = c.reply.src.addr, false
		}
	} else {
		e.key.src.addr, e.key.dst.addr = c.reply.src.addr, c.reply.dst.addr
		e.addr = c.orig.src.addr
		if c.nat == destination {
			e.addr, e.source = c.orig.dst.addr, true
		}
	}
	e.key.src.port, e.key.dst.port = 0, port
	if x.byKey[e.key] != nil || len(x.byParent[e.parent]) >= maxExpectations || len(x.byKey) >= maxAllExpectations {
		return
	}
	x.byKey[e.key] = e
	x.byParent[e.parent] = append(x.byParent[e.parent], e)
}

// forget drops what a connection has announced.
func (x *expectations) forget(parent *tuple) {
	for _, e := range x.byParent[*parent] {
		delete(x.byKey, e.key)
	}
	delete(x.byParent, *parent)
}

// translate gives a connection that was announced the translation of the one that announced it.
func (e *expectation) translate(c *conn) {
	if e.source {
		c.nat, c.reply.dst.addr = source, e.addr
	} else {
		c.nat, c.reply.src.addr = destination, e.addr
	}
}

// control looks into a packet of a connection with a helper for announcements.
func (v *visit) control(c *conn) {
	switch v.alg {
	case ftp:
		v.controlFTP(c)
	case tftp:
		// The answer to a request comes from another port (RFC 1350, 4).
		v.t.expected.expect(c, c.orig.src.port, v.m.State&openflow.CTReply != 0)
	}
}
