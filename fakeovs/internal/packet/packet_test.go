// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet_test

import (
	"encoding/hex"
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"pgregory.net/rapid"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

var (
	mac1 = net.HardwareAddr{2, 0, 0, 0, 0, 1}
	mac2 = net.HardwareAddr{2, 0, 0, 0, 0, 2}
	ip1  = net.IP{10, 0, 0, 1}
	ip2  = net.IP{10, 0, 0, 2}
)

// frame serialises layers with right lengths and checksums.
func frame(t interface{ Fatalf(string, ...any) }, ls ...gopacket.SerializableLayer) []byte {
	b := gopacket.NewSerializeBuffer()
	err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ls...)
	if err != nil {
		t.Fatalf("serialise a frame: %v", err)
	}
	return b.Bytes()
}

func eth(typ layers.EthernetType) *layers.Ethernet {
	return &layers.Ethernet{SrcMAC: mac1, DstMAC: mac2, EthernetType: typ}
}

func ipv4(proto layers.IPProtocol) *layers.IPv4 {
	return &layers.IPv4{Version: 4, TTL: 64, Protocol: proto, SrcIP: ip1, DstIP: ip2}
}

func tcp(ip gopacket.NetworkLayer, src, dst uint16) *layers.TCP {
	l := &layers.TCP{SrcPort: layers.TCPPort(src), DstPort: layers.TCPPort(dst), SYN: true, Window: 1000}
	_ = l.SetNetworkLayerForChecksum(ip)
	return l
}

func udp(ip gopacket.NetworkLayer, src, dst uint16) *layers.UDP {
	l := &layers.UDP{SrcPort: layers.UDPPort(src), DstPort: layers.UDPPort(dst)}
	_ = l.SetNetworkLayerForChecksum(ip)
	return l
}

func tcpFrame(t interface{ Fatalf(string, ...any) }) []byte {
	ip := ipv4(layers.IPProtocolTCP)
	return frame(t, eth(layers.EthernetTypeIPv4), ip, tcp(ip, 1000, 80), gopacket.Payload("hello"))
}

func udpFrame(t interface{ Fatalf(string, ...any) }) []byte {
	ip := ipv4(layers.IPProtocolUDP)
	return frame(t, eth(layers.EthernetTypeIPv4), ip, udp(ip, 1000, 53), gopacket.Payload("odd"))
}

func icmpFrame(t interface{ Fatalf(string, ...any) }) []byte {
	return frame(t, eth(layers.EthernetTypeIPv4), ipv4(layers.IPProtocolICMPv4),
		&layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(8, 0), Id: 7, Seq: 1}, gopacket.Payload("ping"))
}

func arpFrame(t interface{ Fatalf(string, ...any) }) []byte {
	return frame(t, eth(layers.EthernetTypeARP), &layers.ARP{
		AddrType: 1, Protocol: 0x800, HwAddressSize: 6, ProtAddressSize: 4, Operation: 1,
		SourceHwAddress: mac1, SourceProtAddress: ip1, DstHwAddress: make([]byte, 6), DstProtAddress: ip2,
	})
}

func ipv6Frame(t interface{ Fatalf(string, ...any) }) []byte {
	ip := &layers.IPv6{
		Version: 6, HopLimit: 3, NextHeader: layers.IPProtocolUDP,
		SrcIP: net.ParseIP("2001:db8::1"), DstIP: net.ParseIP("2001:db8::2"),
	}
	return frame(t, eth(layers.EthernetTypeIPv6), ip, udp(ip, 5, 6), gopacket.Payload("six"))
}

func fragment(t interface{ Fatalf(string, ...any) }) []byte {
	ip := ipv4(layers.IPProtocolTCP)
	ip.FragOffset = 100
	return frame(t, eth(layers.EthernetTypeIPv4), ip, gopacket.Payload("0123456789abcdefghijklmnopqrst"))
}

type fields map[openflow.Field]uint64

// headers are the fields that the frame's protocols have, where they are not zero.
func headers(k *packet.Key) fields {
	list := []openflow.Field{openflow.FieldEthDst, openflow.FieldEthSrc, openflow.FieldEthType, openflow.FieldVLANTCI}
	switch k.Uint(openflow.FieldEthType) {
	case openflow.EthTypeARP:
		list = append(list, openflow.FieldARPOp, openflow.FieldARPSPA, openflow.FieldARPTPA, openflow.FieldARPSHA,
			openflow.FieldARPTHA)
	case openflow.EthTypeIPv4:
		list = append(list, openflow.FieldIPv4Src, openflow.FieldIPv4Dst)
		fallthrough
	case openflow.EthTypeIPv6:
		list = append(list, openflow.FieldIPProto, openflow.FieldIPTTL, openflow.FieldTCPFlags)
		switch k.Uint(openflow.FieldIPProto) {
		case openflow.IPProtoICMP:
			list = append(list, openflow.FieldICMPv4Type, openflow.FieldICMPv4Code)
		case openflow.IPProtoUDP:
			list = append(list, openflow.FieldUDPSrc, openflow.FieldUDPDst)
		default:
			list = append(list, openflow.FieldTCPSrc, openflow.FieldTCPDst)
		}
	}
	got := fields{}
	for _, f := range list {
		if v := k.Uint(f); v != 0 {
			got[f] = v
		}
	}
	return got
}

func TestParse(t *testing.T) {
	const src, dst = 0x0a000001, 0x0a000002
	with := func(more ...fields) fields {
		all := fields{openflow.FieldEthSrc: 0x020000000001, openflow.FieldEthDst: 0x020000000002}
		for _, m := range more {
			for f, v := range m {
				all[f] = v
			}
		}
		return all
	}
	ip := fields{
		openflow.FieldEthType: 0x800, openflow.FieldIPTTL: 64, openflow.FieldIPv4Src: src, openflow.FieldIPv4Dst: dst,
	}
	tcp := fields{
		openflow.FieldIPProto: 6, openflow.FieldTCPSrc: 1000, openflow.FieldTCPDst: 80, openflow.FieldTCPFlags: 2,
	}
	tagged := append(append([]byte(nil), tcpFrame(t)[:12]...), 0x81, 0, 0x20, 5)
	tagged = append(tagged, tcpFrame(t)[12:]...)
	badLength := tcpFrame(t)
	badLength[17] = 0xff
	badHeader := tcpFrame(t)
	badHeader[14] = 0x44
	badOffset := tcpFrame(t)
	badOffset[14+20+12] = 0xf0
	for _, c := range []struct {
		name  string
		frame []byte
		want  fields
	}{
		{"empty", nil, fields{}},
		{"shorter than Ethernet", tcpFrame(t)[:13], fields{}},
		{"tcp", tcpFrame(t), with(ip, tcp)},
		{"tcp with padding", append(tcpFrame(t), 0, 0, 0), with(ip, tcp)},
		{"tcp tagged", tagged, with(ip, tcp, fields{openflow.FieldVLANTCI: 0x3005})},
		{"udp", udpFrame(t), with(ip, fields{
			openflow.FieldIPProto: 17, openflow.FieldUDPSrc: 1000, openflow.FieldUDPDst: 53,
		})},
		{"icmp", icmpFrame(t), with(ip, fields{openflow.FieldIPProto: 1, openflow.FieldICMPv4Type: 8})},
		{"later fragment", fragment(t), with(ip, fields{openflow.FieldIPProto: 6})},
		{"tcp header cut", tcpFrame(t)[:40], with(fields{openflow.FieldEthType: 0x800})},
		{"IP longer than the frame", badLength, with(fields{openflow.FieldEthType: 0x800})},
		{"IP header too short", badHeader, with(fields{openflow.FieldEthType: 0x800})},
		{"TCP options beyond the packet", badOffset, with(ip, fields{openflow.FieldIPProto: 6})},
		{"arp", arpFrame(t), with(fields{
			openflow.FieldEthType: 0x806, openflow.FieldARPOp: 1, openflow.FieldARPSHA: 0x020000000001,
			openflow.FieldARPSPA: src, openflow.FieldARPTPA: dst,
		})},
		{"arp cut", arpFrame(t)[:41], with(fields{openflow.FieldEthType: 0x806})},
		{"ipv6", ipv6Frame(t), with(fields{
			openflow.FieldEthType: 0x86dd, openflow.FieldIPProto: 17, openflow.FieldIPTTL: 3,
			openflow.FieldUDPSrc: 5, openflow.FieldUDPDst: 6,
		})},
		{"802.3", append(append([]byte(nil), tcpFrame(t)[:12]...), 0, 3, 1, 2, 3), with(fields{openflow.FieldEthType: 0x5ff})},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := packet.Parse(c.frame)
			if d := cmp.Diff(c.want, headers(&p.Key)); d != "" {
				t.Errorf("fields of the frame differ (-want +got):\n%s", d)
			}
		})
	}
}

// write gives a packet the fields of k, where it has them, and reports whether it belongs to another connection then.
func write(p *packet.Packet, k *packet.Key) (moved bool) {
	var all packet.Key
	for i := range all {
		all[i] = ^uint64(0)
	}
	p.SetEthernet(k, &all)
	p.SetARP(k, &all)
	moved = p.SetIPv4(k, &all)
	moved = p.SetIPv6(k, &all) || moved
	moved = p.SetTransport(k, &all) || moved
	p.SetICMP(k, &all)
	return moved
}

// TestWrite sets random fields of frames and compares the bytes with those that gopacket makes of the same fields.
func TestWrite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		addr := func(name string) net.IP {
			v := rapid.Uint32().Draw(t, name)
			return net.IP{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}
		}
		port := func(name string) uint16 { return rapid.Uint16().Draw(t, name) }
		payload := gopacket.Payload(rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "payload"))
		proto := rapid.SampledFrom([]layers.IPProtocol{1, 6, 17}).Draw(t, "protocol")
		build := func(tag string) []byte {
			ip := ipv4(proto)
			ip.SrcIP, ip.DstIP = addr("source"+tag), addr("destination"+tag)
			ip.TTL = rapid.Byte().Draw(t, "ttl"+tag)
			e := eth(layers.EthernetTypeIPv4)
			switch proto {
			case 6:
				return frame(t, e, ip, tcp(ip, port("sport"+tag), port("dport"+tag)), payload)
			case 17:
				return frame(t, e, ip, udp(ip, port("sport"+tag), port("dport"+tag)), payload)
			}
			return frame(t, e, ip, &layers.ICMPv4{
				TypeCode: layers.CreateICMPv4TypeCode(rapid.Byte().Draw(t, "type"+tag), rapid.Byte().Draw(t, "code"+tag)),
				Id:       1, Seq: 2,
			}, payload)
		}
		from, to := build("1"), build("2")
		p, want := packet.Parse(append([]byte(nil), from...)), packet.Parse(to)
		write(p, &want.Key)
		got := normalise(p.Bytes())
		if d := cmp.Diff(hex.Dump(normalise(to)), hex.Dump(got)); d != "" {
			t.Errorf("frame %x with the fields of the other (-want +got):\n%s", from, d)
		}
		if p.Key != want.Key {
			t.Errorf("key after the write: got %v, want %v", p.Key, want.Key)
		}
		again := packet.Parse(append([]byte(nil), p.Bytes()...))
		if again.Key != want.Key {
			t.Errorf("key of the written bytes: got %v, want %v", again.Key, want.Key)
		}
	})
}

// normalise gives a checksum one of its two forms of zero.
func normalise(b []byte) []byte {
	b = append([]byte(nil), b...)
	for _, at := range []int{14 + 10, 34 + 2, 34 + 6, 34 + 16} {
		if at+2 <= len(b) && b[at] == 0xff && b[at+1] == 0xff {
			b[at], b[at+1] = 0, 0
		}
	}
	return b
}

func TestWriteKeepsMissingUDPChecksum(t *testing.T) {
	b := udpFrame(t)
	b[40], b[41] = 0, 0
	p := packet.Parse(b)
	k := p.Key
	k.SetUint(openflow.FieldIPv4Dst, 0x01020304)
	k.SetUint(openflow.FieldUDPDst, 99)
	if !write(p, &k) {
		t.Errorf("write of an address: got no move, want one")
	}
	if got := p.Bytes()[40:42]; got[0] != 0 || got[1] != 0 {
		t.Errorf("UDP checksum of a datagram without one: got %x, want 0000", got)
	}
	if got := packet.Checksum(p.Bytes()[14:34]); got != 0 {
		t.Errorf("IP header checksum is off by %#x", got)
	}
}

// TestWriteLaterFragment: Open vSwitch corrects a checksum in what a later fragment of TCP carries, where there is none.
func TestWriteLaterFragment(t *testing.T) {
	p := packet.Parse(fragment(t))
	before := append([]byte(nil), p.Transport()...)
	k := p.Key
	k.SetUint(openflow.FieldIPv4Src, 0x01020304)
	k.SetUint(openflow.FieldTCPSrc, 5)
	write(p, &k)
	after := p.Transport()
	if before[16] == after[16] && before[17] == after[17] {
		t.Errorf("bytes 16 and 17 of a later fragment are %x as before, want others", after[16:18])
	}
	copy(after[16:], before[16:18])
	if d := cmp.Diff(before, after); d != "" {
		t.Errorf("payload of a later fragment changed elsewhere (-want +got):\n%s", d)
	}
}

func TestVLAN(t *testing.T) {
	plain := tcpFrame(t)
	p := packet.Parse(append([]byte(nil), plain...))
	p.PushVLAN(openflow.EthTypeVLAN, 0x2000|7)
	want := append(append([]byte(nil), plain[:12]...), 0x81, 0, 0x20, 7)
	want = append(want, plain[12:]...)
	if d := cmp.Diff(want, p.Bytes()); d != "" {
		t.Fatalf("frame with a tag (-want +got):\n%s", d)
	}
	if got := packet.Parse(p.Bytes()).Key; got != p.Key {
		t.Errorf("key of the frame with a tag: got %v, want %v", p.Key, got)
	}
	p.PopVLAN()
	k := p.Key
	k.SetUint(openflow.FieldTCPDst, 81)
	write(p, &k)
	if got := packet.Parse(p.Bytes()); got.Key != k || len(p.Bytes()) != len(plain) || !got.TransportValid() {
		t.Errorf("frame after the tag is gone: %x", p.Bytes())
	}
}

// TestWriteAsSerialised: a frame whose fields are written is the one that is made with them.
func TestWriteAsSerialised(t *testing.T) {
	v4 := func(port layers.SCTPPort, tos uint8) []byte {
		ip := ipv4(layers.IPProtocolSCTP)
		ip.TOS = tos
		return frame(t, eth(layers.EthernetTypeIPv4), ip, &layers.SCTP{SrcPort: 7, DstPort: port}, gopacket.Payload("chunk"))
	}
	v6 := func(class uint8, label uint32) []byte {
		ip := &layers.IPv6{Version: 6, HopLimit: 3, NextHeader: layers.IPProtocolUDP, TrafficClass: class, FlowLabel: label,
			SrcIP: net.ParseIP("2001:db8::1"), DstIP: net.ParseIP("2001:db8::2")}
		return frame(t, eth(layers.EthernetTypeIPv6), ip, udp(ip, 5, 6), gopacket.Payload("six"))
	}
	for _, c := range []struct {
		name       string
		from, want []byte
		set        fields
	}{
		{"SCTP port", v4(80, 0), v4(81, 0), fields{openflow.FieldSCTPDst: 81}},
		{"IPv4 DSCP and ECN", v4(80, 3), v4(80, 0xb9), fields{openflow.FieldIPDSCP: 46, openflow.FieldIPECN: 1}},
		{"IPv6 DSCP", v6(3, 5), v6(0xbb, 5), fields{openflow.FieldIPDSCP: 46}},
		{"IPv6 flow label", v6(3, 5), v6(3, 0xabcde), fields{openflow.FieldIPv6Label: 0xabcde}},
	} {
		p := packet.Parse(append([]byte(nil), c.from...))
		k := p.Key
		for f, v := range c.set {
			k.SetUint(f, v)
		}
		write(p, &k)
		if d := cmp.Diff(hex.EncodeToString(c.want), hex.EncodeToString(p.Bytes())); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
		if got := packet.Parse(c.want).Key; got != k {
			t.Errorf("%s: key of the frame: got %v, want %v", c.name, got, k)
		}
	}
}

func TestWriteARP(t *testing.T) {
	p := packet.Parse(arpFrame(t))
	k := p.Key
	k.SetUint(openflow.FieldARPOp, 2)
	k.SetUint(openflow.FieldARPSPA, 0xc0a80101)
	k.SetUint(openflow.FieldARPTHA, 0xaabbccddeeff)
	k.SetUint(openflow.FieldEthSrc, 0x0a0000000001)
	write(p, &k)
	got := packet.Parse(p.Bytes())
	if d := cmp.Diff(headers(&k), headers(&got.Key)); d != "" {
		t.Errorf("ARP message after the write (-want +got):\n%s", d)
	}
}

func TestBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.SampledFrom([]openflow.Field{
			openflow.FieldReg0, openflow.FieldReg1, openflow.FieldXReg1, openflow.FieldXXReg2,
			openflow.FieldCTLabel, openflow.FieldMetadata, openflow.FieldEthSrc,
		}).Draw(t, "field")
		n := rapid.IntRange(1, min(64, f.Bits())).Draw(t, "bits")
		off := rapid.IntRange(0, f.Bits()-n).Draw(t, "offset")
		var k packet.Key
		for i := range k {
			k[i] = rapid.Uint64().Draw(t, "word")
		}
		before := k
		v := rapid.Uint64().Draw(t, "value")
		k.SetBits(f, uint16(off), uint16(n), v)
		for bit := range f.Bits() {
			want := before.Bits(f, uint16(bit), 1)
			if bit >= off && bit < off+n {
				want = v >> (bit - off) & 1
			}
			if got := k.Bits(f, uint16(bit), 1); got != want {
				t.Fatalf("bit %d of %v after writing bits %d..%d: got %d, want %d", bit, f, off, off+n-1, got, want)
			}
		}
		if got := k.Bits(f, uint16(off), uint16(n)); n < 64 && got != v&(1<<n-1) || n == 64 && got != v {
			t.Errorf("bits %d..%d of %v: got %#x, want %#x", off, off+n-1, f, got, v)
		}
	})
}
