// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/openflow"
)

// Every flow that is compiled is taken by the switch, and comes back from it as it was.
func TestSwitchHoldsWhatIsCompiled(t *testing.T) {
	switchtest.Each(t, func(t *testing.T, s *switchtest.Switch) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		br, err := bridge.Ensure(ctx, s.DB, bridge.Config{Name: "br0", Datapath: s.Datapath})
		if err != nil {
			t.Fatal(err)
		}
		conn, err := openflow.Dial(ctx, br.Management(), newest)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		sw := open(t, br, flows.Options{Owner: "conformance"})

		objects := append(someObjects(20), flows.Host{MAC: br.MAC, Addrs: someHost.Addrs})[1:]
		if err := sw.Set(ctx, objects...); err != nil {
			t.Fatal(err)
		}
		compiled, err := flows.Compile(flows.Options{Owner: "conformance"}, objects...)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(texts(compiled), held(t, conn)); diff != "" {
			t.Errorf("switch differs from the compiled flows (-compiled +switch):\n%s", diff)
		}
		holdsGroups(t, conn, "conformance", objects...)

		// With a dump to compare with, nothing is found to repair.
		if p, err := sw.Prune(ctx); err != nil || !p.Empty() {
			t.Errorf("got the plan %v, error %v", p, err)
		}
		if err := sw.Delete(ctx, objects...); err != nil {
			t.Fatal(err)
		}
		base, err := flows.Compile(flows.Options{Owner: "conformance"})
		if err != nil {
			t.Fatal(err)
		}
		if got := held(t, conn); len(got) != len(base) {
			t.Errorf("got %d flows after all is deleted, want the %d that are always there:\n%q", len(got), len(base), got)
		}
	})
}

// A flow of somebody else in the tables could let through what is not declared.
func TestOpenRefusesTablesInUse(t *testing.T) {
	switchtest.Each(t, func(t *testing.T, s *switchtest.Switch) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		br, err := bridge.Ensure(ctx, s.DB, bridge.Config{Name: "br0", Datapath: s.Datapath, FailMode: bridge.Standalone})
		if err != nil {
			t.Fatal(err)
		}
		client, err := openflow.Connect(ctx, br.Management(), quick)
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		// The flow of a standalone bridge that makes it a learning switch.
		if _, err := flows.Open(ctx, client, flows.Options{Owner: "conformance"}); !errors.Is(err, flows.ErrConflict) {
			t.Errorf("open flows on a standalone bridge: got error %v, want %v", err, flows.ErrConflict)
		}
	})
}

// open keeps the flows of an owner on a bridge until the test ends.
func open(t *testing.T, br *bridge.Bridge, o flows.Options) *flows.Switch {
	t.Helper()
	client, err := openflow.Connect(t.Context(), br.Management(), quick15)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	sw, err := flows.Open(t.Context(), client, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sw.Close() })
	return sw
}

var someHost = flows.Host{
	MAC:   net.HardwareAddr{2, 0, 0, 0, 0, 1},
	Addrs: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/24"), netip.MustParsePrefix("2001:db8::1/64")},
}

// someObjects are a host, each way out, rules, and so many endpoints in each network of those that publish ports.
func someObjects(endpoints byte) []flows.Object {
	host, host6 := someHost.Addrs[0].Addr(), someHost.Addrs[1].Addr()
	objects := []flows.Object{
		someHost,
		flows.Uplink{Name: "eth0", Port: 1, Addrs: []netip.Addr{host, host6}},
		flows.Address{Name: "x", Addrs: []netip.Addr{host.Next(), host6.Next()}},
		flows.Network{
			Name: "web", Gateways: []netip.Prefix{netip.MustParsePrefix("10.1.0.1/24"), netip.MustParsePrefix("fd00:1::1/64")},
			Egress: flows.Via("eth0"), Host: flows.ToHost | flows.FromHost,
		},
		flows.Network{
			Name: "app", Gateways: []netip.Prefix{netip.MustParsePrefix("10.3.0.1/24"), netip.MustParsePrefix("fd00:3::1/64")},
			Egress: flows.Behind("x"), Isolated: true,
		},
		flows.Network{
			Name: "dmz", Gateways: []netip.Prefix{netip.MustParsePrefix("10.4.0.1/24"), netip.MustParsePrefix("fd00:4::1/64")},
			Egress: flows.Routed(),
		},
		flows.Network{Name: "db", Gateways: []netip.Prefix{netip.MustParsePrefix("10.2.0.1/24")}, Multicast: true},
		flows.Rule{
			Name: "some", From: []flows.Selector{flows.InNetwork("web"), flows.Labelled(map[string]string{"n": "1"})},
			To:       []flows.Selector{flows.EndpointNamed("db2"), flows.Within(netip.MustParsePrefix("fd00:3::/64")), flows.TheHost()},
			Services: []flows.Service{{Proto: flows.TCP, FirstPort: 80, LastPort: 90}, {Proto: flows.ICMP}, {Proto: flows.SCTP, FirstPort: 1}},
		},
		flows.Rule{
			Name: "none", From: []flows.Selector{flows.Outside()}, Deny: true, Priority: 255,
			Services: []flows.Service{{Proto: flows.UDP, FirstPort: 53}},
		},
		flows.Rule{
			Name: "all", From: []flows.Selector{flows.Within(netip.MustParsePrefix("0.0.0.0/0"))},
			To:       []flows.Selector{flows.Within(netip.MustParsePrefix("::/0")), flows.Within(netip.MustParsePrefix("10.2.0.2/32"))},
			Services: []flows.Service{{Proto: flows.TCP, LastPort: 65535}, {Proto: 47}}, Deny: true,
		},
		flows.Endpoint{
			Name: "db2", Network: "db", Port: 5000, MAC: net.HardwareAddr{2, 0, 0, 0, 2, 2}, Addrs: []netip.Addr{netip.MustParseAddr("10.2.0.2")},
			DHCP: true, MirrorTo: 5001, Limit: &flows.Limit{Kbps: 10000, BurstKbits: 1000},
		},
	}
	for i, network := range []string{"web", "app", "dmz"} {
		for n := range endpoints {
			subnet := []byte{1, 3, 4}[i]
			e := flows.Endpoint{
				Name: fmt.Sprint(network, n), Network: network, Port: 10 + uint32(subnet)*100 + uint32(n), MAC: net.HardwareAddr{2, 0, 0, 0, subnet, n},
				Addrs: []netip.Addr{
					netip.AddrFrom4([4]byte{10, subnet, 0, 10 + n}), netip.AddrFrom4([4]byte{10, subnet, 0, 100 + n}),
					netip.AddrFrom16([16]byte{0xfd, 0, 0, subnet, 15: 10 + n}),
				},
				Labels: map[string]string{"n": fmt.Sprint(n % 3)},
			}
			for _, m := range []flows.PortMapping{
				{Proto: flows.TCP, HostPort: 8000 + uint16(n), Port: 80}, {Proto: flows.UDP, HostPort: 5000 + uint16(n), Port: 53},
				{Proto: flows.SCTP, HostPort: 100 * uint16(n+1), HostPortEnd: 100*uint16(n+1) + 99, Port: 100 * uint16(n+1)},
			} {
				if network == "dmz" {
					m = flows.PortMapping{Proto: m.Proto, Port: m.Port}
				}
				e.Publish = append(e.Publish, m)
			}
			if network != "dmz" {
				e.Publish = append(e.Publish,
					flows.PortMapping{Proto: flows.TCP, HostPort: 443, Port: 443 + uint16(n), Balance: flows.ByClientIP},
					flows.PortMapping{Proto: flows.UDP, HostPort: 443, Port: 443 + uint16(n), Balance: flows.ByConnection})
			}
			objects = append(objects, e)
		}
	}
	return objects
}

// held is what the switch holds, as sorted text without counters.
func held(t *testing.T, conn *openflow.Conn) []string {
	t.Helper()
	all, err := conn.Flows(t.Context(), openflow.FlowFilter{})
	if err != nil {
		t.Fatal(err)
	}
	plain := make([]openflow.Flow, len(all))
	for i, f := range all {
		plain[i] = f.Flow
	}
	return texts(plain)
}

// holdsGroups holds the switch to have the groups that an owner's objects are compiled to.
func holdsGroups(t *testing.T, conn *openflow.Conn, owner string, objects ...flows.Object) {
	t.Helper()
	want, err := flows.CompileOn(flows.Options{Owner: owner}, nil, objects...)
	if err != nil {
		t.Fatal(err)
	}
	got, err := conn.Groups(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(groupTexts(want.Groups), groupTexts(got)); diff != "" {
		t.Errorf("switch differs from the compiled groups (-compiled +switch):\n%s", diff)
	}
}

func groupTexts(groups []openflow.Group) []string {
	texts := make([]string, len(groups))
	for i, g := range groups {
		texts[i] = g.String()
	}
	slices.Sort(texts)
	return texts
}

// texts are flows as sorted text.
func texts(flows []openflow.Flow) []string {
	texts := make([]string, len(flows))
	for i, f := range flows {
		texts[i] = f.String()
	}
	slices.Sort(texts)
	return texts
}
