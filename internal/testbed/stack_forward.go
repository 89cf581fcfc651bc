// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// forward routes an IPv4 packet that is for somebody else, and tells whether the frame has one. What cannot be forwarded
// is dropped without a word to the sender.
//
// The stack could forward by itself, but its forwardPacketWithRoute reads the TTL out of memory that
// PacketBuffer.DeepCopyForForwarding has given back for other packets by then.
func (s *StackStation) forward(frame []byte) bool {
	if header.Ethernet(frame).Type() != ipv4.ProtocolNumber ||
		header.Ethernet(frame).DestinationAddress() != tcpip.LinkAddress(s.mac) {
		return false
	}
	ip := header.IPv4(frame[header.EthernetMinimumSize:])
	if !ip.IsValid(len(ip)) || !ip.IsChecksumValid() {
		return false
	}
	dst := ip.DestinationAddress()
	if dst == header.IPv4Broadcast || header.IsV4MulticastAddress(dst) ||
		s.stack.CheckLocalAddress(0, ipv4.ProtocolNumber, dst) != 0 {
		return false
	}
	if ip.TTL() <= 1 {
		return true
	}
	route, err := s.stack.FindRoute(stackNIC, tcpip.Address{}, dst, ipv4.ProtocolNumber, false)
	if err != nil {
		return true
	}
	defer route.Release()
	packet := header.IPv4(append([]byte(nil), ip[:ip.TotalLength()]...))
	packet.SetTTL(ip.TTL() - 1)
	pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{
		ReserveHeaderBytes: int(route.MaxHeaderLength()),
		Payload:            buffer.MakeWithData(packet),
	})
	defer pkt.DecRef()
	_ = route.WriteHeaderIncludedPacket(pkt) // with a new checksum
	return true
}
