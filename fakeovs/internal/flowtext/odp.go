// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowtext

import (
	"fmt"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// ODP is how a datapath's flows are written. Its zero value is how dpctl/dump-flows writes them.
type ODP struct {
	// Verbose is how dpctl/dump-flows -m writes them: with the fields that the mask leaves out.
	Verbose bool
	// Port names a port of the datapath; nil for numbers.
	Port func(port uint32) string
	// Options are the options of Geneve that are fields, nil for none. Others do not count.
	Options *packet.Options
	// VLANs is how many tags the datapath looks at, 0 for one (other_config:vlan-limit).
	VLANs int
}

// PortNone is the in_port of a packet that came in by no port of the datapath.
const PortNone = 1<<32 - 1

// Format writes the fields of a packet that a datapath knows: "recirc_id(0),in_port(1),eth(),eth_type(0x0800),
// ipv4(frag=no)". The ports are those of the datapath. A nil mask has all bits.
func (o ODP) Format(value, mask *packet.Key) string {
	t := odpText{pair: pair{value, mask}, ODP: o}
	t.flow()
	t.chomp()
	return t.String()
}

// odpText writes attributes, each with a comma behind it.
type odpText struct {
	text
	pair
	ODP
	// raw is the attribute as it was read, if it is written for the sake of an error.
	raw *attribute
}

// bits are the value and the mask of a field, and all of its bits.
func (t *odpText) bits(f openflow.Field) (v, m, all uint64) {
	var full packet.Key
	full.Mask(f)
	v, all = t.value.Uint(f), full.Uint(f)
	if t.mask == nil {
		return v, all, all
	}
	return v, t.mask.Uint(f), all
}

// matched reports whether the mask has a bit of any of the fields.
func (t *odpText) matched(fields ...openflow.Field) bool {
	if t.mask == nil {
		return true
	}
	for _, f := range fields {
		if t.mask.Has(f) {
			return true
		}
	}
	return false
}

// attribute writes an attribute, unless it matches everything.
func (t *odpText) attribute(name string, matched bool) {
	if !matched && !t.Verbose {
		return
	}
	t.add("%s(", name)
	t.body(name)
	t.chomp()
	t.add("),")
}

// fields writes an attribute, unless none of the fields is matched.
func (t *odpText) fields(name string, fields ...openflow.Field) {
	t.attribute(name, t.matched(fields...))
}

// field writes a part of an attribute, unless it matches everything.
func (t *odpText) field(name string, f openflow.Field, value, mask func(uint64) string) {
	v, m, all := t.bits(f)
	t.part(name, v, m, all, value, mask)
}

func (t *odpText) part(name string, v, m, all uint64, value, mask func(uint64) string) {
	if m == 0 && !t.Verbose {
		return
	}
	t.add("%s=%s", name, value(v))
	if m != all {
		t.add("/%s", mask(m))
	}
	t.add(",")
}

func decimal(v uint64) string     { return fmt.Sprint(v) }
func ipv4Of(v uint64) string      { return ipv4(uint32(v)) }
func prefixedHex(v uint64) string { return fmt.Sprintf("0x%x", v) }

// one writes the one number of an attribute.
func (t *odpText) one(f openflow.Field, format func(uint64) string) {
	v, m, all := t.bits(f)
	t.add("%s", format(v))
	if m != all {
		t.add("/%s", format(m))
	}
}

// ifMatched is one, or nothing where the mask is empty, even if the attribute is written.
func (t *odpText) ifMatched(f openflow.Field) {
	if t.Verbose || t.mask != nil && t.mask.Has(f) {
		t.one(f, hex)
	}
}

func (t *odpText) in6(name string, f openflow.Field) {
	mhi, mlo := ^uint64(0), ^uint64(0)
	if t.mask != nil {
		mhi, mlo = t.mask.Words128(f)
	}
	if mhi|mlo == 0 && !t.Verbose {
		return
	}
	t.add("%s=%s", name, ipv6(t.value.Words128(f)))
	if mhi&mlo != ^uint64(0) {
		t.add("/%s", ipv6(mhi, mlo))
	}
	t.add(",")
}

// flow writes all attributes of a packet, in their order.
func (t *odpText) flow() {
	t.fields("skb_priority", packet.SKBPriority)
	if v := t.value; v.TunnelSet() || v.Has(openflow.FieldTunSrc) || v.Has(openflow.FieldTunIPv6Src) {
		t.attribute("tunnel", true)
	}
	t.fields("skb_mark", openflow.FieldPktMark)
	t.fields("ct_state", openflow.FieldCTState)
	t.fields("ct_zone", openflow.FieldCTZone)
	t.fields("ct_mark", openflow.FieldCTMark)
	t.fields("ct_label", openflow.FieldCTLabel)
	switch typ := t.value.Uint(openflow.FieldEthType); {
	case !t.value.Has(openflow.FieldCTNwProto):
	case typ == openflow.EthTypeIPv4:
		t.fields("ct_tuple4", openflow.FieldCTNwSrc, openflow.FieldCTNwDst, openflow.FieldCTNwProto,
			openflow.FieldCTTpSrc, openflow.FieldCTTpDst)
	case typ == openflow.EthTypeIPv6:
		t.fields("ct_tuple6", openflow.FieldCTIPv6Src, openflow.FieldCTIPv6Dst, openflow.FieldCTNwProto,
			openflow.FieldCTTpSrc, openflow.FieldCTTpDst)
	}
	t.fields("recirc_id", openflow.FieldRecircID)
	t.fields("dp_hash", openflow.FieldDPHash)
	if t.value.Uint(openflow.FieldInPort) != PortNone {
		t.fields("in_port", openflow.FieldInPort)
	}
	t.fields("packet_type", openflow.FieldPacketType)
	if t.value.Has(openflow.FieldPacketType) {
		t.network(false)
		return
	}
	// A flow that matches all types of packets says that its own are Ethernet frames.
	if !t.Verbose && !t.matched(openflow.FieldEthSrc, openflow.FieldEthDst, openflow.FieldPacketType) {
		t.add("eth(),")
	}
	t.fields("eth", openflow.FieldEthSrc, openflow.FieldEthDst)
	t.tag(0)
}

// body writes what stands between the parentheses of an attribute.
func (t *odpText) body(name string) {
	switch name {
	case "skb_priority":
		t.one(packet.SKBPriority, hex)
	case "tunnel":
		t.tunnel()
	case "skb_mark":
		t.one(openflow.FieldPktMark, hex)
	case "ct_state":
		t.state()
	case "ct_zone":
		t.ifMatched(openflow.FieldCTZone)
	case "ct_mark":
		t.ifMatched(openflow.FieldCTMark)
	case "ct_label":
		t.label()
	case "ct_tuple4":
		t.field("src", openflow.FieldCTNwSrc, ipv4Of, ipv4Of)
		t.field("dst", openflow.FieldCTNwDst, ipv4Of, ipv4Of)
		t.tuple("tp_src", "tp_dst")
	case "ct_tuple6":
		t.in6("src", openflow.FieldCTIPv6Src)
		t.in6("dst", openflow.FieldCTIPv6Dst)
		t.tuple("src_port", "dst_port")
	case "recirc_id":
		t.one(openflow.FieldRecircID, hex)
	case "dp_hash":
		t.one(openflow.FieldDPHash, hex)
	case "in_port":
		t.inPort()
	case "packet_type":
		v, m, _ := t.bits(openflow.FieldPacketType)
		t.part("ns", v>>16, m>>16, 0xffff, decimal, hex)
		t.part("id", v&0xffff, m&0xffff, 0xffff, hex, hex)
	case "eth":
		t.field("src", openflow.FieldEthSrc, mac, mac)
		t.field("dst", openflow.FieldEthDst, mac, mac)
	default:
		t.networkBody(name)
	}
}

func (t *odpText) inPort() {
	v, m, all := t.bits(openflow.FieldInPort)
	switch {
	case m != all:
		t.add("%d/%s", v, hex(m))
	case t.Port != nil:
		t.add("%s", t.Port(uint32(v)))
	default:
		t.add("%d", v)
	}
}

func (t *odpText) state() {
	v, m, _ := t.bits(openflow.FieldCTState)
	switch exact := t.mask == nil; {
	case t.Verbose && exact:
		t.add("%s", hex(v))
	case t.Verbose:
		t.add("%s/%s", hex(v), hex(m&0xff))
	case exact:
		t.add("%s", flagNames(ctStates, v))
	default:
		t.add("%s", maskedFlags(ctStates, v, m&0xff, 1<<32-1))
	}
}

func (t *odpText) label() {
	mhi, mlo := ^uint64(0), ^uint64(0)
	if t.mask != nil {
		mhi, mlo = t.mask.Words128(openflow.FieldCTLabel)
	}
	if !t.Verbose && (t.mask == nil || mhi|mlo == 0) {
		return
	}
	t.add("%s", wide(t.value.Words128(openflow.FieldCTLabel)))
	if mhi&mlo != ^uint64(0) {
		t.add("/%s", wide(mhi, mlo))
	}
}

func (t *odpText) tuple(src, dst string) {
	t.field("proto", openflow.FieldCTNwProto, decimal, hex)
	t.field(src, openflow.FieldCTTpSrc, decimal, hex)
	t.field(dst, openflow.FieldCTTpDst, decimal, hex)
}
