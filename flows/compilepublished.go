// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"net/netip"

	of "github.com/ovskit/ovskit/openflow"
)

// What all published ports have in common.
var (
	notToSpare   = of.RegMasked(regOrigin, 0, toSpare)
	setPublished = setNext(ask(admitPublished, true))
)

// compilePublished gives the flows of published ports.
func compilePublished(b *builder, v env, e *Endpoint, n *networkState, m PortMapping) {
	_, field := m.Proto.ports()
	for _, f := range families {
		a, ok := e.addr(f)
		if !ok || m.HostAddr.IsValid() && (!f.has(m.HostAddr) || m.HostAddr.IsLoopback()) {
			continue
		}
		w := n.Egress.way(f)
		if w.mode == routed {
			last := uint16(int(m.Port) + m.count() - 1)
			for _, p := range portMasks(m.Port, last) {
				at := f.ip(network(n.id), fresh, f.dstAddr(a), of.IPProto(uint8(m.Proto)), p.match(field))
				b.add(tableHostToEndpoint, 220, at.With(origin(originRouted)), tableDestination, setNext(ask(admitLocal, true)))
				b.add(tableBetween, 210, at.With(origin(originOther)), tableDestination, setNext(ask(admitOther, true)))
			}
			continue
		}
		if w.mode == internal || m.Balance != Exclusive {
			continue
		}
		at := m.HostAddr
		if w.mode == behindAddress && !at.IsValid() {
			at, _ = pickAddr(f, v.addresses[w.name].Addrs)
		}
		proto := of.IPProto(uint8(m.Proto))
		where, priority := publishedWhere(f, at)
		for _, t := range m.translations() {
			nat := of.NAT{Type: of.NATDestination, AddrMin: a, PortMin: t.to}
			b.add(tableInbound, priority, f.ip(fresh, proto, where, t.match(field)), 0, setPublished,
				of.CT{Commit: true, Zone: v.natZone, Resume: true, Table: tableRoute, NAT: &nat})
		}
	}
}

// publishedWhere is by what tableInbound knows the address that a port is published at, or all of the host's if it is not
// valid, and with which priority. The table does not see where a packet was for: one of the host's addresses or a spare one.
func publishedWhere(f *family, at netip.Addr) (where of.MatchField, priority uint16) {
	if at.IsValid() {
		return f.dstAddr(at), 210
	}
	return notToSpare, 200
}

// translation is a set of ports outside with the port of the endpoint, 0 if each is the same there.
type translation struct {
	portMask
	to uint16
}

// translations are those of a mapping: a switch cannot shift a range of ports, so that each has its own then.
func (m PortMapping) translations() []translation {
	if m.count() == 1 {
		return []translation{{portMask{m.HostPort, 0xffff}, m.Port}}
	}
	var ts []translation
	if m.HostPort == m.Port {
		for _, p := range portMasks(m.HostPort, m.HostPortEnd) {
			ts = append(ts, translation{p, 0})
		}
		return ts
	}
	for i := range uint16(m.count()) {
		ts = append(ts, translation{portMask{m.HostPort + i, 0xffff}, m.Port + i})
	}
	return ts
}
