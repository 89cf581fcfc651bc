// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"net"
	"net/netip"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// host is a station at a port.
type host struct {
	mac net.HardwareAddr
	ip  netip.Addr
}

func station(n byte) host {
	return host{net.HardwareAddr{2, 0, 0, 0, 0, n}, netip.AddrFrom4([4]byte{10, 0, 0, n})}
}

// serialise makes a frame with right lengths and checksums.
func serialise(ls ...gopacket.SerializableLayer) []byte {
	b := gopacket.NewSerializeBuffer()
	err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ls...)
	if err != nil {
		panic(err)
	}
	return b.Bytes()
}

func ipLayers(from, to host, proto layers.IPProtocol) (*layers.Ethernet, *layers.IPv4) {
	return &layers.Ethernet{SrcMAC: from.mac, DstMAC: to.mac, EthernetType: layers.EthernetTypeIPv4},
		&layers.IPv4{
			Version: 4, TTL: 64, Protocol: proto, SrcIP: from.ip.AsSlice(), DstIP: to.ip.AsSlice(),
		}
}

// segment is the TCP header of a test frame.
type segment struct {
	flags string // letters of SYN, ACK, FIN, RST, PSH
	seq   uint32
	ack   uint32
}

func tcpFrame(from, to host, sport, dport uint16, s segment, payload string) []byte {
	eth, ip := ipLayers(from, to, layers.IPProtocolTCP)
	l := &layers.TCP{
		SrcPort: layers.TCPPort(sport), DstPort: layers.TCPPort(dport), Seq: s.seq, Ack: s.ack, Window: 8192,
	}
	for _, f := range s.flags {
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
	return serialise(eth, ip, l, gopacket.Payload(payload))
}

func udpFrame(from, to host, sport, dport uint16, payload string) []byte {
	eth, ip := ipLayers(from, to, layers.IPProtocolUDP)
	l := &layers.UDP{SrcPort: layers.UDPPort(sport), DstPort: layers.UDPPort(dport)}
	_ = l.SetNetworkLayerForChecksum(ip)
	return serialise(eth, ip, l, gopacket.Payload(payload))
}

func icmpFrame(from, to host, typ, code uint8, id uint16, payload []byte) []byte {
	eth, ip := ipLayers(from, to, layers.IPProtocolICMPv4)
	l := &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(typ, code), Id: id, Seq: 1}
	return serialise(eth, ip, l, gopacket.Payload(payload))
}

func arpFrame(from, to host, op uint16) []byte {
	eth := &layers.Ethernet{SrcMAC: from.mac, DstMAC: net.HardwareAddr{255, 255, 255, 255, 255, 255}, EthernetType: layers.EthernetTypeARP}
	return serialise(eth, &layers.ARP{
		AddrType: 1, Protocol: 0x800, HwAddressSize: 6, ProtAddressSize: 4, Operation: op,
		SourceHwAddress: from.mac, SourceProtAddress: from.ip.AsSlice(),
		DstHwAddress: make([]byte, 6), DstProtAddress: to.ip.AsSlice(),
	})
}

// tagged gives a frame a VLAN tag.
func tagged(frame []byte, tci uint16) []byte {
	b := append([]byte(nil), frame[:12]...)
	b = append(b, 0x81, 0, byte(tci>>8), byte(tci))
	return append(b, frame[12:]...)
}

func sctpFrame(from, to host, sport, dport uint16) []byte {
	eth, ip := ipLayers(from, to, layers.IPProtocolSCTP)
	return serialise(eth, ip, &layers.SCTP{SrcPort: layers.SCTPPort(sport), DstPort: layers.SCTPPort(dport)},
		gopacket.Payload("chunk   "))
}

// ipv6Layers are headers between the IPv6 addresses that end as the IPv4 ones do.
func ipv6Layers(from, to host, proto layers.IPProtocol) (*layers.Ethernet, *layers.IPv6) {
	addr := func(h host) net.IP {
		b := netip.MustParseAddr("fd00::").As16()
		copy(b[12:], h.ip.AsSlice())
		return b[:]
	}
	return &layers.Ethernet{SrcMAC: from.mac, DstMAC: to.mac, EthernetType: layers.EthernetTypeIPv6},
		&layers.IPv6{Version: 6, HopLimit: 64, NextHeader: proto, SrcIP: addr(from), DstIP: addr(to)}
}

func udp6Frame(from, to host, sport, dport uint16, class uint8, label uint32) []byte {
	eth, ip := ipv6Layers(from, to, layers.IPProtocolUDP)
	ip.TrafficClass, ip.FlowLabel = class, label
	l := &layers.UDP{SrcPort: layers.UDPPort(sport), DstPort: layers.UDPPort(dport)}
	_ = l.SetNetworkLayerForChecksum(ip)
	return serialise(eth, ip, l, gopacket.Payload("payload"))
}

func icmp6Frame(from, to host, typ, code uint8) []byte {
	eth, ip := ipv6Layers(from, to, layers.IPProtocolICMPv6)
	l := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(typ, code)}
	_ = l.SetNetworkLayerForChecksum(ip)
	return serialise(eth, ip, l, gopacket.Payload("\x00\x01\x00\x01ping"))
}

// neighbourFrame is a neighbour solicitation or advertisement with the link-layer address that goes with it.
func neighbourFrame(from, to host, typ uint8) []byte {
	eth, ip := ipv6Layers(from, to, layers.IPProtocolICMPv6)
	l := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(typ, 0)}
	_ = l.SetNetworkLayerForChecksum(ip)
	option := append([]byte{typ - 134, 1}, from.mac...)
	return serialise(eth, ip, l, gopacket.Payload("\x00\x00\x00\x00"), gopacket.Payload(ip.DstIP), gopacket.Payload(option))
}

// mplsFrame has no bottom of the stack.
func mplsFrame(from, to host) []byte {
	return serialise(&layers.Ethernet{SrcMAC: from.mac, DstMAC: to.mac, EthernetType: layers.EthernetTypeMPLSUnicast},
		gopacket.Payload("\x00\x06\x40\x40payload"))
}

// nshFrame has metadata of type 1.
func nshFrame(from, to host) []byte {
	return serialise(&layers.Ethernet{SrcMAC: from.mac, DstMAC: to.mac, EthernetType: 0x894f},
		gopacket.Payload("\x0f\xc6\x01\x03\x00\x00\x0a\xff"+"ctx1ctx2ctx3ctx4"+"payload"))
}
