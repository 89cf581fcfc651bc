// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import "github.com/ovskit/ovskit/openflow"

// Network is the network header and what follows it, without padding; nil where it is missing or broken.
func (p *Packet) Network() []byte {
	if p.l4 == none {
		return nil
	}
	return p.b[p.l3:p.end]
}

// Transport is what follows the network header and its options or extensions; nil where that is missing or broken.
func (p *Packet) Transport() []byte {
	if p.l4 == none {
		return nil
	}
	return p.b[p.l4:p.end]
}

// Fragment reports whether the packet is a part of a fragmented one.
func (p *Packet) Fragment() bool { return p.frag }

// IPv6 reports whether the frame's type is that of IPv6.
func (p *Packet) IPv6() bool { return uint16(p.Key[wordEthDst]) == openflow.EthTypeIPv6 }

// IP reports whether the frame's type is that of IPv4 or IPv6.
func (p *Packet) IP() bool { return p.IPv6() || uint16(p.Key[wordEthDst]) == openflow.EthTypeIPv4 }

func (p *Packet) proto() uint8 { return uint8(p.Key[wordNetwork]) }

// exact has all bits of all fields.
var exact = func() (k Key) {
	for i := range k {
		k[i] = ^uint64(0)
	}
	return k
}()

// Write gives the packet the fields of k, in the key and in the bytes, where the packet has them: a port is set on
// TCP, UDP and SCTP only, and so on. Checksums that were right stay right. It reports whether it changed an address or
// a port, by which the packet may belong to another connection.
func (p *Packet) Write(k *Key) (tuple bool) {
	typ := p.Type()
	p.Key.SetMetadata(k)
	p.Key.SetUint(openflow.FieldPacketType, uint64(typ))
	if p.Key.SameHeader(k) {
		p.copyTuple(k)
		return false
	}
	p.SetEthernet(k, &exact)
	p.writeVLAN(k)
	p.SetMPLS(k, &exact)
	p.SetNSH(k, &exact)
	// Open vSwitch writes none of the fields of an ARP message that it would give the opcode 0.
	if k.Uint(openflow.FieldARPOp) != 0 {
		p.SetARP(k, &exact)
	}
	tuple = p.SetIPv4(k, &exact)
	tuple = p.SetIPv6(k, &exact) || tuple
	tuple = p.SetTransport(k, &exact) || tuple
	if p.neighbour() {
		p.SetND(k, &exact)
		extensions := [...]openflow.Field{openflow.FieldNDReserved, openflow.FieldNDOptionsType}
		if k.Uint(extensions[0]) != p.Key.Uint(extensions[0]) || k.Uint(extensions[1]) != p.Key.Uint(extensions[1]) {
			p.SetNDExtensions(k, &exact)
		}
	}
	p.SetICMP(k, &exact)
	copy(p.Key[metadataEnd:transportEnd], k[metadataEnd:transportEnd])
	return tuple
}

func (p *Packet) copyTuple(k *Key) {
	p.Key[wordCTIPv4] = k[wordCTIPv4]
	copy(p.Key[wordCTIPv6:wordCTIPv6+4], k[wordCTIPv6:])
	p.Key[wordTransport] = p.Key[wordTransport]&^0xffffffff | k[wordTransport]&0xffffffff
}

// Update changes the packet in those header fields in which from and to differ, as Write does.
func (p *Packet) Update(from, to *Key) (tuple bool) {
	k := p.Key
	for _, f := range headerFields {
		at := places[f]
		m := Key{}
		m.Mask(f)
		for w := at.word; w < at.word+(at.bits+63)/64; w++ {
			if (from[w]^to[w])&m[w] != 0 {
				k.Merge(to, &m)
				break
			}
		}
	}
	return p.Write(&k)
}

// headerFields are the fields of frames that can be written, each place in a Key once.
var headerFields = [...]openflow.Field{
	openflow.FieldEthDst, openflow.FieldEthSrc, openflow.FieldVLANTCI, VLANTPID, InnerVLANTCI, InnerVLANTPID, MPLSLSE,
	openflow.FieldIPv4Src, openflow.FieldIPv4Dst, openflow.FieldIPv6Src, openflow.FieldIPv6Dst,
	openflow.FieldIPTTL, openflow.FieldIPToS, openflow.FieldIPv6Label, openflow.FieldARPOp,
	openflow.FieldTCPSrc, openflow.FieldTCPDst, openflow.FieldNDTarget, openflow.FieldNDReserved, openflow.FieldNDOptionsType,
	openflow.FieldARPSHA, openflow.FieldARPTHA,
	openflow.FieldNSHFlags, openflow.FieldNSHTTL, NSHPath,
	openflow.FieldNSHC1, openflow.FieldNSHC2, openflow.FieldNSHC3, openflow.FieldNSHC4,
}

// writeVLAN gives the frame the tags of k.
func (p *Packet) writeVLAN(k *Key) {
	if p.Type() != openflow.PacketEthernet || len(p.b) < ethLen {
		return
	}
	old := [2]uint64{p.Key.Uint(openflow.FieldVLANTCI), p.Key.Uint(InnerVLANTCI)}
	now := [2]uint64{k.Uint(openflow.FieldVLANTCI), k.Uint(InnerVLANTCI)}
	types := [2]uint64{k.Uint(VLANTPID), k.Uint(InnerVLANTPID)}
	if old == now && types == [2]uint64{p.Key.Uint(VLANTPID), p.Key.Uint(InnerVLANTPID)} {
		return
	}
	for range p.tags {
		p.PopVLAN()
	}
	for i := 1; i >= 0; i-- {
		if now[i]&vlanCFI == 0 {
			continue
		}
		if types[i] == 0 {
			types[i] = openflow.EthTypeVLAN
		}
		p.PushVLAN(uint16(types[i]), uint16(now[i]))
	}
}
