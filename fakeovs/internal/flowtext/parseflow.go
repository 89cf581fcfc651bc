// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowtext

import (
	"fmt"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// ParseFlow reads a packet's fields in the notation of OpenFlow, such as "in_port=1,tcp,nw_dst=10.0.0.1,tcp_dst=80", as
// ofproto/trace takes it for a bridge. A field needs those before it that it depends on, and may not be masked. A flow
// without in_port has openflow.PortAny. The errors are Open vSwitch's.
func ParseFlow(text string, names *openflow.Names) (packet.Key, error) {
	return Notation{Names: names}.ParseFlow(text)
}

// ParseFlow is the function of that name in this notation.
func (n Notation) ParseFlow(text string) (packet.Key, error) {
	var k packet.Key
	for s := (scanner{rest: text}); ; {
		key, value, ok := s.pair()
		if !ok {
			break
		}
		if err := n.set(&k, text, key, value); err != nil {
			return packet.Key{}, err
		}
	}
	if !k.Has(openflow.FieldInPort) {
		k.SetUint(openflow.FieldInPort, uint64(openflow.PortAny))
	}
	return k, nil
}

// pair reads a key and, behind a colon or an equals sign or in parentheses, its value.
func (s *scanner) pair() (key, value string, ok bool) {
	s.rest = strings.TrimLeft(s.rest, delimiters)
	if s.rest == "" {
		return "", "", false
	}
	n := strings.IndexAny(s.rest, ":=(, \t\r\n")
	if n < 0 {
		key, s.rest = s.rest, ""
		return key, "", true
	}
	key = s.rest[:n]
	delimiter := s.rest[n]
	s.rest = s.rest[n+1:]
	ends := delimiters
	switch delimiter {
	case ':', '=':
	case '(':
		ends = ")"
	default:
		return key, "", true
	}
	n = valueEnd(s.rest, ends)
	if delimiter == '(' && strings.HasPrefix(s.rest[n:], ")->") {
		n += valueEnd(s.rest[n:], delimiters)
	}
	value = s.rest[:n]
	s.rest = s.rest[min(n+1, len(s.rest)):]
	return key, value, true
}

// valueEnd is where one of the characters stands outside of parentheses.
func valueEnd(s, ends string) int {
	for n := 0; n < len(s); n++ {
		if strings.IndexByte(ends, s[n]) >= 0 {
			return n
		}
		if s[n] != '(' {
			continue
		}
		for level := 0; n < len(s); n++ {
			if s[n] == '(' {
				level++
			} else if s[n] == ')' {
				if level--; level == 0 {
					break
				}
			}
		}
	}
	return len(s)
}

// protocols are the words that stand for an Ethernet type and a protocol of IP.
var protocols = map[string][2]uint64{
	"ip": {openflow.EthTypeIPv4}, "ipv4": {openflow.EthTypeIPv4}, "ip4": {openflow.EthTypeIPv4},
	"arp": {openflow.EthTypeARP}, "rarp": {openflow.EthTypeRARP},
	"icmp": {openflow.EthTypeIPv4, openflow.IPProtoICMP}, "tcp": {openflow.EthTypeIPv4, openflow.IPProtoTCP},
	"udp": {openflow.EthTypeIPv4, openflow.IPProtoUDP}, "sctp": {openflow.EthTypeIPv4, openflow.IPProtoSCTP},
	"ipv6": {openflow.EthTypeIPv6}, "ip6": {openflow.EthTypeIPv6},
	"icmp6": {openflow.EthTypeIPv6, openflow.IPProtoICMPv6}, "tcp6": {openflow.EthTypeIPv6, openflow.IPProtoTCP},
	"udp6": {openflow.EthTypeIPv6, openflow.IPProtoUDP}, "sctp6": {openflow.EthTypeIPv6, openflow.IPProtoSCTP},
	"mpls": {openflow.EthTypeMPLS}, "mplsm": {openflow.EthTypeMPLSMulticast},
}

// set gives a field of k the value of a pair in a text.
func (n Notation) set(k *packet.Key, text, key, value string) error {
	if p, ok := protocols[key]; ok {
		if k.Has(openflow.FieldEthType) {
			return fmt.Errorf("%s: Ethernet type set multiple times", text)
		}
		k.SetUint(openflow.FieldEthType, p[0])
		if p[1] != 0 {
			if k.Has(openflow.FieldIPProto) {
				return fmt.Errorf("%s: network protocol set multiple times", text)
			}
			k.SetUint(openflow.FieldIPProto, p[1])
		}
		return nil
	}
	if o, ok := openflow.FieldByName(key); ok && openflow.FieldTunMetadata0 <= o && o <= openflow.FieldTunMetadata63 {
		return n.setOption(k, o, text, value)
	}
	f, ok := flowFieldNamed(key)
	switch {
	case !ok:
		return fmt.Errorf("%s: unknown field %s", text, key)
	case !allowed(k, f.need):
		return fmt.Errorf("%s: prerequisites not met for setting %s", text, key)
	case f.get(k):
		return fmt.Errorf("%s: field %s set multiple times", text, key)
	}
	if err := f.parse(k, value, n.Names); err != nil {
		return fmt.Errorf("%s: bad value for %s (%w)", text, key, err)
	}
	if k.Has(openflow.FieldVLANTCI) && !k.Has(packet.VLANTPID) {
		k.SetUint(packet.VLANTPID, openflow.EthTypeVLAN)
	}
	return nil
}

// need is what a field needs of the packet.
type need uint8

const (
	needNothing need = iota
	needEthernet
	needVLAN
	needARP
	needIPv4
	needIPv6
	needIP
	needNSH
	needMPLS
	needTCP
	needUDP
	needSCTP
	needICMPv4
	needICMPv6
	needConnection
	needND
	needSolicit
	needAdvert
)

// needs are the fields from one on, in the order of package openflow, that need something.
var needs = []struct {
	first, last openflow.Field
	need        need
}{
	{openflow.FieldCTNwProto, openflow.FieldCTTpDst, needConnection},
	{openflow.FieldEthDst, openflow.FieldEthSrc, needEthernet},
	{openflow.FieldVLANTCI, openflow.FieldVLANVID, needEthernet},
	{openflow.FieldVLANPCP, openflow.FieldVLANPCP, needVLAN},
	{openflow.FieldMPLSLabel, openflow.FieldMPLSTTL, needMPLS},
	{openflow.FieldIPFrag, openflow.FieldIPTTL, needIP},
	{openflow.FieldIPv4Src, openflow.FieldIPv4Dst, needIPv4},
	{openflow.FieldIPv6Src, openflow.FieldIPv6Label, needIPv6},
	{openflow.FieldTCPSrc, openflow.FieldTCPFlags, needTCP},
	{openflow.FieldUDPSrc, openflow.FieldUDPDst, needUDP},
	{openflow.FieldSCTPSrc, openflow.FieldSCTPDst, needSCTP},
	{openflow.FieldICMPv4Type, openflow.FieldICMPv4Code, needICMPv4},
	{openflow.FieldICMPv6Type, openflow.FieldICMPv6Code, needICMPv6},
	{openflow.FieldNDTarget, openflow.FieldNDOptionsType, needND},
	{openflow.FieldNDSLL, openflow.FieldNDSLL, needSolicit},
	{openflow.FieldNDTLL, openflow.FieldNDTLL, needAdvert},
	{openflow.FieldARPOp, openflow.FieldARPTHA, needARP},
	{openflow.FieldNSHFlags, openflow.FieldNSHC4, needNSH},
}

func allowed(k *packet.Key, n need) bool {
	packetType := k.Uint(openflow.FieldPacketType)
	typ := k.Uint(openflow.FieldEthType)
	switch {
	case packetType>>16 == 1:
		typ = packetType & 0xffff
	case packetType != 0:
		typ = 0x5ff
	}
	ip := typ == openflow.EthTypeIPv4 || typ == openflow.EthTypeIPv6
	proto := func(want uint64) bool { return k.Uint(openflow.FieldIPProto) == want }
	first := k.Uint(openflow.FieldIPFrag)&2 == 0
	switch n {
	case needEthernet:
		return packetType == 0
	case needVLAN:
		return packetType == 0 && k.Uint(openflow.FieldVLANTCI)&0x1000 != 0
	case needARP:
		return typ == openflow.EthTypeARP || typ == openflow.EthTypeRARP
	case needIPv4:
		return typ == openflow.EthTypeIPv4
	case needIPv6:
		return typ == openflow.EthTypeIPv6
	case needIP:
		return ip
	case needNSH:
		return typ == openflow.EthTypeNSH
	case needMPLS:
		return typ == openflow.EthTypeMPLS || typ == openflow.EthTypeMPLSMulticast
	case needTCP:
		return ip && first && proto(openflow.IPProtoTCP)
	case needUDP:
		return ip && first && proto(openflow.IPProtoUDP)
	case needSCTP:
		return ip && first && proto(openflow.IPProtoSCTP)
	case needICMPv4:
		return typ == openflow.EthTypeIPv4 && proto(openflow.IPProtoICMP)
	case needICMPv6:
		return typ == openflow.EthTypeIPv6 && proto(openflow.IPProtoICMPv6)
	case needConnection:
		const entry = 0x1 | 0x2 | 0x8 // new, est, rpl
		return k.Uint(openflow.FieldCTState)&entry != 0
	case needND, needSolicit, needAdvert:
		message := k.Uint(openflow.FieldTCPSrc)
		return typ == openflow.EthTypeIPv6 && proto(openflow.IPProtoICMPv6) && k.Uint(openflow.FieldTCPDst) == 0 &&
			(message == openflow.ICMPv6NeighborSolicit && n != needAdvert || message == openflow.ICMPv6NeighborAdvert && n != needSolicit)
	}
	return true
}
