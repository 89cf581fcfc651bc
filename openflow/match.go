// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
)

// MatchField is one field of a packet with the value it must have, and the bits of it that matter.
type MatchField struct {
	Field Field
	// Value is big-endian and Field.Bytes() long.
	Value []byte
	// Mask has the length of Value; a set bit must match. Nil: every bit must.
	Mask []byte
}

// Equal reports whether two match fields are the same in every bit.
func (f MatchField) Equal(g MatchField) bool {
	return f.Field == g.Field && bytes.Equal(f.Value, g.Value) && bytes.Equal(f.Mask, g.Mask)
}

// Match is the conditions a packet must meet, all of them. The empty match is met by every packet. Each field
// stands at most once; a field's prerequisites (ovs-fields(7)) are conditions of the same match.
type Match []MatchField

// Get returns the condition on f, if there is one.
func (m Match) Get(f Field) (MatchField, bool) {
	i := slices.IndexFunc(m, func(mf MatchField) bool { return mf.Field == f })
	if i < 0 {
		return MatchField{}, false
	}
	return m[i], true
}

// With returns a new match with the conditions of m and the further ones.
func (m Match) With(fields ...MatchField) Match {
	return append(slices.Clip(m), fields...)
}

// Uint makes an exact condition on a field of at most 64 bits.
func Uint(f Field, value uint64) MatchField {
	return MatchField{Field: f, Value: uintBytes(f, value)}
}

// UintMasked makes a condition on the bits of mask of a field of at most 64 bits. Value bits outside the mask are
// cleared, as a switch wants them.
func UintMasked(f Field, value, mask uint64) MatchField {
	return MatchField{Field: f, Value: uintBytes(f, value&mask), Mask: uintBytes(f, mask)}
}

func uintBytes(f Field, v uint64) []byte {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], v)
	return append(make([]byte, max(0, f.Bytes()-8), f.Bytes()), b[max(0, 8-f.Bytes()):]...)
}

// InPort matches the port the packet came in by.
func InPort(port uint32) MatchField { return Uint(FieldInPort, uint64(port)) }

// Reg matches the 32-bit register n (0 to 15).
func Reg(n int, value uint32) MatchField { return Uint(FieldReg0+Field(n), uint64(value)) }

// RegMasked matches the bits of mask of the 32-bit register n (0 to 15).
func RegMasked(n int, value, mask uint32) MatchField {
	return UintMasked(FieldReg0+Field(n), uint64(value), uint64(mask))
}

// EthSrc matches the Ethernet source.
func EthSrc(a net.HardwareAddr) MatchField { return MatchField{Field: FieldEthSrc, Value: a} }

// EthDst matches the Ethernet destination.
func EthDst(a net.HardwareAddr) MatchField { return MatchField{Field: FieldEthDst, Value: a} }

// EthType matches the Ethernet type, such as EthTypeIPv4.
func EthType(t uint16) MatchField { return Uint(FieldEthType, uint64(t)) }

// The Ethernet types (IEEE 802 numbers) that fields ask for as prerequisites.
const (
	EthTypeIPv4 = 0x0800
	EthTypeARP  = 0x0806
	EthTypeIPv6 = 0x86dd
)

// IPProto matches the protocol number of an IPv4 or IPv6 packet (IANA protocol numbers).
func IPProto(p uint8) MatchField { return Uint(FieldIPProto, uint64(p)) }

// The protocol numbers that fields ask for as prerequisites.
const (
	IPProtoICMP   = 1
	IPProtoTCP    = 6
	IPProtoUDP    = 17
	IPProtoICMPv6 = 58
	IPProtoSCTP   = 132
)

// IPv4Src matches the source address against an IPv4 prefix.
func IPv4Src(p netip.Prefix) MatchField { return prefixField(FieldIPv4Src, p) }

// IPv4Dst matches the destination address against an IPv4 prefix.
func IPv4Dst(p netip.Prefix) MatchField { return prefixField(FieldIPv4Dst, p) }

// ARPSPA matches the sender's protocol address of an ARP packet against an IPv4 prefix.
func ARPSPA(p netip.Prefix) MatchField { return prefixField(FieldARPSPA, p) }

// ARPTPA matches the target's protocol address of an ARP packet against an IPv4 prefix.
func ARPTPA(p netip.Prefix) MatchField { return prefixField(FieldARPTPA, p) }

// ARPOp matches the ARP operation: 1 request, 2 reply (RFC 826).
func ARPOp(op uint16) MatchField { return Uint(FieldARPOp, uint64(op)) }

// ARPSHA matches the sender's hardware address of an ARP packet.
func ARPSHA(a net.HardwareAddr) MatchField { return MatchField{Field: FieldARPSHA, Value: a} }

func prefixField(f Field, p netip.Prefix) MatchField {
	mf := MatchField{Field: f, Value: p.Masked().Addr().AsSlice()}
	if p.Bits() < p.Addr().BitLen() {
		mf.Mask = net.CIDRMask(p.Bits(), p.Addr().BitLen())
	}
	return mf
}

// TCPDst matches the TCP destination port.
func TCPDst(port uint16) MatchField { return Uint(FieldTCPDst, uint64(port)) }

// UDPDst matches the UDP destination port.
func UDPDst(port uint16) MatchField { return Uint(FieldUDPDst, uint64(port)) }

// CTFlags are the bits of the ct_state field (ovs-fields(7), "Connection Tracking Fields").
type CTFlags uint32

// The connection states.
const (
	CTNew CTFlags = 1 << iota
	CTEstablished
	CTRelated
	CTReply
	CTInvalid
	CTTracked
	CTSrcNAT
	CTDstNAT
)

// CTState matches packets whose connection state has all flags of set and none of clear.
func CTState(set, clear CTFlags) MatchField {
	return UintMasked(FieldCTState, uint64(set), uint64(set|clear))
}

// CTZone matches the zone of the last conntrack pass.
func CTZone(zone uint16) MatchField { return Uint(FieldCTZone, uint64(zone)) }
