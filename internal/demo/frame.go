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

var broadcast = net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

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

// udpFrame makes a frame with a datagram in it.
func udpFrame(ethSrc, ethDst net.HardwareAddr, src, dst netip.AddrPort, data []byte) []byte {
	length := header.UDPMinimumSize + len(data)
	frame, payload := ethernet(ethSrc, ethDst, header.IPv4ProtocolNumber, header.IPv4MinimumSize+length)
	srcIP, dstIP := tcpip.AddrFrom4(src.Addr().As4()), tcpip.AddrFrom4(dst.Addr().As4())

	ip := header.IPv4(payload)
	ip.Encode(&header.IPv4Fields{
		TotalLength: uint16(len(payload)),
		TTL:         64,
		Protocol:    uint8(header.UDPProtocolNumber),
		SrcAddr:     srcIP,
		DstAddr:     dstIP,
	})
	ip.SetChecksum(^ip.CalculateChecksum())

	udp := header.UDP(ip.Payload())
	udp.Encode(&header.UDPFields{SrcPort: src.Port(), DstPort: dst.Port(), Length: uint16(length)})
	copy(udp.Payload(), data)
	pseudo := header.PseudoHeaderChecksum(header.UDPProtocolNumber, srcIP, dstIP, uint16(length))
	udp.SetChecksum(^udp.CalculateChecksum(checksum.Checksum(data, pseudo)))
	return frame
}

// arpPacket is what an ARP packet says.
type arpPacket struct {
	op        header.ARPOp
	senderMAC net.HardwareAddr
	senderIP  netip.Addr
	targetMAC net.HardwareAddr
	targetIP  netip.Addr
}

func (a arpPacket) frame(ethSrc, ethDst net.HardwareAddr) []byte {
	frame, payload := ethernet(ethSrc, ethDst, header.ARPProtocolNumber, header.ARPSize)
	arp := header.ARP(payload)
	arp.SetIPv4OverEthernet()
	arp.SetOp(a.op)
	copy(arp.HardwareAddressSender(), a.senderMAC)
	copy(arp.ProtocolAddressSender(), a.senderIP.AsSlice())
	copy(arp.HardwareAddressTarget(), a.targetMAC)
	copy(arp.ProtocolAddressTarget(), a.targetIP.AsSlice())
	return frame
}

// parseARP reads a frame with an ARP packet for IPv4; false if it is none.
func parseARP(frame []byte) (arpPacket, bool) {
	if len(frame) < header.EthernetMinimumSize || header.Ethernet(frame).Type() != header.ARPProtocolNumber {
		return arpPacket{}, false
	}
	arp := header.ARP(frame[header.EthernetMinimumSize:])
	if !arp.IsValid() {
		return arpPacket{}, false
	}
	return arpPacket{
		op:        arp.Op(),
		senderMAC: net.HardwareAddr(arp.HardwareAddressSender()),
		senderIP:  netip.AddrFrom4([4]byte(arp.ProtocolAddressSender())),
		targetMAC: net.HardwareAddr(arp.HardwareAddressTarget()),
		targetIP:  netip.AddrFrom4([4]byte(arp.ProtocolAddressTarget())),
	}, true
}

// ipPacket is what the probes look at in an IPv4 packet.
type ipPacket struct {
	proto       tcpip.TransportProtocolNumber
	src, dst    netip.Addr
	srcPort     uint16 // of TCP and UDP
	echoRequest bool   // of ICMP
	payload     []byte // of UDP
}

// parseIP reads a frame with an IPv4 packet; false if it is none.
func parseIP(frame []byte) (ipPacket, bool) {
	if len(frame) < header.EthernetMinimumSize || header.Ethernet(frame).Type() != header.IPv4ProtocolNumber {
		return ipPacket{}, false
	}
	ip := header.IPv4(frame[header.EthernetMinimumSize:])
	if !ip.IsValid(len(ip)) {
		return ipPacket{}, false
	}
	p := ipPacket{
		proto: ip.TransportProtocol(),
		src:   netip.AddrFrom4(ip.SourceAddress().As4()),
		dst:   netip.AddrFrom4(ip.DestinationAddress().As4()),
	}
	rest := ip.Payload()
	switch {
	case p.proto == header.TCPProtocolNumber && len(rest) >= header.TCPMinimumSize:
		p.srcPort = header.TCP(rest).SourcePort()
	case p.proto == header.UDPProtocolNumber && len(rest) >= header.UDPMinimumSize:
		p.srcPort = header.UDP(rest).SourcePort()
		p.payload = header.UDP(rest).Payload()
	case p.proto == header.ICMPv4ProtocolNumber && len(rest) >= header.ICMPv4MinimumSize:
		p.echoRequest = header.ICMPv4(rest).Type() == header.ICMPv4Echo
	}
	return p, true
}

// sender is whom a frame claims to be from.
type sender struct {
	what string // "packet" or "ARP"
	addr netip.Addr
}

// source gives the sender of a frame with an IPv4 or an ARP packet; false if it has neither.
func source(frame []byte) (sender, bool) {
	if p, ok := parseIP(frame); ok {
		return sender{"packet", p.src}, true
	}
	if a, ok := parseARP(frame); ok {
		return sender{"ARP", a.senderIP}, true
	}
	return sender{}, false
}
