// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"testing"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/testbed"
)

// dual is a site of both families with two networks by the uplink: web with web0 to web2, and db with db0. What a test
// changes about the networks and endpoints is declared by set.
type dual struct {
	*site
	web, db        flows.Network
	w0, w1, w2, d0 *member
	host, outside  *member
}

// member is a machine with its addresses of both families.
type member struct {
	testbed.Station
	addr4, addr6 netip.Addr
	endpoint     flows.Endpoint // of the host and of the outside: none
}

// addr is that of a family.
func (p *member) addr(v6 bool) netip.Addr {
	if v6 {
		return p.addr6
	}
	return p.addr4
}

// in is the member as frames of one family have it.
func (p *member) in(v6 bool) *station {
	return &station{name: p.Name(), mac: p.MAC(), addr: p.addr(v6), port: p.endpoint.Port}
}

// onDualSites runs a test on a dual site of each kind.
func onDualSites(t *testing.T, o testbed.Options, test func(s *dual)) {
	gateways := func(n int) []netip.Prefix {
		return []netip.Prefix{
			netip.MustParsePrefix(fmt.Sprintf("10.77.%d.1/24", n)), netip.MustParsePrefix(fmt.Sprintf("fd77:%d::1/64", n)),
		}
	}
	o.Gateways = append(gateways(1), gateways(2)...)
	onTestbeds(t, o, func(base *site) {
		s := &dual{
			site: base,
			web:  flows.Network{Name: "web", Gateways: gateways(1), Egress: flows.Via("up")},
			db:   flows.Network{Name: "db", Gateways: gateways(2), Egress: flows.Via("up")},
			host: &member{Station: base.Host(), addr4: testbed.HostAddr.Addr(), addr6: testbed.HostAddr6.Addr()},
			outside: &member{
				Station: base.Outside(), addr4: testbed.OutsideAddr.Addr(), addr6: testbed.OutsideAddr6.Addr(),
			},
		}
		s.w0, s.w1, s.w2, s.d0 = s.join(s.web, 2), s.join(s.web, 3), s.join(s.web, 4), s.join(s.db, 2)
		s.open(flows.Options{})
		shared := []netip.Addr{s.host.addr4, s.host.addr6}
		s.set(
			flows.Host{MAC: s.Bridge().MAC, Addrs: []netip.Prefix{testbed.HostAddr, testbed.HostAddr6}},
			flows.Uplink{Name: "up", Port: s.Uplink().OFPort, Addrs: shared},
			s.web, s.db, s.w0.endpoint, s.w1.endpoint, s.w2.endpoint, s.d0.endpoint)
		test(s)
	})
}

// join attaches an endpoint with the n-th addresses of a network.
func (s *dual) join(n flows.Network, number int) *member {
	s.t.Helper()
	e := testbed.Endpoint{Name: fmt.Sprintf("%s%d", n.Name, number-2)}
	p := &member{endpoint: flows.Endpoint{Name: e.Name, Network: n.Name}}
	for _, g := range n.Gateways {
		a := g.Addr()
		for range number - 1 {
			a = a.Next()
		}
		e.Addrs, e.Gateways = append(e.Addrs, netip.PrefixFrom(a, g.Bits())), append(e.Gateways, g.Addr())
		p.endpoint.Addrs = append(p.endpoint.Addrs, a)
	}
	p.addr4, p.addr6 = p.endpoint.Addrs[0], p.endpoint.Addrs[1]
	at, err := s.AddEndpoint(s.ctx, e)
	if err != nil {
		s.t.Fatal(err)
	}
	p.Station, p.endpoint.Port, p.endpoint.MAC = at.Station, at.Port.OFPort, at.Port.MAC
	return p
}

// ear is what arrives at a member.
type ear struct {
	t       *testing.T
	ctx     context.Context
	capture testbed.Capture
}

func (s *dual) listen(p *member) *ear {
	s.t.Helper()
	c, err := p.Capture(s.ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	return &ear{s.t, s.ctx, c}
}

// until waits for a frame that is like last, and returns it and those that are like what before it.
func (e *ear) until(last func([]byte) bool, what func([]byte) bool) (end []byte, found [][]byte) {
	e.t.Helper()
	for {
		f, err := e.capture.Next(e.ctx)
		if err != nil {
			e.t.Fatal(err)
		}
		if last(f) {
			return f, found
		}
		if what(f) {
			found = append(found, f)
		}
	}
}

// carrying is of frames that carry a payload.
func carrying(payload string) func([]byte) bool {
	return func(f []byte) bool { return bytes.Contains(f, []byte(payload)) }
}

func never([]byte) bool { return false }

// say sends a frame as it is.
func (s *dual) say(from *member, f frame) {
	s.t.Helper()
	if err := from.SendFrames(f.bytes(s.t)); err != nil {
		s.t.Fatal(err)
	}
}

// udpFrame is one of UDP with a payload.
func udpFrame(from, to *station, srcPort, dstPort uint16, payload string) frame {
	f := packet("udp", from, to, srcPort, dstPort)
	f.payload = []byte(payload)
	return f
}

// fence returns when the switch has dealt with all that an endpoint has sent before: it answers who asks for the gateway.
func (s *dual) fence(p *member) {
	s.t.Helper()
	e := s.listen(p)
	gateway := s.web.Gateways[0].Addr()
	if p.endpoint.Network == s.db.Name {
		gateway = s.db.Gateways[0].Addr()
	}
	s.say(p, frame{
		from: p.MAC(), to: broadcast, proto: "arp?", src: netip.AddrPortFrom(p.addr4, 0), dst: netip.AddrPortFrom(gateway, 0),
	})
	e.until(func(f []byte) bool {
		return len(f) >= 42 && f[12] == 8 && f[13] == 6 && f[21] == 2 && bytes.Equal(f[28:32], gateway.AsSlice())
	}, never)
	e.capture.Close()
}

// each runs a part of a test for either family.
func (s *dual) each(part func(v6 bool, name string)) {
	part(false, "IPv4")
	part(true, "IPv6")
}

// udp opens a socket that the test closes.
func (s *dual) udp(p *member, at netip.AddrPort) net.PacketConn {
	s.t.Helper()
	c, err := p.ListenUDP(s.ctx, at)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	deadline, _ := s.ctx.Deadline()
	c.SetDeadline(deadline)
	return c
}

// receive reads a datagram.
func (s *dual) receive(c net.PacketConn) (string, net.Addr) {
	s.t.Helper()
	b := make([]byte, 2000)
	n, from, err := c.ReadFrom(b)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b[:n]), from
}
