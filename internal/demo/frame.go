// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"net"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// ethernet begins a frame and leaves room for n bytes of payload.
func ethernet(src, dst net.HardwareAddr, typ tcpip.NetworkProtocolNumber, n int) (frame, payload []byte) {
	frame = make([]byte, header.EthernetMinimumSize+n)
	header.Ethernet(frame).Encode(&header.EthernetFields{
		SrcAddr: tcpip.LinkAddress(src),
		DstAddr: tcpip.LinkAddress(dst),
		Type:    typ,
	})
	return frame, frame[header.EthernetMinimumSize:]
}

// hopLimit is what neighbour discovery wants to see, RFC 4861 section 7.1; other packets may have it as well.
const hopLimit = 255

// ipFrame begins a frame with an IP packet and leaves room for n bytes of payload. sum is the checksum of what stands for
// the IP header in those of UDP and ICMPv6.
func ipFrame(
	ethSrc, ethDst net.HardwareAddr, src, dst netip.Addr, proto tcpip.TransportProtocolNumber, n int,
) (frame, payload []byte, sum uint16) {
	from, to := tcpip.AddrFromSlice(src.AsSlice()), tcpip.AddrFromSlice(dst.AsSlice())
	sum = header.PseudoHeaderChecksum(proto, from, to, uint16(n))
	if src.Is4() {
		frame, packet := ethernet(ethSrc, ethDst, header.IPv4ProtocolNumber, header.IPv4MinimumSize+n)
		ip := header.IPv4(packet)
		ip.Encode(&header.IPv4Fields{
			TotalLength: uint16(len(packet)), TTL: hopLimit, Protocol: uint8(proto), SrcAddr: from, DstAddr: to,
		})
		ip.SetChecksum(^ip.CalculateChecksum())
		return frame, ip.Payload(), sum
	}
	frame, packet := ethernet(ethSrc, ethDst, header.IPv6ProtocolNumber, header.IPv6MinimumSize+n)
	ip := header.IPv6(packet)
	ip.Encode(&header.IPv6Fields{
		PayloadLength: uint16(n), HopLimit: hopLimit, TransportProtocol: proto, SrcAddr: from, DstAddr: to,
	})
	return frame, ip.Payload(), sum
}

// udpFrame makes a frame with a datagram in it.
func udpFrame(ethSrc, ethDst net.HardwareAddr, src, dst netip.AddrPort, data []byte) []byte {
	length := header.UDPMinimumSize + len(data)
	frame, payload, sum := ipFrame(ethSrc, ethDst, src.Addr(), dst.Addr(), header.UDPProtocolNumber, length)
	udp := header.UDP(payload)
	udp.Encode(&header.UDPFields{SrcPort: src.Port(), DstPort: dst.Port(), Length: uint16(length)})
	copy(udp.Payload(), data)
	udp.SetChecksum(^udp.CalculateChecksum(checksum.Checksum(data, sum)))
	return frame
}

// ipPacket is what the probes look at in an IP packet.
type ipPacket struct {
	proto       proto // "" if it is none of the probes'
	src, dst    netip.Addr
	srcPort     uint16 // of TCP and UDP
	echoRequest bool   // of ICMP and ICMPv6
}

// parseIP reads a frame with an IP packet; false if it is none.
func parseIP(frame []byte) (p ipPacket, ok bool) {
	src, dst, number, rest := readIP(frame)
	if !src.IsValid() {
		return p, false
	}
	p = ipPacket{src: src, dst: dst}
	switch {
	case number == header.TCPProtocolNumber && len(rest) >= header.TCPMinimumSize:
		p.proto, p.srcPort = tcp, header.TCP(rest).SourcePort()
	case number == header.UDPProtocolNumber && len(rest) >= header.UDPMinimumSize:
		p.proto, p.srcPort = udp, header.UDP(rest).SourcePort()
	case number == header.ICMPv4ProtocolNumber && len(rest) >= header.ICMPv4MinimumSize:
		p.proto, p.echoRequest = icmp, header.ICMPv4(rest).Type() == header.ICMPv4Echo
	case number == header.ICMPv6ProtocolNumber && len(rest) >= header.ICMPv6MinimumSize:
		p.proto, p.echoRequest = icmp, header.ICMPv6(rest).Type() == header.ICMPv6EchoRequest
	}
	return p, true
}

// readIP reads the IP header in a frame; src is invalid if there is none.
func readIP(frame []byte) (src, dst netip.Addr, proto tcpip.TransportProtocolNumber, payload []byte) {
	if len(frame) < header.EthernetMinimumSize {
		return src, dst, 0, nil
	}
	packet := frame[header.EthernetMinimumSize:]
	switch header.Ethernet(frame).Type() {
	case header.IPv4ProtocolNumber:
		if ip := header.IPv4(packet); ip.IsValid(len(ip)) {
			return netip.AddrFrom4(ip.SourceAddress().As4()), netip.AddrFrom4(ip.DestinationAddress().As4()),
				ip.TransportProtocol(), ip.Payload()
		}
	case header.IPv6ProtocolNumber:
		if ip := header.IPv6(packet); ip.IsValid(len(ip)) {
			return netip.AddrFrom16(ip.SourceAddress().As16()), netip.AddrFrom16(ip.DestinationAddress().As16()),
				ip.TransportProtocol(), ip.Payload()
		}
	}
	return src, dst, 0, nil
}

// sender is whom a frame claims to be from.
type sender struct {
	what string // "packet", or "ARP" or "ND" of a claim
	addr netip.Addr
}

// source gives the sender of a frame with an IP or an ARP packet; false if it has neither.
func source(frame []byte) (sender, bool) {
	if c, ok := parseClaim(frame); ok {
		return sender{claimBy(c.addr), c.addr}, true
	}
	p, ok := parseIP(frame)
	return sender{"packet", p.src}, ok
}
