// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack

import (
	"net/netip"

	"github.com/ovskit/ovskit/openflow"
)

// Meta is the connection state that a packet carries from one pass through the tracker to the next. The zero value is
// that of a packet that has not been there.
type Meta struct {
	State openflow.CTFlags
	Zone  uint16
	Mark  uint32
	// Label is the high and the low half.
	Label [2]uint64
	// Orig is the original tuple of the connection, or of the one that a related connection was announced by; it is the
	// zero value for a packet that has no tuple.
	Orig Tuple

	// known is the connection that the last pass found, as long as the packet has kept its addresses and ports.
	known          *conn
	reply, related bool
}

// Tuple is the fields ct_nw_src, ct_nw_dst, ct_ipv6_src, ct_ipv6_dst, ct_nw_proto, ct_tp_src and ct_tp_dst.
type Tuple struct {
	Src, Dst netip.Addr
	Proto    uint8
	// SrcPort and DstPort are the ports of TCP and UDP, and type and code of an ICMP query.
	SrcPort, DstPort uint16
}

// Forget makes the next pass look the connection up again, as it must after a change of the packet's addresses or
// ports.
func (m *Meta) Forget() { m.known = nil }

// Request is what a pass through the tracker does.
type Request struct {
	Zone uint16
	// Commit enters the connection; Force, which implies it, replaces one of the opposite direction.
	Commit, Force bool
	// NAT translates, nil does not.
	NAT *openflow.NAT
	// Mark and Label are written to the connection in the bits of their masks.
	Mark, MarkMask   uint32
	Label, LabelMask [2]uint64
	// ALG is the port of the protocol to look for related connections in: openflow.ALGFTP, openflow.ALGTFTP; any other
	// is none.
	ALG uint16
	// RecircID is that of the packet, 0 in its first run through the flow tables: only fragments that agree in it make a
	// packet.
	RecircID uint32
}

// translated reports whether an earlier pass in the zone has translated the packet.
func (m *Meta) translated() bool { return m.State&(openflow.CTSrcNAT|openflow.CTDstNAT) != 0 }

// leave notes the result of a pass: the connection, what announced it if it is to become one, the packet's tuple.
func (m *Meta) leave(zone uint16, c *conn, key *tuple, e *expectation) {
	m.State |= openflow.CTTracked
	m.Zone = zone
	m.Mark, m.Label, m.Orig, m.known = 0, [2]uint64{}, Tuple{}, nil
	switch {
	case c != nil:
		m.Mark, m.Label = c.mark, c.label
		if key = &c.orig; c.parent != nil {
			key = c.parent
		}
	case e != nil:
		m.Mark, m.Label, key = e.mark, e.label, &e.parent
	}
	if key != nil {
		m.Orig = key.public()
	}
}

// write sets mark and label of the connection and the packet. A related connection keeps those of its parent.
func (c *conn) write(m *Meta, r *Request) {
	m.Mark, m.Label = c.mark, c.label
	if c.parent != nil {
		return
	}
	m.Mark = m.Mark&^r.MarkMask | r.Mark&r.MarkMask
	for i := range m.Label {
		m.Label[i] = m.Label[i]&^r.LabelMask[i] | r.Label[i]&r.LabelMask[i]
	}
	c.mark, c.label = m.Mark, m.Label
}

func (t *tuple) public() Tuple {
	p := Tuple{Src: t.netip(&t.src), Dst: t.netip(&t.dst), Proto: t.proto, SrcPort: t.src.port, DstPort: t.dst.port}
	if t.isICMP() {
		p.SrcPort, p.DstPort = uint16(t.src.icmpType), 0
	}
	return p
}
