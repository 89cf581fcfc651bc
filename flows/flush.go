// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"context"
	"errors"
	"iter"
	"net/netip"
	"slices"
	"time"

	of "github.com/ovskit/ovskit/openflow"
)

// claim is something that tracked connections depend on: while it stands they go on, and when it goes the switch must
// forget them, since a packet of an established connection meets no rule any more.
type claim struct {
	zone uint16
	// addr is the address of an endpoint, whose connections in the zone these are; if it is shared, that of an uplink or address,
	// to which they are translated.
	addr   netip.Addr
	shared bool
	// at is the published port of a protocol, and to where it leads; where a range is one claim, the first ones of ports.
	proto  Proto
	at, to netip.AddrPort
	ports  uint16
}

// claims are those of an object, none if it is not declared.
func (s *state) claims(r ref) (claims []claim) {
	switch r.kind {
	case kindUplink:
		if s.uplink != nil && s.uplink.Name == r.name {
			claims = s.sharedClaims(s.uplink.Addrs)
		}
	case kindAddress:
		claims = s.sharedClaims(s.addresses[r.name].Addrs)
	case kindNetwork:
		if n := s.networks[r.name]; n != nil {
			claims = append(claims, claim{zone: n.id})
		}
	case kindEndpoint:
		e := s.endpoints[r.name]
		if e == nil {
			return nil
		}
		zones := [...]uint16{s.networks[e.Network].id, s.otherZone(), s.natZone}
		claims = make([]claim, 0, len(e.Addrs)*len(zones)+len(e.outside))
		for _, a := range e.Addrs {
			for _, zone := range zones {
				claims = append(claims, claim{zone: zone, addr: a})
			}
		}
		for _, m := range e.Publish {
			if m.Balance == Exclusive {
				claims = s.appendPublished(claims, &e.Endpoint, m)
			}
		}
	case kindBalanced:
		if p := s.balanced[r.name]; p != nil {
			claims = s.balancedClaims(p)
		}
	}
	return claims
}

// sharedClaims are those of addresses that networks share. What was translated to one that is not shared any more would go on
// to leave with it, and get no answer.
func (s *state) sharedClaims(addrs []netip.Addr) (claims []claim) {
	for _, a := range addrs {
		claims = append(claims, claim{zone: s.natZone, addr: a, shared: true})
	}
	return claims
}

// balancedClaims are those of a balanced port, of each address where it is published.
func (s *state) balancedClaims(p *balancedState) (claims []claim) {
	at := slices.Values([]netip.Addr{p.addr})
	if !p.addr.IsValid() {
		at = s.hostAddrs(p.family())
	}
	for a := range at {
		for _, b := range p.backends {
			claims = append(claims, claim{zone: s.natZone, proto: p.proto, at: netip.AddrPortFrom(a, p.port), to: b.to})
		}
	}
	return claims
}

// appendPublished appends those of published ports, of each address where they are published.
func (s *state) appendPublished(claims []claim, e *Endpoint, m PortMapping) []claim {
	for _, f := range families {
		a, ok := e.addr(f)
		if !ok {
			continue
		}
		for at := range s.publishedAddrs(s.networks[e.Network], f, m) {
			if m.count() > maxPorts {
				claims = append(claims, claim{
					zone: s.natZone, proto: m.Proto, ports: uint16(m.count()),
					at: netip.AddrPortFrom(at, m.HostPort), to: netip.AddrPortFrom(a, m.Port),
				})
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
func (s *state) publishedAddrs(n *networkState, f *family, m PortMapping) iter.Seq[netip.Addr] {
	return func(yield func(netip.Addr) bool) {
		switch w := n.Egress.way(f); {
		case w.mode != viaUplink && w.mode != behindAddress || m.HostAddr.IsLoopback():
		case m.HostAddr.IsValid():
			if f.has(m.HostAddr) {
				yield(m.HostAddr)
			}
		case w.mode == behindAddress:
			x, _ := pickAddr(f, s.addresses[w.name].Addrs)
			yield(x)
		default:
			s.hostAddrs(f)(yield)
		}
	}
}

// hostAddrs are the host's addresses of a family.
func (s *state) hostAddrs(f *family) iter.Seq[netip.Addr] {
	return func(yield func(netip.Addr) bool) {
		for _, p := range s.host.Addrs {
			if f.has(p.Addr()) && !yield(p.Addr()) {
				return
			}
		}
	}
}

// lapse is connections that a switch is to forget: those of a claim that is gone or, with come, those of before a port was
// published. Who tried it then talks with the host, and would go on to: the claim leads to the port itself. These are worth
// forgetting only if that costs no other connections.
type lapse struct {
	claim
	come bool
	// once says that connections of others may be among them from now on, since somebody else has the claim or a part of it:
	// whoever forgets again, forgets those as well.
	once bool
}

// connections selects them. Those to a published port are known by both tuples, from either side: as soon as one is
// forgotten, what its receiver has still to say may begin it anew from there.
func (l lapse) connections() []of.CTFilter {
	if l.ports > 0 {
		l = l.wide()
	}
	filters := []of.CTFilter{{}} // the zone
	switch at, to := l.at, l.to; {
	case at.IsValid():
		filters = []of.CTFilter{
			{
				Orig:  of.CTTuple{Dst: at.Addr(), DstPort: at.Port()},
				Reply: of.CTTuple{Src: to.Addr(), SrcPort: to.Port()},
			}, {
				Orig:  of.CTTuple{Src: to.Addr(), SrcPort: to.Port()},
				Reply: of.CTTuple{Dst: at.Addr(), DstPort: at.Port()},
			},
		}
	case l.shared:
		filters = []of.CTFilter{{Reply: of.CTTuple{Dst: l.addr}}}
	case l.addr.IsValid():
		filters = []of.CTFilter{{Orig: of.CTTuple{Src: l.addr}}, {Reply: of.CTTuple{Src: l.addr}}}
	}
	protos := []Proto{l.proto}
	if l.addr.Is6() {
		protos = addressProtos
	}
	all := make([]of.CTFilter, 0, len(filters)*len(protos))
	for _, f := range filters {
		for _, p := range protos {
			f.Zone, f.Proto = &l.zone, uint8(p)
			all = append(all, f)
		}
	}
	return all
}

// isZone reports whether it is of all connections in the zone.
func (l lapse) isZone() bool { return !l.addr.IsValid() && !l.at.IsValid() }

// addressProtos are those whose connections of an IPv6 address are forgotten. A filter without a protocol finds pings as
// well, and ovs-vswitchd 3.1 with the userspace datapath aborts when it is to forget one of ICMPv6 alone: reverse_icmp_type of
// its conntrack knows the types of IPv4 only.
var addressProtos = []Proto{TCP, UDP, SCTP}

// wide is the lapse of all ports.
func (l lapse) wide() lapse {
	l.claim = l.claim.wide()
	return l
}

// wide is the claim to all ports.
func (c claim) wide() claim {
	if c.at.IsValid() {
		c.at, c.to, c.ports = netip.AddrPortFrom(c.at.Addr(), 0), netip.AddrPortFrom(c.to.Addr(), 0), 0
	}
	return c
}

// many reports whether it is of several ports.
func (c claim) many() bool { return c.at.IsValid() && (c.ports > 0 || c.at.Port() == 0) }

// standing are claims that stand after a change, with those to ports as wide ones: all of them, and those of several ports.
type standing struct{ claims, any, many map[claim]bool }

func newStanding() standing { return standing{map[claim]bool{}, map[claim]bool{}, map[claim]bool{}} }

func (s standing) add(c claim) {
	s.claims[c] = true
	if c.at.IsValid() {
		s.any[c.wide()] = true
		s.many[c.wide()] = s.many[c.wide()] || c.many()
	}
}

// overlap reports whether forgetting the connections of a claim could cost some of one that stands.
func (s standing) overlap(c claim) bool {
	if c.many() {
		return s.any[c.wide()]
	}
	return s.claims[c] || c.at.IsValid() && s.many[c.wide()]
}

// outdated are the connections to forget after a change that writes the flows with some keys. What is declared for the first
// time, and of which no flow is written, was there before the program started: nothing is new then.
func (s *Switch) outdated(e edit, written map[string]bool) []lapse {
	before, after, stand := map[claim]ref{}, map[claim]ref{}, newStanding()
	found := map[ref]bool{} // was there before the program started
	for r, out := range e.objects {
		old, known := s.book.objects[r]
		for _, c := range old.claims {
			before[c] = r
		}
		found[r] = !known && !slices.ContainsFunc(out.flows, func(e entry) bool { return written[e.key] })
		for _, c := range out.claims {
			after[c] = r
			stand.add(c)
		}
	}
	var all []lapse
	for c, had := range before {
		if has, stays := after[c]; !stays || c.addr.IsValid() && has != had {
			// The host's own connections have its address as well.
			own := c.shared && s.state.host != nil && s.state.host.has(c.addr)
			all = append(all, lapse{claim: c, once: stays || own})
		}
	}
	for c, has := range after {
		if _, had := before[c]; !had && !found[has] && c.at.IsValid() {
			c.to = c.at
			all = append(all, lapse{claim: c, come: true})
		}
	}
	all = bounded(all)
	for i, l := range all {
		all[i].once = l.once || !l.come && stand.overlap(l.claim)
	}
	return all
}

// renewed takes note of claims that stand again, or in part, whose connections were still to be forgotten, or again.
func (s *Switch) renewed(e edit) {
	if len(s.settling) == 0 {
		return
	}
	stand := newStanding()
	for _, out := range e.objects {
		for _, c := range out.claims {
			stand.add(c)
		}
	}
	stands := func(l lapse) bool { return !l.come && stand.claims[l.claim] }
	overlap := func(l lapse) bool { return !l.come && stand.overlap(l.claim) }
	for i := range s.settling {
		w := &s.settling[i]
		w.again = slices.DeleteFunc(w.again, overlap)
		if w.passes > 0 {
			w.lapses = slices.DeleteFunc(w.lapses, overlap)
			continue
		}
		w.lapses = slices.DeleteFunc(w.lapses, stands)
		for j, l := range w.lapses {
			w.lapses[j].once = l.once || overlap(l)
		}
	}
}

// maxPorts is how many ports of an address are forgotten one by one: for each the switch looks at all its connections.
const maxPorts = 32

// bounded makes one of those that differ in ports alone where there are many, and of all in a zone that is forgotten as a whole.
func bounded(all []lapse) (list []lapse) {
	zones := map[uint16]bool{}
	for _, l := range all {
		zones[l.zone] = zones[l.zone] || l.isZone()
	}
	all = slices.DeleteFunc(all, func(l lapse) bool { return zones[l.zone] && !l.isZone() })
	n := map[lapse]int{}
	for _, l := range all {
		n[l.wide()]++
	}
	for _, l := range all {
		if n[l.wide()] <= maxPorts {
			list = append(list, l)
		}
	}
	for l, n := range n {
		if n > maxPorts {
			list = append(list, l)
		}
	}
	return list
}

// passes are how long behind a change connections are forgotten, and forgotten again. The datapath may go on by decisions of
// before, made for each kind of packet and kept until they are looked at again, and packets are under way: either can begin a
// connection once more that was forgotten.
var passes = []time.Duration{
	0, 20 * time.Millisecond, 100 * time.Millisecond, 400 * time.Millisecond, time.Second,
}

// maxForgetting is how long changes wait while connections are forgotten: a switch that tracks many looks at all of them for each
// lapse.
const maxForgetting = 100 * time.Millisecond

// settling is connections that are forgotten in several passes.
type settling struct {
	since  time.Time
	passes int // that were made
	// lapses are those of the present pass that are still to be sent, and again those that were and belong to the next one.
	lapses, again []lapse
}

func (w *settling) settled() bool { return w.passes == len(passes) || len(w.lapses)+len(w.again) == 0 }

func (w *settling) due() time.Time { return w.since.Add(passes[w.passes]) }

// forget has the switch forget connections behind a change: at once, unless it takes too long, and again. Errors are not those
// of the change, which is made.
func (s *Switch) forget(ctx context.Context, conn *of.Conn, lapses []lapse) {
	w := settling{since: time.Now(), lapses: lapses}
	s.advance(ctx, conn, &w, w.since.Add(maxForgetting))
	if !w.settled() {
		s.settling = append(s.settling, w)
		s.queue.poke()
	}
}

// settle goes on with the passes that it is time for.
func (s *Switch) settle(ctx context.Context, conn *of.Conn) {
	until := time.Now().Add(maxForgetting)
	for i := range s.settling {
		s.advance(ctx, conn, &s.settling[i], until)
	}
	s.settling = slices.DeleteFunc(s.settling, func(w settling) bool { return w.settled() })
}

// advance makes the passes that are due, until it is late. Where the connection ends, the next one goes on.
func (s *Switch) advance(ctx context.Context, conn *of.Conn, w *settling, until time.Time) {
	const some = 16
	for now := time.Now(); !w.settled() && now.Before(until) && !now.Before(w.due()); now = time.Now() {
		n := min(some, len(w.lapses))
		exactly, done := s.send(ctx, conn, w.lapses[:n])
		if !done {
			return
		}
		for _, l := range exactly {
			if !l.once {
				w.again = append(w.again, l)
			}
		}
		if w.lapses = w.lapses[n:]; len(w.lapses) == 0 {
			w.lapses, w.again = w.again, nil
			w.passes++
		}
	}
}

// send says what to forget. It returns what was forgotten exactly, and whether there is nothing more to be done: only a
// connection that ends leaves something, since a switch that does not know how will not learn it.
func (s *Switch) send(ctx context.Context, conn *of.Conn, all []lapse) (exactly []lapse, done bool) {
	var filters []of.CTFilter
	for _, l := range all {
		filters = append(filters, l.connections()...)
	}
	err := conn.FlushConnections(ctx, filters...)
	exactly = all
	if errors.Is(err, of.ErrBadExperimenterType) {
		// Before Open vSwitch 3.1 there is nothing finer than a zone.
		exactly, err = nil, s.sendZones(ctx, conn, all)
	}
	switch {
	case err == nil:
	case conn.Err() != nil || ctx.Err() != nil:
		return nil, false
	default:
		s.log.Warn("the switch does not forget connections", "err", err)
	}
	return exactly, true
}

// sendZones has the whole zones forgotten in which there is something to forget that is worth it.
func (s *Switch) sendZones(ctx context.Context, conn *of.Conn, all []lapse) (err error) {
	zones := map[uint16]bool{}
	for _, l := range all {
		if !l.come && !zones[l.zone] {
			zones[l.zone] = true
			err = errors.Join(err, conn.FlushZone(ctx, l.zone))
		}
	}
	return err
}
