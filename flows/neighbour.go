// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"net"
	"net/netip"

	of "github.com/ovskit/ovskit/openflow"
)

// The beginning and the parts of every answer.
var (
	backToSender = of.Action(of.Move{Src: of.Whole(of.FieldEthSrc), Dst: of.Whole(of.FieldEthDst)})
	isReply      = set(of.ARPOp(arpReply))
	backToSHA    = of.Action(of.Move{Src: of.Whole(of.FieldARPSHA), Dst: of.Whole(of.FieldARPTHA)})
	backToSPA    = of.Action(of.Move{Src: of.Whole(of.FieldARPSPA), Dst: of.Whole(of.FieldARPTPA)})
	isAdvert     = set(of.ICMPv6Type(ndAdvertise))
	isRouter     = set(of.Reg(regRouter, 1))
)

// answer makes the switch tell who asks in the network id, 0 for the host's own, that mac has addr. The answer to a request
// of ARP is the request, turned around; that to a solicitation is completed in tableAdvertise.
func (b *builder) answer(id uint16, addr netip.Addr, mac net.HardwareAddr, router bool) {
	if addr.Is4() {
		b.add(tableNeighbour, 100, arp(network(id), request, of.ARPTPA(single(addr))), 0,
			backToSender, set(of.EthSrc(mac)), isReply, backToSHA, set(of.ARPSHA(mac)), backToSPA, set(of.ARPSPA(single(addr))),
			of.Output{Port: of.PortInPort})
		return
	}
	actions := append(make([]of.Action, 0, 4), backToSender, set(of.EthSrc(mac)), isAdvert)
	if router {
		actions = append(actions, isRouter)
	}
	b.add(tableNeighbour, 100, nd(ndSolicit, network(id), of.NDTarget(single(addr))), tableAdvertise, actions...)
}

// The flags of an advertisement (RFC 4861, 4.4), and the option with the target's link-layer address (4.6.1).
const (
	ndRouter    = 1 << 31
	ndSolicited = 1 << 30
	ndOverride  = 1 << 29

	optionTargetMAC = 2
)

// compileAdvertise completes the answers that tableNeighbour began: by then the message is an advertisement from the MAC
// that has the target. Who asks without an address looks for a duplicate of its own to be, and all are told (7.2.4).
func compileAdvertise(b *builder) {
	v6 := families[1]
	toAll := netip.MustParseAddr("ff02::1")
	for _, router := range []uint32{0, 1} {
		flags := router * ndRouter
		end := []of.Action{
			of.Move{Src: of.Whole(of.FieldNDTarget), Dst: of.Whole(of.FieldIPv6Src)},
			set(of.Uint(of.FieldNDOptionsType, optionTargetMAC)),
			of.Move{Src: of.Whole(of.FieldEthSrc), Dst: of.Whole(of.FieldNDTLL)},
			of.Output{Port: of.PortInPort},
		}
		b.add(tableAdvertise, 110, nd(ndAdvertise, of.Reg(regRouter, router), v6.srcAddr(netip.IPv6Unspecified())), 0, append([]of.Action{
			set(of.EthDst(net.HardwareAddr{0x33, 0x33, 0, 0, 0, 1})),
			set(v6.dstAddr(toAll)),
			set(of.Uint(of.FieldNDReserved, uint64(flags|ndOverride))),
		}, end...)...)
		b.add(tableAdvertise, 100, nd(ndAdvertise, of.Reg(regRouter, router)), 0, append([]of.Action{
			of.Move{Src: of.Whole(of.FieldIPv6Src), Dst: of.Whole(of.FieldIPv6Dst)},
			set(of.Uint(of.FieldNDReserved, uint64(flags|ndSolicited|ndOverride))),
		}, end...)...)
	}
}
