// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"cmp"
	"encoding/binary"
	"maps"
	"net"
	"net/netip"
	"slices"

	of "github.com/ovskit/ovskit/openflow"
)

// Compile gives the flows of a set of objects on a switch that holds none, by table and falling priority. It
// is what [Switch.Set] of the same objects sends.
func Compile(o Options, objects ...Object) ([]of.Flow, error) {
	s := newState(o.env())
	if err := s.set(objects, kept{}); err != nil {
		return nil, err
	}
	held := s.items().flows
	keys := slices.SortedFunc(maps.Keys(held), func(a, b string) int {
		f, g := held[a], held[b]
		return cmp.Or(cmp.Compare(f.Table, g.Table), cmp.Compare(g.Priority, f.Priority), cmp.Compare(a, b))
	})
	flows := make([]of.Flow, len(keys))
	for i, key := range keys {
		flows[i] = *held[key]
	}
	return flows, nil
}

// env is what the flows of an object depend on beside the object itself.
type env struct {
	owner     uint64 // the owner's part of every cookie
	natZone   uint16 // of translations; that of connections between networks follows, then those of networks
	host      *Host  // nil: none declared
	uplink    *Uplink
	addresses map[string]Address
	networks  map[string]*networkState
	rules     map[string]*ruleState
	hostHas   func(Proto, netip.AddrPort) bool // Options.Taken
}

func (v env) otherZone() uint16 { return v.natZone + 1 }

// translates reports whether there is a zone of translations to pass: whether anything has a way out.
func (v env) translates() bool { return v.uplink != nil || len(v.addresses) > 0 }

func (v env) builder(r ref) builder {
	return builder{cookie: v.owner | objectCookie(r)}
}

// compileBase gives the flows that are there whatever is declared.
func compileBase(v env) compiled {
	b := v.builder(ref{kind: kindBase})
	compileAdvertise(&b)

	// An endpoint asks for its neighbours and says nothing of its own: the switch answers for it.
	for _, t := range neighbourTypes {
		b.drop(tableSource, 95, families[1].icmpType(t))
	}
	// The switch gives up before the last header of these.
	b.drop(tableSource, 95, families[1].ip(of.IPProto(protoHopByHop)))
	for _, f := range families {
		// Nor is it a router, or a server of DHCP.
		for _, t := range f.router {
			b.drop(tableSource, 95, f.icmpType(t))
		}
		b.drop(tableSource, 95, f.ip(of.IPProto(of.IPProtoUDP), of.UDPDst(f.dhcpClient)))
		for _, p := range f.notUnicast {
			b.drop(tableFromEndpoint, 150, f.ip(f.dst(p)))
			b.drop(tableHostSource, 130, f.ip(f.src(p)))
		}
		// Fragments have no ports but those that the tracking of connections has found when they were together.
		b.drop(tableBetween, 350, f.ip(fragment, valid, of.CTNwProto(of.IPProtoUDP), of.CTTpDst(f.dhcpClient)))
		// What the host has to say of a packet it could not forward belongs to no connection of the network's zone.
		for _, t := range f.icmpErrors {
			b.add(tableHostToEndpoint, 410, f.icmpType(t, sender(of.PortLocal)), tableDestination)
		}
		// What the host forwards to a spare address is from outside.
		b.add(tableHostSource, 80, f.ip(origin(originHost|toSpare)), 0, set(sender(0)), track(v.natZone, tableInbound))
		b.add(tableRoute, 100, f.ip(origin(originEndpoint)), 0, trackNetwork(tableToHost))
		b.add(tableRoute, 100, f.ip(origin(originUplink)), 0, of.Output{Port: of.PortLocal})
		b.add(tableRoute, 110, f.ip(origin(originUplink), fresh), 0,
			of.CT{Commit: true, Zone: v.natZone}, of.Output{Port: of.PortLocal})
		// A fragment other than the first has no ports, so that it cannot be told whether it belongs to a published one. It
		// must not make the host the owner of the connection: with the next datagram the connection is known, and translated
		// in all its fragments.
		for _, p := range []Proto{TCP, UDP, SCTP} {
			src, dst := p.ports()
			b.add(tableRoute, 120,
				f.ip(origin(originUplink), fresh, of.IPProto(uint8(p)), of.Uint(src, 0), of.Uint(dst, 0)), 0, of.Output{Port: of.PortLocal})
		}
	}

	// Nobody asks who listens to a group: IGMP is to IPv4 what multicast listener discovery is to IPv6. And the link-local
	// addresses beyond the network, which are not routed, are the host's.
	b.drop(tableSource, 95, families[0].ip(of.IPProto(protoIGMP)))
	b.drop(tableFromEndpoint, 150, families[1].ip(families[1].dst(linkLocal)))

	b.drop(tableToHost, 400, of.Match{invalid})
	b.add(tableToHost, 100, nil, tableHostAccess)
	for _, known := range []of.MatchField{established, related} {
		b.add(tableHostAccess, 300, of.Match{known}, 0, of.Output{Port: of.PortLocal})
	}

	// An endpoint's reply to the host is unknown, hence invalid, in the zone of translations: the network's zone decides.
	b.drop(tableInbound, 400, of.Match{invalid, fromOutsideOrHost()})
	// A reply to a connection of the host by way of a spare address: the host asked for it.
	b.add(tableInbound, 310, of.Match{replying, of.RegMasked(regOrigin, originEndpoint, 0xf)}, 0, of.Output{Port: of.PortLocal})
	for _, known := range []of.MatchField{established, related} {
		b.add(tableInbound, 300, of.Match{known}, tableRoute)
	}
	b.add(tableInbound, 300, of.Match{freshDNAT}, tableRoute, setNext(ask(admitPublished, true)))
	b.add(tableInbound, 100, nil, tableRoute)

	for _, table := range []uint8{tableHairpin, tableHostToEndpoint} {
		b.drop(table, 400, of.Match{invalid})
		for _, known := range []of.MatchField{established, related, freshSNAT} {
			b.add(table, 300, of.Match{known}, tableDestination, setNext(0))
		}
	}

	b.drop(tableBetween, 400, of.Match{invalid})
	for _, known := range []of.MatchField{established, related} {
		b.add(tableBetween, 310, of.Match{known, origin(originRouted)}, 0, of.Output{Port: of.PortLocal})
		b.add(tableBetween, 300, of.Match{known}, tableDestination)
	}
	b.add(tableBetween, 200, of.Match{fresh, origin(originOther)}, tableDestination, setNext(ask(admitOther, false)))
	b.add(tableBetween, 200, of.Match{fresh, origin(originRouted)}, tablePolicy, setNext(ask(admitLocal, true)))

	b.drop(tableOutbound, 400, of.Match{invalid})
	for _, known := range []of.MatchField{established, related, freshSNAT} {
		b.add(tableOutbound, 300, of.Match{known}, tableLeave)
	}
	b.add(tableSender, 1, nil, tablePolicy)
	b.add(tableLeave, 100, of.Match{origin(originEndpoint)}, 0, of.Output{Port: of.PortLocal})

	b.add(tablePolicy, priorityAdmitted, of.Match{of.Reg(regNext, 0)}, tableDeliver)
	b.add(tablePolicy, priorityDefault, of.Match{of.RegMasked(regNext, byDefault, byDefault)}, tableAdmit)
	b.drop(tablePolicy, 0, nil) // to be counted

	for _, asIs := range []uint32{admitPublished, admitUntracked} {
		b.add(tableAdmit, 100, of.Match{stage(asIs)}, tableDeliver)
	}
	for _, f := range families {
		local := of.CT{Commit: true, ZoneFrom: &zoneOfNetwork}
		b.add(tableAdmit, 100, f.ip(stage(admitLocal)), tableDeliver, local)
		b.add(tableAdmit, 110, f.ip(stage(admitLocal), origin(originRouted), receiver(0)), 0, local, of.Output{Port: of.PortLocal})
		b.add(tableAdmit, 100, f.ip(stage(admitOther)), tableDeliver, of.CT{Commit: true, Zone: v.otherZone()})
	}

	b.add(tableDeliver, 100, of.Match{receiver(of.PortLocal)}, 0, of.Output{Port: of.PortLocal})
	return b.compiled
}

// compileHost gives the flows of the bridge's own port.
func compileHost(v env, h Host) compiled {
	b := v.builder(h.ref())
	b.add(tableClassify, 100, of.Match{of.InPort(of.PortLocal), untagged}, tableFromHost, set(sender(of.PortLocal)))
	dropped := map[netip.Addr]bool{} // addresses of one subnet have their broadcast addresses in common
	for _, p := range h.Addrs {
		a, f := p.Addr(), familyOf(p.Addr())
		to := f.dstAddr(a)
		b.add(tableHostSource, 100, f.ip(f.srcAddr(a)), 0, trackNetwork(tableHostToEndpoint))
		if len(v.addresses) > 0 {
			b.add(tableHostSource, 110, f.ip(origin(originHost|toSpare), f.srcAddr(a)), 0, track(v.natZone, tableInbound))
		}
		first, last := broadcasts(p)
		for _, all := range []netip.Addr{first, last} {
			if all.IsValid() && !dropped[all] {
				b.drop(tableFromEndpoint, 300, f.ip(f.dstAddr(all)))
			}
			dropped[all] = true
		}
		if v.translates() {
			b.add(tableFromEndpoint, 300, f.ip(to), 0, set(origin(originEndpoint)), track(v.natZone, tableInbound))
		} else {
			b.add(tableFromEndpoint, 300, f.ip(to), 0, trackNetwork(tableToHost))
		}
		if v.uplink != nil {
			b.add(tableFromUplink, 200, f.ip(of.EthDst(h.MAC), to), 0, set(origin(originUplink)), track(v.natZone, tableInbound))
			b.drop(tableFromUplink, 300, f.ip(f.srcAddr(a)))
			b.add(tableOutbound, 200, f.ip(fresh, f.srcAddr(a)), 0, masquerade(v, a))
		}
	}
	return b.compiled
}

// broadcasts are the addresses by which a host with the address p is reached together with others. Linux answers to the
// first of an IPv4 subnet as well as to the last (RFC 1122, 3.3.6). Where there are none they are not valid.
func broadcasts(p netip.Prefix) (first, last netip.Addr) {
	if !p.Addr().Is4() || p.Bits() >= 31 {
		return first, last
	}
	first = p.Masked().Addr()
	bits := first.As4()
	binary.BigEndian.PutUint32(bits[:], binary.BigEndian.Uint32(bits[:])|^uint32(0)>>p.Bits())
	return first, netip.AddrFrom4(bits)
}

// masquerade commits a connection that leaves, with addr as its source.
func masquerade(v env, addr netip.Addr) of.Action {
	return of.CT{
		Commit: true, Zone: v.natZone, Resume: true, Table: tableLeave,
		NAT: &of.NAT{Type: of.NATSource, AddrMin: addr},
	}
}

// compileUplink gives the flows of the port that leads outside.
func compileUplink(v env, u Uplink) compiled {
	b := v.builder(u.ref())
	out := of.Output{Port: u.Port}

	b.add(tableClassify, 100, of.Match{of.InPort(u.Port), untagged}, tableFromUplink)
	// What is tagged is between the host's VLAN interfaces and the outside.
	b.add(tableClassify, 90, of.Match{of.InPort(u.Port)}, 0, of.Output{Port: of.PortLocal})
	b.add(tableClassify, 90, of.Match{of.InPort(of.PortLocal)}, 0, out)

	for _, f := range families {
		// Only a machine that has no address yet sends without one, and to all: DHCP, and looking for a duplicate in IPv6.
		for _, p := range f.notUnicast[1:] {
			b.drop(tableFromUplink, 300, f.ip(f.src(p)))
		}
		b.drop(tableFromUplink, 300, f.ip(f.dst(f.loopback)))
		b.add(tableFromHost, 100, f.ip(), 0, track(v.natZone, tableOutbound))
		// What the host forwards for others than endpoints leaves as it is.
		b.add(tableOutbound, 100, f.ip(fresh), tableLeave, of.CT{Commit: true, Zone: v.natZone})
	}
	// The host has neighbours outside, and they have the host.
	for _, t := range neighbourTypes {
		b.add(tableFromUplink, 210, families[1].icmpType(t), 0, of.Output{Port: of.PortLocal})
		b.add(tableFromHost, 120, families[1].icmpType(t), 0, out)
	}
	// The host forwards what is for endpoints, or from them, out of the port that it came in by. Its advice to go there
	// straight is not to be followed; Linux cannot be told to keep it to itself, as it can for IPv4.
	b.drop(tableFromHost, 130, families[1].icmpType(ndRedirect))
	b.add(tableFromUplink, 10, nil, 0, of.Output{Port: of.PortLocal})
	b.add(tableFromHost, 50, nil, 0, out)
	b.add(tableLeave, 90, nil, 0, out)
	return b.compiled
}

// compileAddress gives the flows of a spare address, for which the host is the router.
func compileAddress(v env, a Address) compiled {
	b := v.builder(a.ref())
	for _, x := range a.Addrs {
		f := familyOf(x)
		b.add(tableFromEndpoint, 300, f.ip(f.dstAddr(x)), 0, set(origin(originEndpoint|toSpare)), track(v.natZone, tableInbound))
		b.add(tableFromHost, 300, f.ip(f.dstAddr(x)), tableHostSource, set(origin(originHost|toSpare)))
		if v.uplink != nil {
			// It was translated before the host routed it.
			b.add(tableFromHost, 150, f.ip(f.srcAddr(x)), 0, of.Output{Port: v.uplink.Port})
			b.drop(tableFromUplink, 300, f.ip(f.srcAddr(x)))
		}
		b.ask(tableFromHost, 300, single(x))
		b.answer(0, x, spareMAC(v.host.MAC), false)
	}
	return b.compiled
}

// ask lets requests for the neighbours of a prefix through to be answered.
func (b *builder) ask(table uint8, priority uint16, p netip.Prefix, actions ...of.Action) {
	if p.Addr().Is4() {
		b.add(table, priority, arp(of.ARPTPA(p)), tableNeighbour, actions...)
	} else {
		b.add(table, priority, nd(ndSolicit, of.NDTarget(p)), tableNeighbour, actions...)
	}
}

// spareMAC is where the host sends what is for a spare address: to none of its own.
func spareMAC(host net.HardwareAddr) net.HardwareAddr {
	mac := slices.Clone(host)
	mac[5] ^= 1
	return mac
}
