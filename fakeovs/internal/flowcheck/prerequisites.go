// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowcheck

import (
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// HasField reports whether a packet has a field, and adds what tells to wc (ovs-fields(7), "Prerequisites").
func HasField(k, wc *packet.Key, f openflow.Field) bool {
	over := func(proto uint64) bool {
		if !k.IsIP() {
			return false
		}
		wc.Mask(openflow.FieldIPProto)
		return k.Uint(openflow.FieldIPProto) == proto
	}
	icmpv6 := func() bool {
		if k.EthType() != openflow.EthTypeIPv6 {
			return false
		}
		return over(openflow.IPProtoICMPv6)
	}
	switch f {
	case openflow.FieldEthSrc, openflow.FieldEthDst, openflow.FieldEthType, openflow.FieldVLANTCI, openflow.FieldVLANVID:
		return k.Uint(openflow.FieldPacketType) == 0
	case openflow.FieldVLANPCP:
		if k.Uint(openflow.FieldPacketType) != 0 {
			return false
		}
		wc.AddBits(openflow.FieldVLANTCI, packet.TCIPresent)
		return k.Uint(openflow.FieldVLANTCI)&packet.TCIPresent != 0
	case openflow.FieldMPLSLabel, openflow.FieldMPLSTC, openflow.FieldMPLSBOS, openflow.FieldMPLSTTL:
		return packet.IsMPLS(k.EthType())
	case openflow.FieldIPv4Src, openflow.FieldIPv4Dst:
		return k.EthType() == openflow.EthTypeIPv4
	case openflow.FieldIPv6Src, openflow.FieldIPv6Dst, openflow.FieldIPv6Label:
		return k.EthType() == openflow.EthTypeIPv6
	case openflow.FieldIPProto, openflow.FieldIPDSCP, openflow.FieldIPToS, openflow.FieldIPECN, openflow.FieldIPTTL,
		openflow.FieldIPFrag:
		return k.IsIP()
	case openflow.FieldARPOp, openflow.FieldARPSPA, openflow.FieldARPTPA, openflow.FieldARPSHA, openflow.FieldARPTHA:
		t := k.EthType()
		return t == openflow.EthTypeARP || t == openflow.EthTypeRARP
	case openflow.FieldTCPSrc, openflow.FieldTCPDst, openflow.FieldTCPFlags:
		return over(openflow.IPProtoTCP) && !k.LaterFragment()
	case openflow.FieldUDPSrc, openflow.FieldUDPDst:
		return over(openflow.IPProtoUDP) && !k.LaterFragment()
	case openflow.FieldSCTPSrc, openflow.FieldSCTPDst:
		return over(openflow.IPProtoSCTP) && !k.LaterFragment()
	case openflow.FieldICMPv4Type, openflow.FieldICMPv4Code:
		return k.EthType() == openflow.EthTypeIPv4 && over(openflow.IPProtoICMP)
	case openflow.FieldICMPv6Type, openflow.FieldICMPv6Code:
		return icmpv6()
	case openflow.FieldNDTarget, openflow.FieldNDReserved, openflow.FieldNDOptionsType:
		return icmpv6() && neighbour(k, wc) != 0
	case openflow.FieldNDSLL:
		return icmpv6() && neighbour(k, wc) == openflow.ICMPv6NeighborSolicit
	case openflow.FieldNDTLL:
		return icmpv6() && neighbour(k, wc) == openflow.ICMPv6NeighborAdvert
	case openflow.FieldCTNwProto, openflow.FieldCTTpSrc, openflow.FieldCTTpDst, openflow.FieldCTNwSrc, openflow.FieldCTNwDst,
		openflow.FieldCTIPv6Src, openflow.FieldCTIPv6Dst:
		return hasConnection(k, wc)
	}
	if openflow.FieldNSHFlags <= f && f <= openflow.FieldNSHC4 {
		return k.EthType() == openflow.EthTypeNSH
	}
	return true
}

// neighbour is the type of a message of neighbour discovery, 0 if the ICMPv6 packet is none.
func neighbour(k, wc *packet.Key) uint64 {
	wc.Mask(openflow.FieldTCPDst)
	if k.Uint(openflow.FieldTCPDst) != 0 {
		return 0
	}
	wc.Mask(openflow.FieldTCPSrc)
	switch t := k.Uint(openflow.FieldTCPSrc); t {
	case openflow.ICMPv6NeighborSolicit, openflow.ICMPv6NeighborAdvert:
		return t
	}
	return 0
}

// hasConnection reports whether the packet's connection is known and valid.
func hasConnection(k, wc *packet.Key) bool {
	const valid = openflow.CTNew | openflow.CTEstablished | openflow.CTRelated | openflow.CTReply | openflow.CTSrcNAT |
		openflow.CTDstNAT
	wc.AddBits(openflow.FieldCTState, 0xff)
	return openflow.CTFlags(k.Uint(openflow.FieldCTState))&valid != 0
}
