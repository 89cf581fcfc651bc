// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"encoding/binary"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// complaint is what a router has to say about a packet that it does not forward, as type and code of ICMP and of ICMPv6.
type complaint struct {
	type4, code4 byte
	type6, code6 byte
}

// RFC 792, RFC 1191 section 4 and RFC 4443 sections 3.1 to 3.3.
var (
	noRoute      = complaint{type4: 3, code4: 0, type6: 1, code6: 0}
	tooBig       = complaint{type4: 3, code4: 4, type6: 2, code6: 0}
	timeExceeded = complaint{type4: 11, code4: 0, type6: 3, code6: 0}
)

const (
	errorHeader = 8    // bytes of an ICMP error before the packet that it is about
	maxError4   = 576  // of an ICMP error with its IP header, RFC 1812 section 4.3.2.3
	maxError6   = 1280 // RFC 4443 section 2.4 (c)
)

// complain sends an ICMP error about a packet to its sender. mtu is what a packet that is too big must fit in.
func (s *StackStation) complain(t transit, what complaint, mtu int) {
	if t.unmentionable() {
		return
	}
	route, err := s.stack.FindRoute(0, tcpip.Address{}, t.src, t.proto, false)
	if err != nil {
		return
	}
	defer route.Release()
	var message []byte
	params := stack.NetworkHeaderParams{TTL: 64}
	if t.proto == ipv4.ProtocolNumber {
		params.Protocol = header.ICMPv4ProtocolNumber
		quoted := t.packet[:min(len(t.packet), maxError4-header.IPv4MinimumSize-errorHeader)]
		message = append([]byte{what.type4, what.code4, 0, 0, 0, 0, 0, 0}, quoted...)
		binary.BigEndian.PutUint16(message[6:], uint16(mtu))
		icmp := header.ICMPv4(message)
		icmp.SetChecksum(header.ICMPv4Checksum(icmp, 0))
	} else {
		params.Protocol = header.ICMPv6ProtocolNumber
		quoted := t.packet[:min(len(t.packet), maxError6-header.IPv6MinimumSize-errorHeader)]
		message = append([]byte{what.type6, what.code6, 0, 0, 0, 0, 0, 0}, quoted...)
		binary.BigEndian.PutUint32(message[4:], uint32(mtu))
		icmp := header.ICMPv6(message)
		icmp.SetChecksum(header.ICMPv6Checksum(header.ICMPv6ChecksumParams{Header: icmp, Src: route.LocalAddress(), Dst: t.src}))
	}
	pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{
		ReserveHeaderBytes: int(route.MaxHeaderLength()),
		Payload:            buffer.MakeWithData(message),
	})
	defer pkt.DecRef()
	_ = route.WritePacket(params, pkt)
}

// unmentionable tells whether there must be no error about a packet: about an error, and a fragment that is not the first.
func (t *transit) unmentionable() bool {
	if t.proto == ipv4.ProtocolNumber {
		ip := header.IPv4(t.packet)
		payload := ip.Payload()
		if ip.FragmentOffset() != 0 || ip.TransportProtocol() != header.ICMPv4ProtocolNumber || len(payload) == 0 {
			return ip.FragmentOffset() != 0
		}
		switch header.ICMPv4Type(payload[0]) {
		case header.ICMPv4Echo, header.ICMPv4EchoReply:
			return false
		}
		return true
	}
	ip := header.IPv6(t.packet)
	payload := ip.Payload()
	const firstInformational = 128 // RFC 4443 section 2.1
	return ip.NextHeader() == uint8(header.ICMPv6ProtocolNumber) && len(payload) != 0 && payload[0] < firstInformational
}
