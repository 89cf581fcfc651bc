// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	mathbits "math/bits"
	"net"
)

// The wildcards of a match in OpenFlow 1.0 (OFPFW_).
const (
	wild10InPort  = 1 << 0
	wild10VLAN    = 1 << 1
	wild10EthSrc  = 1 << 2
	wild10EthDst  = 1 << 3
	wild10EthType = 1 << 4
	wild10Proto   = 1 << 5
	wild10TpSrc   = 1 << 6
	wild10TpDst   = 1 << 7
	wild10SrcAt   = 8  // 6 bits: how many low bits of nw_src are wild
	wild10DstAt   = 14 // the same of nw_dst
	wild10PCP     = 1 << 20
	wild10ToS     = 1 << 21
	wild10All     = 1<<22 - 1

	noVLAN      = 0xffff
	noEthType   = 0x05ff
	match10Len  = 40
	match11Len  = 88
	ethTypeRARP = 0x8035
)

// decodeMatch10 reads a match of OpenFlow 1.0. What a flow without its prerequisite says of a field means nothing.
func decodeMatch10(r *reader) Match {
	wild := r.u32()
	inPort := r.u16()
	src, dst := net.HardwareAddr(r.bytes(6)), net.HardwareAddr(r.bytes(6))
	vlan, pcp := r.u16(), r.u8()
	r.skip(1)
	ethType, tos, proto := r.u16(), r.u8(), r.u8()
	r.skip(2)
	nwSrc, nwDst, tpSrc, tpDst := r.u32(), r.u32(), r.u16(), r.u16()
	if r.short {
		return nil
	}
	var m Match
	has := func(bit uint32) bool { return wild&bit == 0 }
	if has(wild10InPort) {
		m = append(m, InPort(port32(inPort)))
	}
	if has(wild10EthSrc) {
		m = append(m, EthSrc(src))
	}
	if has(wild10EthDst) {
		m = append(m, EthDst(dst))
	}
	switch tci, mask := uint64(vlanPresent), uint64(0); {
	case has(wild10VLAN) && vlan == noVLAN:
		m = append(m, Uint(FieldVLANTCI, 0))
	default:
		if has(wild10VLAN) {
			tci, mask = tci|uint64(vlan&vlanIDMask), mask|vlanIDMask|vlanPresent
		}
		if has(wild10PCP) {
			tci, mask = tci|uint64(pcp)<<13&vlanPCPMask, mask|vlanPCPMask|vlanPresent
		}
		if mask != 0 {
			m = append(m, UintMasked(FieldVLANTCI, tci&mask, mask))
		}
	}
	if !has(wild10EthType) {
		return m.Canonical()
	}
	m = append(m, EthType(ethType))
	if has(wild10ToS) && ethType == EthTypeIPv4 {
		m = append(m, IPDSCP(tos>>2))
	}
	m = m.addNetwork(ethType, nwSrc, ^uint32(0)<<min(32, wild>>wild10SrcAt&63), nwDst, ^uint32(0)<<min(32, wild>>wild10DstAt&63))
	if has(wild10Proto) {
		m = m.addProto(ethType, proto)
		if ethType == EthTypeIPv4 {
			m = m.addTransport(proto, has(wild10TpSrc), tpSrc, has(wild10TpDst), tpDst)
		}
	}
	return m.Canonical()
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

// appendMatch10 appends a match of OpenFlow 1.0. What it has no room for is left out.
func appendMatch10(b []byte, m Match) []byte {
	wild := uint32(wild10All)
	var inPort, vlan, ethType, tpSrc, tpDst uint16
	var pcp, tos, proto uint8
	var nwSrc, nwDst uint32
	src, dst := make([]byte, 6), make([]byte, 6)
	for _, f := range m.Canonical() {
		n, exact := uint64(0), f.Mask == nil
		if len(f.Value) <= 8 {
			n = beUint(f.Value)
		}
		switch f.Field {
		case FieldInPort:
			inPort, wild = uint16(n), wild&^wild10InPort
		case FieldEthSrc, FieldEthDst:
			// Open vSwitch writes a part of an address as if it were all of it.
			if f.Field == FieldEthSrc {
				copy(src, f.Value)
				wild &^= wild10EthSrc
			} else {
				copy(dst, f.Value)
				wild &^= wild10EthDst
			}
		case FieldVLANTCI:
			mask := uint64(0xffff)
			if !exact {
				mask = beUint(f.Mask)
			}
			if n&vlanPresent == 0 {
				vlan, wild = noVLAN, wild&^wild10VLAN
				break
			}
			if mask&vlanIDMask == vlanIDMask {
				vlan, wild = uint16(n&vlanIDMask), wild&^wild10VLAN
			}
			if mask&vlanPCPMask == vlanPCPMask {
				pcp, wild = uint8(n>>13), wild&^wild10PCP
			}
		case FieldEthType:
			ethType, wild = uint16(n), wild&^wild10EthType
		case FieldIPDSCP:
			tos, wild = uint8(n<<2), wild&^wild10ToS
		case FieldIPProto, FieldARPOp:
			proto, wild = uint8(n), wild&^wild10Proto
		case FieldIPv4Src, FieldARPSPA:
			nwSrc, wild = uint32(n), wild&^(63<<wild10SrcAt)|wildBits(f)<<wild10SrcAt
		case FieldIPv4Dst, FieldARPTPA:
			nwDst, wild = uint32(n), wild&^(63<<wild10DstAt)|wildBits(f)<<wild10DstAt
		case FieldTCPSrc, FieldUDPSrc, FieldSCTPSrc, FieldICMPv4Type:
			if exact {
				tpSrc, wild = uint16(n), wild&^wild10TpSrc
			}
		case FieldTCPDst, FieldUDPDst, FieldSCTPDst, FieldICMPv4Code:
			if exact {
				tpDst, wild = uint16(n), wild&^wild10TpDst
			}
		}
	}
	// All bits wild is written as 32, and whoever reads it takes any more for the same.
	b = be.AppendUint16(be.AppendUint32(b, wild), inPort)
	b = append(append(b, src...), dst...)
	b = append(be.AppendUint16(b, vlan), pcp, 0)
	b = append(be.AppendUint16(b, ethType), tos, proto, 0, 0)
	b = be.AppendUint32(be.AppendUint32(b, nwSrc), nwDst)
	return be.AppendUint16(be.AppendUint16(b, tpSrc), tpDst)
}

// wildBits is how many low bits of an address a condition leaves open.
func wildBits(f MatchField) uint32 {
	if f.Mask == nil {
		return 0
	}
	return uint32(mathbits.TrailingZeros32(be.Uint32(f.Mask)))
}

// The wildcards of a match in OpenFlow 1.1 (OFPFW_); addresses and metadata have masks instead.
const (
	wild11InPort = 1 << iota
	wild11VLAN
	wild11PCP
	wild11EthType
	wild11ToS
	wild11Proto
	wild11TpSrc
	wild11TpDst
	wild11MPLSLabel
	wild11MPLSTC

	wild11All = 1<<10 - 1

	anyVLAN11 = 0xfffe
)

// decodeMatch11 reads a match of OpenFlow 1.1 behind its type and length. Its masks have the bits set that do not matter.
func decodeMatch11(r *reader) (Match, error) {
	inPort, wild := r.u32(), r.u32()
	src, srcMask := r.bytes(6), inverse(r.bytes(6))
	dst, dstMask := r.bytes(6), inverse(r.bytes(6))
	vlan, pcp := r.u16(), r.u8()
	r.skip(1)
	ethType, tos, proto := r.u16(), r.u8(), r.u8()
	nwSrc, nwSrcMask, nwDst, nwDstMask := r.u32(), ^r.u32(), r.u32(), ^r.u32()
	tpSrc, tpDst := r.u16(), r.u16()
	label, tc := r.u32(), r.u8()
	r.skip(3)
	metadata, metadataMask := r.u64(), ^r.u64()
	if r.short {
		return nil, malformed(ErrBadMatchLen, "match is cut off")
	}
	var m Match
	has := func(bit uint32) bool { return wild&bit == 0 }
	bad := func(what string, n any) error { return malformed(ErrBadValue, "match on %s %v", what, n) }
	if has(wild11InPort) {
		if _, ok := port16(inPort); !ok {
			return nil, bad("port", inPort)
		}
		m = append(m, InPort(inPort))
	}
	if mf := BytesMasked(FieldEthSrc, src, srcMask); beUint(srcMask) != 0 {
		m = append(m, mf)
	}
	if mf := BytesMasked(FieldEthDst, dst, dstMask); beUint(dstMask) != 0 {
		m = append(m, mf)
	}
	if has(wild11VLAN) {
		tci, mask := uint64(vlanPresent|vlan&vlanIDMask), uint64(vlanPresent|vlanIDMask)
		switch {
		case vlan == noVLAN:
			tci, mask = 0, 0xffff
		case vlan == anyVLAN11:
			tci, mask = vlanPresent, vlanPresent
		case vlan > vlanIDMask:
			return nil, bad("VLAN", vlan)
		}
		if vlan != noVLAN && has(wild11PCP) {
			if pcp > 7 {
				return nil, bad("VLAN priority", pcp)
			}
			tci, mask = tci|uint64(pcp)<<13, mask|vlanPCPMask
		}
		m = append(m, UintMasked(FieldVLANTCI, tci, mask))
	}
	if metadataMask != 0 {
		m = append(m, Metadata(metadata&metadataMask, metadataMask))
	}
	if !has(wild11EthType) {
		return m.Canonical(), nil
	}
	m = append(m, EthType(ethType))
	if has(wild11ToS) && ethType == EthTypeIPv4 {
		if tos&3 != 0 {
			return nil, bad("ToS", tos)
		}
		m = append(m, IPDSCP(tos>>2))
	}
	m = m.addNetwork(ethType, nwSrc, nwSrcMask, nwDst, nwDstMask)
	if has(wild11Proto) {
		m = m.addProto(ethType, proto)
		if ethType == EthTypeIPv4 {
			if proto == IPProtoICMP && (has(wild11TpSrc) && tpSrc > 0xff || has(wild11TpDst) && tpDst > 0xff) {
				return nil, malformed(ErrBadField, "match on ICMP type %d, code %d", tpSrc, tpDst)
			}
			m = m.addTransport(proto, has(wild11TpSrc), tpSrc, has(wild11TpDst), tpDst)
		}
	}
	if ethType == EthTypeMPLS || ethType == EthTypeMPLSMulticast {
		if has(wild11MPLSLabel) {
			m = append(m, MPLSLabel(label&0xfffff))
		}
		if has(wild11MPLSTC) {
			m = append(m, Uint(FieldMPLSTC, uint64(tc&7)))
		}
	}
	return m.Canonical(), nil
}

func inverse(b []byte) []byte {
	out := make([]byte, len(b))
	for i := range b {
		out[i] = ^b[i]
	}
	return out
}

// appendMatch11 appends a match of OpenFlow 1.1. What it has no room for is left out.
func appendMatch11(b []byte, m Match) []byte {
	wild := uint32(wild11All)
	var inPort, nwSrc, nwDst, label uint32
	var vlan, ethType, tpSrc, tpDst uint16
	var pcp, tos, proto, tc uint8
	var metadata uint64
	nwSrcWild, nwDstWild, metadataWild := ^uint32(0), ^uint32(0), ^uint64(0)
	zero, ones := make([]byte, 6), []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	src, srcWild, dst, dstWild := zero, ones, zero, ones
	for _, f := range m.Canonical() {
		var n, mask uint64
		if len(f.Value) <= 8 {
			n, mask = beUint(f.Value), ^uint64(0)
			if f.Mask != nil {
				mask = beUint(f.Mask)
			}
		}
		exact := f.Mask == nil
		switch f.Field {
		case FieldInPort:
			inPort, wild = uint32(n), wild&^wild11InPort
		case FieldEthSrc:
			src, srcWild = f.Value, be.AppendUint64(nil, ^mask)[2:]
		case FieldEthDst:
			dst, dstWild = f.Value, be.AppendUint64(nil, ^mask)[2:]
		case FieldVLANTCI:
			wild &^= wild11VLAN
			switch {
			case n&vlanPresent == 0:
				vlan = noVLAN
			case mask&vlanIDMask == vlanIDMask:
				vlan = uint16(n & vlanIDMask)
			default:
				vlan = anyVLAN11
			}
			if n&vlanPresent != 0 && mask&vlanPCPMask == vlanPCPMask {
				pcp, wild = uint8(n>>13)&7, wild&^wild11PCP
			}
		case FieldEthType:
			ethType, wild = uint16(n), wild&^wild11EthType
		case FieldIPDSCP:
			tos, wild = uint8(n<<2), wild&^wild11ToS
		case FieldIPProto, FieldARPOp:
			proto, wild = uint8(n), wild&^wild11Proto
		case FieldIPv4Src, FieldARPSPA:
			nwSrc, nwSrcWild = uint32(n), ^uint32(mask)
		case FieldIPv4Dst, FieldARPTPA:
			nwDst, nwDstWild = uint32(n), ^uint32(mask)
		case FieldTCPSrc, FieldUDPSrc, FieldSCTPSrc, FieldICMPv4Type:
			if exact {
				tpSrc, wild = uint16(n), wild&^wild11TpSrc
			}
		case FieldTCPDst, FieldUDPDst, FieldSCTPDst, FieldICMPv4Code:
			if exact {
				tpDst, wild = uint16(n), wild&^wild11TpDst
			}
		case FieldMPLSLabel:
			label, wild = uint32(n), wild&^wild11MPLSLabel
		case FieldMPLSTC:
			tc, wild = uint8(n), wild&^wild11MPLSTC
		case FieldMetadata:
			metadata, metadataWild = n, ^mask
		}
	}
	b = be.AppendUint16(be.AppendUint16(b, matchTypeStandard), match11Len)
	b = be.AppendUint32(be.AppendUint32(b, inPort), wild)
	for _, a := range [][]byte{src, srcWild, dst, dstWild} {
		b = append(b, a...)
	}
	b = append(be.AppendUint16(b, vlan), pcp, 0)
	b = append(be.AppendUint16(b, ethType), tos, proto)
	for _, n := range []uint32{nwSrc, nwSrcWild, nwDst, nwDstWild} {
		b = be.AppendUint32(b, n)
	}
	b = be.AppendUint16(be.AppendUint16(b, tpSrc), tpDst)
	b = append(be.AppendUint32(b, label), tc, 0, 0, 0)
	return be.AppendUint64(be.AppendUint64(b, metadata), metadataWild)
}

// matchTypeStandard is the type of the matches of OpenFlow 1.1 (OFPMT_STANDARD).
const matchTypeStandard = 0
