// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"net/netip"
	"slices"
)

// Judge says what becomes of an attempt. Of one to a port that endpoints share, it goes by the one that was chosen.
func (w *World) Judge(a Attempt) Verdict {
	src, dst := a.Src.Addr(), a.Dst.Addr()
	if !unicast(dst) || !unicast(src) {
		return dropped("not from or not to a machine")
	}
	switch a.From {
	case TheHost:
		return w.fromHost(a)
	case Outside, Forwarded:
		if w.isHost(src) || w.isSpare(src) || w.network(src) != "" {
			return dropped("nobody outside has such an address")
		}
		return w.fromOutside(a)
	}
	e := w.Endpoints[a.From]
	if !slices.Contains(e.Addrs, src) {
		return dropped("an endpoint sends from its own addresses alone")
	}
	if a.Proto == "udp" && (dst.Is4() && a.Dst.Port() == 68 || dst.Is6() && a.Dst.Port() == 546) {
		return dropped("no message of a DHCP server goes anywhere from an endpoint")
	}
	return w.fromEndpoint(a, e)
}

func dropped(why string) Verdict { return Verdict{Why: why} }

// unicast reports whether a machine can have the address.
func unicast(a netip.Addr) bool {
	return a.IsValid() && !a.IsMulticast() && !a.IsLoopback() && !a.IsUnspecified() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

func (w *World) isHost(a netip.Addr) bool {
	return slices.ContainsFunc(w.Host, func(p netip.Prefix) bool { return p.Addr() == a })
}

// isHostBroadcast reports whether the address is one by which the host is reached together with others.
func (w *World) isHostBroadcast(a netip.Addr) bool {
	return slices.ContainsFunc(w.Host, func(p netip.Prefix) bool {
		return p.Contains(a) && a.Is4() && p.Bits() < 31 && (!p.Contains(a.Prev()) || !p.Contains(a.Next()))
	})
}

func (w *World) isSpare(a netip.Addr) bool {
	for _, addrs := range w.Spare {
		if slices.Contains(addrs, a) {
			return true
		}
	}
	return false
}

// network names the network whose subnet an address is in.
func (w *World) network(a netip.Addr) string {
	for name, n := range w.Networks {
		if n.gateway(a).IsValid() {
			return name
		}
	}
	return ""
}

// gateway is the gateway of the subnet that an address is in.
func (n Network) gateway(a netip.Addr) netip.Addr {
	for _, g := range n.Gateways {
		if g.Contains(a) {
			return g.Addr()
		}
	}
	return netip.Addr{}
}

// familyGateway is the gateway of an address's family.
func (n Network) familyGateway(a netip.Addr) netip.Addr {
	for _, g := range n.Gateways {
		if g.Addr().Is4() == a.Is4() {
			return g.Addr()
		}
	}
	return netip.Addr{}
}

// endpoint names the endpoint that has an address.
func (w *World) endpoint(a netip.Addr) string {
	for name, e := range w.Endpoints {
		if slices.Contains(e.Addrs, a) {
			return name
		}
	}
	return ""
}

func (w *World) fromEndpoint(a Attempt, e Endpoint) Verdict {
	dst, mine := a.Dst.Addr(), w.Networks[e.Network]
	switch name := w.network(dst); {
	case name == e.Network && mine.gateway(dst) == dst:
		return w.allowed(a, TheHost, a.Dst, mine.ToHost, "host access")
	case name == e.Network:
		return w.toEndpoint(a, !mine.Isolated, "own network")
	case name != "":
		if to, ok := w.publishedAsIs(a); ok {
			return w.allowed(a, to, a.Dst, true, "a published port is reached from every endpoint")
		}
		return w.toEndpoint(a, false, "another network")
	}
	if to, at, ok := w.published(a); ok {
		v := w.allowed(a, to, at, true, "a published port is reached from every endpoint")
		if v.To != Nobody {
			v.Src = netip.AddrPortFrom(w.Networks[w.Endpoints[to].Network].familyGateway(dst), a.Src.Port())
			v.Translated = true
		}
		return v
	}
	switch {
	case w.isHost(dst):
		return w.allowed(a, TheHost, a.Dst, mine.ToHost, "host access")
	case w.isHostBroadcast(dst):
		return dropped("a broadcast address of the host")
	case w.isSpare(dst):
		return dropped("nothing but published ports is reached at a spare address")
	}
	return w.leaves(a, mine)
}

// leaves is what becomes of an attempt of an endpoint to the outside.
func (w *World) leaves(a Attempt, n Network) Verdict {
	way := n.way(a.Dst.Addr())
	if way.Mode == Internal {
		return dropped("an internal network has no way out")
	}
	v := w.allowed(a, Outside, a.Dst, true, "the way out")
	if v.To == Nobody || way.Mode == Routed {
		return v
	}
	shared := w.Uplink
	if way.Mode == Behind {
		shared = w.Spare[way.Address]
	}
	v.Src = netip.AddrPortFrom(ofFamily(shared, a.Dst.Addr()), a.Src.Port())
	v.Translated = true
	return v
}

func ofFamily(addrs []netip.Addr, like netip.Addr) netip.Addr {
	for _, a := range addrs {
		if a.Is4() == like.Is4() {
			return a
		}
	}
	return netip.Addr{}
}

func (w *World) fromHost(a Attempt) Verdict {
	dst := a.Dst.Addr()
	if name := w.network(dst); name != "" {
		if from := w.network(a.Src.Addr()); from != "" && from != name {
			return dropped("in a network the host has its addresses and the gateway")
		}
		v := w.toEndpoint(a, w.Networks[name].FromHost, "host access")
		v.Translated = v.To != Nobody && w.Networks[name].gateway(dst) == a.Src.Addr()
		return v
	}
	if to, at, ok := w.published(a); ok && w.isSpare(dst) {
		return w.allowed(a, to, at, true, "published")
	}
	if w.isSpare(dst) {
		return dropped("nothing but published ports is reached at a spare address")
	}
	return Verdict{To: Outside, Src: a.Src, Dst: a.Dst, Translated: true, Why: "the host's own traffic"}
}

func (w *World) fromOutside(a Attempt) Verdict {
	dst := a.Dst.Addr()
	if to, at, ok := w.published(a); ok && (a.From == Outside || w.isSpare(dst)) {
		return w.allowed(a, to, at, true, "published")
	}
	name := w.network(dst)
	switch {
	case w.isSpare(dst):
		return dropped("nothing but published ports is reached at a spare address")
	case a.From == Outside && w.isHost(dst):
		return Verdict{To: TheHost, Src: a.Src, Dst: a.Dst, Why: "the host's"}
	case name == "":
		return Verdict{To: Outside, Src: a.Src, Dst: a.Dst, Why: "what the host forwards"}
	case w.Networks[name].way(dst).Mode != Routed:
		return dropped("the outside has no route to the network")
	case w.Networks[name].gateway(dst) == dst:
		return Verdict{To: TheHost, Src: a.Src, Dst: a.Dst, Why: "the host's"}
	}
	if to, ok := w.publishedAsIs(a); ok {
		return w.allowed(a, to, a.Dst, true, "published")
	}
	return w.toEndpoint(a, a.Proto == "ping", "routed networks are pinged")
}

// toEndpoint is what becomes of an attempt to the endpoint that has the destination address, allowed by default or not.
func (w *World) toEndpoint(a Attempt, byDefault bool, why string) Verdict {
	to := w.endpoint(a.Dst.Addr())
	if to == "" {
		return dropped("nobody has the address")
	}
	return w.allowed(a, to, a.Dst, byDefault, why)
}

// published finds the endpoint that publishes the destination of an attempt at an address outside, and its port.
func (w *World) published(a Attempt) (to string, at netip.AddrPort, ok bool) {
	for name, m := range w.publishers(a) {
		if m.Balance == "" || name == a.Chosen {
			own := ofFamily(w.Endpoints[name].Addrs, a.Dst.Addr())
			return name, netip.AddrPortFrom(own, m.Port+a.Dst.Port()-m.Outside), true
		}
	}
	return "", netip.AddrPort{}, false
}

// Sharers are the endpoints that share the port at an address outside that an attempt is for, and by what it gets to one of
// them; none if it is for no such port.
func (w *World) Sharers(a Attempt) (names []string, by Balance) {
	for name, m := range w.publishers(a) {
		if m.Balance != "" {
			names, by = append(names, name), m.Balance
		}
	}
	return names, by
}

// publishers are the endpoints that publish the destination of an attempt at an address outside, each with the mapping.
func (w *World) publishers(a Attempt) map[string]Mapping {
	dst, all := a.Dst.Addr(), map[string]Mapping{}
	for name, e := range w.Endpoints {
		var here bool
		switch way := w.Networks[e.Network].way(dst); way.Mode {
		case Via:
			here = w.isHost(dst)
		case Behind:
			here = slices.Contains(w.Spare[way.Address], dst)
		}
		for _, m := range e.Publish {
			i := int(a.Dst.Port()) - int(m.Outside)
			if here && ofFamily(e.Addrs, dst).IsValid() && m.Proto == a.Proto && i >= 0 && i < m.Ports && (!m.Addr.IsValid() || m.Addr == dst) {
				all[name] = m
			}
		}
	}
	return all
}

// publishedAsIs finds the endpoint of a routed network that publishes the destination of an attempt.
func (w *World) publishedAsIs(a Attempt) (to string, ok bool) {
	dst := a.Dst.Addr()
	to = w.endpoint(dst)
	e := w.Endpoints[to]
	if to == "" || w.Networks[e.Network].way(dst).Mode != Routed || ofFamily(e.Addrs, dst) != dst {
		return "", false
	}
	return to, slices.ContainsFunc(e.Publish, func(m Mapping) bool {
		i := int(a.Dst.Port()) - int(m.Port)
		return !m.Addr.IsValid() && m.Proto == a.Proto && i >= 0 && i < m.Ports
	})
}
