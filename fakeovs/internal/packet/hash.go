// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"encoding/binary"
	"math/bits"

	"github.com/ovskit/ovskit/fakeovs/internal/ovshash"
	"github.com/ovskit/ovskit/openflow"
)

// Hash is the hash of some fields, by which the actions multipath and bundle choose.
func (k *Key) Hash(fields openflow.HashFields, basis uint16) uint32 {
	b := uint32(basis)
	switch fields {
	case openflow.HashEthSrc:
		var mac [6]byte
		put(mac[:], k.Uint(openflow.FieldEthSrc))
		return ovshash.Jenkins(mac[:], b)
	case openflow.HashSymmetricL3L4:
		return k.HashSymmetricL3L4(b, false)
	case openflow.HashSymmetricL3L4UDP:
		return k.HashSymmetricL3L4(b, true)
	case openflow.HashSymmetricL3:
		return k.hashSymmetricL3(b)
	case openflow.HashIPSrc:
		return k.hashAddress(openflow.FieldIPv4Src, openflow.FieldIPv6Src, b)
	case openflow.HashIPDst:
		return k.hashAddress(openflow.FieldIPv4Dst, openflow.FieldIPv6Dst, b)
	}
	return k.HashSymmetricL4(b)
}

func (k *Key) hashAddress(ipv4, ipv6 openflow.Field, basis uint32) uint32 {
	switch k.Uint(openflow.FieldEthType) {
	case openflow.EthTypeIPv4:
		return ovshash.Jenkins(k.appendField(nil, ipv4), basis)
	case openflow.EthTypeIPv6:
		return ovshash.Jenkins(k.appendField(nil, ipv6), basis)
	}
	return basis
}

// appendField appends the value of a field in the form that it has on the wire; of the options of a tunnel nothing.
func (k *Key) appendField(b []byte, f openflow.Field) []byte {
	n := f.Bytes()
	if !Known(f) {
		return b
	}
	if n == 16 {
		hi, lo := k.Words128(f)
		return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, hi), lo)
	}
	b = append(b, make([]byte, n)...)
	put(b[len(b)-n:], k.Uint(f))
	return b
}

// HashSymmetricL4 hashes the packet's addresses, Ethernet type, VLAN, protocol and ports, but those of UDP, so that both
// directions of a connection have the same value. It is what a select group chooses by that does not say how.
func (k *Key) HashSymmetricL4(basis uint32) uint32 {
	var b [32]byte
	typ := k.symmetricAddresses(b[:])
	binary.BigEndian.PutUint16(b[18:], uint16((k.Uint(openflow.FieldVLANTCI)^k.Uint(InnerVLANTCI))&0xfff))
	put(b[22:28], k.Uint(openflow.FieldEthSrc)^k.Uint(openflow.FieldEthDst))
	if typ == openflow.EthTypeIPv4 || typ == openflow.EthTypeIPv6 {
		proto := byte(k.Uint(openflow.FieldIPProto))
		b[28] = proto
		if proto == openflow.IPProtoTCP || proto == openflow.IPProtoSCTP {
			binary.BigEndian.PutUint16(b[20:], uint16(k.Uint(openflow.FieldTCPSrc)^k.Uint(openflow.FieldTCPDst)))
		}
	}
	return ovshash.Jenkins(b[:], basis)
}

// symmetricAddresses writes the difference of the addresses of IP and the Ethernet type, which it returns.
func (k *Key) symmetricAddresses(b []byte) (typ uint64) {
	typ = k.Uint(openflow.FieldEthType)
	binary.BigEndian.PutUint16(b[16:], uint16(typ))
	switch typ {
	case openflow.EthTypeIPv4:
		binary.BigEndian.PutUint32(b, uint32(k[wordIPv4]>>32)^uint32(k[wordIPv4]))
	case openflow.EthTypeIPv6:
		binary.BigEndian.PutUint64(b, k[wordIPv6Src]^k[wordIPv6Dst])
		binary.BigEndian.PutUint64(b[8:], k[wordIPv6Src+1]^k[wordIPv6Dst+1])
	}
	return typ
}

func (k *Key) hashSymmetricL3(basis uint32) uint32 {
	var b [20]byte
	k.symmetricAddresses(b[:])
	return ovshash.Jenkins(b[:], basis)
}

// HashSymmetricL3L4 hashes the packet's addresses of IP, its protocol and its ports, those of UDP if udp says so. Of other
// packets it hashes the Ethernet addresses, the type and the VLAN.
func (k *Key) HashSymmetricL3L4(basis uint32, udp bool) uint32 {
	hash := basis
	switch k.Uint(openflow.FieldEthType) {
	case openflow.EthTypeIPv4:
		hash = ovshash.Add(hash, bits.ReverseBytes32(uint32(k[wordIPv4]>>32)^uint32(k[wordIPv4])))
	case openflow.EthTypeIPv6:
		for i := range 2 {
			hash = ovshash.Add64(hash, bits.ReverseBytes64(k[wordIPv6Src+i]^k[wordIPv6Dst+i]))
		}
	default:
		return k.hashSymmetricL2(basis)
	}
	proto := k.Uint(openflow.FieldIPProto)
	hash = ovshash.Add(hash, uint32(proto))
	if k.Uint(openflow.FieldIPFrag) == 0 &&
		(proto == openflow.IPProtoTCP || proto == openflow.IPProtoSCTP || udp && proto == openflow.IPProtoUDP) {
		hash = ovshash.Add(hash, uint32(bits.ReverseBytes16(uint16(k.Uint(openflow.FieldTCPSrc)^k.Uint(openflow.FieldTCPDst)))))
	}
	return ovshash.Finish(hash, basis)
}

func (k *Key) hashSymmetricL2(basis uint32) uint32 {
	if k.Has(openflow.FieldPacketType) {
		return 0
	}
	var b [12]byte
	binary.BigEndian.PutUint16(b[0:], uint16(k.Uint(openflow.FieldEthType)))
	binary.BigEndian.PutUint16(b[2:], uint16((k.Uint(openflow.FieldVLANTCI)^k.Uint(InnerVLANTCI))&0xfff))
	put(b[4:10], k.Uint(openflow.FieldEthSrc)^k.Uint(openflow.FieldEthDst))
	hash := basis
	for i := 0; i < len(b); i += 4 {
		hash = ovshash.Add(hash, binary.LittleEndian.Uint32(b[i:]))
	}
	return ovshash.Finish(hash, basis)
}

// Hash5Tuple hashes the addresses of IP or ARP, the protocol and the ports. It is the hash that a packet comes from a
// port with.
func (k *Key) Hash5Tuple(basis uint32) uint32 {
	const final = 42
	hash := basis
	switch k.Uint(openflow.FieldEthType) {
	case openflow.EthTypeIPv4, openflow.EthTypeARP:
		hash = ovshash.Add(hash, bits.ReverseBytes32(uint32(k[wordIPv4]>>32)))
		hash = ovshash.Add(hash, bits.ReverseBytes32(uint32(k[wordIPv4])))
	case openflow.EthTypeIPv6:
		for i := range 4 {
			hash = ovshash.Add64(hash, bits.ReverseBytes64(k[wordIPv6Src+i]))
		}
	default:
		return ovshash.Finish(hash, final)
	}
	proto := k.Uint(openflow.FieldIPProto)
	hash = ovshash.Add(hash, uint32(proto))
	switch proto {
	case openflow.IPProtoTCP, openflow.IPProtoUDP, openflow.IPProtoSCTP, openflow.IPProtoICMP, openflow.IPProtoICMPv6:
		hash = ovshash.Add(hash, bits.ReverseBytes32(uint32(k[wordTransport]>>32)))
	}
	return ovshash.Finish(hash, final)
}

// MaskHash adds to a mask what Hash of the fields looks at in a packet with the fields of k.
func (m *Key) MaskHash(k *Key, fields openflow.HashFields) {
	typ, proto := k.Uint(openflow.FieldEthType), k.Uint(openflow.FieldIPProto)
	ip := typ == openflow.EthTypeIPv4 || typ == openflow.EthTypeIPv6
	source := func() {
		switch typ {
		case openflow.EthTypeIPv4:
			m.Mask(openflow.FieldIPv4Src)
		case openflow.EthTypeIPv6:
			m.Mask(openflow.FieldIPv6Src)
		}
	}
	destination := func() {
		switch typ {
		case openflow.EthTypeIPv4:
			m.Mask(openflow.FieldIPv4Dst)
		case openflow.EthTypeIPv6:
			m.Mask(openflow.FieldIPv6Dst)
		}
	}
	whole := k.Uint(openflow.FieldIPFrag) == 0
	switch fields {
	case openflow.HashEthSrc:
		m.Mask(openflow.FieldEthSrc)
	case openflow.HashSymmetricL4:
		m.Mask(openflow.FieldEthSrc, openflow.FieldEthDst)
		source()
		destination()
		if ip {
			m.Mask(openflow.FieldIPProto)
			if proto != openflow.IPProtoUDP {
				m.maskPorts(k)
			}
		}
		const vidAndPresence = 0x1fff
		m.SetUint(openflow.FieldVLANTCI, m.Uint(openflow.FieldVLANTCI)|vidAndPresence)
		m.SetUint(InnerVLANTCI, m.Uint(InnerVLANTCI)|vidAndPresence)
	case openflow.HashSymmetricL3L4, openflow.HashSymmetricL3L4UDP:
		if !ip {
			return
		}
		source()
		destination()
		m.Mask(openflow.FieldIPProto)
		udp := fields == openflow.HashSymmetricL3L4UDP && proto == openflow.IPProtoUDP
		if whole && (udp || proto == openflow.IPProtoTCP || proto == openflow.IPProtoSCTP) {
			m.Mask(openflow.FieldTCPSrc, openflow.FieldTCPDst)
		}
	case openflow.HashIPSrc:
		source()
	case openflow.HashIPDst:
		destination()
	case openflow.HashSymmetricL3:
		source()
		destination()
	}
}

// maskPorts adds the ports to a mask, or the one byte each that the type and the code of ICMP over IPv4 have.
func (m *Key) maskPorts(k *Key) {
	if k.Uint(openflow.FieldIPProto) != openflow.IPProtoICMP {
		m.Mask(openflow.FieldTCPSrc, openflow.FieldTCPDst)
		return
	}
	m.SetUint(openflow.FieldTCPSrc, 0xff)
	m.SetUint(openflow.FieldTCPDst, 0xff)
}
