// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"encoding/binary"
	"math/bits"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// lookHashed adds the fields that a hash depends on to a mask.
func lookHashed(k, wc *packet.Key, f openflow.HashFields) {
	addresses := func(src, dst bool) {
		switch k.Uint(openflow.FieldEthType) {
		case openflow.EthTypeIPv4:
			if src {
				wc.Mask(openflow.FieldIPv4Src)
			}
			if dst {
				wc.Mask(openflow.FieldIPv4Dst)
			}
		case openflow.EthTypeIPv6:
			if src {
				wc.Mask(openflow.FieldIPv6Src)
			}
			if dst {
				wc.Mask(openflow.FieldIPv6Dst)
			}
		}
	}
	proto := k.Uint(openflow.FieldIPProto)
	whole := k.Uint(openflow.FieldIPFrag) == 0
	switch f {
	case openflow.HashEthSrc:
		wc.Mask(openflow.FieldEthSrc)
	case openflow.HashSymmetricL4:
		wc.Mask(openflow.FieldEthSrc, openflow.FieldEthDst)
		addresses(true, true)
		if isIP(k) {
			wc.Mask(openflow.FieldIPProto)
			if proto != openflow.IPProtoUDP {
				lookPorts(k, wc)
			}
		}
		lookSome(wc, openflow.FieldVLANTCI, tciPresent|vlanID)
		lookSome(wc, packet.InnerVLANTCI, tciPresent|vlanID)
	case openflow.HashSymmetricL3L4UDP, openflow.HashSymmetricL3L4:
		if f == openflow.HashSymmetricL3L4UDP && isIP(k) && proto == openflow.IPProtoUDP && whole {
			wc.Mask(openflow.FieldTCPSrc, openflow.FieldTCPDst)
		}
		if t := k.Uint(openflow.FieldEthType); t != openflow.EthTypeIPv4 && t != openflow.EthTypeIPv6 {
			return
		}
		addresses(true, true)
		wc.Mask(openflow.FieldIPProto)
		if (proto == openflow.IPProtoTCP || proto == openflow.IPProtoSCTP) && whole {
			wc.Mask(openflow.FieldTCPSrc, openflow.FieldTCPDst)
		}
	case openflow.HashIPSrc:
		addresses(true, false)
	case openflow.HashIPDst:
		addresses(false, true)
	case openflow.HashSymmetricL3:
		addresses(true, true)
	}
}

const vlanID = 0xfff

// lookPorts adds the ports to a mask if the packet has any: of ICMP the bits that there are.
func lookPorts(k, wc *packet.Key) {
	if isICMP(k) {
		lookSome(wc, openflow.FieldTCPSrc, 0xff)
		lookSome(wc, openflow.FieldTCPDst, 0xff)
		return
	}
	wc.Mask(openflow.FieldTCPSrc, openflow.FieldTCPDst)
}

// hashOf hashes fields of a packet.
func hashOf(k *packet.Key, f openflow.HashFields, basis uint16) uint32 {
	b := uint32(basis)
	one := func(v4, v6 openflow.Field) uint32 {
		switch k.Uint(openflow.FieldEthType) {
		case openflow.EthTypeIPv4:
			return jhash(binary.BigEndian.AppendUint32(nil, uint32(k.Uint(v4))), b)
		case openflow.EthTypeIPv6:
			hi, lo := k.Words128(v6)
			return jhash(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, hi), lo), b)
		}
		return b
	}
	switch f {
	case openflow.HashEthSrc:
		return jhash(binary.BigEndian.AppendUint64(nil, k.Uint(openflow.FieldEthSrc))[2:], b)
	case openflow.HashSymmetricL4:
		return hashSymmetric(k, b)
	case openflow.HashSymmetricL3L4:
		return hashNetwork(k, b, false)
	case openflow.HashSymmetricL3L4UDP:
		return hashNetwork(k, b, true)
	case openflow.HashIPSrc:
		return one(openflow.FieldIPv4Src, openflow.FieldIPv6Src)
	case openflow.HashIPDst:
		return one(openflow.FieldIPv4Dst, openflow.FieldIPv6Dst)
	}
	p := make([]byte, 20)
	xorAddresses(k, p)
	binary.BigEndian.PutUint16(p[16:], uint16(k.Uint(openflow.FieldEthType)))
	return jhash(p, b)
}

// xorAddresses writes what the source and the destination address of a packet differ in.
func xorAddresses(k *packet.Key, p []byte) (ip bool) {
	switch k.Uint(openflow.FieldEthType) {
	case openflow.EthTypeIPv4:
		binary.BigEndian.PutUint32(p, uint32(k.Uint(openflow.FieldIPv4Src)^k.Uint(openflow.FieldIPv4Dst)))
	case openflow.EthTypeIPv6:
		hi, lo := k.Words128(openflow.FieldIPv6Src)
		dhi, dlo := k.Words128(openflow.FieldIPv6Dst)
		binary.BigEndian.PutUint64(p, hi^dhi)
		binary.BigEndian.PutUint64(p[8:], lo^dlo)
	default:
		return false
	}
	return true
}

func xorTags(k *packet.Key) uint16 {
	return uint16(k.Uint(openflow.FieldVLANTCI)^k.Uint(packet.InnerVLANTCI)) & vlanID
}

// hashSymmetric hashes a packet from the link layer to the transport layer, both directions the same. UDP's ports do
// not count.
func hashSymmetric(k *packet.Key, basis uint32) uint32 {
	p := make([]byte, 32)
	binary.BigEndian.PutUint16(p[16:], uint16(k.Uint(openflow.FieldEthType)))
	binary.BigEndian.PutUint16(p[18:], xorTags(k))
	mac := binary.BigEndian.AppendUint64(nil, k.Uint(openflow.FieldEthSrc)^k.Uint(openflow.FieldEthDst))
	copy(p[22:28], mac[2:])
	if xorAddresses(k, p) {
		proto := k.Uint(openflow.FieldIPProto)
		p[28] = byte(proto)
		if proto == openflow.IPProtoTCP || proto == openflow.IPProtoSCTP {
			binary.BigEndian.PutUint16(p[20:], uint16(k.Uint(openflow.FieldTCPSrc)^k.Uint(openflow.FieldTCPDst)))
		}
	}
	return jhash(p, basis)
}

// hashNetwork hashes the network and the transport layer of a packet, or if it is none of IP its link layer, both
// directions the same.
func hashNetwork(k *packet.Key, basis uint32, udp bool) uint32 {
	var p [16]byte
	h := basis
	if !xorAddresses(k, p[:]) {
		return hashLink(k, basis)
	}
	if k.Uint(openflow.FieldEthType) == openflow.EthTypeIPv4 {
		h = hashAdd(h, binary.LittleEndian.Uint32(p[:]))
	} else {
		h = hashAdd64(h, binary.LittleEndian.Uint64(p[:]))
		h = hashAdd64(h, binary.LittleEndian.Uint64(p[8:]))
	}
	proto := k.Uint(openflow.FieldIPProto)
	h = hashAdd(h, uint32(proto))
	if k.Uint(openflow.FieldIPFrag) == 0 && (proto == openflow.IPProtoTCP || proto == openflow.IPProtoSCTP ||
		udp && proto == openflow.IPProtoUDP) {
		h = hashAdd(h, uint32(bits.ReverseBytes16(uint16(k.Uint(openflow.FieldTCPSrc)^k.Uint(openflow.FieldTCPDst)))))
	}
	return hashFinish(h, basis)
}

func hashLink(k *packet.Key, basis uint32) uint32 {
	if k.Uint(openflow.FieldPacketType) != 0 {
		return 0
	}
	var p [12]byte
	binary.BigEndian.PutUint16(p[:], uint16(k.Uint(openflow.FieldEthType)))
	binary.BigEndian.PutUint16(p[2:], xorTags(k))
	mac := binary.BigEndian.AppendUint64(nil, k.Uint(openflow.FieldEthSrc)^k.Uint(openflow.FieldEthDst))
	copy(p[4:10], mac[2:])
	h := basis
	for i := 0; i < len(p); i += 4 {
		h = hashAdd(h, binary.LittleEndian.Uint32(p[i:]))
	}
	return hashFinish(h, basis)
}

// hashFiveTuple hashes the addresses, the protocol and the ports of a packet, as the datapath's hash action does.
func hashFiveTuple(k *packet.Key, basis uint32) uint32 {
	h := basis
	var p [32]byte
	switch k.Uint(openflow.FieldEthType) {
	case openflow.EthTypeIPv6:
		for i, f := range [...]openflow.Field{openflow.FieldIPv6Src, openflow.FieldIPv6Dst} {
			hi, lo := k.Words128(f)
			binary.BigEndian.PutUint64(p[16*i:], hi)
			binary.BigEndian.PutUint64(p[16*i+8:], lo)
		}
		for i := 0; i < len(p); i += 8 {
			h = hashAdd64(h, binary.LittleEndian.Uint64(p[i:]))
		}
	case openflow.EthTypeIPv4, openflow.EthTypeARP:
		h = hashAdd(h, bits.ReverseBytes32(uint32(k.Uint(openflow.FieldIPv4Src))))
		h = hashAdd(h, bits.ReverseBytes32(uint32(k.Uint(openflow.FieldIPv4Dst))))
	default:
		return hashFinish(h, 42)
	}
	proto := k.Uint(openflow.FieldIPProto)
	h = hashAdd(h, uint32(proto))
	switch proto {
	case openflow.IPProtoTCP, openflow.IPProtoUDP, openflow.IPProtoSCTP, openflow.IPProtoICMP, openflow.IPProtoICMPv6:
		h = hashAdd(h, bits.ReverseBytes32(uint32(k.Uint(openflow.FieldTCPSrc)<<16|k.Uint(openflow.FieldTCPDst))))
	}
	return hashFinish(h, 42)
}
