// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"fmt"
	"strings"
)

// String is the flow as ovs-ofctl(8) writes and reads it, such as
// "table=0, priority=200,in_port=1 actions=output:2". The cookie and the timeouts stand there unless they are zero.
func (f Flow) String() string {
	var b strings.Builder
	if f.Cookie != 0 {
		fmt.Fprintf(&b, "cookie=%#x, ", f.Cookie)
	}
	fmt.Fprintf(&b, "table=%d, ", f.Table)
	if f.IdleTimeout != 0 {
		fmt.Fprintf(&b, "idle_timeout=%d, ", f.IdleTimeout)
	}
	if f.HardTimeout != 0 {
		fmt.Fprintf(&b, "hard_timeout=%d, ", f.HardTimeout)
	}
	for _, flag := range []struct {
		bit  FlowFlags
		name string
	}{{FlowSendRemoved, "send_flow_rem"}, {FlowCheckOverlap, "check_overlap"}, {FlowResetCounts, "reset_counts"},
		{FlowNoPacketCounts, "no_packet_counts"}, {FlowNoByteCounts, "no_byte_counts"}} {
		if f.Flags&flag.bit != 0 {
			b.WriteString(flag.name + ", ")
		}
	}
	fmt.Fprintf(&b, "priority=%d", f.Priority)
	if m := f.Match.String(); m != "" {
		b.WriteString("," + m)
	}
	b.WriteString(" actions=" + f.Instructions.String())
	return b.String()
}

// String is the match as ovs-ofctl(8) writes and reads it; the empty match is the empty string.
func (m Match) String() string {
	m = m.Canonical()
	var parts []string
	proto, covers := m.protocol()
	if proto != "" {
		parts = append(parts, proto)
	}
	for _, mf := range m {
		if mf.Field == FieldEthType && proto != "" || mf.Field == FieldIPProto && covers {
			continue
		}
		parts = append(parts, mf.String())
	}
	return strings.Join(parts, ",")
}

// protocol is the short name of the match's Ethernet type and IP protocol, if there is one, and whether it stands for
// the IP protocol too.
func (m Match) protocol() (name string, withIPProto bool) {
	ethType, _ := m.Get(FieldEthType)
	ipProto, _ := m.Get(FieldIPProto)
	var proto int
	if ipProto.Mask == nil && len(ipProto.Value) == 1 {
		proto = int(ipProto.Value[0])
	}
	if ethType.Mask != nil || len(ethType.Value) != 2 {
		return "", false
	}
	switch et := be.Uint16(ethType.Value); {
	case et == EthTypeARP:
		return "arp", false
	case et == EthTypeIPv4 && proto == IPProtoICMP:
		return "icmp", true
	case et == EthTypeIPv6 && proto == IPProtoICMPv6:
		return "icmp6", true
	case et == EthTypeIPv4 || et == EthTypeIPv6:
		name, withIPProto = map[int]string{IPProtoTCP: "tcp", IPProtoUDP: "udp", IPProtoSCTP: "sctp"}[proto], true
		if name == "" {
			name, withIPProto = "ip", false
		}
		if et == EthTypeIPv6 {
			name += map[bool]string{true: "6", false: "v6"}[withIPProto]
		}
		return name, withIPProto
	}
	return "", false
}

// String is the condition as ovs-ofctl(8) writes and reads it, such as "ip_src=10.0.0.0/8".
func (f MatchField) String() string { return f.Field.String() + "=" + f.valueString() }
