// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"cmp"
	"net"
	"slices"

	of "github.com/ovskit/ovskit/openflow"
)

// compiled is what an object is on the switch. Its flows have no keys yet.
type compiled struct {
	flows []entry
	// clauses are its parts of flows that rules share.
	clauses []clause
	groups  []of.Group
	meters  []of.MeterConfig
}

// builder collects what one object is compiled to. The conditions and actions of all its flows lie in a few long slices: they
// are copied there, so that what a flow is made with need not outlive that.
type builder struct {
	cookie uint64
	compiled
	fields  []of.MatchField
	actions []of.Action
}

// add appends a flow that applies actions and then, if next is not 0, goes to table next. It returns the flow, until the
// next one is added.
func (b *builder) add(table uint8, priority uint16, match of.Match, next uint8, actions ...of.Action) *of.Flow {
	laid := of.Match(lay(&b.fields, match))
	// In this order a match is in its canonical form, and is compared and encoded as it is.
	slices.SortFunc(laid, func(f, g of.MatchField) int { return cmp.Compare(f.Field, g.Field) })
	b.flows = append(b.flows, entry{flow: of.Flow{
		Table:        table,
		Priority:     priority,
		Match:        laid,
		Instructions: of.Instructions{Apply: lay(&b.actions, actions), Goto: next},
		Cookie:       b.cookie,
	}})
	return &b.flows[len(b.flows)-1].flow
}

// lay copies items to where others of an object lie, nil if there are none.
func lay[T any](all *[]T, items []T) []T {
	if len(items) == 0 {
		return nil
	}
	if cap(*all)-len(*all) < len(items) {
		const least, most = 48, 1024
		*all = make([]T, 0, max(len(items), least, min(2*cap(*all), most)))
	}
	begin := len(*all)
	*all = append(*all, items...)
	return (*all)[begin:len(*all):len(*all)]
}

// drop appends a flow that ends a packet's way.
func (b *builder) drop(table uint8, priority uint16, match of.Match) {
	b.add(table, priority, match, 0)
}

// untagged matches frames without an 802.1Q tag.
var untagged = of.Untagged()

// room is for how many conditions a match is made: more than flows have here.
const room = 8

// arp is a match on ARP packets with further conditions.
func arp(more ...of.MatchField) of.Match {
	return append(append(make(of.Match, 0, room), etherTypeARP), more...)
}

var (
	etherTypeARP = of.EthType(of.EthTypeARP)
	request      = of.ARPOp(arpRequest)
)

// nd is a match on messages of neighbour discovery of a type (RFC 4861), which no router has forwarded.
func nd(t uint8, more ...of.MatchField) of.Match {
	return append(families[1].icmpType(t, of.Uint(of.FieldICMPv6Code, 0)), more...)
}

// The operations of ARP (RFC 826) and the types of neighbour discovery (RFC 4861, 4) and multicast listening (RFC 2710,
// RFC 3810).
const (
	arpRequest = 1
	arpReply   = 2

	ndSolicit   = of.ICMPv6NeighborSolicit
	ndAdvertise = of.ICMPv6NeighborAdvert
	ndRedirect  = 137
)

// The numbers of the header with hop-by-hop options (RFC 8200, 4.3) and of IGMP (RFC 1112).
const (
	protoHopByHop = 0
	protoIGMP     = 2
)

// neighbourTypes are the ICMPv6 types that belong to no connection.
var neighbourTypes = []uint8{130, 131, 132, 133, 134, 135, 136, 137, 143}

func network(id uint16) of.MatchField         { return of.Reg(regNetwork, uint32(id)) }
func senderNetwork(id uint16) of.MatchField   { return of.Reg(regSenderNetwork, uint32(id)) }
func origin(o uint32) of.MatchField           { return of.Reg(regOrigin, o) }
func receiverNetwork(id uint16) of.MatchField { return of.Reg(regReceiverNetwork, uint32(id)) }
func sender(port uint32) of.MatchField        { return of.Reg(regSender, port) }
func receiver(port uint32) of.MatchField      { return of.Reg(regReceiver, port) }
func stage(n uint32) of.MatchField            { return of.RegMasked(regNext, n, byDefault-1) }
func set(f of.MatchField) of.Action           { return of.SetField{MatchField: f} }
func setNext(n uint32) of.Action              { return set(of.Reg(regNext, n)) }

// setNoInPort lets a packet go out where it came in.
var setNoInPort = set(of.InPort(0))

func fromOutsideOrHost() of.MatchField { return of.RegMasked(regOrigin, fromOutside, fromOutside) }

// ask is the value of regNext that leads to a stage, by default or not.
func ask(stage uint32, allowed bool) uint32 {
	if allowed {
		return stage | byDefault
	}
	return stage
}

// The conntrack states that decide. A packet of a connection that was committed with a translation already, but has
// seen no reply, is new and translated.
var (
	tracked     = of.CTTracked
	established = of.CTState(tracked|of.CTEstablished, of.CTInvalid)
	replying    = of.CTState(tracked|of.CTEstablished|of.CTReply, of.CTInvalid)
	related     = of.CTState(tracked|of.CTRelated, of.CTInvalid)
	invalid     = of.CTState(tracked|of.CTInvalid, 0)
	valid       = of.CTState(tracked, of.CTInvalid)
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

// routedBy are the changes a router makes to a packet it forwards: its own source MAC and a TTL less by one. The
// destination MAC is written on delivery.
func routedBy(gateway net.HardwareAddr) []of.Action {
	return []of.Action{of.DecTTL{}, set(of.EthSrc(gateway))}
}
