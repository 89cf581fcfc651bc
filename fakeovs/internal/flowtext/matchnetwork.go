// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowtext

import (
	"fmt"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// network writes the fields of the network layer.
func (t *text) network(p pair, ethType uint64, protocolled bool) {
	arp := ethType == openflow.EthTypeARP || ethType == openflow.EthTypeRARP
	switch {
	case ethType == openflow.EthTypeIPv6:
		t.ipv6("ipv6_src", openflow.FieldIPv6Src, p)
		t.ipv6("ipv6_dst", openflow.FieldIPv6Dst, p)
		t.number("ipv6_label", packet.IPv6LabelWord, p, "0x%05x", "0x%05x/0x%05x")
	case arp:
		t.ipv4("arp_spa", openflow.FieldARPSPA, p)
		t.ipv4("arp_tpa", openflow.FieldARPTPA, p)
	case ethType == openflow.EthTypeNSH:
		t.nsh(p)
	default:
		t.ipv4("nw_src", openflow.FieldIPv4Src, p)
		t.ipv4("nw_dst", openflow.FieldIPv4Dst, p)
	}
	if v, m := p.uint(openflow.FieldIPProto); m != 0 && !protocolled {
		if arp {
			t.add("arp_op=%d,", v)
		} else {
			t.add("nw_proto=%d,", v)
		}
	}
	if arp {
		t.mac("arp_sha", openflow.FieldARPSHA, p)
		t.mac("arp_tha", openflow.FieldARPTHA, p)
	}
	if v, m := p.uint(openflow.FieldIPDSCP); m != 0 {
		t.add("nw_tos=%d,", v<<2)
	}
	if v, m := p.uint(openflow.FieldIPECN); m != 0 {
		t.add("nw_ecn=%d,", v)
	}
	if v, m := p.uint(openflow.FieldIPTTL); m != 0 {
		t.add("nw_ttl=%d,", v)
	}
}

func (t *text) nsh(p pair) {
	const byteMask = "0x%02x/0x%02x"
	t.number("nsh_flags", openflow.FieldNSHFlags, p, "%d", byteMask)
	// The mask of the TTL is that of its six bits here, and that of a byte in Open vSwitch.
	t.number("nsh_ttl", openflow.FieldNSHTTL, p, "%d", byteMask)
	t.number("nsh_mdtype", openflow.FieldNSHMDType, p, "%d", byteMask)
	t.number("nsh_np", openflow.FieldNSHNP, p, "%d", byteMask)
	t.number("nsh_spi", openflow.FieldNSHSPI, p, "0x%x", "0x%x/0x%x")
	t.number("nsh_si", openflow.FieldNSHSI, p, "%d", byteMask)
	if p.mask.Full(openflow.FieldNSHMDType) && p.value.Uint(openflow.FieldNSHMDType) == 1 {
		for i := range openflow.Field(4) {
			t.number(fmt.Sprintf("nsh_c%d", i+1), openflow.FieldNSHC1+i, p, "0x%x", "0x%x/0x%x")
		}
	}
}

// labels writes the entries of a label stack, the outermost one by its parts.
func (t *text) labels(p pair) {
	for _, part := range [...]struct {
		name string
		f    openflow.Field
	}{
		{"label", openflow.FieldMPLSLabel}, {"tc", openflow.FieldMPLSTC}, {"ttl", openflow.FieldMPLSTTL}, {"bos", openflow.FieldMPLSBOS},
	} {
		if v, m := p.uint(part.f); m != 0 {
			t.add("mpls_%s=%d,", part.name, v)
		}
	}
	t.number("mpls_lse1", packet.MPLSLSE1, p, "%d", "0x%08x/0x%08x")
	t.number("mpls_lse2", packet.MPLSLSE2, p, "%d", "0x%08x/0x%08x")
}

func (t *text) fragment(p pair) {
	v, m := p.uint(openflow.FieldIPFrag)
	switch m {
	case 3:
		t.add("nw_frag=%s,", fragments[v])
	case 1:
		t.add("nw_frag=%s,", [2]string{"no", "yes"}[v&1])
	case 2:
		t.add("nw_frag=%s,", [2]string{"not_later", "later"}[v>>1])
	}
}

// transport writes the ports or what stands in their place, and the fields of neighbour discovery.
func (t *text) transport(p pair, ethType uint64) {
	const partial = "0x%x/0x%x"
	src, dst := "tp_src", "tp_dst"
	proto := p.value.Uint(openflow.FieldIPProto)
	icmp6 := ethType == openflow.EthTypeIPv6 && proto == openflow.IPProtoICMPv6
	if icmp6 || ethType == openflow.EthTypeIPv4 && proto == openflow.IPProtoICMP {
		src, dst = "icmp_type", "icmp_code"
	}
	t.number(src, openflow.FieldTCPSrc, p, "%d", partial)
	t.number(dst, openflow.FieldTCPDst, p, "%d", partial)
	if icmp6 {
		t.ipv6("nd_target", openflow.FieldNDTarget, p)
		t.mac("nd_sll", openflow.FieldNDSLL, p)
		t.mac("nd_tll", openflow.FieldNDTLL, p)
		t.number("nd_reserved", openflow.FieldNDReserved, p, "%d", "0x%08x/0x%08x")
		t.number("nd_options_type", openflow.FieldNDOptionsType, p, "%d", partial)
		return
	}
	// Open vSwitch looks at the Ethernet type here, not at the packet's.
	typ := p.value.Uint(openflow.FieldEthType)
	if v, m := p.uint(openflow.FieldTCPFlags); m != 0 && proto == openflow.IPProtoTCP &&
		(typ == openflow.EthTypeIPv4 || typ == openflow.EthTypeIPv6) {
		t.add("tcp_flags=%s", maskedFlags(tcpFlags, v, m, 0xfff))
	}
}
