// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/flows/hostport"
	"github.com/ovskit/ovskit/internal/testbed"
	"github.com/ovskit/ovskit/openflow"
)

const (
	servicePort   = 80   // of every endpoint, and outside
	hiddenPort    = 81   // of web0 as well, never published
	publishedPort = 8080 // leads to web0's servicePort
	forwardedPort = 8088 // does so as well, where the host's own programs are forwarded
	hostPort      = 9000 // of the host's service
	sharedPort    = 20000
	firstPort     = 20001 // local ports of attempts that are looked for on the wire; below what a kernel chooses itself
)

// owner is whose the flows are.
const owner = "demo"

// spareName is that of the spare addresses.
const spareName = "spare"

// scenario is the network of the demo, set up and answering.
type scenario struct {
	tb       *testbed.Testbed
	egress   string
	of       *openflow.Client
	flows    *flows.Switch
	services *services
	// hostPorts reserves and forwards published ports in the host's own stack; nil if that is none of a kernel.
	hostPorts *hostport.Ports

	views    []*view
	declared map[string]flows.Endpoint

	within   time.Duration // how long an answer that is wanted may take
	patience time.Duration // how long an attempt that should be blocked is let try
	nextPort uint16
}

// testbedOptions are those of a testbed for the scenario.
func testbedOptions(egress string) testbed.Options {
	o := testbed.Options{Gateways: append(
		each(func(f family) netip.Prefix { return f.web }), each(func(f family) netip.Prefix { return f.db })...)}
	if egress == Address {
		o.Spare = each(func(f family) netip.Addr { return f.spare })
	}
	return o
}

// build sets the scenario up on the testbed, with the intents as alter (nil: as they are) leaves them. What it has
// built up to an error is ended by close as well.
func (s *scenario) build(ctx context.Context, alter func([]flows.Object) []flows.Object) error {
	s.services = newServices()
	s.nextPort = firstPort
	s.declared = make(map[string]flows.Endpoint)
	for _, f := range families {
		v := &view{scenario: s, in: f}
		v.host = &machine{Station: s.tb.Host(), addr: f.host.Addr(), others: []netip.Addr{f.web.Addr(), f.db.Addr()}}
		v.outside = &machine{Station: s.tb.Outside(), addr: f.outside, others: []netip.Addr{f.beyond}}
		s.views = append(s.views, v)
	}
	for _, e := range []struct {
		name, network string
		machine       func(*view) **machine
		addr          func(family) netip.Addr
		gateway       func(family) netip.Prefix
	}{
		{
			"web0", "web", func(v *view) **machine { return &v.web0 },
			func(f family) netip.Addr { return f.web0 }, func(f family) netip.Prefix { return f.web },
		},
		{
			"web1", "web", func(v *view) **machine { return &v.web1 },
			func(f family) netip.Addr { return f.web1 }, func(f family) netip.Prefix { return f.web },
		},
		{
			"db0", "db", func(v *view) **machine { return &v.db0 },
			func(f family) netip.Addr { return f.db0 }, func(f family) netip.Prefix { return f.db },
		},
	} {
		at, err := s.tb.AddEndpoint(ctx, testbed.Endpoint{
			Name:     e.name,
			Addrs:    each(func(f family) netip.Prefix { return netip.PrefixFrom(e.addr(f), e.gateway(f).Bits()) }),
			Gateways: each(func(f family) netip.Addr { return e.gateway(f).Addr() }),
		})
		if err != nil {
			return err
		}
		s.declared[e.name] = flows.Endpoint{
			Name: e.name, Network: e.network, Port: at.Port.OFPort, MAC: at.Port.MAC, Addrs: each(e.addr),
		}
		for _, v := range s.views {
			*e.machine(v) = &machine{Station: at.Station, addr: e.addr(v.in), gateway: e.gateway(v.in).Addr()}
		}
	}
	s.publish()
	intents := s.intents()
	if alter != nil {
		intents = alter(intents)
	}
	if err := s.connect(ctx, intents); err != nil {
		return err
	}
	if s.forwards() {
		if err := s.forward(ctx); err != nil {
			return err
		}
	}
	return s.serve(ctx)
}

// forwards tells whether published ports are the host's own, and the host has a kernel.
func (s *scenario) forwards() bool { return s.egress == Uplink && s.tb.Kind() == testbed.Real }

// forward has the host's own programs led to web0 at one of the ports that it publishes; the other is reserved, as it is
// where nobody asks for more.
func (s *scenario) forward(ctx context.Context) (err error) {
	if s.hostPorts, err = hostport.Open(ctx, hostport.Options{Netns: s.tb.SwitchNetns()}); err != nil {
		return err
	}
	var own []netip.Addr
	for _, f := range families {
		own = append(own, f.loopback, f.host.Addr())
	}
	web0 := s.declared["web0"]
	var mappings []hostport.Mapping
	for _, m := range web0.Publish {
		to := web0.Addrs
		if m.HostPort != forwardedPort {
			to = nil
		}
		mappings = append(mappings, hostport.Mappings([]flows.PortMapping{m}, own, to)...)
	}
	return s.hostPorts.Set(web0.Name, mappings)
}

// publish makes web0's service reachable: at the address that its network shares, or at its own if that is routed.
func (s *scenario) publish() {
	m := flows.PortMapping{Proto: flows.TCP, HostPort: publishedPort, Port: servicePort}
	if s.egress == Routed {
		m.HostPort = 0
	}
	web0 := s.declared["web0"]
	web0.Publish = []flows.PortMapping{m}
	if s.forwards() {
		m.HostPort = forwardedPort
		web0.Publish = append(web0.Publish, m)
	}
	s.declared["web0"] = web0
	for _, v := range s.views {
		v.published = netip.AddrPortFrom(v.seen(v.web0), publishedPort)
		if s.egress == Routed {
			v.published = netip.AddrPortFrom(v.web0.addr, servicePort)
		}
	}
}

// intents are what the scenario declares.
func (s *scenario) intents() []flows.Object {
	hostAddr := func(f family) netip.Addr { return f.host.Addr() }
	objects := []flows.Object{
		flows.Host{MAC: s.tb.Bridge().MAC, Addrs: each(func(f family) netip.Prefix { return f.host })},
	}
	if u := s.tb.Uplink(); u != nil {
		objects = append(objects, flows.Uplink{Name: u.Name, Port: u.OFPort, Addrs: each(hostAddr)})
	}
	egress := flows.Routed()
	switch s.egress {
	case Uplink:
		egress = flows.Via(s.tb.Uplink().Name)
	case Address:
		objects = append(objects, flows.Address{Name: spareName, Addrs: each(func(f family) netip.Addr { return f.spare })})
		egress = flows.Behind(spareName)
	}
	return append(objects,
		flows.Network{
			Name: "web", Gateways: each(func(f family) netip.Prefix { return f.web }),
			Egress: egress, Host: flows.ToHost | flows.FromHost,
		},
		flows.Network{Name: "db", Gateways: each(func(f family) netip.Prefix { return f.db }), Egress: egress},
		s.declared["web0"], s.declared["web1"], s.declared["db0"],
	)
}

// connect makes the intents come true on the bridge.
func (s *scenario) connect(ctx context.Context, intents []flows.Object) (err error) {
	if s.of, err = openflow.Connect(ctx, s.tb.Bridge().Management(), openflow.ClientOptions{}); err != nil {
		return err
	}
	if s.flows, err = flows.Open(ctx, s.of, flows.Options{Owner: owner}); err != nil {
		return err
	}
	return s.flows.Set(ctx, intents...)
}

// serve starts what the probes talk to.
func (s *scenario) serve(ctx context.Context) error {
	for _, v := range s.views {
		for _, at := range []struct {
			machine *machine
			port    uint16
			addrs   []netip.Addr
		}{
			{v.outside, servicePort, []netip.Addr{v.in.beyond}},
			{v.host, hostPort, append(slices.Clone(v.host.others), v.host.addr)},
			{v.web0, servicePort, []netip.Addr{v.web0.addr}},
			{v.web0, hiddenPort, []netip.Addr{v.web0.addr}},
			{v.web1, servicePort, []netip.Addr{v.web1.addr}},
			{v.db0, servicePort, []netip.Addr{v.db0.addr}},
		} {
			for _, a := range at.addrs {
				if err := s.services.start(ctx, at.machine.Station, netip.AddrPortFrom(a, at.port)); err != nil {
					return fmt.Errorf("start the services of %s: %w", at.machine.Name(), err)
				}
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
	if s.hostPorts != nil {
		s.hostPorts.Close()
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
