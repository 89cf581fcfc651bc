// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"math/rand/v2"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/ovskit/ovskit/fakeovs/internal/frametest"
	"github.com/ovskit/ovskit/openflow"
)

// TestHeadersSameAsOpenVSwitch does as TestSameAsOpenVSwitch with what flows match and write of headers, and without the
// connection tracker.
func TestHeadersSameAsOpenVSwitch(t *testing.T) {
	inRounds(t, 40, func(t *testing.T, real *realSwitch, seed uint64) (alive bool) {
		g := &headers{generator{Rand: rand.New(rand.NewPCG(seed, 2))}}
		return compare(t, real, g.flows(), g.packet, true)
	})
}

// headers makes flow tables and packets of many protocols.
type headers struct{ generator }

// protocol is what the flows of a protocol match, and which fields they can write.
type protocol struct {
	match  openflow.Match
	fields []openflow.Field
}

func (g *headers) protocol() protocol {
	ip := []openflow.Field{openflow.FieldIPDSCP, openflow.FieldIPECN, openflow.FieldIPTTL}
	of := func(ethType uint16, proto uint8, fields ...openflow.Field) protocol {
		return protocol{openflow.Match{openflow.EthType(ethType), openflow.IPProto(proto)}, append(fields, ip...)}
	}
	return pick(&g.generator,
		protocol{match: openflow.Match{}},
		// Not addresses: Open vSwitch 3.1 corrects with them what it takes for the checksum of a later fragment.
		protocol{openflow.Match{openflow.EthType(openflow.EthTypeIPv4)}, ip},
		protocol{openflow.Match{openflow.EthType(openflow.EthTypeIPv6)}, append(ip, openflow.FieldIPv6Label)},
		protocol{openflow.Match{openflow.EthType(openflow.EthTypeARP)}, []openflow.Field{
			openflow.FieldARPOp, openflow.FieldARPSHA, openflow.FieldARPTPA,
		}},
		of(openflow.EthTypeIPv4, openflow.IPProtoTCP, openflow.FieldTCPSrc, openflow.FieldTCPDst),
		of(openflow.EthTypeIPv4, openflow.IPProtoUDP, openflow.FieldUDPSrc, openflow.FieldUDPDst),
		of(openflow.EthTypeIPv4, openflow.IPProtoSCTP, openflow.FieldSCTPSrc, openflow.FieldSCTPDst),
		of(openflow.EthTypeIPv4, openflow.IPProtoICMP, openflow.FieldICMPv4Type, openflow.FieldICMPv4Code),
		of(openflow.EthTypeIPv6, openflow.IPProtoUDP, openflow.FieldUDPSrc, openflow.FieldIPv6Label),
		of(openflow.EthTypeIPv6, openflow.IPProtoICMPv6, openflow.FieldICMPv6Code),
	)
}

func (g *headers) flows() []openflow.Flow {
	var flows []openflow.Flow
	for table := range uint8(lastTable + 1) {
		for range 3 + g.IntN(4) {
			p := g.protocol()
			f := openflow.Flow{Table: table, Priority: uint16(len(flows) + 1), Match: p.match}
			if len(p.fields) > 0 && g.chance(30) {
				field := pick(&g.generator, p.fields...)
				f.Match = f.Match.With(openflow.Uint(field, g.value(field)))
			}
			if _, ip := p.match.Get(openflow.FieldIPProto); ip && g.chance(20) {
				f.Match = f.Match.With(openflow.IPFrag(openflow.Fragments(g.IntN(5))))
			}
			tagged, untagged := g.chance(30), false
			switch {
			case tagged:
				f.Match = f.Match.With(pick(&g.generator, openflow.Tagged(), openflow.VLANID(7), openflow.VLANPCP(3), openflow.VLANTag(7, 3)))
			case g.chance(40):
				untagged = true
				f.Match = f.Match.With(openflow.Untagged())
			}
			if table > 0 && g.chance(20) {
				f.Match = f.Match.With(openflow.Reg(g.IntN(4), g.Uint32N(8)))
			}
			f.Match = f.Match.Canonical()
			f.Instructions = g.instructions(table, p, tagged, untagged)
			flows = append(flows, f)
		}
	}
	return flows
}

// value is a value of a field that occurs.
func (g *headers) value(f openflow.Field) uint64 {
	v := g.Uint64N(8)
	switch f {
	case openflow.FieldIPTTL:
		v = 60 + v
	case openflow.FieldIPECN:
		v &= 3
	case openflow.FieldICMPv4Type:
		v = pick(&g.generator, v, 8)
	case openflow.FieldTCPDst, openflow.FieldUDPDst, openflow.FieldSCTPDst:
		v = 80 + v&1
	}
	return v
}

// instructions for a flow whose packets have a tag, have none, or may have one.
func (g *headers) instructions(table uint8, p protocol, tagged, untagged bool) openflow.Instructions {
	var in openflow.Instructions
	later := func() uint8 { return table + 1 + uint8(g.IntN(2)) }
	add := func(actions ...openflow.Action) { in.Apply = append(in.Apply, actions...) }
	set := func(f openflow.Field, v uint64) openflow.SetField {
		return openflow.SetField{MatchField: openflow.Uint(f, v)}
	}
	vid := set(openflow.FieldVLANVID, 0x1000|g.Uint64N(9))
	switch {
	case tagged && g.chance(30):
		add(openflow.PopVLAN{})
	case tagged && g.chance(20):
		add(openflow.PopVLAN{}, openflow.PushVLAN{}, set(openflow.FieldVLANPCP, g.Uint64N(8)))
	case tagged && g.chance(50):
		add(vid, set(openflow.FieldVLANPCP, g.Uint64N(8)))
	case untagged && g.chance(40):
		add(openflow.PushVLAN{EthType: openflow.EthTypeVLAN}, vid)
	case g.chance(10):
		add(set(openflow.FieldVLANTCI, pick[uint64](&g.generator, 0x1007, 0x7007)))
	}
	registers := []openflow.Field{openflow.FieldReg0, openflow.FieldReg3, openflow.FieldXReg1, openflow.FieldXXReg0, openflow.FieldMetadata}
	for range 1 + g.IntN(4) {
		if len(p.fields) > 0 && g.chance(60) {
			f := pick(&g.generator, p.fields...)
			add(pick[openflow.Action](&g.generator, set(f, g.value(f)), g.move(f, pick(&g.generator, registers...)), g.move(pick(&g.generator, registers...), f)))
			continue
		}
		switch g.IntN(8) {
		case 0, 1:
			f := pick(&g.generator, registers...)
			add(openflow.SetField{MatchField: openflow.UintMasked(f, g.Uint64N(16), 1+g.Uint64N(15))})
		case 2:
			add(g.move(pick(&g.generator, registers...), pick(&g.generator, registers...)))
		case 3:
			add(g.move(pick(&g.generator, openflow.FieldVLANTCI, openflow.FieldVLANVID, openflow.FieldIPFrag, openflow.FieldInPort16), openflow.FieldEthSrc))
		case 4:
			add(openflow.OutputField{Src: openflow.Subfield{Field: openflow.FieldReg0, Bits: 2}})
		case 5:
			add(openflow.Note{Data: []byte("abcdef")}, openflow.Output{Port: 1 + g.Uint32N(ports)})
		case 6:
			if table < lastTable {
				add(openflow.Resubmit{InPort: openflow.PortInPort, Table: later()})
			}
		case 7:
			if g.chance(40) {
				add(openflow.Exit{})
			}
		}
	}
	if g.chance(30) {
		in.Write = []openflow.Action{openflow.Output{Port: 1 + g.Uint32N(ports)}, set(openflow.FieldReg1, g.Uint64N(8))}
		if tagged {
			in.Write = append(in.Write, openflow.PopVLAN{})
		}
	}
	if g.chance(40) && table < lastTable {
		in.Goto = later()
	}
	if g.chance(60) {
		add(openflow.Output{Port: 1 + g.Uint32N(ports)})
	}
	return in
}

// move copies some bits of a field to the same bits of another.
func (g *headers) move(from, to openflow.Field) openflow.Move {
	n := uint16(min(from.Bits(), to.Bits(), 1+g.IntN(64)))
	src := openflow.Subfield{Field: from, Bits: n, Offset: uint16(g.IntN(from.Bits() - int(n) + 1))}
	return openflow.Move{Src: src, Dst: openflow.Subfield{Field: to, Bits: n}}
}

func (g *headers) packet() (port uint32, frame []byte) {
	n := g.Perm(4)
	from, to := frametest.Station(byte(1+n[0])), frametest.Station(byte(1+n[1]))
	sport, dport := uint16(g.IntN(8)), 80+uint16(g.IntN(2))
	class, label := pick[uint8](&g.generator, 0, 5, 7<<2|3, 3<<2), pick[uint32](&g.generator, 0, 5, 0xabcde)
	switch g.IntN(8) {
	case 0:
		frame = frametest.ARP(from, to, 1+uint16(g.IntN(2)))
	case 1:
		frame = frametest.ICMP(from, to, pick[uint8](&g.generator, 8, 0, 3), 0, 1, []byte("ping"))
	case 2:
		frame = frametest.SCTP(from, to, sport, dport)
	case 3, 4:
		frame = frametest.UDP6(from, to, sport, dport, class, label)
	case 5:
		frame = frametest.ICMP6(from, to, pick[uint8](&g.generator, 128, 129), uint8(g.IntN(3)))
	case 6:
		frame = g.fragment(from, to, sport, dport, class)
	case 7:
		frame = frametest.TCP(from, to, sport, dport, frametest.Segment{Flags: pick(&g.generator, "S", "SA", "A")}, "x")
	}
	if g.chance(40) {
		frame = frametest.Tagged(frame, pick[uint16](&g.generator, 7, 3<<13|7, 5))
	}
	return 1 + g.Uint32N(ports), frame
}

// fragment is a UDP datagram or a fragment of one.
func (g *headers) fragment(from, to frametest.Host, sport, dport uint16, class uint8) []byte {
	eth, ip := frametest.IPLayers(from, to, layers.IPProtocolUDP)
	ip.TOS = class
	l := &layers.UDP{SrcPort: layers.UDPPort(sport), DstPort: layers.UDPPort(dport)}
	_ = l.SetNetworkLayerForChecksum(ip)
	switch g.IntN(3) {
	case 0:
		ip.Flags = layers.IPv4MoreFragments
	case 1:
		ip.FragOffset = 100
	}
	return frametest.Serialise(eth, ip, l, gopacket.Payload("datagram"))
}
