// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"bytes"
	"context"
	"net"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

var (
	broadcast = net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	allNodes  = netip.MustParseAddr("ff02::1")
)

// claim is what a frame says of where a neighbour is: an ARP packet of its sender, a neighbour solicitation of its sender
// and an advertisement of its target.
type claim struct {
	addr  netip.Addr
	mac   net.HardwareAddr
	reply bool // to a question about addr
}

// says tells whether c says the same as o.
func (c claim) says(o claim) bool { return c.addr == o.addr && bytes.Equal(c.mac, o.mac) }

// claimBy is how claims about an address are made.
func claimBy(a netip.Addr) string {
	if a.Is4() {
		return "ARP"
	}
	return "ND"
}

// parseClaim reads a frame that makes a claim; false if it makes none.
func parseClaim(frame []byte) (c claim, ok bool) {
	if len(frame) < header.EthernetMinimumSize {
		return c, false
	}
	if header.Ethernet(frame).Type() == header.ARPProtocolNumber {
		arp := header.ARP(frame[header.EthernetMinimumSize:])
		if !arp.IsValid() {
			return c, false
		}
		return claim{
			addr:  netip.AddrFrom4([4]byte(arp.ProtocolAddressSender())),
			mac:   net.HardwareAddr(arp.HardwareAddressSender()),
			reply: arp.Op() == header.ARPReply,
		}, true
	}
	src, _, proto, message := readIP(frame)
	if proto != header.ICMPv6ProtocolNumber || len(message) < header.ICMPv6NeighborSolicitMinimumSize {
		return c, false
	}
	m := header.ICMPv6(message)
	switch m.Type() {
	case header.ICMPv6NeighborSolicit:
		mac, ok := linkAddress(header.NDPNeighborSolicit(m.MessageBody()).Options())
		return claim{addr: src, mac: mac}, ok
	case header.ICMPv6NeighborAdvert:
		advert := header.NDPNeighborAdvert(m.MessageBody())
		mac, ok := linkAddress(advert.Options())
		return claim{addr: netip.AddrFrom16(advert.TargetAddress().As16()), mac: mac, reply: true}, ok
	}
	return c, false
}

// linkAddress is that of the first option that has one.
func linkAddress(options header.NDPOptions) (net.HardwareAddr, bool) {
	it, err := options.Iter(true)
	if err != nil {
		return nil, false
	}
	for {
		option, done, err := it.Next()
		if done || err != nil {
			return nil, false
		}
		switch o := option.(type) {
		case header.NDPSourceLinkLayerAddressOption:
			return net.HardwareAddr(o), true
		case header.NDPTargetLinkLayerAddressOption:
			return net.HardwareAddr(o), true
		}
	}
}

// announce makes a frame from mac to everybody that claims the address a for it. own is an address that it has.
func announce(mac net.HardwareAddr, own, a netip.Addr) []byte {
	if a.Is4() {
		return arpFrame(header.ARPReply, mac, a, broadcast, a)
	}
	frame, payload, sum := ipFrame(mac, multicast(allNodes), own, allNodes, header.ICMPv6ProtocolNumber,
		header.ICMPv6NeighborAdvertMinimumSize+header.NDPLinkLayerAddressSize)
	m := header.ICMPv6(payload)
	m.SetType(header.ICMPv6NeighborAdvert)
	advert := header.NDPNeighborAdvert(m.MessageBody())
	advert.SetTargetAddress(tcpip.AddrFrom16(a.As16()))
	advert.SetOverrideFlag(true)
	advert.Options().Serialize(header.NDPOptionsSerializer{header.NDPTargetLinkLayerAddressOption(mac)})
	m.SetChecksum(^checksum.Checksum(payload, sum))
	return frame
}

// ask makes a frame that asks where the address a is. own is the address of who asks.
func ask(mac net.HardwareAddr, own, a netip.Addr) []byte {
	if a.Is4() {
		return arpFrame(header.ARPRequest, mac, own, make(net.HardwareAddr, 6), a)
	}
	group := netip.AddrFrom16(header.SolicitedNodeAddr(tcpip.AddrFrom16(a.As16())).As16())
	frame, payload, sum := ipFrame(mac, multicast(group), own, group, header.ICMPv6ProtocolNumber,
		header.ICMPv6NeighborSolicitMinimumSize+header.NDPLinkLayerAddressSize)
	m := header.ICMPv6(payload)
	m.SetType(header.ICMPv6NeighborSolicit)
	solicit := header.NDPNeighborSolicit(m.MessageBody())
	solicit.SetTargetAddress(tcpip.AddrFrom16(a.As16()))
	solicit.Options().Serialize(header.NDPOptionsSerializer{header.NDPSourceLinkLayerAddressOption(mac)})
	m.SetChecksum(^checksum.Checksum(payload, sum))
	return frame
}

// multicast is the Ethernet address of a group of IPv6, RFC 2464 section 7.
func multicast(group netip.Addr) net.HardwareAddr {
	a := group.As16()
	return net.HardwareAddr{0x33, 0x33, a[12], a[13], a[14], a[15]}
}

// arpFrame makes a broadcast frame with an ARP packet.
func arpFrame(op header.ARPOp, mac net.HardwareAddr, own netip.Addr, targetMAC net.HardwareAddr, target netip.Addr) []byte {
	frame, payload := ethernet(mac, broadcast, header.ARPProtocolNumber, header.ARPSize)
	arp := header.ARP(payload)
	arp.SetIPv4OverEthernet()
	arp.SetOp(op)
	copy(arp.HardwareAddressSender(), mac)
	copy(arp.ProtocolAddressSender(), own.AsSlice())
	copy(arp.HardwareAddressTarget(), targetMAC)
	copy(arp.ProtocolAddressTarget(), target.AsSlice())
	return frame
}

// resolve asks for the Ethernet address of a neighbour. own is an address of the machine's on that link.
func resolve(ctx context.Context, from *machine, own, target netip.Addr) (net.HardwareAddr, error) {
	capture, err := from.Capture(ctx)
	if err != nil {
		return nil, err
	}
	defer capture.Close()
	if err := from.SendFrames(ask(from.MAC(), own, target)); err != nil {
		return nil, err
	}
	var mac net.HardwareAddr
	err = find(ctx, capture, func(frame []byte) bool {
		c, ok := parseClaim(frame)
		if !ok || !c.reply || c.addr != target {
			return false
		}
		mac = c.mac
		return true
	})
	return mac, err
}
