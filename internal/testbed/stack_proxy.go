// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"net/netip"
	"slices"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// answer answers a request for an address that the interface answers for in another's place, and tells whether the frame
// has one.
func (i *StackInterface) answer(frame []byte) bool {
	var reply []byte
	switch header.Ethernet(frame).Type() {
	case header.ARPProtocolNumber:
		reply = i.answerARP(header.ARP(frame[header.EthernetMinimumSize:]))
	case header.IPv6ProtocolNumber:
		reply = i.answerND(header.IPv6(frame[header.EthernetMinimumSize:]))
	}
	if reply == nil {
		return false
	}
	_ = i.SendFrames(reply)
	return true
}

func (i *StackInterface) proxies(a tcpip.Address) bool {
	addr, _ := netip.AddrFromSlice(a.AsSlice())
	return slices.Contains(i.proxied, addr)
}

// answerARP makes the reply to an ARP request; nil if it is none of the interface's business.
func (i *StackInterface) answerARP(request header.ARP) []byte {
	if !request.IsValid() || request.Op() != header.ARPRequest ||
		!i.proxies(tcpip.AddrFrom4Slice(request.ProtocolAddressTarget())) {
		return nil
	}
	frame := make([]byte, header.EthernetMinimumSize+header.ARPSize)
	header.Ethernet(frame).Encode(&header.EthernetFields{
		SrcAddr: tcpip.LinkAddress(i.mac), DstAddr: tcpip.LinkAddress(request.HardwareAddressSender()), Type: header.ARPProtocolNumber,
	})
	reply := header.ARP(frame[header.EthernetMinimumSize:])
	reply.SetIPv4OverEthernet()
	reply.SetOp(header.ARPReply)
	copy(reply.HardwareAddressSender(), i.mac)
	copy(reply.ProtocolAddressSender(), request.ProtocolAddressTarget())
	copy(reply.HardwareAddressTarget(), request.HardwareAddressSender())
	copy(reply.ProtocolAddressTarget(), request.ProtocolAddressSender())
	return frame
}

// answerND makes the neighbour advertisement that answers a solicitation, RFC 4861 section 7.2.8; nil if it is none of
// the interface's business. The advertisement does not override another's. A solicitation without the sender's
// link-layer address, of somebody who looks whether the address is taken, has no answer.
func (i *StackInterface) answerND(ip header.IPv6) []byte {
	if !ip.IsValid(len(ip)) || ip.TransportProtocol() != header.ICMPv6ProtocolNumber || ip.HopLimit() != header.NDPHopLimit {
		return nil
	}
	request := header.ICMPv6(ip.Payload())
	if len(request) < header.ICMPv6NeighborSolicitMinimumSize || request.Type() != header.ICMPv6NeighborSolicit {
		return nil
	}
	solicit := header.NDPNeighborSolicit(request.MessageBody())
	if !i.proxies(solicit.TargetAddress()) {
		return nil
	}
	sender, ok := sourceLinkAddress(solicit.Options())
	if !ok {
		return nil
	}
	options := header.NDPOptionsSerializer{header.NDPTargetLinkLayerAddressOption(i.mac)}
	size := header.ICMPv6NeighborAdvertMinimumSize + options.Length()
	frame := make([]byte, header.EthernetMinimumSize+header.IPv6MinimumSize+size)
	header.Ethernet(frame).Encode(&header.EthernetFields{
		SrcAddr: tcpip.LinkAddress(i.mac), DstAddr: sender, Type: header.IPv6ProtocolNumber,
	})
	header.IPv6(frame[header.EthernetMinimumSize:]).Encode(&header.IPv6Fields{
		PayloadLength: uint16(size), TransportProtocol: header.ICMPv6ProtocolNumber, HopLimit: header.NDPHopLimit,
		SrcAddr: solicit.TargetAddress(), DstAddr: ip.SourceAddress(),
	})
	reply := header.ICMPv6(frame[header.EthernetMinimumSize+header.IPv6MinimumSize:])
	reply.SetType(header.ICMPv6NeighborAdvert)
	advert := header.NDPNeighborAdvert(reply.MessageBody())
	advert.SetTargetAddress(solicit.TargetAddress())
	advert.SetRouterFlag(i.station.forwards)
	advert.SetSolicitedFlag(true)
	advert.Options().Serialize(options)
	reply.SetChecksum(header.ICMPv6Checksum(header.ICMPv6ChecksumParams{
		Header: reply, Src: solicit.TargetAddress(), Dst: ip.SourceAddress(),
	}))
	return frame
}

// sourceLinkAddress is what the option of this name says; false if there is none.
func sourceLinkAddress(options header.NDPOptions) (tcpip.LinkAddress, bool) {
	it, err := options.Iter(true)
	if err != nil {
		return "", false
	}
	for {
		option, done, err := it.Next()
		if done || err != nil {
			return "", false
		}
		if o, ok := option.(header.NDPSourceLinkLayerAddressOption); ok {
			return o.EthernetAddress(), len(o) == header.EthernetAddressSize
		}
	}
}
