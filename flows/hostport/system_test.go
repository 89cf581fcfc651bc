// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package hostport_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/flows/hostport"
	"github.com/ovskit/ovskit/internal/testbed"
	"github.com/ovskit/ovskit/internal/tier"
	"github.com/ovskit/ovskit/openflow"
)

// TestSystem reaches an endpoint's published ports from the host by its loopback addresses and by its own, where that is
// forwarded, and not where it is not. The outside goes by the flows either way.
func TestSystem(t *testing.T) {
	tier.Need(t, tier.System)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	gateways := []netip.Prefix{netip.MustParsePrefix("10.78.1.1/24"), netip.MustParsePrefix("fd00:78:1::1/64")}
	addrs := []netip.Prefix{netip.MustParsePrefix("10.78.1.2/24"), netip.MustParsePrefix("fd00:78:1::2/64")}
	tb, err := testbed.New(ctx, testbed.Options{Kind: testbed.Real, Name: "hostport", Gateways: gateways})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := tb.Close(); err != nil {
			t.Error(err)
		}
	}()
	web, err := tb.AddEndpoint(ctx, testbed.Endpoint{
		Name: "web0", Addrs: addrs, Gateways: []netip.Addr{gateways[0].Addr(), gateways[1].Addr()},
	})
	if err != nil {
		t.Fatal(err)
	}
	client, err := openflow.Connect(ctx, tb.Bridge().Management(), openflow.ClientOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	sw, err := flows.Open(ctx, client, flows.Options{Owner: "hostport"})
	if err != nil {
		t.Fatal(err)
	}
	defer sw.Close()
	published := []flows.PortMapping{
		{Proto: flows.TCP, HostPort: 8080, Port: 80}, {Proto: flows.UDP, HostPort: 5353, Port: 53},
	}
	own := []netip.Addr{testbed.HostAddr.Addr(), testbed.HostAddr6.Addr()}
	if err := sw.Set(ctx,
		flows.Host{MAC: tb.Bridge().MAC, Addrs: []netip.Prefix{testbed.HostAddr, testbed.HostAddr6}},
		flows.Uplink{Name: "up", Port: tb.Uplink().OFPort, Addrs: own},
		flows.Network{Name: "web", Gateways: gateways, Egress: flows.Via("up"), Host: flows.FromHost},
		flows.Endpoint{
			Name: "web0", Network: "web", Port: web.Port.OFPort, MAC: web.Port.MAC,
			Addrs: []netip.Addr{addrs[0].Addr(), addrs[1].Addr()}, Publish: published,
		}); err != nil {
		t.Fatal(err)
	}
	serveEndpoint(t, ctx, web.Station, addrs)

	p, err := hostport.Open(ctx, hostport.Options{Netns: tb.SwitchNetns()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	at := append([]netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.IPv6Loopback()}, own...)
	mappings := func(forward bool) []hostport.Mapping {
		if forward {
			return hostport.Mappings(published, at, []netip.Addr{addrs[0].Addr(), addrs[1].Addr()})
		}
		return hostport.Mappings(published, at, nil)
	}
	for _, forward := range []bool{false, true, false} {
		if err := p.Set("web0", mappings(forward)); err != nil {
			t.Fatal(err)
		}
		for i, a := range at {
			seen, err := ask(ctx, tb.Host(), "tcp", netip.AddrPortFrom(a, 8080))
			switch {
			case !forward && !errors.Is(err, syscall.ECONNREFUSED):
				t.Errorf("the host at %s, where it is not forwarded: %q, %v", a, seen, err)
			case forward && (err != nil || seen != gateways[i%2].Addr().String()):
				t.Errorf("the host at %s, where it is forwarded: seen as %q, %v, want the gateway", a, seen, err)
			}
			if !forward {
				continue // nothing would come back
			}
			if seen, err := ask(ctx, tb.Host(), "udp", netip.AddrPortFrom(a, 5353)); err != nil || seen != gateways[i%2].Addr().String() {
				t.Errorf("the host at %s by UDP: seen as %q, %v, want the gateway", a, seen, err)
			}
		}
		for i, a := range own {
			want := []netip.Prefix{testbed.OutsideAddr, testbed.OutsideAddr6}[i].Addr().String()
			for network, port := range map[string]uint16{"tcp": 8080, "udp": 5353} {
				if seen, err := ask(ctx, tb.Outside(), network, netip.AddrPortFrom(a, port)); err != nil || seen != want {
					t.Errorf("the outside at %s by %s: seen as %q, %v, want %s", a, network, seen, err, want)
				}
			}
		}
	}

	// A program of the host that has a port is reported before the port is published.
	l, err := tb.Host().ListenTCP(ctx, netip.AddrPortFrom(own[0], 9090))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	err = p.Set("web0", append(mappings(false), hostport.Mapping{Proto: flows.TCP, At: netip.AddrPortFrom(own[0], 9090)}))
	if !errors.Is(err, hostport.ErrTaken) {
		t.Errorf("a port that the host has: %v", err)
	}
}

// serveEndpoint has the endpoint tell everybody who they are seen as, until the test ends.
func serveEndpoint(t *testing.T, ctx context.Context, web testbed.Station, addrs []netip.Prefix) {
	t.Helper()
	for _, a := range addrs {
		l, err := web.ListenTCP(ctx, netip.AddrPortFrom(a.Addr(), 80))
		if err != nil {
			t.Fatal(err)
		}
		u, err := web.ListenUDP(ctx, netip.AddrPortFrom(a.Addr(), 53))
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{}, 2)
		go func() {
			defer func() { done <- struct{}{} }()
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				host, _, _ := net.SplitHostPort(c.RemoteAddr().String())
				io.WriteString(c, host)
				c.Close()
			}
		}()
		go func() {
			defer func() { done <- struct{}{} }()
			for {
				_, from, err := u.ReadFrom(make([]byte, 10))
				if err != nil {
					return
				}
				host, _, _ := net.SplitHostPort(from.String())
				u.WriteTo([]byte(host), from)
			}
		}()
		t.Cleanup(func() {
			l.Close()
			u.Close()
			<-done
			<-done
		})
	}
}

// ask returns as whom the endpoint sees a station that connects to an address.
func ask(ctx context.Context, who testbed.Station, network string, at netip.AddrPort) (string, error) {
	dial := who.DialTCP
	if network == "udp" {
		dial = who.DialUDP
	}
	c, err := dial(ctx, netip.AddrPort{}, at)
	if err != nil {
		return "", err
	}
	defer c.Close()
	deadline, _ := ctx.Deadline()
	c.SetDeadline(deadline)
	if network == "tcp" {
		seen, err := io.ReadAll(c)
		return string(seen), err
	}
	if _, err := io.WriteString(c, "who"); err != nil {
		return "", err
	}
	seen := make([]byte, 100)
	n, err := c.Read(seen)
	return string(seen[:n]), err
}
