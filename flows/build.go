// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"net"
	"net/netip"

	of "github.com/ovskit/ovskit/openflow"
)

// builder collects the flows of one object.
type builder struct {
	cookie uint64
	flows  []of.Flow
}

// add appends a flow that applies actions and then, if next is not 0, goes to table next.
func (b *builder) add(table uint8, priority uint16, match of.Match, next uint8, actions ...of.Action) {
	b.flows = append(b.flows, of.Flow{
		Table:        table,
		Priority:     priority,
		Match:        match,
		Instructions: of.Instructions{Apply: actions, Goto: next},
		Cookie:       b.cookie,
	})
}

// drop appends a flow that ends a packet's way.
func (b *builder) drop(table uint8, priority uint16, match of.Match) {
	b.add(table, priority, match, 0)
}

// untagged matches frames without an 802.1Q tag.
var untagged = of.Uint(of.FieldVLANTCI, 0)

var (
	matchIPv4 = of.EthType(of.EthTypeIPv4)
	matchARP  = of.EthType(of.EthTypeARP)
)

// ipv4 is a match on IPv4 packets with further conditions.
func ipv4(more ...of.MatchField) of.Match { return of.Match{matchIPv4}.With(more...) }

// arp is a match on ARP packets with further conditions.
func arp(more ...of.MatchField) of.Match { return of.Match{matchARP}.With(more...) }

func network(id uint16) of.MatchField { return of.Reg(regNetwork, uint32(id)) }

func origin(o uint32) of.MatchField { return of.Reg(regOrigin, o) }

func setNetwork(id uint16) of.Action { return of.SetField{MatchField: network(id)} }

func setOrigin(o uint32) of.Action { return of.SetField{MatchField: origin(o)} }

// single is the prefix that holds one address.
func single(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }

// The conntrack states that decide. A packet of a connection that was committed with a translation already, but has
// seen no reply, is new and translated.
var (
	tracked     = of.CTTracked
	established = of.CTState(tracked|of.CTEstablished, of.CTInvalid)
	related     = of.CTState(tracked|of.CTRelated, of.CTInvalid)
	invalid     = of.CTState(tracked|of.CTInvalid, 0)
	fresh       = of.CTState(tracked|of.CTNew, of.CTInvalid)
	freshSNAT   = of.CTState(tracked|of.CTNew|of.CTSrcNAT, of.CTInvalid)
	freshDNAT   = of.CTState(tracked|of.CTNew|of.CTDstNAT, of.CTInvalid)
)

// track looks the packet up in a zone, undoes or redoes the translation it finds there, and goes on in table.
func track(zone uint16, table uint8) of.Action {
	return of.CT{Zone: zone, Resume: true, Table: table, NAT: &of.NAT{}}
}

// trackNetwork is track in the zone of regNetwork.
func trackNetwork(table uint8) of.Action {
	return of.CT{ZoneFrom: &zoneOfNetwork, Resume: true, Table: table, NAT: &of.NAT{}}
}

// routed are the changes a router makes to a packet it forwards: its own source MAC and a TTL less by one. The
// destination MAC is written on delivery.
func routed(gateway net.HardwareAddr) []of.Action {
	return []of.Action{of.DecTTL{}, of.SetField{MatchField: of.EthSrc(gateway)}}
}

// answerARP turns a request for addr into the answer that mac has it, and sends it back.
func answerARP(addr netip.Addr, mac net.HardwareAddr) []of.Action {
	return []of.Action{
		of.Move{Src: of.Whole(of.FieldEthSrc), Dst: of.Whole(of.FieldEthDst)},
		of.SetField{MatchField: of.EthSrc(mac)},
		of.SetField{MatchField: of.ARPOp(arpReply)},
		of.Move{Src: of.Whole(of.FieldARPSHA), Dst: of.Whole(of.FieldARPTHA)},
		of.SetField{MatchField: of.ARPSHA(mac)},
		of.Move{Src: of.Whole(of.FieldARPSPA), Dst: of.Whole(of.FieldARPTPA)},
		of.SetField{MatchField: of.ARPSPA(single(addr))},
		of.Output{Port: of.PortInPort},
	}
}

// The ARP operations (RFC 826).
const (
	arpRequest = 1
	arpReply   = 2
)
