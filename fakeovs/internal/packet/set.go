// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"encoding/binary"

	"github.com/ovskit/ovskit/openflow"
)

// The Set methods write those bits of a header that mask has, as Open vSwitch's actions of a datapath do, in the bytes
// and in the key. A packet that has no such header stays as it is. Checksums that were right stay right, but for the
// exceptions that a method names.

// merged is a word of the key with the bits of mask taken from value.
func (p *Packet) merged(word int, value, mask *Key) uint64 {
	return p.Key[word]&^mask[word] | value[word]&mask[word]
}

// SetEthernet writes the Ethernet addresses.
func (p *Packet) SetEthernet(value, mask *Key) {
	if p.Type() != openflow.PacketEthernet || len(p.b) < ethLen {
		return
	}
	for i, word := range [2]int{wordEthDst, wordEthSrc} {
		now := p.merged(word, value, mask)>>16<<16 | p.Key[word]&0xffff
		p.Key[word] = now
		put(p.b[6*i:6*i+6], now>>16)
	}
}

// SetMPLS writes the outermost entry of the label stack.
func (p *Packet) SetMPLS(value, mask *Key) {
	if p.mpls == none || len(p.b) < p.mpls+mplsLen {
		return
	}
	p.Key.SetUint(MPLSLSE, p.merged(wordMPLS, value, mask)>>32)
	binary.BigEndian.PutUint32(p.b[p.mpls:], uint32(p.Key.Uint(MPLSLSE)))
}

// SetARP writes the opcode and the addresses of an ARP message.
func (p *Packet) SetARP(value, mask *Key) {
	if !p.arp {
		return
	}
	b, k := p.b[p.l3:], &p.Key
	if mask.Has(openflow.FieldARPOp) {
		k[wordNetwork] = k[wordNetwork]&^0xff | p.merged(wordNetwork, value, mask)&0xff
		binary.BigEndian.PutUint16(b[6:], uint16(k[wordNetwork]))
	}
	k[wordIPv4] = p.merged(wordIPv4, value, mask)
	binary.BigEndian.PutUint32(b[14:], uint32(k[wordIPv4]>>32))
	binary.BigEndian.PutUint32(b[24:], uint32(k[wordIPv4]))
	k[wordSHA] = p.merged(wordSHA, value, mask) >> 16 << 16
	k[wordTHA] = p.merged(wordTHA, value, mask) >> 16 << 16
	put(b[8:14], k[wordSHA]>>16)
	put(b[18:24], k[wordTHA]>>16)
}

// SetNSH writes the flags, the TTL, the path and, of metadata of type 1, the contexts of a Network Service Header.
func (p *Packet) SetNSH(value, mask *Key) {
	if !p.nsh {
		return
	}
	const writable = 0x033f_0000_ffff_ffff
	b, k := p.b[p.l3:], &p.Key
	now := p.merged(wordNSH, value, mask)&writable | k[wordNSH]&^writable
	k[wordNSH] = now
	binary.BigEndian.PutUint16(b, be16(b, 0)&^0x3fc0|uint16(now>>56)<<12|uint16(now>>48&0x3f)<<6)
	binary.BigEndian.PutUint32(b[4:], uint32(now))
	if b[2]&0xf != nshType1 || len(b) < nshType1Len {
		return
	}
	for i := 1; i <= 2; i++ {
		k[wordNSH+i] = p.merged(wordNSH+i, value, mask)
		binary.BigEndian.PutUint64(b[8*i:], k[wordNSH+i])
	}
}

// SetIPv4 writes the addresses, the type of service and the TTL of an IPv4 header. It reports whether an address has
// changed.
func (p *Packet) SetIPv4(value, mask *Key) (moved bool) {
	if p.l4 == none || p.IPv6() {
		return false
	}
	k := &p.Key
	old, now := k[wordIPv4], p.merged(wordIPv4, value, mask)
	var v [4]byte
	if old>>32 != now>>32 {
		binary.BigEndian.PutUint32(v[:], uint32(now>>32))
		p.SetAddr(false, v[:])
	}
	if uint32(old) != uint32(now) {
		binary.BigEndian.PutUint32(v[:], uint32(now))
		p.SetAddr(true, v[:])
	}
	net := p.merged(wordNetwork, value, mask)
	if tos := byte(net >> 16); tos != p.b[p.l3+1] {
		p.replace(p.l3, []byte{p.b[p.l3], tos}, p.l3+10)
	}
	if ttl := byte(net >> 8); ttl != p.b[p.l3+8] {
		p.replace(p.l3+8, []byte{ttl, p.b[p.l3+9]}, p.l3+10)
	}
	k[wordNetwork] = k[wordNetwork]&^0xffff00 | net&0xffff00
	return old != now
}

// SetIPv6 writes the addresses, the traffic class, the flow label and the hop limit of an IPv6 header. It reports whether
// an address has changed. As Open vSwitch's, it leaves the checksum of a packet alone that a routing header has yet to
// move on, and of one that is a whole fragment.
func (p *Packet) SetIPv6(value, mask *Key) (moved bool) {
	if p.l4 == none || !p.IPv6() {
		return false
	}
	k := &p.Key
	for i, f := range [2]openflow.Field{openflow.FieldIPv6Src, openflow.FieldIPv6Dst} {
		w := int(places[f].word)
		hi, lo := p.merged(w, value, mask), p.merged(w+1, value, mask)
		if hi == k[w] && lo == k[w+1] {
			continue
		}
		moved = true
		var v [16]byte
		binary.BigEndian.PutUint64(v[:], hi)
		binary.BigEndian.PutUint64(v[8:], lo)
		if p.summedAddresses() {
			p.SetAddr(i == 1, v[:])
			continue
		}
		copy(p.b[p.l3+8+16*i:], v[:])
		k[w], k[w+1] = hi, lo
	}
	const writable = 0x000f_ffff_00ff_ff00
	net := p.merged(wordNetwork, value, mask)&writable | k[wordNetwork]&^writable
	k[wordNetwork] = net
	b := p.b[p.l3:]
	binary.BigEndian.PutUint32(b, binary.BigEndian.Uint32(b)&0xf0000000|uint32(net>>16&0xff)<<20|uint32(net>>32&0xfffff))
	b[7] = byte(net >> 8)
	return moved
}

// summedAddresses reports whether the transport checksum of an IPv6 packet follows its addresses.
func (p *Packet) summedAddresses() bool {
	b := p.b[p.l3:p.l4]
	next, summed := b[6], true
	for b = b[ipv6Len:]; len(b) >= 8; {
		n := (int(b[1]) + 1) * 8
		switch next {
		case extHopByHop, extDestination:
		case extRouting:
			if b[3] > 0 {
				return false
			}
		case extAuth:
			n = (int(b[1]) + 2) * 4
		case extFragment:
			n = 8
			summed = be16(b, 2)&0xfff8 == 0 && b[3]&1 != 0
		default:
			return summed
		}
		if n > len(b) {
			break
		}
		next, b = b[0], b[n:]
	}
	return summed
}

// SetTransport writes the ports of a TCP, UDP or SCTP header. It reports whether one has changed.
func (p *Packet) SetTransport(value, mask *Key) (moved bool) {
	if !p.ported() {
		return false
	}
	switch p.proto() {
	case openflow.IPProtoTCP, openflow.IPProtoUDP, openflow.IPProtoSCTP:
	default:
		return false
	}
	old, now := p.Key[wordTransport], p.merged(wordTransport, value, mask)
	if old>>48 != now>>48 {
		p.SetPort(false, uint16(now>>48))
	}
	if uint16(old>>32) != uint16(now>>32) {
		p.SetPort(true, uint16(now>>32))
	}
	return old>>32 != now>>32
}

// SetICMP writes the type and the code of an ICMP message of either version of IP.
func (p *Packet) SetICMP(value, mask *Key) {
	proto := p.proto()
	if p.l4 == none || p.laterFrag || p.end-p.l4 < icmpLen || proto != openflow.IPProtoICMP && proto != openflow.IPProtoICMPv6 {
		return
	}
	const typeAndCode = 0x00ff_00ff_0000_0000
	now := p.merged(wordTransport, value, mask)&typeAndCode | p.Key[wordTransport]&^typeAndCode
	if now == p.Key[wordTransport] {
		return
	}
	neighbour := p.neighbour()
	p.Key[wordTransport] = now
	p.replace(p.l4, []byte{byte(now >> 48), byte(now >> 32)}, p.l4+2)
	if neighbour || p.neighbour() {
		p.Reparse() // since other messages have other fields
	}
}

// SetAddr writes the source or destination address of the network header, 4 or 16 bytes as its version has them, and
// corrects the checksums. As Open vSwitch, it takes what all fragments of IPv4 carry for the header that only the first
// one has.
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
	later := p.laterFrag
	p.laterFrag = later && p.IPv6()
	at, ok := p.checksumAt()
	p.laterFrag = later
	// ICMP over IPv4 does not cover the addresses.
	if ok = ok && (p.IPv6() || p.proto() != openflow.IPProtoICMP); ok {
		sums = append(sums, at)
	}
	p.replace(off, addr, sums...)
	if ok {
		p.hideZero(at)
	}
	f := openflow.FieldIPv4Src
	switch {
	case p.IPv6() && dst:
		f = openflow.FieldIPv6Dst
	case p.IPv6():
		f = openflow.FieldIPv6Src
	case dst:
		f = openflow.FieldIPv4Dst
	}
	p.Key.SetMasked(f, addr, nil)
}

// SetPort writes the source or destination port of a TCP, UDP or SCTP header and corrects the checksum.
func (p *Packet) SetPort(dst bool, port uint16) {
	if p.l4 == none || p.laterFrag || p.end-p.l4 < 4 {
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
