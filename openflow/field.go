// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// Field is a field of a packet or of its metadata, as ovs-fields(7) lists them.
type Field uint8

// The fields. A match goes over the wire in this order, each field behind its prerequisites.
const (
	FieldInvalid Field = iota
	FieldPacketType
	FieldInPort
	// FieldInPort16 is NXM_OF_IN_PORT, the 16-bit form of FieldInPort. Actions that name in_port mean this one. The
	// canonical form of a match has FieldInPort instead.
	FieldInPort16
	FieldActsetOutput
	FieldMetadata
	// FieldDPHash and FieldRecircID are for the switch's own use: it refuses flows that match them (OFPBRC_EPERM).
	FieldDPHash
	FieldRecircID
	FieldConjID
	FieldTunID
	FieldTunSrc
	FieldTunDst
	FieldTunIPv6Src
	FieldTunIPv6Dst
	FieldTunFlags
	FieldTunGBPID
	FieldTunGBPFlags
	FieldTunERSPANIndex
	// Open vSwitch 3.1 takes a value of FieldTunERSPANVersion, FieldTunERSPANDir, FieldTunERSPANHWID, FieldTunGTPUFlags
	// or FieldTunGTPUMsgType for its mask too: it compares only the bits that are set in the value, and dumps that.
	FieldTunERSPANVersion
	FieldTunERSPANDir
	FieldTunERSPANHWID
	FieldTunGTPUFlags
	FieldTunGTPUMsgType
	// FieldTunMetadata0 to FieldTunMetadata63 are tunnel options, which a bridge's TLV table gives meaning and length.
	// A value is as long as its option, at most 124 bytes. A mask of no bits asks that the option be there.
	FieldTunMetadata0
	FieldTunMetadata63 = FieldTunMetadata0 + 63
)

// The fields, from those on that follow the tunnel's options.
const (
	FieldPktMark = FieldTunMetadata63 + 1 + iota
	FieldReg0
	FieldReg1
	FieldReg2
	FieldReg3
	FieldReg4
	FieldReg5
	FieldReg6
	FieldReg7
	FieldReg8
	FieldReg9
	FieldReg10
	FieldReg11
	FieldReg12
	FieldReg13
	FieldReg14
	FieldReg15
	// FieldXReg0 to FieldXReg7 are two 32-bit registers each, and FieldXXReg0 to FieldXXReg3 four. The canonical form
	// of a match has the 32-bit registers instead.
	FieldXReg0
	FieldXReg1
	FieldXReg2
	FieldXReg3
	FieldXReg4
	FieldXReg5
	FieldXReg6
	FieldXReg7
	FieldXXReg0
	FieldXXReg1
	FieldXXReg2
	FieldXXReg3
	FieldCTState
	FieldCTZone
	FieldCTMark
	FieldCTLabel
	FieldCTNwProto
	FieldCTNwSrc
	FieldCTNwDst
	FieldCTIPv6Src
	FieldCTIPv6Dst
	// Open vSwitch leaves FieldCTTpSrc and FieldCTTpDst out of its dumps unless FieldCTNwProto is matched as well.
	FieldCTTpSrc
	FieldCTTpDst
	FieldEthDst
	FieldEthSrc
	FieldEthType
	// FieldVLANTCI is the priority (bits 13 to 15), the presence of a tag (bit 12) and the VLAN identifier. Open vSwitch
	// dumps a condition on any bit of the priority as one on all three, and none without one on the presence.
	FieldVLANTCI
	// FieldVLANVID is the presence and the identifier, FieldVLANPCP the priority alone. The canonical form of a match
	// has FieldVLANTCI instead.
	FieldVLANVID
	FieldVLANPCP
	FieldMPLSLabel
	FieldMPLSTC
	FieldMPLSBOS
	FieldMPLSTTL
	FieldIPFrag
	FieldIPProto
	FieldIPDSCP
	// FieldIPToS is FieldIPDSCP in the upper six of eight bits. The canonical form of a match has FieldIPDSCP instead.
	FieldIPToS
	FieldIPECN
	FieldIPTTL
	FieldIPv4Src
	FieldIPv4Dst
	FieldIPv6Src
	FieldIPv6Dst
	FieldIPv6Label
	FieldTCPSrc
	FieldTCPDst
	FieldTCPFlags
	FieldUDPSrc
	FieldUDPDst
	FieldSCTPSrc
	FieldSCTPDst
	FieldICMPv4Type
	FieldICMPv4Code
	FieldICMPv6Type
	FieldICMPv6Code
	FieldNDTarget
	FieldNDReserved
	FieldNDOptionsType
	FieldNDSLL
	FieldNDTLL
	FieldARPOp
	FieldARPSPA
	FieldARPTPA
	FieldARPSHA
	FieldARPTHA
	FieldNSHFlags
	FieldNSHTTL
	FieldNSHMDType
	FieldNSHNP
	FieldNSHSPI
	FieldNSHSI
	FieldNSHC1
	FieldNSHC2
	FieldNSHC3
	FieldNSHC4
	// FieldUnknown is any field this package has no name for. A MatchField on it has the whole of its wire form as its
	// Value, header and mask included, and no Mask.
	FieldUnknown
	fieldCount
)

// FieldByName finds a field by a name that ovs-ofctl(8) reads: the name or the other name in ovs-fields(7), such as
// "eth_src" or "dl_src", or the name of one of its headers, such as "NXM_OF_ETH_SRC". The names that ovs-fields(7) has
// for fields without a header (dl_vlan, dl_vlan_pcp, tun_ttl, tun_tos, skb_priority) are not among them. Where in_port
// stands for a part of a field in an action, ovs-ofctl(8) means FieldInPort16.
func FieldByName(name string) (Field, bool) {
	f, ok := fieldsByName[name]
	return f, ok
}

// String is the field's name in ovs-fields(7), as ovs-ofctl(8) prints it in a set_field action.
func (f Field) String() string { return f.info().name }

// OXMName is the name of the field's header by which ovs-ofctl(8) prints it in move, load and learn actions, such as
// "NXM_OF_ETH_SRC"; empty for FieldUnknown.
func (f Field) OXMName() string { return f.info().oxmName }

// Bits is the field's width; the greatest one of a tunnel's option.
func (f Field) Bits() int { return int(f.info().bits) }

// Bytes is the length of the field's value on the wire; the greatest one of a tunnel's option.
func (f Field) Bytes() int { return int(f.info().bytes) }

// Maskable reports whether a condition may be on some of the field's bits.
func (f Field) Maskable() bool { return f.info().can&maskable != 0 }

// Writable reports whether an action may write the field.
func (f Field) Writable() bool { return f.info().can&writable != 0 }

func (f Field) info() *fieldInfo {
	if f >= fieldCount {
		f = FieldInvalid
	}
	return &fields[f]
}

// isOption reports whether the field is one of a tunnel's options, whose length varies.
func (f Field) isOption() bool { return FieldTunMetadata0 <= f && f <= FieldTunMetadata63 }

// fits reports whether a value of the field may have so many bytes.
func (f Field) fits(n int) bool {
	return n == f.Bytes() && n > 0 || f.isOption() && 0 < n && n < f.Bytes()
}

// fullMask is byte i of the mask that has all bits of the field.
func (f Field) fullMask(i int) byte {
	info := f.info()
	bits := int(info.bits)
	switch f {
	case FieldVLANVID:
		bits++ // the presence of a tag
	case FieldCTState:
		bits = len(ctFlagNames) // Open vSwitch drops the others from masks
	}
	switch spare := int(info.bytes)*8 - bits - 8*i; {
	case spare >= 8:
		return 0
	case spare > 0:
		return 0xff >> spare
	}
	return 0xff
}
