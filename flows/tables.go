// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import of "github.com/ovskit/ovskit/openflow"

// The flow tables, about in the order a packet passes them. Numbers leave room between for what comes.
const (
	tableClassify       uint8 = 0
	tableSource         uint8 = 10
	tableFromEndpoint   uint8 = 15
	tableFromUplink     uint8 = 20
	tableFromHost       uint8 = 25
	tableHostSource     uint8 = 26
	tableNeighbour      uint8 = 30
	tableAdvertise      uint8 = 31
	tableToHost         uint8 = 35
	tableHostAccess     uint8 = 36
	tableInbound        uint8 = 40
	tableRoute          uint8 = 45
	tableHairpin        uint8 = 50
	tableBetween        uint8 = 55
	tableHostToEndpoint uint8 = 60
	tableOutbound       uint8 = 65
	tableSender         uint8 = 66
	tableDestination    uint8 = 70
	tablePolicy         uint8 = 75
	tableAdmit          uint8 = 80
	tableHidden         uint8 = 85
	tableLeave          uint8 = 90
	tableDeliver        uint8 = 100
)

// A table is one of the flow tables with what it is for.
type table struct {
	number        uint8
	name, purpose string
}

// tables are all of them, by number.
var tables = []table{
	{tableClassify, "classify", "knows where a packet came in, and whose it is"},
	{tableSource, "source", "an endpoint sends from its own MAC and addresses only, ARP and neighbour discovery included"},
	{tableFromEndpoint, "from endpoint", "tells an endpoint's packet for its network, another, the host and the outside apart"},
	{tableFromUplink, "from uplink", "tells what comes from outside for the host's addresses from the rest"},
	{tableFromHost, "from host", "tells the host's packets for endpoints, for spare addresses and for the outside apart"},
	{tableHostSource, "host source", "tells what the host sends to endpoints and spare addresses itself from what it forwards"},
	{tableNeighbour, "neighbour", "answers who asks for the MAC of an endpoint, a gateway or a spare address (ARP, ND)"},
	{tableAdvertise, "advertise", "completes the answers of neighbour discovery"},
	{tableToHost, "to host", "in the network's zone: parts what is for the host from replies to a hairpin"},
	{tableHostAccess, "host access", "asks the rules whether an endpoint may reach the host"},
	{tableInbound, "inbound", "in the zone of translations: replies and published ports get the endpoint's address"},
	{tableRoute, "route", "goes by the destination that the translation has left"},
	{tableHairpin, "hairpin", "in the zone of the publisher's network: an endpoint that uses a published port is to be seen as the gateway"},
	{tableBetween, "between", "knows the connections of endpoints with each other, and of routed ones with the outside"},
	{tableHostToEndpoint, "host to endpoint", "in the network's zone: knows the host's connections to endpoints"},
	{tableOutbound, "outbound", "in the zone of translations: knows the connections that leave"},
	{tableSender, "sender", "knows again, by its address, which endpoint's packet the host has routed"},
	{tableDestination, "destination", "knows the endpoint that has the destination address"},
	{tablePolicy, "policy", "holds new connections against the rules, and else goes by the default"},
	{tableAdmit, "admit", "enters an allowed connection into its zone, translated if need be"},
	{tableHidden, "hidden", "a translation to the gateway that failed goes no further"},
	{tableLeave, "leave", "nothing leaves with an address that nobody outside knows"},
	{tableDeliver, "deliver", "to the port of the endpoint or the host"},
}

// The registers.
const (
	// regNetwork is the number of a network, of the sender's first and of the receiver's once that is known. It is the
	// network's conntrack zone as well.
	regNetwork = 0
	// regOrigin says where a packet came in, where tables are shared.
	regOrigin = 1
	// regSender and regReceiver are the parties' OpenFlow port numbers: an endpoint's, PortLocal for the host, 0 for outside.
	regSender   = 2
	regReceiver = 3
	// regNext is 0 for a packet of a connection that was admitted, else what follows if it is: the stage in tableAdmit,
	// and whether it is admitted if no rule says otherwise.
	regNext = 4
	// regSenderNetwork and regReceiverNetwork are the numbers of the parties' networks, 0 for the host and outside.
	regSenderNetwork   = 5
	regReceiverNetwork = 6
	// regRouter is 1 where tableAdvertise answers for a router (RFC 4861, 4.4).
	regRouter = 7
)

// maxPort is the first number that no port of Open vSwitch has (ovs-fields(7), "in_port").
const maxPort = of.PortMax & 0xffff

// The values of regOrigin. Those from outside and from the host have bit 0 set; toSpare is added to those of packets for a
// spare address, and of endpoints' for a gateway: for them no port is published at the host's addresses.
const (
	originUplink   = 1
	originEndpoint = 2
	originHost     = 3
	originOther    = 4 // for another network
	originRouted   = 5 // from or to the outside, with an endpoint's own address
	toSpare        = 0x10

	fromOutside = 1 // the bit of originUplink and originHost
)

// The values of regNext.
const (
	// admitPublished needs nothing but to be delivered: it was committed before the rules were asked.
	admitPublished = 1
	// admitLocal is committed in the network's zone.
	admitLocal = 2
	// admitOther is committed in the zone of connections between networks.
	admitOther = 3
	// admitAsGateway is committed in the network's zone, with the gateway's address as its source.
	admitAsGateway = 4
	// admitEgress is committed in the zone of translations, with the address of the network's way out as its source.
	admitEgress = 5
	// admitUntracked is committed nowhere.
	admitUntracked = 6

	byDefault = 0x100 // the bit that admits if no rule says otherwise
)

// zoneOfNetwork is the conntrack zone that follows regNetwork.
var zoneOfNetwork = of.Subfield{Field: of.FieldReg0 + regNetwork, Bits: 16}
