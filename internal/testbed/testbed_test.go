// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/tier"
	"github.com/ovskit/ovskit/openflow"
)

func options(t *testing.T, kind Kind) Options {
	if kind == Real {
		tier.Need(t, tier.System)
	}
	return Options{
		Kind: kind, Name: fmt.Sprintf("tb%d", os.Getpid()), Gateways: []netip.Prefix{prefix("10.77.1.1/24")},
	}
}

// checkGone wants no namespace of the testbed to be left.
func checkGone(t *testing.T, o Options) {
	t.Helper()
	names, err := netns.Names()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if strings.HasPrefix(n, "ovskit-"+o.Name+"-") {
			t.Errorf("namespace %q was left", n)
		}
	}
}

func TestTestbed(t *testing.T) {
	for _, kind := range []Kind{Fake, Real} {
		t.Run(string(kind), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			o := options(t, kind)
			tb, err := New(ctx, o)
			if err != nil {
				t.Fatal(err)
			}
			defer checkGone(t, o)
			defer func() {
				if err := tb.Close(); err != nil {
					t.Error(err)
				}
			}()
			e := Endpoint{Name: "web0", Addr: prefix("10.77.1.2/24"), Gateway: addr("10.77.1.1")}
			web0, err := tb.AddEndpoint(ctx, e)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := web0.Port.MAC.String(), web0.Station.MAC().String(); got != want {
				t.Errorf("MAC: the port has %s, the station %s", got, want)
			}
			if br, ok := tb.DB().PortBridge("web0"); !ok || br.Name != tb.Bridge().Name {
				t.Errorf("bridge of the endpoint's port: got %v, want %q", br, tb.Bridge().Name)
			}
			if tb.Uplink().OFPort == web0.Port.OFPort {
				t.Errorf("uplink and endpoint are both port %d", web0.Port.OFPort)
			}

			short, cancelShort := context.WithTimeout(ctx, 50*time.Millisecond)
			defer cancelShort()
			if err := tb.Host().Ping(short, OutsideAddr.Addr()); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("ping from the host to the outside without a flow: got %v, want %v", err, context.DeadlineExceeded)
			}
			connect(t, ctx, tb, web0)
			for _, p := range []struct {
				from Station
				to   netip.Addr
			}{
				{tb.Host(), OutsideAddr.Addr()}, {tb.Host(), BeyondAddr}, {tb.Host(), addr("10.77.1.2")},
				{tb.Outside(), HostAddr.Addr()}, {web0.Station, addr("10.77.1.1")}, {web0.Station, BeyondAddr},
			} {
				if err := p.from.Ping(ctx, p.to); err != nil {
					t.Error(err)
				}
			}
			if tables, err := tb.FilterTables(); err != nil || len(tables) != 0 {
				t.Errorf("filter tables: got %q, error %v; want none", tables, err)
			}
			if _, err := tb.AddEndpoint(ctx, e); err == nil {
				t.Error("add an endpoint twice: got no error, want one")
			}
		})
	}
}

func connect(t *testing.T, ctx context.Context, tb *Testbed, web0 *Attached) {
	of, err := openflow.Connect(ctx, tb.Bridge().Management(), openflow.ClientOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer of.Close()
	sw, err := flows.Open(ctx, of, flows.Options{Owner: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer sw.Close()
	err = sw.Set(ctx,
		flows.Host{MAC: tb.Bridge().MAC, Addrs: []netip.Prefix{HostAddr}},
		flows.Uplink{Name: "up", Port: tb.Uplink().OFPort, Addrs: []netip.Addr{HostAddr.Addr()}},
		flows.Network{
			Name: "web", Gateways: []netip.Prefix{prefix("10.77.1.1/24")},
			Egress: flows.Via("up"), Host: flows.ToHost | flows.FromHost,
		},
		flows.Endpoint{
			Name: "web0", Network: "web", Port: web0.Port.OFPort, MAC: web0.Port.MAC,
			Addrs: []netip.Addr{addr("10.77.1.2")},
		})
	if err != nil {
		t.Fatal(err)
	}
}

func TestNewFails(t *testing.T) {
	if tb, err := New(context.Background(), Options{Kind: "imaginary"}); err == nil || tb != nil {
		t.Errorf("new testbed of an unknown kind: got %v, error %v; want an error", tb, err)
	}
	for _, kind := range []Kind{Fake, Real} {
		t.Run(string(kind), func(t *testing.T) {
			o := options(t, kind)
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			if tb, err := New(ctx, o); !errors.Is(err, context.Canceled) || tb != nil {
				t.Errorf("new testbed when the context has ended: got %v, error %v; want %v", tb, err, context.Canceled)
			}
			checkGone(t, o)
		})
	}
}

func TestEndpointFails(t *testing.T) {
	ctx := context.Background()
	tb, err := New(ctx, options(t, Fake))
	if err != nil {
		t.Fatal(err)
	}
	defer tb.Close()
	gateway := addr("10.77.1.1")
	for _, test := range []struct {
		endpoint Endpoint
		says     string
	}{
		{Endpoint{"uplink0", prefix("10.77.1.2/24"), gateway}, "uplink0"}, // a device that is there
		{Endpoint{"web0", prefix("2001:db8::2/64"), gateway}, "2001:db8::2"},
		{Endpoint{"web0", prefix("10.77.1.2/24"), netip.Addr{}}, "invalid IP"},
	} {
		if _, err := tb.AddEndpoint(ctx, test.endpoint); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("add endpoint %v: got %v, want an error with %q", test.endpoint, err, test.says)
		}
	}
}
