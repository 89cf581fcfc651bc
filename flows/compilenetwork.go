// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"net/netip"

	of "github.com/ovskit/ovskit/openflow"
)

// compileNetwork gives the flows of a network.
func compileNetwork(v env, n *networkState) compiled {
	b := v.builder(n.ref())
	b.add(tableBetween, 100, of.Match{fresh, network(n.id)}, tableDestination, setNext(ask(admitLocal, !n.Isolated)))
	b.add(tableHostAccess, 200, of.Match{fresh, network(n.id)}, tablePolicy,
		set(receiver(of.PortLocal)), setNext(ask(admitLocal, n.Host&ToHost != 0)))
	for _, f := range families {
		if g, ok := n.gateway(f); ok {
			compileSubnet(&b, v, n, f, g)
		}
	}
	if n.Multicast {
		compileMulticast(&b, n)
	}
	return b.compiled
}

// compileSubnet gives the flows of a network's part of one family.
func compileSubnet(b *builder, v env, n *networkState, f *family, gateway netip.Prefix) {
	subnet, mac := gateway.Masked(), v.host.MAC
	in, from := f.dst(subnet), f.src(subnet)
	toGateway, fromGateway := f.dstAddr(gateway.Addr()), f.srcAddr(gateway.Addr())

	compileFromEndpoint(b, v, n, f, gateway.Addr(), subnet)
	if n.Egress.way(f).mode == behindAddress {
		// The host may have asked for a spare address by way of its own: the answer is translated first. What is published at
		// all of the host's addresses is not at the gateway's.
		b.add(tableFromEndpoint, 300, f.ip(network(n.id), toGateway), 0, set(origin(originEndpoint|toSpare)), track(v.natZone, tableInbound))
		b.add(tableRoute, 210, f.ip(of.RegMasked(regOrigin, originEndpoint, 0xf), network(n.id), toGateway), 0, trackNetwork(tableToHost))
	} else {
		b.add(tableFromEndpoint, 300, f.ip(network(n.id), toGateway), 0, trackNetwork(tableToHost))
	}
	if len(v.addresses) > 0 {
		// The host may have asked for a spare address by any address of its own, a gateway of another network too: the answer
		// is translated first.
		b.add(tableFromEndpoint, 290, f.ip(toGateway), 0, set(origin(originEndpoint|toSpare)), track(v.natZone, tableInbound))
	}

	if !n.Isolated {
		// Nobody tracks what is sent inside while there is no rule. A connection from before the last one went may be far out
		// of its window when the next one comes.
		b.add(tableBetween, 410, f.ip(invalid, network(n.id), origin(0), of.IPProto(of.IPProtoTCP), of.IPFrag(of.FragNo)),
			tableDestination, setNext(ask(admitUntracked, true)))
	}

	// Outside, nobody has an endpoint's address, neither as the sender nor as the one to reach, unless it is routed.
	b.drop(tableFromUplink, 300, f.ip(from))
	if n.Egress.way(f).mode != routed {
		b.drop(tableFromUplink, 250, f.ip(in))
	}
	if f.v6 {
		b.drop(tableFromUplink, 300, nd(ndSolicit, of.NDTarget(subnet)))
		b.drop(tableFromUplink, 300, nd(ndAdvertise, of.NDTarget(subnet)))
	} else {
		b.drop(tableFromUplink, 300, arp(of.ARPSPA(subnet)))
		b.drop(tableFromUplink, 300, arp(of.ARPTPA(subnet)))
	}

	b.ask(tableFromHost, 300, subnet, set(network(n.id)))
	if f.v6 { // the host looks for a duplicate of its own address
		b.drop(tableFromHost, 310, nd(ndSolicit, of.NDTarget(single(gateway.Addr()))))
	} else {
		b.drop(tableFromHost, 310, arp(of.ARPTPA(single(gateway.Addr()))))
	}
	b.answer(n.id, gateway.Addr(), mac, true)

	b.add(tableFromHost, 200, f.ip(in), tableHostSource, set(network(n.id)))
	b.add(tableHostSource, 100, f.ip(network(n.id), fromGateway), 0, trackNetwork(tableHostToEndpoint))
	if len(v.addresses) > 0 {
		b.add(tableHostSource, 110, f.ip(origin(originHost|toSpare), fromGateway), 0, track(v.natZone, tableInbound))
	}
	b.drop(tableHostSource, 90, f.ip(from))
	asGateway, mayAsk := ask(admitAsGateway, n.Host&FromHost != 0), ask(admitLocal, n.Host&FromHost != 0)
	b.add(tableHostToEndpoint, 200, f.ip(network(n.id), fresh, fromGateway), tableDestination, setNext(asGateway))
	b.add(tableHostToEndpoint, 190, f.ip(network(n.id), fresh), tableDestination, setNext(mayAsk))

	// A reply to a hairpin was for the gateway until the network's zone gave it back its receiver.
	b.add(tableToHost, 250, f.ip(toGateway), tableHostAccess)
	b.add(tableToHost, 200, f.ip(in), 0, append(routedBy(mac), set(network(n.id)), track(v.natZone, tableDestination))...)

	b.add(tableRoute, 200, f.ip(fromOutsideOrHost(), in), tableDestination, append(routedBy(mac), set(network(n.id)))...)
	b.add(tableRoute, 200, f.ip(of.RegMasked(regOrigin, originEndpoint, 0xf), in), 0,
		append(routedBy(mac), set(network(n.id)), trackNetwork(tableHairpin))...)

	// The gateway's address is shared by the host's connections and hairpins: both take their ports in one zone.
	b.add(tableHairpin, 200, f.ip(network(n.id), fresh), tableDestination, setNext(ask(admitAsGateway, true)))
	b.add(tableAdmit, 100, f.ip(stage(admitAsGateway), network(n.id)), 0, of.CT{
		Commit: true, ZoneFrom: &zoneOfNetwork, Resume: true, Table: tableHidden,
		NAT: &of.NAT{Type: of.NATSource, AddrMin: gateway.Addr()},
	})
	b.add(tableHidden, 100, f.ip(network(n.id), fromGateway), tableDeliver)
}

// compileFromEndpoint gives the flows of what endpoints send to their own network, to another, and outside.
func compileFromEndpoint(b *builder, v env, n *networkState, f *family, gateway netip.Addr, subnet netip.Prefix) {
	in, from, toRouter := f.dst(subnet), f.src(subnet), of.EthDst(v.host.MAC)
	if n.Isolated || len(v.rules) > 0 {
		b.add(tableFromEndpoint, 200, f.ip(network(n.id), in), 0, trackNetwork(tableBetween))
	} else {
		b.add(tableFromEndpoint, 200, f.ip(network(n.id), in), tableDestination)
		// What fragments carry is known only when they are put together: one that may not be sent is invalid then.
		b.add(tableFromEndpoint, 210, f.ip(network(n.id), in, fragment), 0, trackNetwork(tableBetween))
	}
	b.add(tableFromEndpoint, 150, f.ip(toRouter, in), 0, append(routedBy(v.host.MAC),
		set(network(n.id)), set(origin(originOther)), track(v.otherZone(), tableBetween))...)

	w := n.Egress.way(f)
	var shared netip.Addr // the address that the network's endpoints share outside
	switch w.mode {
	case viaUplink:
		shared, _ = pickAddr(f, v.uplink.Addrs)
		// The host routes it: it comes back at the bridge's own port.
		b.add(tableFromEndpoint, 100, f.ip(network(n.id), toRouter), 0, of.Output{Port: of.PortLocal})
		b.add(tableOutbound, 200, f.ip(fresh, from), tableSender,
			set(sender(0)), set(senderNetwork(n.id)), setNext(ask(admitEgress, true)))
		b.add(tableSender, 110, f.ip(f.srcAddr(gateway)), tableAdmit) // the host's own
	case behindAddress:
		shared, _ = pickAddr(f, v.addresses[w.name].Addrs)
		b.add(tableFromEndpoint, 100, f.ip(network(n.id), toRouter), 0, set(origin(originEndpoint)), track(v.natZone, tableOutbound))
		b.add(tableOutbound, 200, f.ip(fresh, from), tablePolicy, setNext(ask(admitEgress, true)))
	case routed:
		b.add(tableFromEndpoint, 100, f.ip(network(n.id), toRouter), 0, set(origin(originRouted)), trackNetwork(tableBetween))
		compileRouted(b, v, n, f, subnet)
		return
	}
	if shared.IsValid() {
		b.add(tableAdmit, 100, f.ip(stage(admitEgress), senderNetwork(n.id)), 0, masquerade(v, shared))
	} else {
		b.drop(tableOutbound, 310, f.ip(from))
	}
	b.drop(tableLeave, 200, f.ip(from))
}

// compileRouted gives the flows of a subnet that the outside has a route to.
func compileRouted(b *builder, v env, n *networkState, f *family, subnet netip.Prefix) {
	b.add(tableHostSource, 50, f.ip(network(n.id)), 0, set(sender(0)), set(origin(originRouted)), trackNetwork(tableHostToEndpoint))
	b.add(tableHostToEndpoint, 210, f.ip(network(n.id), fresh, origin(originRouted)), tableDestination, setNext(ask(admitLocal, false)))
	b.add(tableHostToEndpoint, 220, f.icmpType(f.echoRequest, network(n.id), fresh, origin(originRouted)), tableDestination,
		setNext(ask(admitLocal, true)))
	if v.uplink != nil {
		b.add(tableFromHost, 150, f.ip(f.src(subnet)), 0, of.Output{Port: v.uplink.Port})
	}
}
