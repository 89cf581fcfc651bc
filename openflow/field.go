// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// Field is a field of a packet or of its metadata, as ovs-fields(7) lists them.
type Field uint8

// The fields. A match goes over the wire in this order, each field behind its prerequisites.
const (
	FieldInvalid Field = iota
	FieldInPort
	FieldMetadata
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
	FieldCTState
	FieldCTZone
	FieldCTMark
	FieldCTLabel
	FieldEthDst
	FieldEthSrc
	FieldEthType
	FieldVLANTCI
	FieldIPProto
	FieldIPTTL
	FieldIPv4Src
	FieldIPv4Dst
	FieldTCPSrc
	FieldTCPDst
	FieldTCPFlags
	FieldUDPSrc
	FieldUDPDst
	FieldICMPv4Type
	FieldICMPv4Code
	FieldARPOp
	FieldARPSPA
	FieldARPTPA
	FieldARPSHA
	FieldARPTHA
	// FieldUnknown is any field this package has no name for. A MatchField on it has the whole of its wire form as its
	// Value, header and mask included, and no Mask.
	FieldUnknown
	fieldCount
)

// fieldInfo is what the wire and the switch need to know of a field.
type fieldInfo struct {
	name   string
	bits   int
	class  uint16 // OXM class
	number uint8  // number in the class
	format format
}

// The OXM classes (OpenFlow 1.3.5, 7.2.3.3; the first two are Nicira's).
const (
	classNXM0         = 0x0000
	classNXM1         = 0x0001
	classBasic        = 0x8000
	classExperimenter = 0xffff
)

// format is how the value of a field is written.
type format uint8

const (
	formatHex format = iota
	formatDecimal
	formatMAC
	formatIPv4
	formatPort
	formatCTState
)

// fields has for each field the header by which this package writes it. A switch may use others, see fieldAliases.
var fields = [fieldCount]fieldInfo{
	FieldInPort:     {"in_port", 32, classBasic, 0, formatPort},
	FieldMetadata:   {"metadata", 64, classBasic, 2, formatHex},
	FieldReg0:       {"reg0", 32, classNXM1, 0, formatHex},
	FieldReg1:       {"reg1", 32, classNXM1, 1, formatHex},
	FieldReg2:       {"reg2", 32, classNXM1, 2, formatHex},
	FieldReg3:       {"reg3", 32, classNXM1, 3, formatHex},
	FieldReg4:       {"reg4", 32, classNXM1, 4, formatHex},
	FieldReg5:       {"reg5", 32, classNXM1, 5, formatHex},
	FieldReg6:       {"reg6", 32, classNXM1, 6, formatHex},
	FieldReg7:       {"reg7", 32, classNXM1, 7, formatHex},
	FieldReg8:       {"reg8", 32, classNXM1, 8, formatHex},
	FieldReg9:       {"reg9", 32, classNXM1, 9, formatHex},
	FieldReg10:      {"reg10", 32, classNXM1, 10, formatHex},
	FieldReg11:      {"reg11", 32, classNXM1, 11, formatHex},
	FieldReg12:      {"reg12", 32, classNXM1, 12, formatHex},
	FieldReg13:      {"reg13", 32, classNXM1, 13, formatHex},
	FieldReg14:      {"reg14", 32, classNXM1, 14, formatHex},
	FieldReg15:      {"reg15", 32, classNXM1, 15, formatHex},
	FieldCTState:    {"ct_state", 32, classNXM1, 105, formatCTState},
	FieldCTZone:     {"ct_zone", 16, classNXM1, 106, formatDecimal},
	FieldCTMark:     {"ct_mark", 32, classNXM1, 107, formatHex},
	FieldCTLabel:    {"ct_label", 128, classNXM1, 108, formatHex},
	FieldEthDst:     {"eth_dst", 48, classBasic, 3, formatMAC},
	FieldEthSrc:     {"eth_src", 48, classBasic, 4, formatMAC},
	FieldEthType:    {"eth_type", 16, classBasic, 5, formatHex},
	FieldVLANTCI:    {"vlan_tci", 16, classNXM0, 4, formatHex},
	FieldIPProto:    {"ip_proto", 8, classBasic, 10, formatDecimal},
	FieldIPTTL:      {"nw_ttl", 8, classNXM1, 29, formatDecimal},
	FieldIPv4Src:    {"ip_src", 32, classBasic, 11, formatIPv4},
	FieldIPv4Dst:    {"ip_dst", 32, classBasic, 12, formatIPv4},
	FieldTCPSrc:     {"tcp_src", 16, classBasic, 13, formatDecimal},
	FieldTCPDst:     {"tcp_dst", 16, classBasic, 14, formatDecimal},
	FieldTCPFlags:   {"tcp_flags", 12, classNXM1, 34, formatHex},
	FieldUDPSrc:     {"udp_src", 16, classBasic, 15, formatDecimal},
	FieldUDPDst:     {"udp_dst", 16, classBasic, 16, formatDecimal},
	FieldICMPv4Type: {"icmp_type", 8, classBasic, 19, formatDecimal},
	FieldICMPv4Code: {"icmp_code", 8, classBasic, 20, formatDecimal},
	FieldARPOp:      {"arp_op", 16, classBasic, 21, formatDecimal},
	FieldARPSPA:     {"arp_spa", 32, classBasic, 22, formatIPv4},
	FieldARPTPA:     {"arp_tpa", 32, classBasic, 23, formatIPv4},
	FieldARPSHA:     {"arp_sha", 48, classBasic, 24, formatMAC},
	FieldARPTHA:     {"arp_tha", 48, classBasic, 25, formatMAC},
	FieldUnknown:    {name: "unknown"},
}

// String is the field's name in ovs-fields(7), as ovs-ofctl reads it.
func (f Field) String() string { return f.info().name }

// Bits is the field's width.
func (f Field) Bits() int { return f.info().bits }

// Bytes is the length of the field's value on the wire.
func (f Field) Bytes() int { return (f.info().bits + 7) / 8 }

func (f Field) info() fieldInfo {
	if f >= fieldCount {
		f = FieldInvalid
	}
	return fields[f]
}

// fieldAliases has the other headers that a field goes by on the wire, with the same width.
var fieldAliases = []struct {
	class  uint16
	number uint8
	field  Field
}{
	{classNXM0, 1, FieldEthDst},
	{classNXM0, 2, FieldEthSrc},
	{classNXM0, 3, FieldEthType},
	{classNXM0, 6, FieldIPProto},
	{classNXM0, 7, FieldIPv4Src},
	{classNXM0, 8, FieldIPv4Dst},
	{classNXM0, 9, FieldTCPSrc},
	{classNXM0, 10, FieldTCPDst},
	{classNXM0, 11, FieldUDPSrc},
	{classNXM0, 12, FieldUDPDst},
	{classNXM0, 13, FieldICMPv4Type},
	{classNXM0, 14, FieldICMPv4Code},
	{classNXM0, 15, FieldARPOp},
	{classNXM0, 16, FieldARPSPA},
	{classNXM0, 17, FieldARPTPA},
	{classNXM1, 17, FieldARPSHA},
	{classNXM1, 18, FieldARPTHA},
	{classBasic, 42, FieldTCPFlags},
}

// fieldsByHeader finds a field by class and number.
var fieldsByHeader = func() map[uint32]Field {
	m := make(map[uint32]Field, 2*len(fields))
	for f := FieldInvalid + 1; f < FieldUnknown; f++ {
		m[uint32(fields[f].class)<<8|uint32(fields[f].number)] = f
	}
	for _, a := range fieldAliases {
		m[uint32(a.class)<<8|uint32(a.number)] = a.field
	}
	return m
}()

// fieldByHeader finds a field by the class and the number of its header.
func fieldByHeader(class uint16, number uint8) (Field, bool) {
	f, ok := fieldsByHeader[uint32(class)<<8|uint32(number)]
	return f, ok
}
