// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"encoding/binary"

	"github.com/ovskit/ovskit/openflow"
)

// Filler is what a composed packet carries if its sender does not say: n bytes that count up from 0.
func Filler(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// Compose makes an Ethernet frame with the fields of k, right lengths and right checksums, as Open vSwitch makes one for
// ofproto/trace -generate and netdev-dummy/receive. TCP segments that open or close a connection have no payload, nor have
// others than TCP, UDP and ICMP echo. A type of packet other than Ethernet does not count, nor does NSH.
func Compose(k *Key, payload []byte) []byte {
	typ := uint16(k.Uint(openflow.FieldEthType))
	b := make([]byte, 0, 128+len(payload))
	b = append48(b, k.Uint(openflow.FieldEthDst))
	b = append48(b, k.Uint(openflow.FieldEthSrc))
	if typ == typeNone {
		return binary.BigEndian.AppendUint16(b, ethLen)
	}
	for _, tag := range [...][2]openflow.Field{{VLANTPID, openflow.FieldVLANTCI}, {InnerVLANTPID, InnerVLANTCI}} {
		if tci := uint16(k.Uint(tag[1])); tci&TCIPresent != 0 {
			b = binary.BigEndian.AppendUint16(b, uint16(k.Uint(tag[0])))
			b = binary.BigEndian.AppendUint16(b, tci&^TCIPresent)
		}
	}
	b = binary.BigEndian.AppendUint16(b, typ)
	switch typ {
	case openflow.EthTypeIPv4:
		return composeIPv4(b, k, payload)
	case openflow.EthTypeIPv6:
		return composeIPv6(b, k, payload)
	case openflow.EthTypeARP, openflow.EthTypeRARP:
		return composeARP(b, k)
	case openflow.EthTypeMPLS, openflow.EthTypeMPLSMulticast:
		for _, f := range [...]openflow.Field{MPLSLSE, MPLSLSE1, MPLSLSE2} {
			lse := uint32(k.Uint(f))
			if b = binary.BigEndian.AppendUint32(b, lse); lse&mplsBottom != 0 {
				break
			}
		}
	}
	return b
}

func append48(b []byte, v uint64) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(v>>32))
	return binary.BigEndian.AppendUint32(b, uint32(v))
}

func composeIPv4(b []byte, k *Key, payload []byte) []byte {
	l3 := len(b)
	net := k[wordNetwork]
	b = append(b, 0x45, byte(net>>16), 0, 0, 0, 0, 0, 0, byte(net>>8), byte(net), 0, 0)
	b = binary.BigEndian.AppendUint64(b, k[wordIPv4])
	if frag := k.Uint(openflow.FieldIPFrag); frag&fragAny != 0 {
		field := uint16(0x2000)
		if frag&fragLater != 0 {
			field |= 100
		}
		binary.BigEndian.PutUint16(b[l3+6:], field)
	}
	b = composeTransport(b, k, payload)
	binary.BigEndian.PutUint16(b[l3+2:], uint16(len(b)-l3))
	fixComposed(b, k, l3)
	return b
}

func composeIPv6(b []byte, k *Key, payload []byte) []byte {
	l3 := len(b)
	net := k[wordNetwork]
	b = binary.BigEndian.AppendUint32(b, 6<<28|uint32(net>>16&0xff)<<20|uint32(net>>32))
	b = append(b, 0, 0, byte(net), byte(net>>8))
	for w := range 4 {
		b = binary.BigEndian.AppendUint64(b, k[wordIPv6Src+w])
	}
	b = composeTransport(b, k, payload)
	binary.BigEndian.PutUint16(b[l3+4:], uint16(len(b)-l3-ipv6Len))
	fixComposed(b, k, l3)
	return b
}

func composeARP(b []byte, k *Key) []byte {
	op := byte(k.Uint(openflow.FieldARPOp))
	b = append(b, 0, 1, 8, 0, 6, 4, 0, op)
	if op != 1 && op != 2 {
		return append(b, make([]byte, arpLen-8)...)
	}
	b = append48(b, k.Uint(openflow.FieldARPSHA))
	b = binary.BigEndian.AppendUint32(b, uint32(k.Uint(openflow.FieldARPSPA)))
	b = append48(b, k.Uint(openflow.FieldARPTHA))
	return binary.BigEndian.AppendUint32(b, uint32(k.Uint(openflow.FieldARPTPA)))
}

// composeTransport appends the header of the transport layer and what it carries.
func composeTransport(b []byte, k *Key, payload []byte) []byte {
	if k.Uint(openflow.FieldIPFrag)&fragLater != 0 && k.Uint(openflow.FieldIPFrag)&fragAny != 0 {
		return b
	}
	ports := uint32(k[wordTransport] >> 32)
	typ, code := byte(ports>>16), byte(ports)
	switch proto := k.Uint(openflow.FieldIPProto); proto {
	case openflow.IPProtoTCP:
		flags := uint16(k.Uint(openflow.FieldTCPFlags))
		b = binary.BigEndian.AppendUint32(b, ports)
		b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
		b = binary.BigEndian.AppendUint16(b, 5<<12|flags)
		if b = append(b, 0, 0, 0, 0, 0, 0); flags&(tcpSYN|tcpFIN|tcpRST) == 0 {
			b = append(b, payload...)
		}
	case openflow.IPProtoUDP:
		b = binary.BigEndian.AppendUint32(b, ports)
		b = binary.BigEndian.AppendUint16(b, uint16(udpLen+len(payload)))
		b = append(append(b, 0, 0), payload...)
	case openflow.IPProtoSCTP:
		b = binary.BigEndian.AppendUint32(b, ports)
		b = append(b, make([]byte, sctpLen-4)...)
	case openflow.IPProtoICMP:
		if b = append(b, typ, code, 0, 0, 0, 0, 0, 0); code == 0 && (typ == 8 || typ == 0) {
			b = append(b, payload...)
		}
	case protoIGMP:
		b = append(b, typ, code, 0, 0)
		b = binary.BigEndian.AppendUint32(b, uint32(k[wordGroup]))
	case openflow.IPProtoICMPv6:
		b = append(b, typ, code, 0, 0)
		b = binary.BigEndian.AppendUint32(b, uint32(k[wordGroup]))
		switch {
		case code != 0:
		case typ == ndSolicit || typ == ndAdvert:
			b = composeND(b, k)
		case typ == 128 || typ == 129:
			b = append(b, payload...)
		}
	}
	return b
}

// Flags of TCP.
const (
	tcpFIN = 1
	tcpSYN = 2
	tcpRST = 4
)

// composeND appends the target and the link-layer addresses that are not zero.
func composeND(b []byte, k *Key) []byte {
	b = binary.BigEndian.AppendUint64(b, k[wordNDTarget])
	b = binary.BigEndian.AppendUint64(b, k[wordNDTarget+1])
	for i, word := range [...]int{wordSHA, wordTHA} {
		if addr := k[word] >> 16; addr != 0 {
			b = append48(append(b, byte(ndSource+i), 1), addr)
		}
	}
	return b
}

// fixComposed writes the checksums of a frame whose network header is at l3, and whose lengths are right.
func fixComposed(b []byte, k *Key, l3 int) {
	var pseudo uint64
	l4 := l3 + ipv6Len
	if uint16(k[wordEthDst]) == openflow.EthTypeIPv4 {
		l4 = l3 + ipv4Len
		binary.BigEndian.PutUint16(b[l3+10:], 0)
		binary.BigEndian.PutUint16(b[l3+10:], Checksum(b[l3:l4]))
		pseudo = sum(uint64(b[l3+9])+uint64(len(b)-l4), b[l3+12:l3+20])
	} else {
		pseudo = sum(uint64(b[l3+6])+uint64(len(b)-l4), b[l3+8:l3+40])
	}
	if frag := k.Uint(openflow.FieldIPFrag); frag&fragAny != 0 && frag&fragLater != 0 {
		return
	}
	at := 0
	switch k.Uint(openflow.FieldIPProto) {
	case openflow.IPProtoTCP:
		at = 16
	case openflow.IPProtoUDP:
		at = 6
	case openflow.IPProtoICMP, protoIGMP:
		at, pseudo = 2, 0
	case openflow.IPProtoICMPv6:
		at = 2
	default:
		return
	}
	binary.BigEndian.PutUint16(b[l4+at:], 0)
	s := fold(sum(pseudo, b[l4:]))
	if s == 0 && at == 6 {
		s = 0xffff // since 0 means none
	}
	binary.BigEndian.PutUint16(b[l4+at:], s)
}

// Expand makes a frame that Compose has made of k longer, by zeros at its end, and writes its lengths and checksums
// again. As Open vSwitch, it counts the zeros twice in the length of UDP.
func Expand(frame []byte, k *Key, size int) []byte {
	extra := size - len(frame)
	if extra <= 0 {
		return frame
	}
	b := append(frame, make([]byte, extra)...)
	typ := uint16(k.Uint(openflow.FieldEthType))
	if typ == typeNone {
		binary.BigEndian.PutUint16(b[12:], uint16(size))
		return b
	}
	l3 := ethLen
	for _, f := range [...]openflow.Field{openflow.FieldVLANTCI, InnerVLANTCI} {
		if k.Uint(f)&TCIPresent != 0 {
			l3 += vlanLen
		}
	}
	l4 := l3
	switch typ {
	case openflow.EthTypeIPv4:
		l4 += ipv4Len
		binary.BigEndian.PutUint16(b[l3+2:], uint16(len(b)-l3))
	case openflow.EthTypeIPv6:
		l4 += ipv6Len
		binary.BigEndian.PutUint16(b[l3+4:], uint16(len(b)-l4))
	default:
		return b
	}
	if later := k.Uint(openflow.FieldIPFrag) == fragAny|fragLater; !later && k.Uint(openflow.FieldIPProto) == openflow.IPProtoUDP {
		binary.BigEndian.PutUint16(b[l4+4:], uint16(len(b)-l4+extra))
	}
	fixComposed(b, k, l3)
	return b
}
