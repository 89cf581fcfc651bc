// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"cmp"
	"net"
	"net/netip"
	"slices"

	of "github.com/ovskit/ovskit/openflow"
)

// Compile gives the flows of a set of objects on a switch that holds none, by table and falling priority. It
// is what [Switch.Set] of the same objects sends.
func Compile(o Options, objects ...Object) ([]of.Flow, error) {
	if o.FirstZone == 0 {
		o.FirstZone = 1
	}
	s := newState(env{owner: ownerCookie(o.Owner), uplinkZone: o.FirstZone})
	if err := s.set(objects, nil); err != nil {
		return nil, err
	}
	var flows []of.Flow
	for r := range s.dirty {
		flows = append(flows, s.compile(r)...)
	}
	slices.SortFunc(flows, func(a, b of.Flow) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.Key(), b.Key()))
	})
	return flows, nil
}

// env is what the flows of an object depend on beside the object itself.
type env struct {
	owner      uint64 // the owner's part of every cookie
	uplinkZone uint16
	host       *Host   // nil: none declared
	uplink     *Uplink // nil: none declared
}

func (v env) builder(r ref) builder {
	return builder{cookie: v.owner | objectCookie(r)}
}

// compileBase gives the flows that are there whatever is declared.
func compileBase(v env) []of.Flow {
	b := v.builder(ref{kind: kindBase})

	for _, p := range notUnicast {
		b.drop(tableFromEndpoint, 150, ipv4(of.IPv4Dst(p)))
	}

	b.drop(tableToHost, 400, of.Match{invalid})
	b.add(tableToHost, 100, nil, tableHostAccess)
	b.add(tableHostAccess, 300, of.Match{established}, 0, of.Output{Port: of.PortLocal})
	b.add(tableHostAccess, 300, of.Match{related}, 0, of.Output{Port: of.PortLocal})

	// An endpoint's reply to the host is unknown, hence invalid, in the uplink's zone: the network's zone decides.
	b.drop(tableInbound, 400, of.Match{invalid, origin(originUplink)})
	b.add(tableInbound, 100, nil, tableRoute)
	b.add(tableInbound, 300, of.Match{established}, tableRoute)
	b.add(tableInbound, 300, of.Match{related}, tableRoute)
	b.add(tableInbound, 300, of.Match{freshDNAT}, tableRoute)

	b.add(tableRoute, 100, ipv4(origin(originEndpoint)), 0, trackNetwork(tableToHost))
	b.add(tableRoute, 100, ipv4(origin(originUplink)), 0, of.Output{Port: of.PortLocal})
	b.add(tableRoute, 110, ipv4(origin(originUplink), fresh), 0,
		of.CT{Commit: true, Zone: v.uplinkZone}, of.Output{Port: of.PortLocal})
	// A fragment other than the first has no ports, so that it cannot be told whether it belongs to a published one. It
	// must not make the host the owner of the connection: with the next datagram the connection is known, and translated
	// in all its fragments.
	for _, p := range []struct {
		proto    uint8
		src, dst of.Field
	}{{of.IPProtoTCP, of.FieldTCPSrc, of.FieldTCPDst}, {of.IPProtoUDP, of.FieldUDPSrc, of.FieldUDPDst}} {
		b.add(tableRoute, 120, ipv4(origin(originUplink), fresh, of.IPProto(p.proto), of.Uint(p.src, 0), of.Uint(p.dst, 0)), 0,
			of.Output{Port: of.PortLocal})
	}

	for _, table := range []uint8{tableHairpin, tableHostToEndpoint} {
		b.drop(table, 400, of.Match{invalid})
		b.add(table, 300, of.Match{established}, tableDeliver)
		b.add(table, 300, of.Match{related}, tableDeliver)
		b.add(table, 300, of.Match{freshSNAT}, tableDeliver)
	}
	// What the host has to say of a packet it could not forward belongs to no connection of the network's zone.
	for _, t := range icmpErrors {
		b.add(tableHostToEndpoint, 410, ipv4(of.IPProto(of.IPProtoICMP), of.Uint(of.FieldICMPv4Type, t)), tableDeliver)
	}
	b.drop(tableOutbound, 400, of.Match{invalid})
	return b.flows
}

// icmpErrors are destination unreachable, which path MTU discovery needs, time exceeded and parameter problem (RFC 792).
var icmpErrors = []uint64{3, 11, 12}

// compileHost gives the flows of the bridge's own port.
func compileHost(v env, h Host) []of.Flow {
	b := v.builder(h.ref())
	b.add(tableClassify, 100, of.Match{of.InPort(of.PortLocal), untagged}, tableFromHost)
	for _, p := range h.Addrs {
		a := p.Addr()
		b.add(tableHostSource, 100, ipv4(of.IPv4Src(single(a))), 0, trackNetwork(tableHostToEndpoint))
		to := of.IPv4Dst(single(a))
		for _, all := range broadcasts(p) {
			b.drop(tableFromEndpoint, 300, ipv4(of.IPv4Dst(single(all))))
		}
		if v.uplink == nil {
			b.add(tableFromEndpoint, 300, ipv4(to), 0, trackNetwork(tableToHost))
			continue
		}
		b.add(tableFromEndpoint, 300, ipv4(to), 0, setOrigin(originEndpoint), track(v.uplinkZone, tableInbound))
		b.add(tableFromUplink, 200, ipv4(of.EthDst(h.MAC), to), 0, setOrigin(originUplink), track(v.uplinkZone, tableInbound))
		b.drop(tableFromUplink, 300, ipv4(of.IPv4Src(single(a))))
		b.add(tableOutbound, 200, ipv4(fresh, of.IPv4Src(single(a))), 0, masquerade(v, a))
	}
	return b.flows
}

// broadcasts are the addresses by which a host with the address p is reached together with others. Linux answers to the
// first of a subnet as well as to the last (RFC 1122, 3.3.6).
func broadcasts(p netip.Prefix) []netip.Addr {
	if p.Bits() >= 31 {
		return nil
	}
	first := p.Masked().Addr()
	last := first.As4()
	for i, m := range net.CIDRMask(p.Bits(), 32) {
		last[i] |= ^m
	}
	return []netip.Addr{first, netip.AddrFrom4(last)}
}

// masquerade commits a connection that leaves, with addr as its source.
func masquerade(v env, addr netip.Addr) of.Action {
	return of.CT{
		Commit: true, Zone: v.uplinkZone, Resume: true, Table: tableLeave,
		NAT: &of.NAT{Type: of.NATSource, AddrMin: addr},
	}
}

// compileUplink gives the flows of the port that leads outside.
func compileUplink(v env, u Uplink) []of.Flow {
	b := v.builder(u.ref())
	out := of.Output{Port: u.Port}

	b.add(tableClassify, 100, of.Match{of.InPort(u.Port), untagged}, tableFromUplink)
	// What is tagged is between the host's VLAN interfaces and the outside.
	b.add(tableClassify, 90, of.Match{of.InPort(u.Port)}, 0, of.Output{Port: of.PortLocal})
	b.add(tableClassify, 90, of.Match{of.InPort(of.PortLocal)}, 0, out)

	// Only a machine that has no address yet sends without one, and to all: DHCP.
	for _, p := range notUnicast[1:] {
		b.drop(tableFromUplink, 300, ipv4(of.IPv4Src(p)))
	}
	b.add(tableFromUplink, 10, nil, 0, of.Output{Port: of.PortLocal})

	b.add(tableFromHost, 100, ipv4(), 0, track(v.uplinkZone, tableOutbound))
	b.add(tableFromHost, 50, nil, 0, out)

	b.add(tableOutbound, 300, of.Match{established}, tableLeave)
	b.add(tableOutbound, 300, of.Match{related}, tableLeave)
	b.add(tableOutbound, 300, of.Match{freshSNAT}, tableLeave)
	// What the host forwards for others than endpoints leaves as it is.
	b.add(tableOutbound, 100, ipv4(fresh), tableLeave, of.CT{Commit: true, Zone: v.uplinkZone})
	b.add(tableLeave, 100, nil, 0, out)
	return b.flows
}

// compileNetwork gives the flows of a network, which has the number id.
func compileNetwork(v env, n Network, id uint16) []of.Flow {
	b := v.builder(n.ref())
	in, from := of.IPv4Dst(n.Subnet), of.IPv4Src(n.Subnet)
	toGateway := of.IPv4Dst(single(n.Gateway))
	fromGateway := of.IPv4Src(single(n.Gateway))

	b.add(tableFromEndpoint, 300, ipv4(network(id), toGateway), 0, trackNetwork(tableToHost))
	b.add(tableFromEndpoint, 200, ipv4(network(id), in), tableDeliver)
	b.drop(tableFromEndpoint, 150, ipv4(in))
	if v.uplink != nil && n.Egress == Via(v.uplink.Name) {
		b.add(tableFromEndpoint, 100, ipv4(network(id), of.EthDst(v.host.MAC)), 0, of.Output{Port: of.PortLocal})
		b.add(tableOutbound, 200, ipv4(fresh, from), 0, masquerade(v, v.uplink.Addr))
	} else {
		b.drop(tableOutbound, 310, ipv4(from))
	}
	b.drop(tableLeave, 200, ipv4(from))

	// Outside, nobody has an endpoint's address, neither as the sender nor as the one to reach.
	b.drop(tableFromUplink, 300, ipv4(from))
	b.drop(tableFromUplink, 250, ipv4(in))
	b.drop(tableFromUplink, 300, arp(of.ARPSPA(n.Subnet)))
	b.drop(tableFromUplink, 300, arp(of.ARPTPA(n.Subnet)))

	b.add(tableFromHost, 300, arp(of.ARPTPA(n.Subnet)), tableARP, setNetwork(id))
	b.drop(tableFromHost, 310, arp(of.ARPTPA(single(n.Gateway)))) // its own, looking for a duplicate
	b.add(tableFromHost, 200, ipv4(in), tableHostSource, setNetwork(id))
	b.add(tableHostSource, 100, ipv4(network(id), fromGateway), 0, trackNetwork(tableHostToEndpoint))
	b.add(tableARP, 100, arp(network(id), of.ARPOp(arpRequest), of.ARPTPA(single(n.Gateway))), 0,
		answerARP(n.Gateway, v.host.MAC)...)

	// A reply to a hairpin was for the gateway until the network's zone gave it back its receiver.
	b.add(tableToHost, 250, ipv4(toGateway), tableHostAccess)
	b.add(tableToHost, 200, ipv4(in), 0, append(routed(v.host.MAC), setNetwork(id), track(v.uplinkZone, tableDeliver))...)
	if n.Host&ToHost != 0 {
		b.add(tableHostAccess, 200, ipv4(network(id), fresh), 0,
			of.CT{Commit: true, ZoneFrom: &zoneOfNetwork}, of.Output{Port: of.PortLocal})
	}

	b.add(tableRoute, 200, ipv4(origin(originUplink), in), tableDeliver, append(routed(v.host.MAC), setNetwork(id))...)
	b.add(tableRoute, 200, ipv4(origin(originEndpoint), in), 0,
		append(routed(v.host.MAC), setNetwork(id), trackNetwork(tableHairpin))...)

	// The gateway's address is shared by the host's connections and hairpins: both take their ports in one zone.
	asGateway := of.CT{
		Commit: true, ZoneFrom: &zoneOfNetwork, Resume: true, Table: tableHidden,
		NAT: &of.NAT{Type: of.NATSource, AddrMin: n.Gateway},
	}
	b.add(tableHidden, 100, ipv4(network(id), fromGateway), tableDeliver)
	b.add(tableHairpin, 200, ipv4(network(id), fresh), 0, asGateway)
	if n.Host&FromHost != 0 {
		b.add(tableHostToEndpoint, 200, ipv4(network(id), fresh, fromGateway), 0, asGateway)
		b.add(tableHostToEndpoint, 190, ipv4(network(id), fresh), 0,
			of.CT{Commit: true, ZoneFrom: &zoneOfNetwork, Resume: true, Table: tableDeliver})
	}
	return b.flows
}

// compileEndpoint gives the flows of an endpoint, whose network has the number id.
func compileEndpoint(v env, e Endpoint, id uint16) []of.Flow {
	b := v.builder(e.ref())
	port, mac := of.InPort(e.Port), of.EthSrc(e.MAC)

	b.add(tableClassify, 100, of.Match{port, untagged}, tableSource, setNetwork(id))
	asks := arp(port, mac, of.ARPOp(arpRequest), of.ARPSHA(e.MAC))
	b.add(tableSource, 100, asks.With(of.ARPSPA(single(netip.IPv4Unspecified()))), tableARP)
	for _, a := range e.Addrs {
		b.add(tableSource, 100, ipv4(port, mac, of.IPv4Src(single(a))), tableFromEndpoint)
		b.add(tableSource, 100, asks.With(of.ARPSPA(single(a))), tableARP)
		// Nobody else has the endpoint's own address: it may look for a duplicate without being answered by itself.
		b.drop(tableSource, 110, arp(port, of.ARPTPA(single(a))))
		b.add(tableARP, 100, arp(network(id), of.ARPOp(arpRequest), of.ARPTPA(single(a))), 0, answerARP(a, e.MAC)...)
		// Without an in_port the packet may go out where it came in: an endpoint reaches its own published port.
		b.add(tableDeliver, 100, ipv4(network(id), of.IPv4Dst(single(a))), 0,
			of.SetField{MatchField: of.EthDst(e.MAC)},
			of.SetField{MatchField: of.InPort(0)},
			of.Output{Port: e.Port})
	}
	for _, m := range e.Publish {
		b.add(tableInbound, 200,
			ipv4(fresh, of.IPv4Dst(single(v.uplink.Addr)), of.IPProto(uint8(m.Proto)), m.dstPort()), 0,
			of.CT{
				Commit: true, Zone: v.uplinkZone, Resume: true, Table: tableRoute,
				NAT: &of.NAT{Type: of.NATDestination, AddrMin: e.Addrs[0], PortMin: m.Port},
			})
	}
	return b.flows
}

// dstPort matches the port that a packet to a published port goes to.
func (m PortMapping) dstPort() of.MatchField {
	if m.Proto == UDP {
		return of.UDPDst(m.HostPort)
	}
	return of.TCPDst(m.HostPort)
}
