// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// transit is a packet that is on its way through a router.
type transit struct {
	proto    tcpip.NetworkProtocolNumber
	src, dst tcpip.Address
	ttl      uint8
	whole    bool   // not to be cut into fragments
	packet   []byte // from the IP header to the packet's end
}

// forward routes an IP packet that is for somebody else, and tells whether the frame has one. To what cannot be forwarded
// it answers as Linux does, but for packets whose next hop is not there.
//
// The stack could forward by itself, but its forwardPacketWithRoute reads the TTL out of memory that
// PacketBuffer.DeepCopyForForwarding has given back for other packets by then.
func (i *StackInterface) forward(frame []byte) bool {
	t, ok := parseTransit(frame)
	if !ok {
		return false
	}
	s := i.station
	if header.Ethernet(frame).DestinationAddress() != tcpip.LinkAddress(i.mac) {
		return s.stack.CheckLocalAddress(0, t.proto, t.dst) == 0 // a router is to forward what its MAC was sent only
	}
	if id := s.stack.CheckLocalAddress(0, t.proto, t.dst); id != 0 {
		if id == i.id {
			return false
		}
		s.interfaces[id-1].inject(frame) // the stack takes a packet only at the interface that has its address
		return true
	}
	if t.ttl <= 1 {
		s.complain(t, timeExceeded, 0)
		return true
	}
	route, err := s.stack.FindRoute(0, tcpip.Address{}, t.dst, t.proto, false)
	if err != nil {
		s.complain(t, noRoute, 0)
		return true
	}
	defer route.Release()
	if mtu := s.interfaces[route.NICID()-1].mtu; t.whole && len(t.packet) > mtu {
		s.complain(t, tooBig, mtu)
		return true
	}
	sendBy(route, t.older())
	return true
}

// reroute sends a packet that leaves by the wrong interface by the right one, and tells whether it did. What answers, the
// stack sends by the interface that has the address that it answers from, if any route leads from there.
func (i *StackInterface) reroute(frame []byte) bool {
	if len(i.station.interfaces) == 1 {
		return false
	}
	t, ok := parseTransit(frame)
	if !ok {
		return false
	}
	route, err := i.station.stack.FindRoute(0, tcpip.Address{}, t.dst, t.proto, false)
	if err != nil {
		return false
	}
	defer route.Release()
	if route.NICID() == i.id {
		return false
	}
	sendBy(route, t.packet)
	return true
}

func sendBy(route *stack.Route, packet []byte) {
	pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{
		ReserveHeaderBytes: int(route.MaxHeaderLength()),
		Payload:            buffer.MakeWithData(packet),
	})
	defer pkt.DecRef()
	_ = route.WriteHeaderIncludedPacket(pkt) // with a new checksum of IPv4
}

// parseTransit reads a frame with a packet that a router forwards, if it is not its own.
func parseTransit(frame []byte) (t transit, ok bool) {
	switch header.Ethernet(frame).Type() {
	case ipv4.ProtocolNumber:
		ip := header.IPv4(frame[header.EthernetMinimumSize:])
		if !ip.IsValid(len(ip)) || !ip.IsChecksumValid() {
			return t, false
		}
		t = transit{
			proto: ipv4.ProtocolNumber, src: ip.SourceAddress(), dst: ip.DestinationAddress(), ttl: ip.TTL(),
			whole: ip.Flags()&header.IPv4FlagDontFragment != 0, packet: ip[:ip.TotalLength()],
		}
		return t, t.dst != header.IPv4Broadcast && !header.IsV4MulticastAddress(t.dst)
	case ipv6.ProtocolNumber:
		ip := header.IPv6(frame[header.EthernetMinimumSize:])
		if !ip.IsValid(len(ip)) {
			return t, false
		}
		t = transit{
			proto: ipv6.ProtocolNumber, src: ip.SourceAddress(), dst: ip.DestinationAddress(), ttl: ip.HopLimit(),
			whole: true, packet: ip[:header.IPv6MinimumSize+int(ip.PayloadLength())],
		}
		return t, !header.IsV6MulticastAddress(t.dst) && !header.IsV6LinkLocalUnicastAddress(t.dst) &&
			!header.IsV6LinkLocalUnicastAddress(t.src) && t.src != header.IPv6Any
	}
	return t, false
}

// older is the packet one hop further. A capture may still have the frame.
func (t *transit) older() []byte {
	packet := append([]byte(nil), t.packet...)
	if t.proto == ipv4.ProtocolNumber {
		header.IPv4(packet).SetTTL(t.ttl - 1)
	} else {
		header.IPv6(packet).SetHopLimit(t.ttl - 1)
	}
	return packet
}
