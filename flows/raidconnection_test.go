// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"net/netip"
)

// conversations are connections of web1: with the outside, begun by either, and with db0, which goes by web1's published
// port.
type conversations struct {
	shared                  netip.Addr // by which web1 is known outside
	asks, asked, askedByDB0 frame      // as they begin, each by who begins it
}

func (r *raid) converse() conversations {
	f := r.family
	web1, o, published := r.web1.at(f), r.outside.at(f), r.published(r.web1, f, r.web1.publish)
	r.listen(r.t, r.web1, 6001)
	c := conversations{
		shared:     published.Addr(),
		asks:       packet("udp", web1, r.by(o.addr), 6001, 53),
		asked:      packet("udp", o, r.byNIC(published.Addr()), 4500, published.Port()),
		askedByDB0: packet("udp", r.db0.at(f), r.by(published.Addr()), 4600, published.Port()),
	}
	r.add("web1 asks", r.web1, reaches(r.host, r.outside), c.asks)
	r.add("web1 is asked", r.outside, r.fromOutside(published), c.asked)
	r.add("web1 is asked by db0", r.db0, reaches(r.web1), c.askedByDB0)
	r.run()
	return c
}

// about is an ICMP error of a station about a packet, sent to the packet's sender: that it is too big.
func (r *raid) about(from *station, src, dst netip.AddrPort) frame {
	subject := frame{
		from: from.mac, to: from.mac, proto: "udp", ttl: 60, src: src, dst: dst, payload: tag(r.tags),
	}
	return frame{
		from: from.mac, to: r.Bridge().MAC, proto: "too big", ttl: 64, payload: unpadded(subject.bytes(r.t))[14:],
		src: netip.AddrPortFrom(from.addr, 0), dst: netip.AddrPortFrom(src.Addr(), 0),
	}
}

// Nobody but the other end is heard in a connection, and nobody but who may be on its way complains of it.
func attackConnections(r *raid) {
	c := r.converse()
	f, m, o := r.family, r.mallory.at(r.family), r.outside.at(r.family)
	web1, port := r.web1.at(f), r.web1.publish
	outgoing := netip.AddrPortFrom(c.shared, 6001)
	unknown := r.fromOutside(outgoing)
	known := append(reaches(r.web1), unknown...)
	if r.way == "uplink" {
		known = reaches(r.web1)
	}
	reply := packet("udp", o, r.byNIC(c.shared), 53, 6001)
	r.add("reply", r.outside, known, reply)
	for name, src := range map[string]netip.AddrPort{
		"another port":  netip.AddrPortFrom(o.addr, 54),
		"a third party": netip.AddrPortFrom(thirdParty[f], 53),
		"beyond":        netip.AddrPortFrom(beyond[f], 53),
	} {
		r.add("reply from "+name, r.outside, unknown, reply.with(func(f *frame) { f.src = src }))
	}
	if r.way != "routed" { // else it talks with its neighbour
		r.add("reply of mallory", r.mallory, nobody(), packet("udp", m, r.by(c.shared), 53, 6001))
	}
	r.add("reply of db0", r.db0, nobody(), packet("udp", r.db0.at(f), r.by(web1.addr), 53, 6001))

	// What the connections' packets are outside, with those of no connection.
	outside := map[string][2]netip.AddrPort{
		"its own":          {outgoing, netip.AddrPortFrom(o.addr, 53)},
		"that to it":       {c.asked.dst, c.asked.src},
		"another port":     {netip.AddrPortFrom(c.shared, 6002), netip.AddrPortFrom(o.addr, 53)},
		"another receiver": {outgoing, netip.AddrPortFrom(thirdParty[f], 99)},
	}
	for name, p := range outside {
		to := known
		if name == "another port" || name == "another receiver" {
			to = nobody()
			if r.way == "routed" {
				to = unknown
			}
		}
		for who, a := range map[string]netip.Addr{"the outside": o.addr, "a router": beyond[f]} {
			e := r.about(&station{mac: o.mac, addr: a}, p[0], p[1])
			e.to = r.nic
			r.add(who+" about "+name, r.outside, to, e)
		}
		if r.way != "routed" {
			r.add("mallory about "+name, r.mallory, nobody(), r.about(m, p[0], p[1]))
			r.add("db0 about "+name, r.db0, nobody(), r.about(r.db0.at(f), p[0], p[1]))
		}
	}
	// Whoever knows the addresses and ports of a connection can complain of it, to both of its parties: that of the packet's
	// receiver is not asked for.
	for name, p := range map[string][2]netip.AddrPort{
		"its own":    {netip.AddrPortFrom(o.addr, 53), netip.AddrPortFrom(web1.addr, 6001)},
		"that to it": {c.asked.src, netip.AddrPortFrom(web1.addr, port)},
	} {
		r.add("mallory to the outside about "+name, r.mallory, reaches(r.host, r.outside), r.about(m, p[0], p[1]))
		unknown := netip.AddrPortFrom(p[1].Addr(), 6002)
		r.add("mallory to the outside about another port than "+name, r.mallory, r.onlyHost(), r.about(m, p[0], unknown))
	}
	toDB0, toGateway := nobody(), reaches(r.db0)
	if r.way == "routed" {
		toDB0, toGateway = toGateway, toDB0
	}
	gateway := netip.AddrPortFrom(r.gateway("web").addr, 4600)
	r.add("mallory about db0's, to web1", r.mallory, reaches(r.web1), r.about(m, c.askedByDB0.dst, c.askedByDB0.src))
	r.add("mallory about db0's, by the gateway", r.mallory, toGateway, r.about(m, gateway, netip.AddrPortFrom(web1.addr, port)))
	r.add("mallory about db0's, to db0", r.mallory, toDB0, r.about(m, c.askedByDB0.src, c.askedByDB0.dst))
}

// onlyHost is whom a packet for outside reaches that is of no connection: the host, if it is the host that would route it
// untranslated.
func (r *raid) onlyHost() []*party {
	if r.way == "uplink" {
		return reaches(r.host)
	}
	return nobody()
}
