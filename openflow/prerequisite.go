// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// prerequisite is what other conditions of a match must say before there can be one on a field.
type prerequisite uint8

const (
	needNothing prerequisite = iota
	needEthernet
	needVLAN
	needMPLS
	needARP
	needNSH
	needIP
	needIPv4
	needIPv6
	needTCP
	needUDP
	needSCTP
	needICMPv4
	needICMPv6
	needND
	needNDSolicit
	needNDAdvert
	needCT
	needCTIPv4
	needCTIPv6
)

// String is the prerequisite in the words of ovs-fields(7).
func (p prerequisite) String() string {
	return [...]string{
		needNothing: "nothing", needEthernet: "an Ethernet packet", needVLAN: "a VLAN tag", needMPLS: "the Ethernet type MPLS",
		needARP: "the Ethernet type ARP or RARP", needNSH: "the Ethernet type NSH", needIP: "the Ethernet type IPv4 or IPv6",
		needIPv4: "the Ethernet type IPv4", needIPv6: "the Ethernet type IPv6", needTCP: "TCP over IPv4 or IPv6",
		needUDP: "UDP over IPv4 or IPv6", needSCTP: "SCTP over IPv4 or IPv6", needICMPv4: "ICMP over IPv4",
		needICMPv6: "ICMPv6 over IPv6", needND: "a neighbour solicitation or advertisement",
		needNDSolicit: "a neighbour solicitation", needNDAdvert: "a neighbour advertisement",
		needCT: "a ct_state of valid connections only", needCTIPv4: "a ct_state of valid connections only, and the Ethernet type IPv4",
		needCTIPv6: "a ct_state of valid connections only, and the Ethernet type IPv6",
	}[p]
}

// prerequisites is what the conditions of a match say so far that fields may ask for.
type prerequisites struct {
	packetType           uint32
	ethType, tci         uint16
	ipProto, frag        uint8
	icmpType, icmpCode   uint8
	ctState, ctStateMask CTFlags
}

// add takes a condition, which has the field's length.
func (s *prerequisites) add(f MatchField) {
	switch v := f.Value; f.Field {
	case FieldPacketType:
		s.packetType = be.Uint32(v)
	case FieldEthType:
		s.ethType = be.Uint16(v)
	case FieldVLANTCI:
		s.tci = be.Uint16(v)
	case FieldIPProto:
		s.ipProto = v[0]
	case FieldIPFrag:
		s.frag = v[0]
	case FieldICMPv6Type:
		s.icmpType = v[0]
	case FieldICMPv6Code:
		s.icmpCode = v[0]
	case FieldCTState:
		s.ctState, s.ctStateMask = CTFlags(be.Uint32(v)), ^CTFlags(0)
		if f.Mask != nil {
			s.ctStateMask = CTFlags(be.Uint32(f.Mask))
		}
	}
}

// packetTypeEthertype is the namespace of the packet types that are Ethernet types (OpenFlow 1.5.1, 7.2.3.11).
const packetTypeEthertype = 1

// met reports whether the conditions so far say what p asks for.
func (s *prerequisites) met(p prerequisite) bool {
	ethType := s.ethType
	if s.packetType != 0 {
		ethType = 0
		if s.packetType>>16 == packetTypeEthertype {
			ethType = uint16(s.packetType)
		}
	}
	ip := ethType == EthTypeIPv4 || ethType == EthTypeIPv6
	nd := ethType == EthTypeIPv6 && s.ipProto == IPProtoICMPv6 && s.icmpCode == 0
	const later = 2
	switch p {
	case needEthernet:
		return s.packetType == 0
	case needVLAN:
		return s.packetType == 0 && s.tci&vlanPresent != 0
	case needMPLS:
		return ethType == EthTypeMPLS || ethType == EthTypeMPLSMulticast
	case needARP:
		return ethType == EthTypeARP || ethType == EthTypeRARP
	case needNSH:
		return ethType == EthTypeNSH
	case needIP:
		return ip
	case needIPv4:
		return ethType == EthTypeIPv4
	case needIPv6:
		return ethType == EthTypeIPv6
	case needTCP:
		return ip && s.ipProto == IPProtoTCP && s.frag&later == 0
	case needUDP:
		return ip && s.ipProto == IPProtoUDP && s.frag&later == 0
	case needSCTP:
		return ip && s.ipProto == IPProtoSCTP && s.frag&later == 0
	case needICMPv4:
		return ethType == EthTypeIPv4 && s.ipProto == IPProtoICMP
	case needICMPv6:
		return ethType == EthTypeIPv6 && s.ipProto == IPProtoICMPv6
	case needND:
		return nd && (s.icmpType == ICMPv6NeighborSolicit || s.icmpType == ICMPv6NeighborAdvert)
	case needNDSolicit:
		return nd && s.icmpType == ICMPv6NeighborSolicit
	case needNDAdvert:
		return nd && s.icmpType == ICMPv6NeighborAdvert
	case needCT, needCTIPv4, needCTIPv6:
		const valid = CTNew | CTEstablished | CTRelated | CTReply | CTSrcNAT | CTDstNAT
		return s.ctState&valid != 0 || s.ctState&CTTracked != 0 && s.ctStateMask&CTInvalid != 0 && s.ctState&CTInvalid == 0
	}
	return true
}
