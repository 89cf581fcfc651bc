// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package frametest makes the Ethernet frames of tests, with right lengths and checksums.
package frametest

import (
	"cmp"
	"net"
	"net/netip"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// Host is a station at a port.
type Host struct {
	MAC net.HardwareAddr
	IP  netip.Addr
}

// Station is the host 02:00:00:00:00:n with the address 10.0.0.n.
func Station(n byte) Host {
	return Host{net.HardwareAddr{2, 0, 0, 0, 0, n}, netip.AddrFrom4([4]byte{10, 0, 0, n})}
}

// Serialise makes a frame with right lengths and checksums.
func Serialise(ls ...gopacket.SerializableLayer) []byte {
	b := gopacket.NewSerializeBuffer()
	err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ls...)
	if err != nil {
		panic(err)
	}
	return b.Bytes()
}

// IPLayers are the headers of a frame with an IPv4 packet.
func IPLayers(from, to Host, proto layers.IPProtocol) (*layers.Ethernet, *layers.IPv4) {
	return &layers.Ethernet{SrcMAC: from.MAC, DstMAC: to.MAC, EthernetType: layers.EthernetTypeIPv4},
		&layers.IPv4{
			Version: 4, TTL: 64, Protocol: proto, SrcIP: from.IP.AsSlice(), DstIP: to.IP.AsSlice(),
		}
}

// Segment is the TCP header of a test frame.
type Segment struct {
	// Flags are the first letters of SYN, ACK, FIN, RST and PSH.
	Flags    string
	Seq, Ack uint32
	// Window is 8192 if it is 0.
	Window uint16
}

// TCP is a frame with a TCP segment.
func TCP(from, to Host, sport, dport uint16, s Segment, payload string) []byte {
	eth, ip := IPLayers(from, to, layers.IPProtocolTCP)
	l := &layers.TCP{
		SrcPort: layers.TCPPort(sport), DstPort: layers.TCPPort(dport), Seq: s.Seq, Ack: s.Ack, Window: cmp.Or(s.Window, 8192),
	}
	for _, f := range s.Flags {
		switch f {
		case 'S':
			l.SYN = true
		case 'A':
			l.ACK = true
		case 'F':
			l.FIN = true
		case 'R':
			l.RST = true
		case 'P':
			l.PSH = true
		}
	}
	_ = l.SetNetworkLayerForChecksum(ip)
	return Serialise(eth, ip, l, gopacket.Payload(payload))
}

// UDP is a frame with a UDP datagram.
func UDP(from, to Host, sport, dport uint16, payload string) []byte {
	eth, ip := IPLayers(from, to, layers.IPProtocolUDP)
	l := &layers.UDP{SrcPort: layers.UDPPort(sport), DstPort: layers.UDPPort(dport)}
	_ = l.SetNetworkLayerForChecksum(ip)
	return Serialise(eth, ip, l, gopacket.Payload(payload))
}

// ICMP is a frame with an ICMP message.
func ICMP(from, to Host, typ, code uint8, id uint16, payload []byte) []byte {
	eth, ip := IPLayers(from, to, layers.IPProtocolICMPv4)
	l := &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(typ, code), Id: id, Seq: 1}
	return Serialise(eth, ip, l, gopacket.Payload(payload))
}

// ARP is a frame with an ARP request (1) or reply (2), to everybody.
func ARP(from, to Host, op uint16) []byte {
	eth := &layers.Ethernet{SrcMAC: from.MAC, DstMAC: net.HardwareAddr{255, 255, 255, 255, 255, 255}, EthernetType: layers.EthernetTypeARP}
	return Serialise(eth, &layers.ARP{
		AddrType: 1, Protocol: 0x800, HwAddressSize: 6, ProtAddressSize: 4, Operation: op,
		SourceHwAddress: from.MAC, SourceProtAddress: from.IP.AsSlice(),
		DstHwAddress: make([]byte, 6), DstProtAddress: to.IP.AsSlice(),
	})
}

// Tagged gives a frame a VLAN tag.
func Tagged(frame []byte, tci uint16) []byte {
	b := append([]byte(nil), frame[:12]...)
	b = append(b, 0x81, 0, byte(tci>>8), byte(tci))
	return append(b, frame[12:]...)
}

// SCTP is a frame with an SCTP packet.
func SCTP(from, to Host, sport, dport uint16) []byte {
	eth, ip := IPLayers(from, to, layers.IPProtocolSCTP)
	return Serialise(eth, ip, &layers.SCTP{SrcPort: layers.SCTPPort(sport), DstPort: layers.SCTPPort(dport)},
		gopacket.Payload("chunk   "))
}

// IPv6Layers are headers between the IPv6 addresses that end as the IPv4 ones do.
func IPv6Layers(from, to Host, proto layers.IPProtocol) (*layers.Ethernet, *layers.IPv6) {
	addr := func(h Host) net.IP {
		b := netip.MustParseAddr("fd00::").As16()
		copy(b[12:], h.IP.AsSlice())
		return b[:]
	}
	return &layers.Ethernet{SrcMAC: from.MAC, DstMAC: to.MAC, EthernetType: layers.EthernetTypeIPv6},
		&layers.IPv6{Version: 6, HopLimit: 64, NextHeader: proto, SrcIP: addr(from), DstIP: addr(to)}
}

// UDP6 is a frame with a UDP datagram over IPv6.
func UDP6(from, to Host, sport, dport uint16, class uint8, label uint32) []byte {
	eth, ip := IPv6Layers(from, to, layers.IPProtocolUDP)
	ip.TrafficClass, ip.FlowLabel = class, label
	l := &layers.UDP{SrcPort: layers.UDPPort(sport), DstPort: layers.UDPPort(dport)}
	_ = l.SetNetworkLayerForChecksum(ip)
	return Serialise(eth, ip, l, gopacket.Payload("payload"))
}

// ICMP6 is a frame with an ICMPv6 message.
func ICMP6(from, to Host, typ, code uint8) []byte {
	eth, ip := IPv6Layers(from, to, layers.IPProtocolICMPv6)
	l := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(typ, code)}
	_ = l.SetNetworkLayerForChecksum(ip)
	return Serialise(eth, ip, l, gopacket.Payload("\x00\x01\x00\x01ping"))
}

// Neighbour is a neighbour solicitation (135) or advertisement (136) with the link-layer address that goes with it.
func Neighbour(from, to Host, typ uint8) []byte {
	eth, ip := IPv6Layers(from, to, layers.IPProtocolICMPv6)
	l := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(typ, 0)}
	_ = l.SetNetworkLayerForChecksum(ip)
	option := append([]byte{typ - 134, 1}, from.MAC...)
	return Serialise(eth, ip, l, gopacket.Payload("\x00\x00\x00\x00"), gopacket.Payload(ip.DstIP), gopacket.Payload(option))
}

// MPLS is a frame with a label that is not the bottom of the stack.
func MPLS(from, to Host) []byte {
	return Serialise(&layers.Ethernet{SrcMAC: from.MAC, DstMAC: to.MAC, EthernetType: layers.EthernetTypeMPLSUnicast},
		gopacket.Payload("\x00\x06\x40\x40payload"))
}

// NSH is a frame with a network service header that has metadata of type 1 (RFC 8300).
func NSH(from, to Host) []byte {
	return Serialise(&layers.Ethernet{SrcMAC: from.MAC, DstMAC: to.MAC, EthernetType: 0x894f},
		gopacket.Payload("\x0f\xc6\x01\x03\x00\x00\x0a\xff"+"ctx1ctx2ctx3ctx4"+"payload"))
}
