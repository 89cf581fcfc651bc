// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"

	of "github.com/ovskit/ovskit/openflow"
)

// claim is something that tracked connections depend on: while it stands they go on, and when it goes the switch must
// forget them, since a packet of an established connection meets no rule any more.
type claim struct {
	zone uint16
	// addr is the address of an endpoint, whose connections in the zone these are.
	addr netip.Addr
	// at is the published port of a protocol, and to where it leads.
	proto  Proto
	at, to netip.AddrPort
}

// claims are those of an object, none if it is not declared.
func (s *state) claims(r ref) (claims []claim) {
	switch r.kind {
	case kindNetwork:
		if n := s.networks[r.name]; n != nil {
			claims = append(claims, claim{zone: n.id})
		}
	case kindEndpoint:
		e := s.endpoints[r.name]
		if e == nil {
			return nil
		}
		for _, a := range e.Addrs {
			for _, zone := range []uint16{s.networks[e.Network].id, s.otherZone(), s.natZone} {
				claims = append(claims, claim{zone: zone, addr: a})
			}
		}
		for _, m := range e.Publish {
			if m.Balance == Exclusive {
				claims = append(claims, s.publishedClaims(&e.Endpoint, m)...)
			}
		}
	case kindBalanced:
		p := s.balanced[r.name]
		if p == nil {
			return nil
		}
		for _, at := range s.addrsAt(p.family(), p.addr) {
			for _, b := range p.backends {
				claims = append(claims, claim{zone: s.natZone, proto: p.proto, at: netip.AddrPortFrom(at, p.port), to: b.to})
			}
		}
	}
	return claims
}

// publishedClaims are those of published ports, of each address where they are published.
func (s *state) publishedClaims(e *Endpoint, m PortMapping) (claims []claim) {
	for _, f := range families {
		a, ok := e.addr(f)
		if !ok {
			continue
		}
		for _, at := range s.publishedAddrs(s.networks[e.Network], f, m) {
			if m.count() > maxPorts { // all ports of the address
				claims = append(claims, claim{zone: s.natZone, proto: m.Proto, at: netip.AddrPortFrom(at, 0), to: netip.AddrPortFrom(a, 0)})
				continue
			}
			for i := range uint16(m.count()) {
				claims = append(claims, claim{
					zone: s.natZone, proto: m.Proto,
					at: netip.AddrPortFrom(at, m.HostPort+i), to: netip.AddrPortFrom(a, m.Port+i),
				})
			}
		}
	}
	return claims
}

// publishedAddrs are the addresses of a family at which flows publish a port of the network.
func (s *state) publishedAddrs(n *networkState, f *family, m PortMapping) (addrs []netip.Addr) {
	switch w := n.Egress.way(f); {
	case w.mode != viaUplink && w.mode != behindAddress || m.HostAddr.IsLoopback():
	case m.HostAddr.IsValid():
		if f.has(m.HostAddr) {
			addrs = append(addrs, m.HostAddr)
		}
	case w.mode == behindAddress:
		x, _ := pickAddr(f, s.addresses[w.name].Addrs)
		addrs = append(addrs, x)
	default:
		addrs = s.addrsAt(f, netip.Addr{})
	}
	return addrs
}

// addrsAt are the address at which a port is published, or the host's of a family if it is not valid.
func (s *state) addrsAt(f *family, at netip.Addr) (addrs []netip.Addr) {
	if at.IsValid() {
		return []netip.Addr{at}
	}
	for _, p := range s.host.Addrs {
		if f.has(p.Addr()) {
			addrs = append(addrs, p.Addr())
		}
	}
	return addrs
}

// forgotten is connections that a switch is to forget: those of a zone, of a protocol if that is not 0, that agree with two
// tuples.
type forgotten struct {
	zone        uint16
	proto       Proto
	orig, reply of.CTTuple
	// exact says that these are worth forgetting only if that costs no other connections.
	exact bool
}

// gone are the connections to forget when a claim goes. Those to a published port are known by both tuples, from either
// side: as soon as one is forgotten, what its receiver has still to say may begin it anew from there.
func (c claim) gone() []forgotten {
	switch {
	case c.at.IsValid():
		return []forgotten{
			{
				zone: c.zone, proto: c.proto,
				orig:  of.CTTuple{Dst: c.at.Addr(), DstPort: c.at.Port()},
				reply: of.CTTuple{Src: c.to.Addr(), SrcPort: c.to.Port()},
			}, {
				zone: c.zone, proto: c.proto,
				orig:  of.CTTuple{Src: c.to.Addr(), SrcPort: c.to.Port()},
				reply: of.CTTuple{Dst: c.at.Addr(), DstPort: c.at.Port()},
			},
		}
	case c.addr.IsValid():
		return []forgotten{{zone: c.zone, orig: of.CTTuple{Src: c.addr}}, {zone: c.zone, reply: of.CTTuple{Src: c.addr}}}
	}
	return []forgotten{{zone: c.zone}}
}

// come are the connections to forget when a claim is new: who tried a port before it was published talks with the host,
// and would go on to.
func (c claim) come() (all []forgotten) {
	if c.at.IsValid() {
		c.to = c.at
		for _, f := range c.gone() {
			f.exact = true
			all = append(all, f)
		}
	}
	return all
}

// outdated are the connections to forget after a change that writes the flows with some keys. What is declared for the first
// time, and of which no flow is written, was there before the program started: nothing is new then.
func (s *Switch) outdated(e edit, written map[string]bool) []forgotten {
	before, after := map[claim]bool{}, map[claim]bool{}
	kept := map[claim]bool{}
	for r, out := range e.objects {
		old, known := s.book.objects[r]
		for _, c := range old.claims {
			before[c] = true
		}
		found := !known && !slices.ContainsFunc(out.flows, func(e entry) bool { return written[e.key] })
		for _, c := range out.claims {
			after[c] = true
			kept[c] = found
		}
	}
	all := map[forgotten]bool{}
	for c := range before {
		if !after[c] {
			for _, f := range c.gone() {
				all[f] = true
			}
		}
	}
	for c := range after {
		if before[c] {
			continue
		}
		// What was to be forgotten once more is right again.
		for i := range s.settling {
			w := &s.settling[i]
			w.connections = slices.DeleteFunc(w.connections, func(f forgotten) bool { return slices.Contains(c.gone(), f) })
		}
		if !kept[c] {
			for _, f := range c.come() {
				all[f] = true
			}
		}
	}
	return bounded(all)
}

// maxPorts is how many ports of an address are forgotten one by one: for each the switch looks at all its connections.
const maxPorts = 32

// bounded makes one of those that differ in ports alone where there are many.
func bounded(all map[forgotten]bool) []forgotten {
	wide := func(f forgotten) forgotten {
		f.orig.SrcPort, f.orig.DstPort, f.reply.SrcPort, f.reply.DstPort = 0, 0, 0, 0
		return f
	}
	n := map[forgotten]int{}
	for f := range all {
		n[wide(f)]++
	}
	var list []forgotten
	for f := range all {
		if n[wide(f)] <= maxPorts {
			list = append(list, f)
		}
	}
	for f, n := range n {
		if n > maxPorts {
			list = append(list, f)
		}
	}
	return list
}

// passes are how long behind a change connections are forgotten again. The datapath may go on by decisions of before, made
// for each kind of packet and kept until they are looked at again, and packets are under way: either can begin a connection
// once more that was forgotten.
var passes = []time.Duration{
	20 * time.Millisecond, 100 * time.Millisecond, 400 * time.Millisecond, time.Second,
}

// settling is connections that are forgotten again.
type settling struct {
	connections []forgotten
	since       time.Time
	passes      int // that were made
}

func (s settling) due() time.Time { return s.since.Add(passes[s.passes]) }

// forget has the switch forget connections, and those that the last connection ended before. Errors are not those of the
// change, which is made.
func (s *Switch) forget(ctx context.Context, conn *of.Conn, more []forgotten) {
	s.forgetting = append(s.forgetting, more...)
	if len(s.forgetting) == 0 {
		return
	}
	again, done := s.send(ctx, conn, s.forgetting)
	if !done {
		return
	}
	s.forgetting = nil
	if len(again) > 0 {
		s.settling = append(s.settling, settling{connections: again, since: time.Now()})
		s.queue.poke()
	}
}

// forgetAgain does so when it is time.
func (s *Switch) forgetAgain(ctx context.Context, conn *of.Conn) {
	now := time.Now()
	for i := range s.settling {
		if w := &s.settling[i]; !now.Before(w.due()) {
			// A connection that ends changes nothing: the next pass is on the next one.
			s.send(ctx, conn, w.connections)
			w.passes++
		}
	}
	s.settling = slices.DeleteFunc(s.settling, func(w settling) bool {
		return w.passes == len(passes) || len(w.connections) == 0
	})
}

// send says what to forget. It returns what was forgotten exactly, and whether there is nothing more to be done: only a
// connection that ends leaves something, since a switch that does not know how will not learn it.
func (s *Switch) send(ctx context.Context, conn *of.Conn, all []forgotten) (exactly []forgotten, done bool) {
	zones := map[uint16]bool{} // that were forgotten as a whole
	for _, f := range all {
		zone := f.zone
		err := conn.FlushConnections(ctx, of.CTFilter{Zone: &zone, Proto: uint8(f.proto), Orig: f.orig, Reply: f.reply})
		if errors.Is(err, of.ErrBadExperimenterType) {
			// Before Open vSwitch 3.1 there is nothing finer than a zone.
			if f.exact || zones[zone] {
				continue
			}
			zones[zone] = true
			err = conn.FlushZone(ctx, zone)
		} else if err == nil {
			exactly = append(exactly, f)
		}
		switch {
		case err == nil:
		case conn.Err() != nil || ctx.Err() != nil:
			return nil, false
		default:
			s.log.Warn("the switch does not forget connections", "zone", zone, "err", err)
		}
	}
	return exactly, true
}
