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
// Those at-10000 find as many rules there, and what the peers take is held against what the same take where there are none;
// for what that is of ours see flowsLadders. A rawflow is nothing but the bundle of the same flows, made beforehand and written
// to a socket: what ovs-vswitchd takes for it. Its own growth depends on how the 10,000 have come, less on how many they are:
// what one large bundle leaves of its heap makes the next ones slow. A start of the program that finds all as it should be is
// held against the first.
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
	{name: "flows.publish1000/rawflow", setup: func(b *testing.B) (ours, peer side) {
		return publishFlows(b, manyPublished, 0), publishRaw(b, manyPublished, 0, byAndBy)
	}},
	{name: "rawflow.publish1000-at-10000-at-once/at-0", setup: func(b *testing.B) (at10000, at0 side) {
		return publishRaw(b, manyPublished, manyRules, allInOne), publishRaw(b, manyPublished, 0, byAndBy)
	}},
	{name: "iptables-restore.publish1000-at-10000/at-0", setup: func(b *testing.B) (at10000, at0 side) {
		return publishByRestore(b, manyPublished, manyRules), publishByRestore(b, manyPublished, 0)
	}},
	{name: "nft.publish1000-at-10000/at-0", setup: func(b *testing.B) (at10000, at0 side) {
		return publishByNft(b, manyPublished, manyRules), publishByNft(b, manyPublished, 0)
	}},
	{name: "flows.restart50000/first-start", setup: restartFlows},
	{name: "flows.replay10000/rawflow", setup: replayFlows, pairs: 5},
}

// flowsLadders publish ports, and add an endpoint, where there are more and more already.
var flowsLadders = []ladder{
	{
		name: "flows.publish1000-at-10000/at-0", bare: "rawflow.publish1000-at-10000/at-0",
		processor: "flows.publish1000-processor-at-10000/at-0", sizes: []int{0, 10, 100, 1000, manyRules}, round: shortRound,
		setup: func(b *testing.B, others int) rung {
			return rung{ours: publishFlows(b, manyPublished, others), bare: publishRaw(b, manyPublished, others, byAndBy)}
		},
	},
	{
		name: "flows.endpoint-at-10000/at-1", processor: "flows.endpoint-processor-at-10000/at-1",
		sizes: []int{1, 10, 100, 1000, 10000}, round: shortRound,
		setup: func(b *testing.B, others int) rung { return rung{ours: addEndpoint(b, others)} },
	},
}

// shortRound is how long each size is repeated: there are many.
const shortRound = 300 * time.Millisecond

// flowSwitch is a switch on a node's bridge with a host, an uplink and a network.
type flowSwitch struct {
	*flows.Switch
	node testNode
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
	s := flowSwitch{node: n, br: br, base: []flows.Object{
		flows.Host{MAC: br.MAC, Addrs: []netip.Prefix{node.HostAddr}},
		flows.Uplink{Name: "eth0", Port: 1, Addrs: []netip.Addr{node.HostAddr.Addr()}},
		flows.Network{Name: "web", Gateways: []netip.Prefix{netip.MustParsePrefix("10.64.0.1/10")}, Egress: flows.Via("eth0")},
	}}
	s.open(b, nil)
	if err := s.Set(ctx, s.base...); err != nil {
		b.Fatal(err)
	}
	return s
}

// open starts the program that keeps the flows.
func (s *flowSwitch) open(b *testing.B, onReplay func(context.Context, flows.Replay)) (stop func()) {
	ctx := context.Background()
	client, err := openflow.Connect(ctx, s.br.Management(), openflow.ClientOptions{})
	if err != nil {
		b.Fatal(err)
	}
	sw, err := flows.Open(ctx, client, flows.Options{Owner: "bench", OnReplay: onReplay})
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

// publisher is endpoint number i with three published ports, which are 12 flows.
func publisher(i int) flows.Endpoint {
	var publish []flows.PortMapping
	for p := range 3 {
		publish = append(publish, flows.PortMapping{Proto: flows.TCP, HostPort: uint16(3*i + p + 1), Port: uint16(80 + p)})
	}
	return webEndpoint(i, publish...)
}

// publishers are the first n of them.
func publishers(n int) []flows.Object {
	all := make([]flows.Object, n)
	for i := range all {
		all[i] = publisher(i)
	}
	return all
}

// addEndpoint adds one endpoint with three published ports where there are some.
func addEndpoint(b *testing.B, others int) side {
	ctx := context.Background()
	s := newFlowSwitch(b)
	if err := s.Set(ctx, publishers(others)...); err != nil {
		b.Fatal(err)
	}
	one := publisher(others)
	return side{
		run:  func(int) error { return s.Set(ctx, one) },
		undo: func(int) error { return s.Delete(ctx, one) },
	}
}
