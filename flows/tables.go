// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import "github.com/ovskit/ovskit/openflow"

// The flow tables, in the order a packet passes them. Numbers leave room between for what comes.
const (
	// tableClassify knows where a packet came in, and puts an endpoint's network into regNetwork.
	tableClassify uint8 = 0
	// tableSource lets through what an endpoint sends from its own addresses.
	tableSource uint8 = 10
	// tableFromEndpoint tells an endpoint's packet for its network, the host and the outside apart.
	tableFromEndpoint uint8 = 15
	// tableFromUplink tells what comes from outside for the host's addresses from the rest.
	tableFromUplink uint8 = 20
	// tableFromHost tells the host's packets for endpoints from those for the outside.
	tableFromHost uint8 = 25
	// tableHostSource lets through to an endpoint what comes from the host itself, not what it forwards.
	tableHostSource uint8 = 26
	// tableARP answers the requests for endpoints and gateways.
	tableARP uint8 = 30
	// tableToHost parts, in the network's zone, what is for the host from replies to a hairpin.
	tableToHost uint8 = 40
	// tableHostAccess decides whether an endpoint may reach the host.
	tableHostAccess uint8 = 45
	// tableInbound translates, in the uplink's zone, what came to the host's addresses: replies and published ports.
	tableInbound uint8 = 50
	// tableRoute goes by the destination that the translation has left.
	tableRoute uint8 = 60
	// tableHairpin hides, in the zone of the publisher's network, an endpoint behind the gateway.
	tableHairpin uint8 = 70
	// tableHidden lets through what has the gateway as its source now: a translation that failed goes no further.
	tableHidden uint8 = 75
	// tableHostToEndpoint decides, in the network's zone, whether the host may reach an endpoint.
	tableHostToEndpoint uint8 = 80
	// tableOutbound masquerades, in the uplink's zone, what leaves.
	tableOutbound uint8 = 90
	// tableLeave lets nothing out that has an endpoint's address as its source.
	tableLeave uint8 = 95
	// tableDeliver puts a packet to the endpoint that has its destination address.
	tableDeliver uint8 = 100
)

// The registers.
const (
	// regNetwork is the number of a network, of the sender's first and of the receiver's once that is known. It is the
	// network's conntrack zone as well.
	regNetwork = 0
	// regOrigin says where a packet in tableInbound and tableRoute came in.
	regOrigin = 1
)

// The values of regOrigin.
const (
	originUplink   = 1
	originEndpoint = 2
)

// zoneOfNetwork is the conntrack zone that follows regNetwork.
var zoneOfNetwork = openflow.Subfield{Field: openflow.FieldReg0 + regNetwork, Bits: 16}
