// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"testing"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/openflow"
)

// flowsPublish publishes one port of an endpoint, beside one iptables process for each of the three rules that Docker's
// bridge driver has for it: the translation, the hole in the filter and the hairpin's masquerade.
var flowsPublish = comparison{name: "flows.publish1/iptables-exec", setup: func(b *testing.B) (ours, peer side) {
	return publishFlows(b), publishIptables(b)
}}

func publishFlows(b *testing.B) side {
	ctx := context.Background()
	n := newNode(b)
	br, err := bridge.Ensure(ctx, n.db, bridge.Config{Name: "br0", SwitchNetns: n.Host().Path()})
	if err != nil {
		b.Fatal(err)
	}
	client, err := openflow.Connect(ctx, br.Management(), openflow.ClientOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { client.Close() })
	sw, err := flows.Open(ctx, client, flows.Options{Owner: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { sw.Close() })
	host := netip.MustParseAddr("192.0.2.1")
	web := flows.Endpoint{
		Name: "web0", Network: "web", Port: 2, MAC: net.HardwareAddr{2, 0, 0, 0, 0, 2},
		Addrs: []netip.Addr{netip.MustParseAddr("10.1.0.2")},
	}
	if err := sw.Set(ctx,
		flows.Host{MAC: br.MAC, Addrs: []netip.Prefix{netip.PrefixFrom(host, 24)}},
		flows.Uplink{Name: "eth0", Port: 1, Addrs: []netip.Addr{host}},
		flows.Network{
			Name: "web", Gateways: []netip.Prefix{netip.MustParsePrefix("10.1.0.1/24")},
			Egress: flows.Via("eth0"),
		}, web); err != nil {
		b.Fatal(err)
	}
	published := web
	published.Publish = []flows.PortMapping{{Proto: flows.TCP, HostPort: 8080, Port: 80}}
	return side{
		run:  func(int) error { return sw.Set(ctx, published) },
		undo: func(int) error { return sw.Set(ctx, web) },
	}
}

func publishIptables(b *testing.B) side {
	ns := newNamespace(b, "iptables")
	rules := [][]string{
		{"nat", "PREROUTING", "-p", "tcp", "-d", "192.0.2.1", "--dport", "8080", "-j", "DNAT", "--to-destination", "10.1.0.2:80"},
		{"filter", "FORWARD", "-p", "tcp", "-d", "10.1.0.2", "--dport", "80", "-j", "ACCEPT"},
		{"nat", "POSTROUTING", "-p", "tcp", "-s", "10.1.0.2", "-d", "10.1.0.2", "--dport", "80", "-j", "MASQUERADE"},
	}
	all := func(verb string) func(int) error {
		return func(int) error {
			for _, r := range rules {
				if err := iptables(ns, append([]string{"-t", r[0], verb, r[1]}, r[2:]...)...); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return side{run: all("-A"), undo: all("-D")}
}

func iptables(ns *netns.NS, args ...string) error {
	return ns.Do(func() error {
		out, err := exec.Command("iptables", append([]string{"--wait"}, args...)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("iptables %v: %w: %s", args, err, out)
		}
		return nil
	})
}
