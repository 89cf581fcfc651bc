// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/testbed"
	"github.com/ovskit/ovskit/internal/tier"
	"github.com/ovskit/ovskit/internal/unixctl"
	"github.com/ovskit/ovskit/openflow"
)

// attackSite is a testbed where all that arrives anywhere is looked at: two networks with the same way out, with mallory
// and web1 on the one and db0 on the other. Each endpoint publishes a port of UDP.
type attackSite struct {
	*testbed.Testbed
	ctx context.Context
	way string // out: "uplink", "address" or "routed"
	sw  *flows.Switch
	web flows.Network // from which the host is not reached

	mallory, web1, db0, host, outside *party
	nic                               net.HardwareAddr // where the outside sends what is for the host

	tags int // how many attacks there were
}

// party is somebody at an attack site.
type party struct {
	testbed.Station
	addrs   [2]netip.Prefix // of IPv4 and IPv6
	port    uint32
	network string // of an endpoint
	publish uint16 // the endpoint's port that it publishes
	capture testbed.Capture
}

// at is the party as the sender or receiver of packets of a family.
func (p *party) at(family int) *station {
	return &station{name: p.Name(), mac: p.MAC(), addr: p.addrs[family].Addr(), port: p.port, network: p.network}
}

var (
	attackedNetworks = map[string][]netip.Prefix{
		"web": {netip.MustParsePrefix("10.77.1.1/24"), netip.MustParsePrefix("fd00:77:1::1/64")},
		"db":  {netip.MustParsePrefix("10.77.2.1/24"), netip.MustParsePrefix("fd00:77:2::1/64")},
	}
	spareAddrs = []netip.Addr{testbed.SpareAddr, testbed.SpareAddr6}
)

// publishedFrom is how much higher a port is outside where it is translated.
const publishedFrom = 7000

// onAttackSites runs a test on a site with each way out, on a switch of each kind.
func onAttackSites(t *testing.T, test func(t *testing.T, s *attackSite)) {
	for _, kind := range []testbed.Kind{testbed.Fake, testbed.Real} {
		for _, way := range []string{"uplink", "address", "routed"} {
			t.Run(fmt.Sprintf("%s/%s", kind, way), func(t *testing.T) {
				if kind == testbed.Real {
					tier.Need(t, tier.System)
				}
				test(t, newAttackSite(t, kind, way))
			})
		}
	}
}

func newAttackSite(t *testing.T, kind testbed.Kind, way string) *attackSite {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	o := testbed.Options{Kind: kind, Name: "attacks"}
	for _, gateways := range attackedNetworks {
		o.Gateways = append(o.Gateways, gateways...)
	}
	if way == "address" {
		o.Spare = spareAddrs
	}
	tb, err := testbed.New(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tb.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &attackSite{Testbed: tb, ctx: ctx, way: way}
	s.mallory, s.web1, s.db0 = s.attach(t, "mallory", "web", 66), s.attach(t, "web1", "web", 71), s.attach(t, "db0", "db", 72)
	s.host = &party{Station: tb.Host(), addrs: [2]netip.Prefix{testbed.HostAddr, testbed.HostAddr6}, port: openflow.PortLocal}
	s.outside = &party{Station: tb.Outside(), addrs: [2]netip.Prefix{testbed.OutsideAddr, testbed.OutsideAddr6}}
	client, err := openflow.Connect(ctx, tb.Bridge().Management(), quick)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	if s.sw, err = flows.Open(ctx, client, flows.Options{Owner: "attacks"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.sw.Close() })
	s.declare(t)
	s.meet(t)
	for _, p := range []*party{s.mallory, s.web1, s.db0} {
		s.listen(t, p, p.publish)
	}
	for _, p := range s.parties() {
		if p.capture, err = p.Capture(ctx); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.capture.Close() })
	}
	return s
}

func (s *attackSite) parties() []*party {
	return []*party{s.mallory, s.web1, s.db0, s.host, s.outside}
}

// onBridge tells whether what the outside sends comes into the bridge, and not to a NIC of the host.
func (s *attackSite) onBridge() bool { return s.Uplink() != nil }

func (s *attackSite) attach(t *testing.T, name, network string, publish uint16) *party {
	t.Helper()
	p := &party{network: network, publish: publish}
	e := testbed.Endpoint{Name: name}
	for i, g := range attackedNetworks[network] {
		a := g.Addr().As16()
		a[15] = byte(publish)
		p.addrs[i] = netip.PrefixFrom(netip.AddrFrom16(a).Unmap(), g.Bits())
		e.Addrs, e.Gateways = append(e.Addrs, p.addrs[i]), append(e.Gateways, g.Addr())
	}
	a, err := s.AddEndpoint(s.ctx, e)
	if err != nil {
		t.Fatal(err)
	}
	p.Station, p.port = a.Station, a.Port.OFPort
	return p
}

// listen has a party take what comes to a port, and answer nothing.
func (s *attackSite) listen(t *testing.T, p *party, port uint16) {
	t.Helper()
	for _, a := range p.addrs {
		pc, err := p.ListenUDP(s.ctx, netip.AddrPortFrom(a.Addr(), port))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { pc.Close() })
	}
}

func (s *attackSite) declare(t *testing.T) {
	t.Helper()
	var egress flows.Egress
	objects := []flows.Object{flows.Host{MAC: s.Bridge().MAC, Addrs: s.host.addrs[:]}}
	if s.onBridge() {
		egress = flows.Via("up")
		objects = append(objects, flows.Uplink{
			Name: "up", Port: s.Uplink().OFPort, Addrs: []netip.Addr{s.host.addrs[0].Addr(), s.host.addrs[1].Addr()},
		})
	} else {
		egress = flows.Behind("x")
		objects = append(objects, flows.Address{Name: "x", Addrs: spareAddrs})
	}
	if s.way == "routed" {
		egress = flows.Routed()
	}
	s.web = flows.Network{Name: "web", Gateways: attackedNetworks["web"], Egress: egress, Host: flows.FromHost}
	db := s.web
	db.Name, db.Gateways = "db", attackedNetworks["db"]
	objects = append(objects, s.web, db)
	for _, p := range []*party{s.mallory, s.web1, s.db0} {
		objects = append(objects, s.endpoint(p))
	}
	s.set(t, objects...)
}

// endpoint is what is declared of a party, with further ports that it publishes.
func (s *attackSite) endpoint(p *party, more ...flows.PortMapping) flows.Endpoint {
	return flows.Endpoint{
		Name: p.Name(), Network: p.network, Port: p.port, MAC: p.MAC(), Addrs: []netip.Addr{p.addrs[0].Addr(), p.addrs[1].Addr()},
		Publish: append(more, s.mapping(flows.UDP, p.publish)),
	}
}

func (s *attackSite) mapping(proto flows.Proto, port uint16) flows.PortMapping {
	if s.way == "routed" {
		return flows.PortMapping{Proto: proto, Port: port}
	}
	return flows.PortMapping{Proto: proto, HostPort: publishedFrom + port, Port: port}
}

// published is where a port of an endpoint is reached that it publishes.
func (s *attackSite) published(p *party, family int, port uint16) netip.AddrPort {
	switch s.way {
	case "address":
		return netip.AddrPortFrom(spareAddrs[family], publishedFrom+port)
	case "routed":
		return netip.AddrPortFrom(p.addrs[family].Addr(), port)
	}
	return netip.AddrPortFrom(s.host.addrs[family].Addr(), publishedFrom+port)
}

// set declares objects, and waits until every packet goes by them.
func (s *attackSite) set(t *testing.T, objects ...flows.Object) {
	t.Helper()
	if err := s.sw.Set(s.ctx, objects...); err != nil {
		t.Fatal(err)
	}
	s.settle(t)
}

// settle makes the datapath forget what it has worked out, by flows that may have changed since.
func (s *attackSite) settle(t *testing.T) {
	t.Helper()
	socket, err := unixctl.Socket(s.RunDir(), "ovs-vswitchd")
	if err != nil {
		t.Fatal(err)
	}
	// A purge passes over a flow that a revalidator is just looking at.
	for _, method := range []string{"revalidator/pause", "revalidator/purge", "revalidator/resume"} {
		if _, err := unixctl.Call(s.ctx, socket, method); err != nil {
			t.Fatal(err)
		}
	}
}

// meet makes neighbours on the link outside known to each other.
func (s *attackSite) meet(t *testing.T) {
	t.Helper()
	for _, a := range s.host.addrs {
		if err := s.outside.Ping(s.ctx, a.Addr()); err != nil {
			t.Fatal(err)
		}
	}
	known, err := s.outside.Neighbours()
	if err != nil {
		t.Fatal(err)
	}
	if s.nic = known[s.host.addrs[0].Addr()]; s.nic == nil {
		t.Fatalf("the outside has no neighbour %s: %v", s.host.addrs[0], known)
	}
}
