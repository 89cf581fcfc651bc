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
)

var upper10 = upperWild{
	ethType: wild10EthType, tos: wild10ToS, proto: wild10Proto, tpSrc: wild10TpSrc, tpDst: wild10TpDst,
}

// decodeMatch10 reads a match of OpenFlow 1.0. What a flow without its prerequisite says of a field means nothing.
func decodeMatch10(r *reader) Match {
	wild := r.u32()
	inPort := r.u16()
	src, dst := net.HardwareAddr(r.bytes(6)), net.HardwareAddr(r.bytes(6))
	vlan, pcp := r.u16(), r.u8()
	r.skip(1)
	u := oldUpper{ethType: r.u16(), tos: r.u8(), proto: r.u8()}
	r.skip(2)
	nwSrc, nwDst := r.u32(), r.u32()
	u.tpSrc, u.tpDst = r.u16(), r.u16()
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
	m = m.addNetwork(u.ethType, nwSrc, ^uint32(0)<<min(32, wild>>wild10SrcAt&63), nwDst, ^uint32(0)<<min(32, wild>>wild10DstAt&63))
	return u.addTo(m, wild, &upper10).Canonical()
}

// appendMatch10 appends a match of OpenFlow 1.0. What it has no room for is left out.
func appendMatch10(b []byte, m Match) []byte {
	wild := uint32(wild10All)
	var inPort, vlan uint16
	var pcp uint8
	var u oldUpper
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
		case FieldIPv4Src, FieldARPSPA:
			nwSrc, wild = uint32(n), wild&^(63<<wild10SrcAt)|wildBits(f)<<wild10SrcAt
		case FieldIPv4Dst, FieldARPTPA:
			nwDst, wild = uint32(n), wild&^(63<<wild10DstAt)|wildBits(f)<<wild10DstAt
		default:
			wild &^= u.take(f.Field, n, exact, &upper10)
		}
	}
	// All bits wild is written as 32, and whoever reads it takes any more for the same.
	b = be.AppendUint16(be.AppendUint32(b, wild), inPort)
	b = append(append(b, src...), dst...)
	b = append(be.AppendUint16(b, vlan), pcp, 0)
	b = append(be.AppendUint16(b, u.ethType), u.tos, u.proto, 0, 0)
	b = be.AppendUint32(be.AppendUint32(b, nwSrc), nwDst)
	return be.AppendUint16(be.AppendUint16(b, u.tpSrc), u.tpDst)
}

// wildBits is how many low bits of an address a condition leaves open.
func wildBits(f MatchField) uint32 {
	if f.Mask == nil {
		return 0
	}
	return uint32(mathbits.TrailingZeros32(be.Uint32(f.Mask)))
}
