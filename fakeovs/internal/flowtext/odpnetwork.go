// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowtext

import (
	"fmt"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// network writes the Ethernet type and what follows it. Of a frame of IEEE 802.2 nothing is written behind a tag.
func (t *odpText) network(tagged bool) {
	typ := t.value.Uint(openflow.FieldEthType)
	if typ < 0x600 {
		if t.mask != nil && !tagged {
			t.add("eth_type(0/0xffff),")
		}
		return
	}
	t.fields("eth_type", openflow.FieldEthType)
	switch typ {
	case openflow.EthTypeIPv4:
		t.attribute("ipv4", t.matched(openflow.FieldIPv4Src, openflow.FieldIPv4Dst, openflow.FieldIPProto,
			openflow.FieldIPToS, openflow.FieldIPTTL) || t.fragmentMatched())
		t.transport()
	case openflow.EthTypeIPv6:
		t.attribute("ipv6", t.matched(openflow.FieldIPv6Src, openflow.FieldIPv6Dst, openflow.FieldIPv6Label,
			openflow.FieldIPProto, openflow.FieldIPToS, openflow.FieldIPTTL) || t.fragmentMatched())
		t.transport()
	case openflow.EthTypeARP, openflow.EthTypeRARP:
		t.fields("arp", openflow.FieldARPSPA, openflow.FieldARPTPA, openflow.FieldARPOp, openflow.FieldARPSHA,
			openflow.FieldARPTHA)
	case openflow.EthTypeMPLS, openflow.EthTypeMPLSMulticast:
		if entries := t.labelled(); len(entries) > 0 {
			t.fields("mpls", entries...)
		} else if t.Verbose || t.mask == nil {
			t.add("mpls((bad key length 0),") // as it stands
		}
	case openflow.EthTypeNSH:
		t.attribute("nsh", true)
	}
}

// transport writes the attribute of the transport layer.
func (t *odpText) transport() {
	if t.value.Uint(openflow.FieldIPFrag)&2 != 0 {
		return
	}
	ipv6 := t.value.Uint(openflow.FieldEthType) == openflow.EthTypeIPv6
	ports := func(name string) { t.fields(name, openflow.FieldTCPSrc, openflow.FieldTCPDst) }
	switch proto := t.value.Uint(openflow.FieldIPProto); {
	case proto == openflow.IPProtoTCP:
		ports("tcp")
		if t.value.Has(openflow.FieldTCPFlags) || t.mask != nil && t.mask.Has(openflow.FieldTCPFlags) {
			t.fields("tcp_flags", openflow.FieldTCPFlags)
		}
	case proto == openflow.IPProtoUDP:
		ports("udp")
	case proto == openflow.IPProtoSCTP:
		ports("sctp")
	case proto == openflow.IPProtoICMP && !ipv6:
		t.fields("icmp", openflow.FieldICMPv4Type, openflow.FieldICMPv4Code)
	case proto == openflow.IPProtoICMPv6 && ipv6:
		t.fields("icmpv6", openflow.FieldICMPv6Type, openflow.FieldICMPv6Code)
		// A datapath matches neighbour discovery where it matches all of the message's type.
		whole := t.mask == nil || t.mask.Uint(openflow.FieldTCPSrc) == 0xff && t.mask.Uint(openflow.FieldTCPDst) == 0xff
		if t.value.IsND() {
			t.attribute("nd", whole && t.matched(openflow.FieldNDTarget, openflow.FieldNDSLL, openflow.FieldNDTLL))
		}
	}
}

// networkBody writes what stands between the parentheses of an attribute of the network or transport layer.
func (t *odpText) networkBody(name string) {
	switch name {
	case "eth_type":
		t.one(openflow.FieldEthType, func(v uint64) string { return fmt.Sprintf("0x%04x", v) })
	case "vlan":
		_, m, _ := t.bits(openflow.FieldVLANTCI)
		t.vlan(t.value.Uint(openflow.FieldVLANTCI), m)
	case "mpls":
		t.mpls()
	case "ipv4":
		t.field("src", openflow.FieldIPv4Src, ipv4Of, ipv4Of)
		t.field("dst", openflow.FieldIPv4Dst, ipv4Of, ipv4Of)
		t.field("proto", openflow.FieldIPProto, decimal, hex)
		t.field("tos", openflow.FieldIPToS, hex, hex)
		t.field("ttl", openflow.FieldIPTTL, decimal, hex)
		t.fragment()
	case "ipv6":
		t.in6("src", openflow.FieldIPv6Src)
		t.in6("dst", openflow.FieldIPv6Dst)
		t.field("label", openflow.FieldIPv6Label, hex, hex)
		t.field("proto", openflow.FieldIPProto, decimal, hex)
		t.field("tclass", openflow.FieldIPToS, hex, hex)
		t.field("hlimit", openflow.FieldIPTTL, decimal, hex)
		t.fragment()
	case "arp":
		t.arp()
	case "nsh":
		t.nsh()
	case "tcp", "udp", "sctp":
		t.field("src", openflow.FieldTCPSrc, decimal, hex)
		t.field("dst", openflow.FieldTCPDst, decimal, hex)
	case "icmp", "icmpv6":
		t.field("type", openflow.FieldICMPv4Type, decimal, hex)
		t.field("code", openflow.FieldICMPv4Code, decimal, hex)
	case "tcp_flags":
		v, m, all := t.bits(openflow.FieldTCPFlags)
		t.add("%s", maskedFlags(tcpFlags, v, m, all))
	case "nd":
		t.in6("target", openflow.FieldNDTarget)
		t.field("sll", openflow.FieldNDSLL, mac, mac)
		t.field("tll", openflow.FieldNDTLL, mac, mac)
	case "nd_ext":
		// The reserved field is written without its mask.
		t.add("nd_reserved=0x%x,", t.value.Uint(openflow.FieldNDReserved))
		t.field("nd_options_type", openflow.FieldNDOptionsType, decimal, hex)
	}
}

// fragmentMatched says whether a datapath matches the kind of fragment, which is all or nothing.
func (t *odpText) fragmentMatched() bool {
	return t.mask == nil || t.mask.Uint(openflow.FieldIPFrag)&1 != 0
}

func (t *odpText) fragment() {
	if !t.fragmentMatched() {
		return
	}
	kind := "no"
	if v := t.value.Uint(openflow.FieldIPFrag); v&1 != 0 {
		kind = fragments[v&3]
	}
	t.add("frag=%s,", kind)
}

func (t *odpText) arp() {
	t.field("sip", openflow.FieldARPSPA, ipv4Of, ipv4Of)
	t.field("tip", openflow.FieldARPTPA, ipv4Of, ipv4Of)
	v, m, _ := t.bits(openflow.FieldARPOp)
	if t.raw != nil {
		v = t.value.Uint(opcode)
	}
	if m == 0xff {
		m = 0xffff // a datapath has two bytes for it
	}
	t.part("op", v, m, 0xffff, decimal, hex)
	t.field("sha", openflow.FieldARPSHA, mac, mac)
	t.field("tha", openflow.FieldARPTHA, mac, mac)
}

// labelled are the entries that the packet's label stack has.
func (t *odpText) labelled() []openflow.Field {
	entries := [...]openflow.Field{packet.MPLSLSE, packet.MPLSLSE1, packet.MPLSLSE2}
	if t.raw != nil {
		return entries[:t.value.Uint(labels)]
	}
	n := 0
	for i, f := range entries {
		v := t.value.Uint(f)
		if v != 0 {
			n++
		}
		if v&0x100 != 0 {
			n = i + 1
			break
		}
	}
	return entries[:n]
}

func (t *odpText) mpls() {
	entries := t.labelled()
	exact := true
	for _, f := range entries {
		_, m, all := t.bits(f)
		exact = exact && m == all
	}
	for _, f := range entries {
		v, m, _ := t.bits(f)
		part := func(v uint64) (label, tc, ttl, bos uint64) { return v >> 12, v >> 9 & 7, v & 0xff, v >> 8 & 1 }
		label, tc, ttl, bos := part(v)
		if exact {
			t.add("label=%d,tc=%d,ttl=%d,bos=%d,", label, tc, ttl, bos)
			continue
		}
		mlabel, mtc, mttl, mbos := part(m)
		t.add("label=%d/0x%x,tc=%d/%x,ttl=%d/0x%x,bos=%d/%x,", label, mlabel, tc, mtc, ttl, mttl, bos, mbos)
	}
}

// nsh writes a Network Service Header. As Open vSwitch, it takes the contexts of other metadata than that of type 1 for
// matched, and for zero.
func (t *odpText) nsh() {
	type1 := t.value.Uint(openflow.FieldNSHMDType) == 1
	if t.mask == nil {
		v := func(f openflow.Field) uint64 { return t.value.Uint(f) }
		t.add("flags=%d,ttl=%d,mdtype=%d,np=%d,spi=0x%x,si=%d,", v(openflow.FieldNSHFlags), v(openflow.FieldNSHTTL),
			v(openflow.FieldNSHMDType), v(openflow.FieldNSHNP), v(openflow.FieldNSHSPI), v(openflow.FieldNSHSI))
		for i := range openflow.Field(4) {
			if type1 {
				t.add("c%d=0x%x,", i+1, v(openflow.FieldNSHC1+i))
			}
		}
		return
	}
	const byteMask = "0x%02x/0x%02x"
	t.number("flags", openflow.FieldNSHFlags, t.pair, "%d", byteMask)
	t.number("ttl", openflow.FieldNSHTTL, t.pair, "%d", byteMask)
	t.number("mdtype", openflow.FieldNSHMDType, t.pair, "%d", byteMask)
	t.number("np", openflow.FieldNSHNP, t.pair, "%d", byteMask)
	t.number("spi", openflow.FieldNSHSPI, t.pair, "0x%x", "0x%x/0x%08x")
	t.number("si", openflow.FieldNSHSI, t.pair, "%d", byteMask)
	for i := range openflow.Field(4) {
		if type1 {
			t.number(fmt.Sprintf("c%d", i+1), openflow.FieldNSHC1+i, t.pair, "0x%x", "0x%x/0x%08x")
		} else {
			t.add("c%d=0x0,", i+1)
		}
	}
}
