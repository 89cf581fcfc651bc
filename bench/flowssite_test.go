// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"testing"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/internal/testbed"
	"github.com/ovskit/ovskit/internal/tier"
	"github.com/ovskit/ovskit/openflow"
)

// flowsSite is a network of two endpoints behind an uplink, with traffic. Nobody keeps its flows yet.
type flowsSite struct {
	*testbed.Testbed
	a, b *testbed.Attached
}

// siteGateways are those of the network, and sitePorts the ports that endpoint b publishes as they are.
var siteGateways = []netip.Prefix{netip.MustParsePrefix("10.64.0.1/10"), netip.MustParsePrefix("fd00:40::1/64")}

const sitePort = 8080

// siteAddrs are the addresses of endpoint number i of the network.
func siteAddrs(i int) []netip.Addr {
	six := siteGateways[1].Addr().As16()
	six[13], six[14], six[15] = 1, byte(i>>8), byte(i)
	return []netip.Addr{netip.AddrFrom4([4]byte{10, 64, byte(i>>8) + 1, byte(i)}), netip.AddrFrom16(six)}
}

func newFlowsSite(b *testing.B) *flowsSite {
	b.Helper()
	tier.Need(b, tier.System)
	ctx := context.Background()
	tb, err := testbed.New(ctx, testbed.Options{Kind: testbed.Real, Name: "bench", Gateways: siteGateways})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := tb.Close(); err != nil {
			b.Error(err)
		}
	})
	s := &flowsSite{Testbed: tb}
	for i, a := range []**testbed.Attached{&s.a, &s.b} {
		e := testbed.Endpoint{Name: string(rune('a' + i))}
		for k, g := range siteGateways {
			e.Addrs = append(e.Addrs, netip.PrefixFrom(siteAddrs(i)[k], g.Bits()))
			e.Gateways = append(e.Gateways, g.Addr())
		}
		if *a, err = tb.AddEndpoint(ctx, e); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

// objects declares the network with its two endpoints, and others that are not there, each of which publishes three ports.
func (s *flowsSite) objects(others int) []flows.Object {
	all := []flows.Object{
		flows.Host{MAC: s.Bridge().MAC, Addrs: []netip.Prefix{node.HostAddr, node.HostAddr6}},
		flows.Uplink{Name: "up", Port: s.Uplink().OFPort, Addrs: []netip.Addr{node.HostAddr.Addr(), node.HostAddr6.Addr()}},
		flows.Network{Name: "web", Gateways: siteGateways, Egress: flows.Via("up"), Host: flows.ToHost},
	}
	for i, a := range []*testbed.Attached{s.a, s.b} {
		e := flows.Endpoint{Name: a.Station.Name(), Network: "web", Port: a.Port.OFPort, MAC: a.Port.MAC, Addrs: siteAddrs(i)}
		if a == s.b {
			for _, p := range []flows.Proto{flows.TCP, flows.UDP} {
				e.Publish = append(e.Publish, flows.PortMapping{Proto: p, HostPort: sitePort, Port: sitePort})
			}
		}
		all = append(all, e)
	}
	for i := 2; i < others+2; i++ {
		e := flows.Endpoint{
			Name: fmt.Sprint("other", i), Network: "web", Port: uint32(i + 1000),
			MAC: net.HardwareAddr{2, 0, 0, 0, byte(i >> 8), byte(i)}, Addrs: siteAddrs(i),
		}
		for p := range 3 {
			e.Publish = append(e.Publish, flows.PortMapping{
				Proto: []flows.Proto{flows.TCP, flows.UDP}[p%2], HostPort: uint16(firstPublished + 3*i + p), Port: 80 + uint16(p),
			})
		}
		all = append(all, e)
	}
	return all
}

// keep has a program keep the flows of objects until the benchmark ends.
func (s *flowsSite) keep(b *testing.B, objects []flows.Object) {
	b.Helper()
	ctx := context.Background()
	client, err := openflow.Connect(ctx, s.Bridge().Management(), openflow.ClientOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { client.Close() })
	sw, err := flows.Open(ctx, client, flows.Options{Owner: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { sw.Close() })
	if err := sw.Set(ctx, objects...); err != nil {
		b.Fatal(err)
	}
}
