// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// String is the match as ovs-ofctl(8) writes and reads it; the empty match is the empty string. It differs where
// ovs-ofctl(8) does not read what it writes: the fields of GTP-U have their own names, and masks of tun_gbp_flags and
// tun_erspan_idx are written.
func (m Match) String() string { return m.Text(nil) }

// Text is String with the names of ports that there are.
func (m Match) Text(names *Names) string {
	t := matchText{names: names}
	t.write(m)
	return strings.Join(t.parts, ",")
}

// String is the condition as ovs-ofctl(8) writes and reads it in a match, such as "nw_src=10.0.0.0/8".
func (f MatchField) String() string { return Match{f}.Text(nil) }

// matchText is the text of a match while it is written.
type matchText struct {
	names *Names
	parts []string
}

func (t *matchText) add(format string, args ...any) {
	t.parts = append(t.parts, fmt.Sprintf(format, args...))
}

// write writes the conditions in the order and in the words of ovs-ofctl(8): first the packet's metadata, then the
// protocol, then what the packet has from the outside to the inside.
func (t *matchText) write(m Match) {
	m = m.Canonical()
	var at [fieldCount]*MatchField
	var odd Match
	for i := range m {
		if mf := &m[i]; !mf.hasWidth() || at[mf.Field] != nil {
			odd = append(odd, *mf)
		} else {
			at[mf.Field] = mf
		}
	}
	proto, ethType, ipProto := protocolText(at[FieldPacketType], at[FieldEthType], at[FieldIPProto])
	for _, f := range matchTextOrder {
		switch mf := at[f]; {
		case f == FieldInvalid:
			if proto != "" {
				t.parts = append(t.parts, proto)
			}
		case mf == nil, f == FieldEthType && ethType, f == FieldIPProto && ipProto:
		default:
			t.condition(*mf)
		}
	}
	for _, mf := range odd {
		t.add("%v=0x%s", mf.Field, hex.EncodeToString(mf.Value))
	}
}

// protocolText is the word for the match's Ethernet type and IP protocol, if there is one, and which of the two it
// stands for.
func protocolText(packetType, ethType, ipProto *MatchField) (name string, forEthType, forIPProto bool) {
	if ethType == nil || ethType.Mask != nil || packetType != nil && beUint(packetType.Value) != 0 {
		return "", false, false
	}
	et, proto := uint16(beUint(ethType.Value)), -1
	if ipProto != nil && ipProto.Mask == nil {
		proto = int(ipProto.Value[0])
	}
	for _, p := range protocols {
		if p.ethType == et && (p.ipProto == 0 || int(p.ipProto) == proto) && (p.ipProto != 0 || name == "") {
			name, forIPProto = p.name, p.ipProto != 0
		}
	}
	return name, name != "", forIPProto
}

// protocols are the words for Ethernet types and IP protocols; the first of several for the same is written.
var protocols = []struct {
	name    string
	ethType uint16
	ipProto uint8
}{
	{"ip", EthTypeIPv4, 0}, {"ipv4", EthTypeIPv4, 0}, {"ip4", EthTypeIPv4, 0},
	{"icmp", EthTypeIPv4, IPProtoICMP}, {"tcp", EthTypeIPv4, IPProtoTCP}, {"udp", EthTypeIPv4, IPProtoUDP},
	{"sctp", EthTypeIPv4, IPProtoSCTP},
	{"ipv6", EthTypeIPv6, 0}, {"ip6", EthTypeIPv6, 0},
	{"icmp6", EthTypeIPv6, IPProtoICMPv6}, {"tcp6", EthTypeIPv6, IPProtoTCP}, {"udp6", EthTypeIPv6, IPProtoUDP},
	{"sctp6", EthTypeIPv6, IPProtoSCTP},
	{"arp", EthTypeARP, 0}, {"rarp", EthTypeRARP, 0}, {"mpls", EthTypeMPLS, 0}, {"mplsm", EthTypeMPLSMulticast, 0},
}

// matchTextOrder is the order in which conditions are written; the protocol's word stands where FieldInvalid does.
var matchTextOrder = func() []Field {
	series := func(order []Field, first Field, n int) []Field {
		for i := range n {
			order = append(order, first+Field(i))
		}
		return order
	}
	order := []Field{
		FieldPktMark, FieldRecircID, FieldDPHash, FieldConjID, FieldActsetOutput,
		FieldCTState, FieldCTZone, FieldCTMark, FieldCTLabel, FieldCTNwSrc, FieldCTIPv6Src, FieldCTNwDst, FieldCTIPv6Dst,
		FieldCTNwProto, FieldCTTpSrc, FieldCTTpDst, FieldPacketType, FieldInvalid,
	}
	order = series(order, FieldReg0, 16)
	order = append(order, FieldTunID, FieldTunSrc, FieldTunDst, FieldTunIPv6Src, FieldTunIPv6Dst, FieldTunGBPID,
		FieldTunGBPFlags, FieldTunERSPANVersion, FieldTunERSPANIndex, FieldTunERSPANDir, FieldTunERSPANHWID,
		FieldTunGTPUFlags, FieldTunGTPUMsgType, FieldTunFlags)
	order = series(order, FieldTunMetadata0, 64)
	order = append(order, FieldMetadata, FieldInPort, FieldVLANTCI, FieldEthSrc, FieldEthDst, FieldEthType,
		FieldIPv6Src, FieldIPv6Dst, FieldIPv6Label, FieldARPSPA, FieldARPTPA)
	order = append(order, FieldNSHFlags, FieldNSHTTL, FieldNSHMDType, FieldNSHNP, FieldNSHSPI, FieldNSHSI)
	order = series(order, FieldNSHC1, 4)
	order = append(order, FieldIPv4Src, FieldIPv4Dst, FieldARPOp, FieldIPProto, FieldARPSHA, FieldARPTHA,
		FieldIPDSCP, FieldIPECN, FieldIPTTL, FieldMPLSLabel, FieldMPLSTC, FieldMPLSTTL, FieldMPLSBOS, FieldIPFrag,
		FieldICMPv4Type, FieldICMPv4Code, FieldICMPv6Type, FieldICMPv6Code, FieldNDTarget, FieldNDSLL, FieldNDTLL,
		FieldNDReserved, FieldNDOptionsType, FieldTCPSrc, FieldUDPSrc, FieldSCTPSrc, FieldTCPDst, FieldUDPDst,
		FieldSCTPDst, FieldTCPFlags)
	return order
}()

// matchNames are the names of fields in matches where they differ from those in actions.
var matchNames = map[Field]string{
	FieldEthSrc: "dl_src", FieldEthDst: "dl_dst", FieldEthType: "dl_type", FieldIPv4Src: "nw_src", FieldIPv4Dst: "nw_dst",
	FieldIPFrag: "nw_frag", FieldICMPv6Type: "icmp_type", FieldICMPv6Code: "icmp_code", FieldIPDSCP: "nw_tos",
	FieldTCPSrc: "tp_src", FieldTCPDst: "tp_dst", FieldUDPSrc: "tp_src", FieldUDPDst: "tp_dst", FieldSCTPSrc: "tp_src",
	FieldSCTPDst: "tp_dst",
}

// condition writes one condition, which is canonical and has the field's width.
func (t *matchText) condition(f MatchField) {
	name, ok := matchNames[f.Field]
	if !ok {
		name = f.Field.String()
	}
	value, mask := beUint(f.Value), beUint(f.Mask)
	switch f.Field {
	case FieldPacketType:
		if f.Mask == nil && value == 0 {
			t.add("eth")
			return
		}
	case FieldVLANTCI:
		t.tag(f)
		return
	case FieldEthType:
		t.add("%s=0x%04x", name, value)
		return
	case FieldIPv6Label:
		if f.Mask != nil {
			t.add("%s=0x%05x/0x%05x", name, value, mask)
		} else {
			t.add("%s=0x%05x", name, value)
		}
		return
	case FieldIPDSCP:
		t.add("%s=%d", name, value<<2)
		return
	case FieldRecircID:
		t.add("%s=%s", name, hexString(f.Value))
		return
	case FieldNSHSPI, FieldNSHC1, FieldNSHC2, FieldNSHC3, FieldNSHC4:
		if f.Mask == nil {
			t.add("%s=0x%x", name, value)
			return
		}
		t.add("%s=0x%x/0x%x", name, value, mask)
		return
	case FieldNSHFlags:
		if f.Mask != nil {
			t.add("%s=0x%02x/0x%02x", name, value, mask)
			return
		}
	}
	if f.Field.masksItself() && bytes.Equal(f.Value, f.Mask) {
		f.Mask = nil
	}
	switch {
	case f.Field.isOption() && f.Mask != nil && allZero(f.Mask):
		t.parts = append(t.parts, name)
	case f.Field.info().format == formatDecimal && f.Mask != nil:
		t.add("%s=0x%x/0x%x", name, value, mask)
	default:
		t.parts = append(t.parts, name+"="+f.valueText(t.names))
	}
}

// masksItself reports whether Open vSwitch 3.1 takes a value of the field for its mask too.
func (f Field) masksItself() bool {
	return FieldTunERSPANVersion <= f && f <= FieldTunGTPUMsgType
}

// tag writes a condition on the VLAN tag in the words for its parts, if it is one on whole parts.
func (t *matchText) tag(f MatchField) {
	tci, mask := binary.BigEndian.Uint16(f.Value), uint16(0xffff)
	if f.Mask != nil {
		mask = binary.BigEndian.Uint16(f.Mask)
	}
	id, pcp := mask&vlanIDMask, mask&vlanPCPMask
	parts := mask&tci&vlanPresent != 0 && (id == 0 || id == vlanIDMask) && (pcp == 0 || pcp == vlanPCPMask) && mask != vlanPresent
	switch {
	case parts:
		if id != 0 {
			t.add("dl_vlan=%d", tci&vlanIDMask)
		}
		if pcp != 0 {
			t.add("dl_vlan_pcp=%d", tci>>13)
		}
	case mask == 0xffff:
		t.add("vlan_tci=0x%04x", tci)
	default:
		t.add("vlan_tci=0x%04x/0x%04x", tci, mask)
	}
}

func allZero(b []byte) bool { return len(strings.TrimLeft(string(b), "\x00")) == 0 }
