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
		conn, err := openflow.Dial(ctx, br.Management(), openflow.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		sw := open(t, br, flows.Options{Owner: "conformance"})

		objects := append(someObjects(20), flows.Host{MAC: br.MAC, Addrs: []netip.Prefix{hostPrefix}})[1:]
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

		// With a dump to compare with, nothing is found to repair.
		if _, err := sw.Prune(ctx); err != nil {
			t.Fatal(err)
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
	client, err := openflow.Connect(t.Context(), br.Management(), quick)
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

var hostPrefix = netip.MustParsePrefix("192.0.2.1/24")

// someObjects are a host, an uplink, two networks and so many endpoints that publish ports.
func someObjects(endpoints byte) []flows.Object {
	objects := []flows.Object{
		flows.Host{MAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, Addrs: []netip.Prefix{hostPrefix}},
		flows.Uplink{Name: "eth0", Port: 1, Addr: hostPrefix.Addr()},
		flows.Network{
			Name: "web", Subnet: netip.MustParsePrefix("10.1.0.0/24"), Gateway: netip.MustParseAddr("10.1.0.1"),
			Egress: flows.Via("eth0"), Host: flows.ToHost | flows.FromHost,
		},
		flows.Network{Name: "db", Subnet: netip.MustParsePrefix("10.2.0.0/24"), Gateway: netip.MustParseAddr("10.2.0.1")},
	}
	for n := range endpoints {
		objects = append(objects, flows.Endpoint{
			Name: fmt.Sprint("web", n), Network: "web", Port: 10 + uint32(n), MAC: net.HardwareAddr{2, 0, 0, 0, 1, n},
			Addrs: []netip.Addr{netip.AddrFrom4([4]byte{10, 1, 0, 10 + n}), netip.AddrFrom4([4]byte{10, 1, 0, 100 + n})},
			Publish: []flows.PortMapping{
				{Proto: flows.TCP, HostPort: 8000 + uint16(n), Port: 80}, {Proto: flows.UDP, HostPort: 5000 + uint16(n), Port: 53},
			},
		})
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

// texts are flows as sorted text.
func texts(flows []openflow.Flow) []string {
	texts := make([]string, len(flows))
	for i, f := range flows {
		texts[i] = f.String()
	}
	slices.Sort(texts)
	return texts
}
