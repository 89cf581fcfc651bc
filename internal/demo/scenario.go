// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/testbed"
	"github.com/ovskit/ovskit/openflow"
)

// The addresses and ports of the scenario.
var (
	webSubnet  = netip.MustParsePrefix("10.77.1.0/24")
	webGateway = netip.MustParseAddr("10.77.1.1")
	web0Addr   = netip.MustParseAddr("10.77.1.2")
	web1Addr   = netip.MustParseAddr("10.77.1.3")
	dbSubnet   = netip.MustParsePrefix("10.77.2.0/24")
	dbGateway  = netip.MustParseAddr("10.77.2.1")
	db0Addr    = netip.MustParseAddr("10.77.2.2")
)

// gateways are the host's addresses in the networks.
func gateways() []netip.Prefix {
	return []netip.Prefix{
		netip.PrefixFrom(webGateway, webSubnet.Bits()),
		netip.PrefixFrom(dbGateway, dbSubnet.Bits()),
	}
}

const (
	servicePort   = 80   // of every endpoint, and outside
	hiddenPort    = 81   // of web0 as well, never published
	publishedPort = 8080 // leads to web0's servicePort
	hostPort      = 9000 // of the host's service
	sharedPort    = 20000
	firstPort     = 20001 // local ports of attempts that are looked for on the wire; below what a kernel chooses itself
)

// scenario is the network of the demo, set up and answering.
type scenario struct {
	tb       *testbed.Testbed
	of       *openflow.Client
	flows    *flows.Switch
	services *services

	host, outside, web0, web1, db0 *machine
	declared                       map[*machine]flows.Endpoint

	within   time.Duration // how long an answer that is wanted may take
	patience time.Duration // how long an attempt that should be blocked is let try
	nextPort uint16
}

// build sets the scenario up on the testbed, with the intents as alter (nil: as they are) leaves them. What it has
// built up to an error is ended by close as well.
func (s *scenario) build(ctx context.Context, alter func([]flows.Object) []flows.Object) error {
	s.services = newServices()
	s.nextPort = firstPort
	s.declared = make(map[*machine]flows.Endpoint)
	s.host = &machine{
		Station: s.tb.Host(),
		addr:    testbed.HostAddr.Addr(),
		others:  []netip.Addr{webGateway, dbGateway},
	}
	s.outside = &machine{
		Station: s.tb.Outside(),
		addr:    testbed.OutsideAddr.Addr(),
		others:  []netip.Addr{testbed.BeyondAddr},
	}
	published := []flows.PortMapping{{Proto: flows.TCP, HostPort: publishedPort, Port: servicePort}}
	for _, e := range []struct {
		machine       **machine
		name, network string
		addr, gateway netip.Addr
		publish       []flows.PortMapping
	}{
		{&s.web0, "web0", "web", web0Addr, webGateway, published},
		{&s.web1, "web1", "web", web1Addr, webGateway, nil},
		{&s.db0, "db0", "db", db0Addr, dbGateway, nil},
	} {
		at, err := s.tb.AddEndpoint(ctx, testbed.Endpoint{
			Name:    e.name,
			Addr:    netip.PrefixFrom(e.addr, webSubnet.Bits()),
			Gateway: e.gateway,
		})
		if err != nil {
			return err
		}
		*e.machine = &machine{Station: at.Station, addr: e.addr, gateway: e.gateway}
		s.declared[*e.machine] = flows.Endpoint{
			Name: e.name, Network: e.network, Port: at.Port.OFPort, MAC: at.Port.MAC,
			Addrs: []netip.Addr{e.addr}, Publish: e.publish,
		}
	}
	uplink := s.tb.Uplink()
	intents := []flows.Object{
		flows.Host{MAC: s.tb.Bridge().MAC, Addrs: []netip.Prefix{testbed.HostAddr}},
		flows.Uplink{Name: uplink.Name, Port: uplink.OFPort, Addrs: []netip.Addr{testbed.HostAddr.Addr()}},
		flows.Network{
			Name: "web", Gateways: gateways()[:1],
			Egress: flows.Via(uplink.Name), Host: flows.ToHost | flows.FromHost,
		},
		flows.Network{Name: "db", Gateways: gateways()[1:], Egress: flows.Via(uplink.Name)},
		s.declared[s.web0], s.declared[s.web1], s.declared[s.db0],
	}
	if alter != nil {
		intents = alter(intents)
	}
	if err := s.connect(ctx, intents); err != nil {
		return err
	}
	return s.serve(ctx)
}

// connect makes the intents come true on the bridge.
func (s *scenario) connect(ctx context.Context, intents []flows.Object) (err error) {
	if s.of, err = openflow.Connect(ctx, s.tb.Bridge().Management(), openflow.ClientOptions{}); err != nil {
		return err
	}
	if s.flows, err = flows.Open(ctx, s.of, flows.Options{Owner: "demo"}); err != nil {
		return err
	}
	return s.flows.Set(ctx, intents...)
}

// serve starts what the probes talk to.
func (s *scenario) serve(ctx context.Context) error {
	at := map[*machine][]netip.AddrPort{
		s.outside: {
			netip.AddrPortFrom(testbed.BeyondAddr, servicePort),
		},
		s.host: {
			netip.AddrPortFrom(s.host.addr, hostPort),
			netip.AddrPortFrom(webGateway, hostPort),
			netip.AddrPortFrom(dbGateway, hostPort),
		},
		s.web0: {
			netip.AddrPortFrom(web0Addr, servicePort),
			netip.AddrPortFrom(web0Addr, hiddenPort),
		},
		s.web1: {netip.AddrPortFrom(web1Addr, servicePort)},
		s.db0:  {netip.AddrPortFrom(db0Addr, servicePort)},
	}
	for m, addrs := range at {
		for _, a := range addrs {
			if err := s.services.start(ctx, m.Station, a); err != nil {
				return fmt.Errorf("start the services of %s: %w", m.Name(), err)
			}
		}
	}
	return nil
}

// close ends what the scenario added to the testbed, which is left as it is.
func (s *scenario) close() {
	if s.services != nil {
		s.services.close()
	}
	if s.flows != nil {
		s.flows.Close()
	}
	if s.of != nil {
		s.of.Close()
	}
}

// freshPort gives a local port to one attempt.
func (s *scenario) freshPort() uint16 {
	s.nextPort++
	return s.nextPort - 1
}
