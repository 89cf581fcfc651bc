// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/tier"
	"github.com/ovskit/ovskit/openflow"
)

func options(t *testing.T, kind Kind) Options {
	if kind == Real {
		tier.Need(t, tier.System)
	}
	return Options{
		Kind: kind, Name: fmt.Sprintf("tb%d", os.Getpid()),
		Gateways: []netip.Prefix{prefix("10.77.1.1/24"), prefix("fd77:1::1/64")},
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

// onEachKind runs body with a testbed of each kind.
func onEachKind(t *testing.T, adjust func(*Options), body func(t *testing.T, ctx context.Context, tb *Testbed)) {
	for _, kind := range []Kind{Fake, Real} {
		t.Run(string(kind), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			o := options(t, kind)
			if adjust != nil {
				adjust(&o)
			}
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
			body(t, ctx, tb)
		})
	}
}

// web0 is an endpoint behind the gateways of options.
var web0 = Endpoint{
	Name:     "web0",
	Addrs:    []netip.Prefix{prefix("10.77.1.2/24"), prefix("fd77:1::2/64")},
	Gateways: []netip.Addr{addr("10.77.1.1"), addr("fd77:1::1")},
}

func addWeb0(t *testing.T, ctx context.Context, tb *Testbed) *Attached {
	t.Helper()
	a, err := tb.AddEndpoint(ctx, web0)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// setFlows has the bridge forward as a switch that learns does, but what the modifications say otherwise.
func setFlows(t *testing.T, ctx context.Context, tb *Testbed, mods ...openflow.Modification) {
	t.Helper()
	of, err := openflow.Dial(ctx, tb.Bridge().Management(), openflow.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer of.Close()
	learning := flow(0, 0, nil, openflow.Output{Port: openflow.PortNormal})
	if err := of.Bundle(ctx, append(mods, learning)...); err != nil {
		t.Fatal(err)
	}
}

func flow(table uint8, priority uint16, m openflow.Match, actions ...openflow.Action) openflow.Modification {
	return openflow.Add(openflow.Flow{
		Table: table, Priority: priority, Match: m, Instructions: openflow.Instructions{Apply: actions},
	})
}

// askAs connects to a service that echoes at an address of to, sends it something and wants it back, and to see the
// address want calling.
func askAs(t *testing.T, ctx context.Context, from, to Station, at netip.AddrPort, dial netip.AddrPort, want netip.Addr) {
	t.Helper()
	l, err := to.ListenTCP(ctx, at)
	if err != nil {
		t.Fatal(err)
	}
	callers, done := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			callers <- err.Error()
			return
		}
		defer c.Close()
		callers <- c.RemoteAddr().(*net.TCPAddr).AddrPort().Addr().String()
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		_, _ = io.Copy(c, c)
	}()
	defer func() {
		l.Close()
		<-done
	}()
	c, err := from.DialTCP(ctx, netip.AddrPort{}, dial)
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	sent := bytes.Repeat([]byte("0123456789abcdef"), 4096)
	go func() { _, _ = c.Write(sent) }()
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%s -> %s: got %v, equal %v; want the same bytes back", from.Name(), dial, err, bytes.Equal(got, sent))
	}
	if got := <-callers; got != want.String() {
		t.Errorf("%s -> %s: seen as %s, want %s", from.Name(), dial, got, want)
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
	gateway := []netip.Addr{addr("10.77.1.1")}
	for _, test := range []struct {
		endpoint Endpoint
		says     string
	}{
		{Endpoint{"uplink0", []netip.Prefix{prefix("10.77.1.2/24")}, gateway}, "uplink0"}, // a device that is there
		{Endpoint{"web0", []netip.Prefix{{}}, nil}, "invalid Prefix"},
		{Endpoint{"web0", []netip.Prefix{prefix("10.77.1.2/24")}, []netip.Addr{{}}}, "invalid IP"},
		{Endpoint{"web0", []netip.Prefix{prefix("fd77:1::2/64")}, gateway}, "not a neighbour"},
	} {
		if _, err := tb.AddEndpoint(ctx, test.endpoint); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("add endpoint %v: got %v, want an error with %q", test.endpoint, err, test.says)
		}
	}
}
