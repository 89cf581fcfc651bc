// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// What old matches say of a packet without a VLAN tag, and types of Ethernet.
const (
	noVLAN      = 0xffff
	noEthType   = 0x05ff
	ethTypeRARP = 0x8035
)

// oldUpper is what the matches of OpenFlow 1.0 and 1.1 say alike of the type of a packet and what follows it.
type oldUpper struct {
	ethType      uint16
	tos, proto   uint8
	tpSrc, tpDst uint16
}

// upperWild are the wildcards of these, which the versions number differently.
type upperWild struct{ ethType, tos, proto, tpSrc, tpDst uint32 }

// addTo adds the conditions whose wildcards are not set, that of the type in any case.
func (u *oldUpper) addTo(m Match, wild uint32, w *upperWild) Match {
	m = append(m, EthType(u.ethType))
	if u.ethType == EthTypeIPv4 && wild&w.tos == 0 {
		m = append(m, IPDSCP(u.tos>>2))
	}
	if wild&w.proto != 0 {
		return m
	}
	m = m.addProto(u.ethType, u.proto)
	if u.ethType == EthTypeIPv4 {
		m = m.addTransport(u.proto, wild&w.tpSrc == 0, u.tpSrc, wild&w.tpDst == 0, u.tpDst)
	}
	return m
}

// take notes the value of a condition, if it is one of these, and returns its wildcard.
func (u *oldUpper) take(f Field, n uint64, exact bool, w *upperWild) uint32 {
	switch f {
	case FieldEthType:
		u.ethType = uint16(n)
		return w.ethType
	case FieldIPDSCP:
		u.tos = uint8(n << 2)
		return w.tos
	case FieldIPProto, FieldARPOp:
		u.proto = uint8(n)
		return w.proto
	case FieldTCPSrc, FieldUDPSrc, FieldSCTPSrc, FieldICMPv4Type:
		if exact {
			u.tpSrc = uint16(n)
			return w.tpSrc
		}
	case FieldTCPDst, FieldUDPDst, FieldSCTPDst, FieldICMPv4Code:
		if exact {
			u.tpDst = uint16(n)
			return w.tpDst
		}
	}
	return 0
}

// addNetwork adds conditions on the addresses of IPv4 or ARP.
func (m Match) addNetwork(ethType uint16, src, srcMask, dst, dstMask uint32) Match {
	var from, to Field
	switch ethType {
	case EthTypeIPv4:
		from, to = FieldIPv4Src, FieldIPv4Dst
	case EthTypeARP, ethTypeRARP:
		from, to = FieldARPSPA, FieldARPTPA
	default:
		return m
	}
	if srcMask != 0 {
		m = append(m, UintMasked(from, uint64(src&srcMask), uint64(srcMask)))
	}
	if dstMask != 0 {
		m = append(m, UintMasked(to, uint64(dst&dstMask), uint64(dstMask)))
	}
	return m
}

func (m Match) addProto(ethType uint16, proto uint8) Match {
	switch ethType {
	case EthTypeIPv4, EthTypeIPv6:
		return append(m, IPProto(proto))
	case EthTypeARP, ethTypeRARP:
		return append(m, ARPOp(uint16(proto)))
	}
	return m
}

// addTransport adds conditions on ports, or on the type and the code of ICMP, over IPv4.
func (m Match) addTransport(proto uint8, hasSrc bool, src uint16, hasDst bool, dst uint16) Match {
	ports := oldTransportFields(proto)
	if ports[0] == FieldInvalid {
		return m
	}
	if hasSrc {
		m = append(m, Uint(ports[0], uint64(src)&onesOf(ports[0])))
	}
	if hasDst {
		m = append(m, Uint(ports[1], uint64(dst)&onesOf(ports[1])))
	}
	return m
}

func onesOf(f Field) uint64 { return 1<<f.Bits() - 1 }

// oldTransportFields are the fields of a protocol over IPv4 that old matches call tp_src and tp_dst.
func oldTransportFields(proto uint8) [2]Field {
	switch proto {
	case IPProtoTCP:
		return [2]Field{FieldTCPSrc, FieldTCPDst}
	case IPProtoUDP:
		return [2]Field{FieldUDPSrc, FieldUDPDst}
	case IPProtoSCTP:
		return [2]Field{FieldSCTPSrc, FieldSCTPDst}
	case IPProtoICMP:
		return [2]Field{FieldICMPv4Type, FieldICMPv4Code}
	}
	return [2]Field{}
}
