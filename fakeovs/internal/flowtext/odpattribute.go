// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowtext

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// attribute is a part of a datapath's flow as it was read.
type attribute struct {
	name        string
	value, mask packet.Key
	inner       []attribute // of an encapsulation
}

// member is a field of an attribute.
type member struct {
	name  string
	field openflow.Field
	scan  scan
}

// single are the attributes that have one field without a name.
var single = []member{
	{"skb_priority(", packet.SKBPriority, scanNumber},
	{"skb_mark(", openflow.FieldPktMark, scanNumber},
	{"recirc_id(", openflow.FieldRecircID, scanUnmasked},
	{"dp_hash(", openflow.FieldDPHash, scanNumber},
	{"ct_state(", openflow.FieldCTState, scanFlags(ctStates, 0xff)},
	{"ct_zone(", openflow.FieldCTZone, scanNumber},
	{"ct_mark(", openflow.FieldCTMark, scanNumber},
	{"ct_label(", openflow.FieldCTLabel, scanWide},
	{"eth_type(", openflow.FieldEthType, scanNumber},
	{"tcp_flags(", openflow.FieldTCPFlags, scanFlags(tcpFlags, 0xfff)},
}

// compound are the attributes that have fields with names, in any order. As Open vSwitch, this does not read back what it
// writes of NSH.
var compound = []struct {
	name    string
	members []member
}{
	{"ct_tuple4(", append([]member{
		{"src=", openflow.FieldCTNwSrc, scanIPv4}, {"dst=", openflow.FieldCTNwDst, scanIPv4},
	}, tuple...)},
	{"ct_tuple6(", append([]member{
		{"src=", openflow.FieldCTIPv6Src, scanIPv6}, {"dst=", openflow.FieldCTIPv6Dst, scanIPv6},
	}, tuple...)},
	{"tunnel(", []member{
		{"tun_id=", openflow.FieldTunID, scanTunnelKey},
		{"src=", openflow.FieldTunSrc, scanIPv4},
		{"dst=", openflow.FieldTunDst, scanIPv4},
		{"ipv6_src=", openflow.FieldTunIPv6Src, scanIPv6},
		{"ipv6_dst=", openflow.FieldTunIPv6Dst, scanIPv6},
		{"tos=", packet.TunToS, scanNumber},
		{"ttl=", packet.TunTTL, scanNumber},
		{"tp_src=", packet.TunTPSrc, scanNumber},
		{"tp_dst=", packet.TunTPDst, scanNumber},
		{"erspan(", openflow.FieldTunERSPANVersion, scanERSPAN},
		{"vxlan(gbp(", openflow.FieldTunGBPID, scanGBP},
		{"geneve(", packet.OptionsMap, scanGeneve},
		{"gtpu(", openflow.FieldTunGTPUFlags, scanGTPU},
		{"flags(", packet.TunFlags, scanTunnelFlags},
	}},
	{"eth(", []member{{"src=", openflow.FieldEthSrc, scanMAC}, {"dst=", openflow.FieldEthDst, scanMAC}}},
	{"vlan(", []member{
		{"vid=", openflow.FieldVLANTCI, scanTCI(0, 0xfff)},
		{"pcp=", openflow.FieldVLANTCI, scanTCI(13, 7)},
		{"cfi=", openflow.FieldVLANTCI, scanTCI(12, 1)},
	}},
	{"ipv4(", []member{
		{"src=", openflow.FieldIPv4Src, scanIPv4}, {"dst=", openflow.FieldIPv4Dst, scanIPv4},
		{"proto=", openflow.FieldIPProto, scanNumber}, {"tos=", openflow.FieldIPToS, scanNumber},
		{"ttl=", openflow.FieldIPTTL, scanNumber}, {"frag=", openflow.FieldIPFrag, scanFragment},
	}},
	{"ipv6(", []member{
		{"src=", openflow.FieldIPv6Src, scanIPv6}, {"dst=", openflow.FieldIPv6Dst, scanIPv6},
		{"label=", openflow.FieldIPv6Label, scanBits}, {"proto=", openflow.FieldIPProto, scanNumber},
		{"tclass=", openflow.FieldIPToS, scanNumber}, {"hlimit=", openflow.FieldIPTTL, scanNumber},
		{"frag=", openflow.FieldIPFrag, scanFragment},
	}},
	{"tcp(", ports}, {"udp(", ports}, {"sctp(", ports},
	{"icmp(", typeAndCode}, {"icmpv6(", typeAndCode},
	{"arp(", []member{
		{"sip=", openflow.FieldARPSPA, scanIPv4}, {"tip=", openflow.FieldARPTPA, scanIPv4},
		{"op=", opcode, scanNumber},
		{"sha=", openflow.FieldARPSHA, scanMAC}, {"tha=", openflow.FieldARPTHA, scanMAC},
	}},
	{"nd(", []member{
		{"target=", openflow.FieldNDTarget, scanIPv6},
		{"sll=", openflow.FieldNDSLL, scanMAC}, {"tll=", openflow.FieldNDTLL, scanMAC},
	}},
	{"nd_ext(", []member{
		{"nd_reserved=", openflow.FieldNDReserved, scanNumber}, {"nd_options_type=", openflow.FieldNDOptionsType, scanNumber},
	}},
	{"packet_type(", []member{
		{"ns=", openflow.FieldPacketType, scanHalf(16)}, {"id=", openflow.FieldPacketType, scanHalf(0)},
	}},
}

var (
	tuple = []member{
		{"proto=", openflow.FieldCTNwProto, scanNumber},
		{"tp_src=", openflow.FieldCTTpSrc, scanNumber}, {"tp_dst=", openflow.FieldCTTpDst, scanNumber},
	}
	ports = []member{
		{"src=", openflow.FieldTCPSrc, scanNumber}, {"dst=", openflow.FieldTCPDst, scanNumber},
	}
	typeAndCode = []member{
		{"type=", openflow.FieldICMPv4Type, scanNumber}, {"code=", openflow.FieldICMPv4Code, scanNumber},
	}
	labelParts = []member{
		{"label=", openflow.FieldMPLSLabel, scanBits}, {"tc=", openflow.FieldMPLSTC, scanBits},
		{"ttl=", openflow.FieldMPLSTTL, scanBits}, {"bos=", openflow.FieldMPLSBOS, scanBits},
	}
)

// What attributes have and packets have no field for stands where such packets have none.
const (
	opcode = openflow.FieldTCPSrc // all 16 bits of it, of ARP
	labels = openflow.FieldTCPSrc // how many, of MPLS
)

// maxDepth is how deep attributes may stand in one another.
const maxDepth = 32

var errSyntax = errors.New("syntax error")

// attributes reads a flow. Ports may be named if names is not nil.
func attributes(text string, names map[string]uint32, options *packet.Options) ([]attribute, error) {
	s := scanner{text, options}
	var list []attribute
	for {
		s.rest = strings.TrimLeft(s.rest, delimiters)
		if s.rest == "" {
			return list, nil
		}
		at := s.rest
		if s.skip("ufid:") {
			if !isUUID(s.rest) {
				return nil, fmt.Errorf("syntax error at %s", at)
			}
			s.rest = s.rest[36:]
			s.skip(" ")
			at = s.rest
		}
		a, err := s.attribute(names, 1)
		if err != nil {
			return nil, fmt.Errorf("syntax error at %s", at)
		}
		list = append(list, a)
	}
}

const delimiters = ", \t\r\n"

func isUUID(s string) bool {
	if len(s) < 36 {
		return false
	}
	for i := range 36 {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (s[i] == '-') || !dash && digit(s[i]) > 15 {
			return false
		}
	}
	return true
}

func (s *scanner) attribute(names map[string]uint32, depth int) (a attribute, err error) {
	if depth == maxDepth {
		return a, errSyntax
	}
	for _, m := range single {
		if s.skip(m.name) {
			a.name = strings.TrimSuffix(m.name, "(")
			if !m.scan(s, m.field, &a.value, &a.mask) || !s.skip(")") {
				return a, errSyntax
			}
			return a, nil
		}
	}
	for _, c := range compound {
		if s.skip(c.name) {
			a.name = strings.TrimSuffix(c.name, "(")
			if a.name == "vlan" {
				a.value.SetUint(openflow.FieldVLANTCI, 0x1000)
				a.mask.SetUint(openflow.FieldVLANTCI, 0x1000)
			}
			return a, s.members(c.members, &a)
		}
	}
	switch {
	case s.skip("in_port("):
		a.name = "in_port"
		return a, s.port(names, &a)
	case s.skip("mpls("):
		a.name = "mpls"
		return a, s.mpls(&a)
	case s.skip("encap("):
		a.name = "encap"
		for {
			s.rest = strings.TrimLeft(s.rest, delimiters)
			if s.skip(")") {
				return a, nil
			}
			in, err := s.attribute(names, depth+1)
			if err != nil {
				return a, err
			}
			a.inner = append(a.inner, in)
		}
	}
	return a, errSyntax
}

// members reads fields between commas up to the closing parenthesis. There may be a comma behind the last one.
func (s *scanner) members(members []member, a *attribute) error {
next:
	for _, m := range members {
		if s.skip(m.name) {
			if !m.scan(s, m.field, &a.value, &a.mask) {
				return errSyntax
			}
			if s.skip(",") {
				goto next
			}
			break
		}
	}
	if !s.skip(")") {
		return errSyntax
	}
	return nil
}

func (s *scanner) port(names map[string]uint32, a *attribute) error {
	const f = openflow.FieldInPort
	if !scanNumber(s, f, &a.value, &a.mask) {
		name, _, ok := strings.Cut(s.rest, ")")
		no, known := names[name]
		if !ok || !known {
			return errSyntax
		}
		a.value.SetUint(f, uint64(no))
		a.mask.Mask(f)
		s.rest = s.rest[len(name):]
	}
	if !s.skip(")") {
		return errSyntax
	}
	return nil
}

// mpls reads up to three entries of a label stack. One ends where a part comes that it already has.
func (s *scanner) mpls(a *attribute) error {
	entries := [...]openflow.Field{packet.MPLSLSE, packet.MPLSLSE1, packet.MPLSLSE2}
	i, seen := 0, 0
	var value, mask packet.Key
	store := func() {
		a.value.SetUint(entries[i], value.Uint(packet.MPLSLSE))
		a.mask.SetUint(entries[i], mask.Uint(packet.MPLSLSE))
	}
next:
	for j, m := range labelParts {
		if !s.skip(m.name) {
			continue
		}
		if seen>>j&1 != 0 {
			store()
			if i++; i == len(entries) {
				return errSyntax
			}
			seen, value, mask = 0, packet.Key{}, packet.Key{}
		}
		if !m.scan(s, m.field, &value, &mask) {
			return errSyntax
		}
		if seen |= 1 << j; s.skip(",") {
			goto next
		}
		break
	}
	store()
	a.value.SetUint(labels, uint64(i+1))
	if !s.skip(")") {
		return errSyntax
	}
	return nil
}
