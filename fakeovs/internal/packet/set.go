// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"encoding/binary"

	"github.com/ovskit/ovskit/openflow"
)

// Network is the network header and what follows it, without padding; nil where it is missing or broken.
func (p *Packet) Network() []byte {
	if p.l4 == 0 {
		return nil
	}
	return p.b[p.l3:p.end]
}

// Transport is what follows the network header and its options or extensions; nil where that is missing or broken.
func (p *Packet) Transport() []byte {
	if p.l4 == 0 {
		return nil
	}
	return p.b[p.l4:p.end]
}

// Fragment reports whether the packet is a part of a fragmented one.
func (p *Packet) Fragment() bool { return p.frag }

// IPv6 reports whether the frame's type is that of IPv6.
func (p *Packet) IPv6() bool { return p.Key.Uint(openflow.FieldEthType) == openflow.EthTypeIPv6 }

// IP reports whether the frame's type is that of IPv4 or IPv6.
func (p *Packet) IP() bool {
	return p.IPv6() || p.Key.Uint(openflow.FieldEthType) == openflow.EthTypeIPv4
}

func (p *Packet) proto() uint8 { return uint8(p.Key.Uint(openflow.FieldIPProto)) }

// Write gives the packet the fields of k, in the key and in the bytes, where the packet has them: a port is set on
// TCP, UDP and SCTP only, and so on. Checksums that were right stay right. It reports whether it changed an address or
// a port, by which the packet may belong to another connection.
func (p *Packet) Write(k *Key) (tuple bool) {
	old := p.Key
	copy(p.Key[:metadataEnd], k[:metadataEnd])
	if *k == p.Key {
		return false
	}
	p.writeEthernet(k)
	switch {
	case old.Uint(openflow.FieldEthType) == openflow.EthTypeARP:
		p.writeARP(k)
	case p.l4 != 0:
		tuple = p.writeNetwork(&old, k)
	}
	copy(p.Key[metadataEnd:], k[metadataEnd:])
	return tuple
}

// Update changes the packet in those header fields in which from and to differ, as Write does.
func (p *Packet) Update(from, to *Key) (tuple bool) {
	k := p.Key
	for _, f := range headerFields {
		if v := to.Uint(f); v != from.Uint(f) {
			k.SetUint(f, v)
		}
	}
	return p.Write(&k)
}

// headerFields are the fields of frames that can be written, each place in a Key once.
var headerFields = [...]openflow.Field{
	openflow.FieldEthDst, openflow.FieldEthSrc, openflow.FieldVLANTCI,
	openflow.FieldIPv4Src, openflow.FieldIPv4Dst, openflow.FieldIPTTL, openflow.FieldIPToS, openflow.FieldIPv6Label,
	openflow.FieldTCPSrc, openflow.FieldTCPDst,
	openflow.FieldARPOp, openflow.FieldARPSHA, openflow.FieldARPTHA,
}

func (p *Packet) writeEthernet(k *Key) {
	if len(p.b) < ethLen {
		return
	}
	put(p.b[0:6], k.Uint(openflow.FieldEthDst))
	put(p.b[6:12], k.Uint(openflow.FieldEthSrc))
	tci := k.Uint(openflow.FieldVLANTCI)
	switch present := tci&vlanCFI != 0; {
	case present && p.tagged:
		put(p.b[14:16], tci&^vlanCFI)
	case present:
		b := make([]byte, 0, len(p.b)+vlanLen)
		b = append(b, p.b[:12]...)
		b = binary.BigEndian.AppendUint16(b, typeVLAN)
		b = binary.BigEndian.AppendUint16(b, uint16(tci&^vlanCFI))
		p.b = append(b, p.b[12:]...)
		p.shift(vlanLen)
	case p.tagged:
		p.b = append(p.b[:12:12], p.b[16:]...)
		p.shift(-vlanLen)
	}
}

// shift moves the headers after the Ethernet addresses by n bytes.
func (p *Packet) shift(n int) {
	p.tagged = n > 0
	p.end += n
	if p.l3 != 0 {
		p.l3 += n
	}
	if p.l4 != 0 {
		p.l4 += n
	}
}

func (p *Packet) writeARP(k *Key) {
	// Open vSwitch writes none of the fields of a packet that it would give the opcode 0.
	if p.end != p.l3+arpLen || len(p.b) < p.end || k.Uint(openflow.FieldARPOp) == 0 {
		return
	}
	b := p.b[p.l3:]
	put(b[6:8], k.Uint(openflow.FieldARPOp))
	put(b[8:14], k.Uint(openflow.FieldARPSHA))
	put(b[14:18], k.Uint(openflow.FieldARPSPA))
	put(b[18:24], k.Uint(openflow.FieldARPTHA))
	put(b[24:28], k.Uint(openflow.FieldARPTPA))
}

func (p *Packet) writeNetwork(old, k *Key) (tuple bool) {
	changed := func(f openflow.Field) bool { return old.Uint(f) != k.Uint(f) }
	var v [4]byte
	if !p.IPv6() {
		if changed(openflow.FieldIPv4Src) {
			put(v[:], k.Uint(openflow.FieldIPv4Src))
			p.SetAddr(false, v[:])
			tuple = true
		}
		if changed(openflow.FieldIPv4Dst) {
			put(v[:], k.Uint(openflow.FieldIPv4Dst))
			p.SetAddr(true, v[:])
			tuple = true
		}
	}
	if changed(openflow.FieldIPTTL) {
		ttl := byte(k.Uint(openflow.FieldIPTTL))
		if p.IPv6() {
			p.b[p.l3+7] = ttl
		} else {
			p.replace(p.l3+8, []byte{ttl, p.b[p.l3+9]}, p.l3+10)
		}
	}
	p.writeTrafficClass(old, k)
	switch p.proto() {
	case openflow.IPProtoTCP, openflow.IPProtoUDP, openflow.IPProtoSCTP:
		if changed(openflow.FieldTCPSrc) {
			p.SetPort(false, uint16(k.Uint(openflow.FieldTCPSrc)))
			tuple = true
		}
		if changed(openflow.FieldTCPDst) {
			p.SetPort(true, uint16(k.Uint(openflow.FieldTCPDst)))
			tuple = true
		}
	case openflow.IPProtoICMP, openflow.IPProtoICMPv6:
		if changed(openflow.FieldICMPv4Type) || changed(openflow.FieldICMPv4Code) {
			typ, code := byte(k.Uint(openflow.FieldICMPv4Type)), byte(k.Uint(openflow.FieldICMPv4Code))
			if at, ok := p.checksumAt(); ok && p.end-p.l4 >= icmpLen {
				p.replace(p.l4, []byte{typ, code}, at)
			}
		}
	}
	return tuple
}

// writeTrafficClass writes IPv4's type of service, or IPv6's traffic class and flow label.
func (p *Packet) writeTrafficClass(old, k *Key) {
	class := func(k *Key) byte { return byte(k.Uint(openflow.FieldIPDSCP)<<2 | k.Uint(openflow.FieldIPECN)) }
	label := k.Uint(openflow.FieldIPv6Label)
	if class(old) == class(k) && old.Uint(openflow.FieldIPv6Label) == label {
		return
	}
	if p.IPv6() {
		binary.BigEndian.PutUint32(p.b[p.l3:], 6<<28|uint32(class(k))<<20|uint32(label))
		return
	}
	p.replace(p.l3, []byte{p.b[p.l3], class(k)}, p.l3+10)
}

// SetAddr writes the source or destination address of the network header, 4 or 16 bytes as its version has them, and
// corrects the checksums.
func (p *Packet) SetAddr(dst bool, addr []byte) {
	var sums []int
	off := p.l3 + 12
	if p.IPv6() {
		off = p.l3 + 8
	} else {
		sums = append(sums, p.l3+10)
	}
	if dst {
		off += len(addr)
	}
	// ICMP over IPv4 does not cover the addresses.
	at, ok := p.checksumAt()
	if ok = ok && (p.IPv6() || p.proto() != openflow.IPProtoICMP); ok {
		sums = append(sums, at)
	}
	p.replace(off, addr, sums...)
	if ok {
		p.hideZero(at)
	}
	if !p.IPv6() {
		f := openflow.FieldIPv4Src
		if dst {
			f = openflow.FieldIPv4Dst
		}
		p.Key.SetMasked(f, addr, nil)
	}
}

// SetPort writes the source or destination port of a TCP, UDP or SCTP header and corrects the checksum.
func (p *Packet) SetPort(dst bool, port uint16) {
	if p.laterFrag || p.end-p.l4 < 4 {
		return
	}
	f, off := openflow.FieldTCPSrc, p.l4
	if dst {
		f, off = openflow.FieldTCPDst, p.l4+2
	}
	at, ok := p.checksumAt()
	var v [2]byte
	binary.BigEndian.PutUint16(v[:], port)
	switch {
	case ok:
		p.replace(off, v[:], at)
		p.hideZero(at)
	case p.proto() == openflow.IPProtoSCTP && p.end-p.l4 >= sctpLen:
		p.replaceSCTP(off, v[:])
	default:
		copy(p.b[off:], v[:])
	}
	p.Key.SetUint(f, uint64(port))
}

// put writes the low bytes of v, big-endian.
func put(b []byte, v uint64) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte(v)
		v >>= 8
	}
}
