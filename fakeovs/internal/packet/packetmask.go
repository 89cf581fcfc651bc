// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import "github.com/ovskit/ovskit/openflow"

// TunnelSet reports whether the packet came through a tunnel: it has the address of its end.
func (k *Key) TunnelSet() bool { return k.Has(openflow.FieldTunDst) || k.Has(openflow.FieldTunIPv6Dst) }

// PacketMask is the mask of all fields that a packet of this kind has, and of the metadata that a datapath knows.
func PacketMask(k *Key) (m Key) {
	m.tunnelMask(k)
	m.Mask(SKBPriority, openflow.FieldPktMark, openflow.FieldCTZone, openflow.FieldCTMark, openflow.FieldCTLabel,
		openflow.FieldRecircID, openflow.FieldDPHash, openflow.FieldInPort, openflow.FieldPacketType)
	m.SetUint(openflow.FieldCTState, 0xff)
	typ := k.Uint(openflow.FieldPacketType) & 0xffff
	if !k.Has(openflow.FieldPacketType) {
		m.Mask(openflow.FieldEthDst, openflow.FieldEthSrc, openflow.FieldEthType, openflow.FieldVLANTCI, VLANTPID)
		if k.Has(openflow.FieldVLANTCI) {
			m.Mask(InnerVLANTCI, InnerVLANTPID)
		}
		typ = k.Uint(openflow.FieldEthType)
	}
	switch typ {
	case openflow.EthTypeIPv4:
		m.Mask(openflow.FieldIPv4Src, openflow.FieldIPv4Dst, openflow.FieldCTNwSrc, openflow.FieldCTNwDst)
	case openflow.EthTypeIPv6:
		m.Mask(openflow.FieldIPv6Src, openflow.FieldIPv6Dst, IPv6LabelWord)
		// What tells a message of neighbour discovery counts even of a fragment that is none.
		if k.Uint(openflow.FieldIPProto) == openflow.IPProtoICMPv6 {
			m.Mask(openflow.FieldTCPDst)
			if !k.Has(openflow.FieldTCPDst) {
				m.Mask(openflow.FieldTCPSrc)
			}
		}
		if k.IsND() {
			m.Mask(openflow.FieldARPSHA, openflow.FieldARPTHA, openflow.FieldNDTarget)
		} else {
			m.Mask(openflow.FieldCTIPv6Src, openflow.FieldCTIPv6Dst)
		}
	case openflow.EthTypeARP, openflow.EthTypeRARP:
		m.Mask(openflow.FieldIPv4Src, openflow.FieldIPv4Dst, openflow.FieldIPProto, openflow.FieldARPSHA, openflow.FieldARPTHA)
		return m
	case openflow.EthTypeMPLS, openflow.EthTypeMPLSMulticast:
		for _, f := range [...]openflow.Field{MPLSLSE, MPLSLSE1, MPLSLSE2} {
			m.Mask(f)
			if k.Uint(f)&mplsBottom != 0 {
				break
			}
		}
		return m
	}
	// From here on Open vSwitch looks at the Ethernet type of NSH, and treats it as IP.
	if typ != openflow.EthTypeIPv4 && typ != openflow.EthTypeIPv6 {
		if k.Uint(openflow.FieldEthType) != openflow.EthTypeNSH {
			return m
		}
		m.Mask(openflow.FieldNSHFlags, openflow.FieldNSHTTL, openflow.FieldNSHMDType, openflow.FieldNSHNP, NSHPath,
			openflow.FieldNSHC1, openflow.FieldNSHC2, openflow.FieldNSHC3, openflow.FieldNSHC4)
	}
	m.Mask(openflow.FieldIPFrag, openflow.FieldIPToS, openflow.FieldIPTTL, openflow.FieldIPProto, openflow.FieldCTNwProto,
		openflow.FieldCTTpSrc, openflow.FieldCTTpDst)
	m.transportMask(k)
	return m
}

func (m *Key) tunnelMask(k *Key) {
	if !k.TunnelSet() {
		if k.Has(openflow.FieldTunID) {
			m.Mask(openflow.FieldTunID)
		}
		return
	}
	if k.Uint(TunFlags)&TunFlagKey != 0 {
		m.Mask(openflow.FieldTunID)
	}
	m.Mask(openflow.FieldTunSrc, openflow.FieldTunDst, openflow.FieldTunIPv6Src, openflow.FieldTunIPv6Dst, TunFlags,
		TunToS, TunTTL, TunTPSrc, TunTPDst, openflow.FieldTunGBPID, openflow.FieldTunGBPFlags,
		openflow.FieldTunERSPANVersion, openflow.FieldTunERSPANIndex, openflow.FieldTunERSPANDir, openflow.FieldTunERSPANHWID,
		openflow.FieldTunGTPUFlags, openflow.FieldTunGTPUMsgType)
	if m[wordPresent] = k[wordPresent]; m[wordPresent] != 0 {
		for i := range optionWords {
			m[wordOptions+i] = ^uint64(0)
		}
	}
}

func (m *Key) transportMask(k *Key) {
	if k.Uint(openflow.FieldIPFrag)&fragLater != 0 {
		return
	}
	switch proto := k.Uint(openflow.FieldIPProto); proto {
	case openflow.IPProtoTCP:
		m.Mask(openflow.FieldTCPSrc, openflow.FieldTCPDst, openflow.FieldTCPFlags)
	case protoIGMP:
		m.Mask(openflow.FieldTCPSrc, openflow.FieldTCPDst, IGMPGroup)
	case openflow.IPProtoICMP, openflow.IPProtoICMPv6, openflow.IPProtoUDP, openflow.IPProtoSCTP:
		m.Mask(openflow.FieldTCPSrc, openflow.FieldTCPDst)
	}
}

// IsND reports whether the packet is a neighbour solicitation or advertisement.
func (k *Key) IsND() bool {
	if k.Uint(openflow.FieldEthType) != openflow.EthTypeIPv6 || k.Uint(openflow.FieldIPProto) != openflow.IPProtoICMPv6 ||
		k.Uint(openflow.FieldTCPDst) != 0 {
		return false
	}
	typ := k.Uint(openflow.FieldTCPSrc)
	return typ == ndSolicit || typ == ndAdvert
}
