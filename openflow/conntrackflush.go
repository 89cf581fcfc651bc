// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
)

// CTFilter selects tracked connections: those that agree in all that is not zero. The zero value selects all.
type CTFilter struct {
	// Zone is the zone; nil is every zone.
	Zone *uint16
	// Proto is the IP protocol number, without which the tuples have no ports and no ICMP fields.
	Proto uint8
	// Orig is the connection as its first packet went, before any translation; Reply as the packets go that answer.
	Orig, Reply CTTuple
}

// CTTuple is one direction of a tracked connection. Addresses that are not valid, and ports and ICMP fields that are zero,
// select nothing.
type CTTuple struct {
	Src, Dst netip.Addr
	// SrcPort and DstPort are for other protocols than ICMP, the others for ICMP and ICMPv6. Open vSwitch compares the
	// ICMP fields only where it has Src or Dst.
	SrcPort, DstPort   uint16
	ICMPID             uint16
	ICMPType, ICMPCode uint8
}

// CTFlush makes the switch forget the tracked connections that a filter selects, in all bridges that share its datapath.
// It is NXT_CT_FLUSH, which Open vSwitch has since 3.1 (ovs-ofctl(8), "ct-flush"), and has no reply.
type CTFlush struct{ CTFilter }

// FlushConnections makes the switch forget the tracked connections that any of the filters selects, in all bridges that share
// its datapath, and returns when it has. A filter that is refused does not keep the others from being applied: each is a
// *RequestError in the joined error. It wraps ErrBadExperimenterType if the switch does not know how: FlushZone is understood
// by older ones.
func (c *Conn) FlushConnections(ctx context.Context, filters ...CTFilter) error {
	if len(filters) == 0 {
		return nil
	}
	return c.apply(ctx, len(filters), func(i int) Message { return CTFlush{filters[i]} })
}

func (CTFlush) describe() string { return "ct-flush" }

// The properties of a CTFlush and of its tuples.
const (
	ctOrig  = 0
	ctReply = 1
	ctZone  = 2

	ctSrc      = 0
	ctDst      = 1
	ctSrcPort  = 2
	ctDstPort  = 3
	ctICMPID   = 4
	ctICMPType = 5
	ctICMPCode = 6
)

func (m CTFlush) icmp() bool { return m.Proto == IPProtoICMP || m.Proto == IPProtoICMPv6 }

func (m CTFlush) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	if err := m.check(); err != nil {
		return b, 0, err
	}
	b = pad(append(appendExperimenter(b, experimenterNicira, nxtCTFlush), m.Proto), 7)
	b = m.appendTuple(b, ctOrig, m.Orig)
	b = m.appendTuple(b, ctReply, m.Reply)
	if m.Zone != nil {
		b = appendProperty16(b, ctZone, *m.Zone)
	}
	return b, typeExperimenter, nil
}

// check says what the message cannot express.
func (m CTFlush) check() error {
	var v4, v6 bool
	for _, t := range []CTTuple{m.Orig, m.Reply} {
		for _, a := range []netip.Addr{t.Src, t.Dst} {
			v4, v6 = v4 || a.Unmap().Is4(), v6 || a.Is6() && !a.Is4In6()
		}
		switch {
		case t.SrcPort|t.DstPort != 0 && (m.icmp() || m.Proto == 0):
			return fmt.Errorf("IP protocol %d has no ports", m.Proto)
		case (t.ICMPID != 0 || t.ICMPType|t.ICMPCode != 0) && !m.icmp():
			return fmt.Errorf("IP protocol %d is not ICMP", m.Proto)
		}
	}
	if v4 && v6 {
		return fmt.Errorf("addresses of IPv4 and of IPv6")
	}
	return nil
}

func (m CTFlush) appendTuple(b []byte, typ uint16, t CTTuple) []byte {
	start := len(b)
	b = pad(appendProperty(b, typ), 4)
	for i, a := range []netip.Addr{ctSrc: t.Src, ctDst: t.Dst} {
		if bytes16 := a.As16(); bytes16 != [16]byte{} {
			b, _ = appendPropertyBytes(b, uint16(i), bytes16[:]...)
		}
	}
	if m.icmp() {
		// As ovs-ofctl does, even if they are zero.
		b = appendProperty16(b, ctICMPID, t.ICMPID)
		b, _ = appendPropertyBytes(b, ctICMPType, t.ICMPType)
		b, _ = appendPropertyBytes(b, ctICMPCode, t.ICMPCode)
	} else {
		if t.SrcPort != 0 {
			b = appendProperty16(b, ctSrcPort, t.SrcPort)
		}
		if t.DstPort != 0 {
			b = appendProperty16(b, ctDstPort, t.DstPort)
		}
	}
	if len(b) == start+8 {
		return b[:start]
	}
	b, _ = endProperty(b, start)
	return b
}

func decodeCTFlush(r *reader, v Version) (Message, error) {
	const what = "ct-flush"
	m := CTFlush{CTFilter{Proto: r.u8()}}
	zero := r.bytes(7)
	switch {
	case r.short || len(r.b)%8 != 0:
		return nil, malformed(ErrBadRequestLen, "ct-flush with %d bytes of properties", len(r.b))
	case !bytes.Equal(zero, make([]byte, 7)):
		return nil, malformed(ErrMustBeZero, "ct-flush has bits set that must be zero")
	}
	// Unknown properties are passed over, as a switch does.
	err := decodeProperties(r.rest(), v, func(p property) (err error) {
		switch p.typ {
		case ctOrig:
			err = decodeCTTuple(p, v, &m.Orig)
		case ctReply:
			err = decodeCTTuple(p, v, &m.Reply)
		case ctZone:
			var zone uint16
			zone, err = p.u16(v, what)
			m.Zone = &zone
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	// What does not go with the protocol counts for nothing.
	for _, t := range []*CTTuple{&m.Orig, &m.Reply} {
		if !m.icmp() {
			t.ICMPID, t.ICMPType, t.ICMPCode = 0, 0, 0
		}
		if m.icmp() || m.Proto == 0 {
			t.SrcPort, t.DstPort = 0, 0
		}
	}
	if err := m.check(); err != nil {
		return nil, malformed(ErrBadPropertyValue, "ct-flush with %v", err)
	}
	return m, nil
}

func decodeCTTuple(tuple property, v Version, t *CTTuple) error {
	const what = "tuple of ct-flush"
	nested, err := tuple.nested(v, what)
	if err != nil {
		return err
	}
	return decodeProperties(nested, v, func(p property) (err error) {
		switch p.typ {
		case ctSrc:
			t.Src, err = p.addr(v, what)
		case ctDst:
			t.Dst, err = p.addr(v, what)
		case ctSrcPort:
			t.SrcPort, err = p.u16(v, what)
		case ctDstPort:
			t.DstPort, err = p.u16(v, what)
		case ctICMPID:
			t.ICMPID, err = p.u16(v, what)
		case ctICMPType:
			t.ICMPType, err = p.u8(v, what)
		case ctICMPCode:
			t.ICMPCode, err = p.u8(v, what)
		}
		return err
	})
}

// addr is the value of a property that holds an address: IPv6, or IPv4 in its form as IPv6. All zeros are none.
func (p property) addr(v Version, where string) (netip.Addr, error) {
	if len(p.body) < 16 {
		return netip.Addr{}, p.badLen(v, where)
	}
	if a := netip.AddrFrom16([16]byte(p.body[:16])); a != netip.IPv6Unspecified() {
		return a.Unmap(), nil
	}
	return netip.Addr{}, nil
}
