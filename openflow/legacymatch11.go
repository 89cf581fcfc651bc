// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

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

	anyVLAN11  = 0xfffe
	match11Len = 88
)

var upper11 = upperWild{
	ethType: wild11EthType, tos: wild11ToS, proto: wild11Proto, tpSrc: wild11TpSrc, tpDst: wild11TpDst,
}

// decodeMatch11 reads a match of OpenFlow 1.1 behind its type and length. Its masks have the bits set that do not matter.
func decodeMatch11(r *reader) (Match, error) {
	inPort, wild := r.u32(), r.u32()
	src, srcMask := r.bytes(6), inverse(r.bytes(6))
	dst, dstMask := r.bytes(6), inverse(r.bytes(6))
	vlan, pcp := r.u16(), r.u8()
	r.skip(1)
	u := oldUpper{ethType: r.u16(), tos: r.u8(), proto: r.u8()}
	nwSrc, nwSrcMask, nwDst, nwDstMask := r.u32(), ^r.u32(), r.u32(), ^r.u32()
	u.tpSrc, u.tpDst = r.u16(), r.u16()
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
	if u.ethType == EthTypeIPv4 {
		if has(wild11ToS) && u.tos&3 != 0 {
			return nil, bad("ToS", u.tos)
		}
		if has(wild11Proto) && u.proto == IPProtoICMP && (has(wild11TpSrc) && u.tpSrc > 0xff || has(wild11TpDst) && u.tpDst > 0xff) {
			return nil, malformed(ErrBadField, "match on ICMP type %d, code %d", u.tpSrc, u.tpDst)
		}
	}
	m = u.addTo(m.addNetwork(u.ethType, nwSrc, nwSrcMask, nwDst, nwDstMask), wild, &upper11)
	if u.ethType == EthTypeMPLS || u.ethType == EthTypeMPLSMulticast {
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
	var vlan uint16
	var pcp, tc uint8
	var u oldUpper
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
		case FieldIPv4Src, FieldARPSPA:
			nwSrc, nwSrcWild = uint32(n), ^uint32(mask)
		case FieldIPv4Dst, FieldARPTPA:
			nwDst, nwDstWild = uint32(n), ^uint32(mask)
		case FieldMPLSLabel:
			label, wild = uint32(n), wild&^wild11MPLSLabel
		case FieldMPLSTC:
			tc, wild = uint8(n), wild&^wild11MPLSTC
		case FieldMetadata:
			metadata, metadataWild = n, ^mask
		default:
			wild &^= u.take(f.Field, n, exact, &upper11)
		}
	}
	b = be.AppendUint16(be.AppendUint16(b, matchTypeStandard), match11Len)
	b = be.AppendUint32(be.AppendUint32(b, inPort), wild)
	for _, a := range [][]byte{src, srcWild, dst, dstWild} {
		b = append(b, a...)
	}
	b = append(be.AppendUint16(b, vlan), pcp, 0)
	b = append(be.AppendUint16(b, u.ethType), u.tos, u.proto)
	for _, n := range []uint32{nwSrc, nwSrcWild, nwDst, nwDstWild} {
		b = be.AppendUint32(b, n)
	}
	b = be.AppendUint16(be.AppendUint16(b, u.tpSrc), u.tpDst)
	b = append(be.AppendUint32(b, label), tc, 0, 0, 0)
	return be.AppendUint64(be.AppendUint64(b, metadata), metadataWild)
}

// matchTypeStandard is the type of the matches of OpenFlow 1.1 (OFPMT_STANDARD).
const matchTypeStandard = 0
