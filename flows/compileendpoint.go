// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"net/netip"
	"slices"

	of "github.com/ovskit/ovskit/openflow"
)

// compileEndpoint gives the flows of an endpoint of the network n, which the rules may select.
func compileEndpoint(v env, e *Endpoint, n *networkState, rules []*ruleState) compiled {
	b := v.builder(e.ref())
	b.flows = make([]entry, 0, 3+6*len(e.Addrs)+len(e.Publish))
	port, mac := of.InPort(e.Port), of.EthSrc(e.MAC)

	compilePort(&b, e, n)
	if g, ok := n.gateway(families[0]); ok && e.DHCP {
		compileDHCP(&b, e, g.Addr())
	}
	sha := of.ARPSHA(e.MAC)
	if _, ok := e.addr(families[0]); ok {
		b.add(tableSource, 100, arp(port, mac, request, sha, of.ARPSPA(single(netip.IPv4Unspecified()))), tableNeighbour)
	}
	if _, ok := e.addr(families[1]); ok {
		// Only who asks is told, at the MAC it asks from, whatever address it asks by.
		b.add(tableSource, 100, nd(ndSolicit, port, mac, of.Uint(of.FieldIPTTL, 255)), tableNeighbour)
	}
	for _, a := range e.Addrs {
		f := familyOf(a)
		b.add(tableSource, 90, f.ip(port, mac, f.srcAddr(a)), tableFromEndpoint)
		// Nobody else has the endpoint's own address: it may look for a duplicate without being answered by itself.
		if f.v6 {
			b.drop(tableSource, 110, nd(ndSolicit, port, of.NDTarget(single(a))))
		} else {
			b.add(tableSource, 100, arp(port, mac, request, sha, of.ARPSPA(single(a))), tableNeighbour)
			b.drop(tableSource, 110, arp(port, of.ARPTPA(single(a))))
		}
		b.answer(n.id, a, e.MAC, false)
		b.add(tableDestination, 100, f.ip(network(n.id), f.dstAddr(a)), tablePolicy,
			set(of.EthDst(e.MAC)), set(receiver(e.Port)), n.setReceiverNetwork)
		if n.Egress.way(f).mode == viaUplink {
			b.add(tableSender, 100, f.ip(f.srcAddr(a)), tablePolicy, set(sender(e.Port)))
		}
	}
	for _, m := range e.Publish {
		compilePublished(&b, v, e, n, m)
	}
	compileMember(&b, e, rules)
	return b.compiled
}

// compilePort gives the flows of an endpoint's port: of what it sends, and of what is delivered to it.
func compilePort(b *builder, e *Endpoint, n *networkState) {
	classify := append(make([]of.Action, 0, 4), n.setNetwork, set(sender(e.Port)), n.setSenderNetwork)
	// Without an in_port the packet may go out where it came in: an endpoint reaches its own published port.
	deliver := append(make([]of.Action, 0, 3), setNoInPort, of.Output{Port: e.Port})
	if e.MirrorTo != 0 {
		classify = slices.Insert(classify, 0, of.Action(of.Output{Port: e.MirrorTo}))
		deliver = slices.Insert(deliver, 1, of.Action(of.Output{Port: e.MirrorTo}))
	}
	b.add(tableDeliver, 100, of.Match{receiver(e.Port)}, 0, deliver...)
	f := b.add(tableClassify, 100, of.Match{of.InPort(e.Port), untagged}, tableSource, classify...)
	if e.Limit != nil {
		m := limitMeter(e)
		b.meters = append(b.meters, m)
		f.Meter = m.ID
	}
}

// limitMeter keeps an endpoint's limit. A meter has the number of the port whose packets it measures.
func limitMeter(e *Endpoint) of.MeterConfig {
	m := of.MeterConfig{ID: e.Port, Flags: of.MeterKbps, Bands: []of.MeterBand{{Type: of.BandDrop, Rate: e.Limit.Kbps}}}
	if e.Limit.BurstKbits != 0 {
		m.Flags |= of.MeterBurst
		m.Bands[0].BurstSize = e.Limit.BurstKbits
	}
	return m
}

// The ports of DHCP (RFC 2131, 4.1).
const (
	dhcpServer = 67
	dhcpClient = 68
)

// compileDHCP lets an endpoint and a server on the host speak: for a lease without an address yet, and to renew it.
func compileDHCP(b *builder, e *Endpoint, gateway netip.Addr) {
	f := families[0]
	udp := func(from, to uint16, more ...of.MatchField) of.Match {
		return f.ip(of.IPProto(of.IPProtoUDP), of.UDPSrc(from), of.UDPDst(to)).With(more...)
	}
	toAll := netip.AddrFrom4([4]byte{255, 255, 255, 255})
	port, mac := of.InPort(e.Port), of.EthSrc(e.MAC)
	b.add(tableSource, 105, udp(dhcpClient, dhcpServer, port, mac, f.srcAddr(netip.IPv4Unspecified()), f.dstAddr(toAll)), 0,
		of.Output{Port: of.PortLocal})
	for _, a := range e.Addrs {
		if f.has(a) {
			b.add(tableSource, 105, udp(dhcpClient, dhcpServer, port, mac, f.srcAddr(a), f.dstAddr(gateway)), 0,
				of.Output{Port: of.PortLocal})
		}
	}
	b.add(tableFromHost, 320, udp(dhcpServer, dhcpClient, f.srcAddr(gateway), of.EthDst(e.MAC)), 0, of.Output{Port: e.Port})
}
