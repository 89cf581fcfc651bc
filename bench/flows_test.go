// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/openflow"
)

// manyPublished is how many ports are published at once, and manyRules how many rules or flows of the kind are there already.
const (
	manyPublished = 1000
	manyRules     = 10000
)

// flowsComparisons publish ports of an endpoint beside what Docker's bridge driver does for each: the translation, the hole
// in the filter and the hairpin's masquerade. With one process a rule, as it does, with one for all, and with one nft.
// Those at-10000 find as many rules there, and what they take is held against what the same take where there are none:
// ours and, to compare, the peers'. Adding an endpoint is held against itself likewise, and a start of the program that
// finds all as it should be against the first.
var flowsComparisons = []comparison{
	{name: "flows.publish1/iptables-exec", setup: func(b *testing.B) (ours, peer side) {
		return publishFlows(b, 1, 0), publishByExec(b, 1, 0)
	}},
	{name: "flows.publish1000/iptables-exec", setup: func(b *testing.B) (ours, peer side) {
		return publishFlows(b, manyPublished, 0), publishByExec(b, manyPublished, 0)
	}},
	{name: "flows.publish1000/iptables-restore", setup: func(b *testing.B) (ours, peer side) {
		return publishFlows(b, manyPublished, 0), publishByRestore(b, manyPublished, 0)
	}},
	{name: "flows.publish1000/nft", setup: func(b *testing.B) (ours, peer side) {
		return publishFlows(b, manyPublished, 0), publishByNft(b, manyPublished, 0)
	}},
	{name: "flows.publish1000/iptables-exec-at-10000", setup: func(b *testing.B) (ours, peer side) {
		return publishFlows(b, manyPublished, manyRules), publishByExec(b, manyPublished, manyRules)
	}},
	{name: "flows.publish1000/iptables-restore-at-10000", setup: func(b *testing.B) (ours, peer side) {
		return publishFlows(b, manyPublished, manyRules), publishByRestore(b, manyPublished, manyRules)
	}},
	{name: "flows.publish1000/nft-at-10000", setup: func(b *testing.B) (ours, peer side) {
		return publishFlows(b, manyPublished, manyRules), publishByNft(b, manyPublished, manyRules)
	}},
	{name: "flows.publish1000-at-10000/at-0", setup: func(b *testing.B) (at10000, at0 side) {
		return publishFlows(b, manyPublished, manyRules), publishFlows(b, manyPublished, 0)
	}},
	{name: "iptables-restore.publish1000-at-10000/at-0", setup: func(b *testing.B) (at10000, at0 side) {
		return publishByRestore(b, manyPublished, manyRules), publishByRestore(b, manyPublished, 0)
	}},
	{name: "nft.publish1000-at-10000/at-0", setup: func(b *testing.B) (at10000, at0 side) {
		return publishByNft(b, manyPublished, manyRules), publishByNft(b, manyPublished, 0)
	}},
	{name: "flows.endpoint-at-10000/at-1", setup: func(b *testing.B) (at10000, at1 side) {
		return addEndpoint(b, 10000), addEndpoint(b, 1)
	}},
	{name: "flows.restart50000/first-start", setup: restartFlows},
}

// flowSwitch is a switch on a node's bridge with a host, an uplink and a network.
type flowSwitch struct {
	*flows.Switch
	br   *bridge.Bridge
	base []flows.Object
}

func newFlowSwitch(b *testing.B) flowSwitch {
	ctx := context.Background()
	n := newNode(b)
	br, err := bridge.Ensure(ctx, n.db, bridge.Config{Name: "br0", SwitchNetns: n.Host().Path()})
	if err != nil {
		b.Fatal(err)
	}
	s := flowSwitch{br: br, base: []flows.Object{
		flows.Host{MAC: br.MAC, Addrs: []netip.Prefix{node.HostAddr}},
		flows.Uplink{Name: "eth0", Port: 1, Addrs: []netip.Addr{node.HostAddr.Addr()}},
		flows.Network{Name: "web", Gateways: []netip.Prefix{netip.MustParsePrefix("10.64.0.1/10")}, Egress: flows.Via("eth0")},
	}}
	s.open(b)
	if err := s.Set(ctx, s.base...); err != nil {
		b.Fatal(err)
	}
	return s
}

// open starts the program that keeps the flows.
func (s *flowSwitch) open(b *testing.B) (stop func()) {
	ctx := context.Background()
	client, err := openflow.Connect(ctx, s.br.Management(), openflow.ClientOptions{})
	if err != nil {
		b.Fatal(err)
	}
	sw, err := flows.Open(ctx, client, flows.Options{Owner: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	s.Switch = sw
	stop = func() {
		sw.Close()
		client.Close()
	}
	b.Cleanup(stop)
	return stop
}

// webEndpoint is endpoint number i of the network.
func webEndpoint(i int, publish ...flows.PortMapping) flows.Endpoint {
	return flows.Endpoint{
		Name: fmt.Sprint("web", i), Network: "web", Port: uint32(i + 2), MAC: net.HardwareAddr{2, 0, 0, 0, byte(i >> 8), byte(i)},
		Addrs: []netip.Addr{netip.AddrFrom4([4]byte{10, 64, byte(i>>8) + 1, byte(i)})}, Publish: publish,
	}
}

// publishFlows publishes ports of one endpoint where another has published some.
func publishFlows(b *testing.B, ports, others int) side {
	ctx := context.Background()
	s := newFlowSwitch(b)
	if others > 0 {
		// A range that begins elsewhere than the endpoint's has a flow for each of its ports.
		if err := s.Set(ctx, webEndpoint(1, flows.PortMapping{
			Proto: flows.TCP, HostPort: 20000, HostPortEnd: 20000 + uint16(others) - 1, Port: 1,
		})); err != nil {
			b.Fatal(err)
		}
	}
	var mappings []flows.PortMapping
	for i := range ports {
		mappings = append(mappings, flows.PortMapping{Proto: flows.TCP, HostPort: firstPublished + uint16(i), Port: 80})
	}
	with, without := webEndpoint(0, mappings...), webEndpoint(0)
	if err := s.Set(ctx, without); err != nil {
		b.Fatal(err)
	}
	return side{
		run:  func(int) error { return s.Set(ctx, with) },
		undo: func(int) error { return s.Set(ctx, without) },
	}
}

// addEndpoint adds one endpoint with three published ports where there are some.
func addEndpoint(b *testing.B, others int) side {
	ctx := context.Background()
	s := newFlowSwitch(b)
	endpoint := func(i int) flows.Endpoint {
		var publish []flows.PortMapping
		for p := range 3 {
			publish = append(publish, flows.PortMapping{Proto: flows.TCP, HostPort: uint16(3*i + p + 1), Port: uint16(80 + p)})
		}
		return webEndpoint(i, publish...)
	}
	var there []flows.Object
	for i := range others {
		there = append(there, endpoint(i))
	}
	if err := s.Set(ctx, there...); err != nil {
		b.Fatal(err)
	}
	// Several in a row are timed together: one is short.
	const row = 20
	return side{
		clocked: func(int) (took time.Duration, err error) {
			for range row {
				start := time.Now()
				if err := s.Set(ctx, endpoint(others)); err != nil {
					return 0, err
				}
				took += time.Since(start)
				if err := s.Delete(ctx, endpoint(others)); err != nil {
					return 0, err
				}
			}
			return took / row, nil
		},
	}
}

// restartFlows starts a program that declares what the switch has already, about 50,000 flows, beside the first start of it.
func restartFlows(b *testing.B) (again, first side) {
	ctx := context.Background()
	endpoints := make([]flows.Object, 4500)
	for i := range endpoints {
		var publish []flows.PortMapping
		for p := range 3 {
			publish = append(publish, flows.PortMapping{Proto: flows.TCP, HostPort: uint16(3*i + p + 1), Port: uint16(80 + p)})
		}
		endpoints[i] = webEndpoint(i, publish...)
	}
	start := func(s *flowSwitch) (time.Duration, error) {
		begin := time.Now()
		stop := s.open(b)
		err := s.Set(ctx, append(endpoints, s.base...)...)
		took := time.Since(begin)
		stop()
		return took, err
	}
	full, empty := newFlowSwitch(b), newFlowSwitch(b)
	full.Close()
	if _, err := start(&full); err != nil {
		b.Fatal(err)
	}
	return side{clocked: func(int) (time.Duration, error) { return start(&full) }},
		side{clocked: func(int) (time.Duration, error) { return start(&empty) }, undo: func(int) error {
			empty.open(b)
			if _, err := empty.Prune(ctx); err != nil {
				return err
			}
			return empty.Close()
		}}
}
