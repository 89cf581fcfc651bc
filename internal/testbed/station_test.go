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
	"syscall"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/tier"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// The addresses of the stations a and b.
var (
	addrsOfA = []netip.Prefix{prefix("192.0.2.1/24"), prefix("2001:db8::1/64")}
	addrsOfB = []netip.Prefix{
		prefix("203.0.113.1/32"), prefix("192.0.2.2/24"), prefix("2001:db8:ffff::1/128"), prefix("2001:db8::2/64"),
	}
)

// onBothKinds runs body with two stations of each kind that are connected by a cable. a routes to the rest by way of b.
func onBothKinds(t *testing.T, body func(t *testing.T, ctx context.Context, a, b Station)) {
	for kind, pair := range map[string]func(*testing.T) (a, b Station){"stack": stackPair, "kernel": kernelPair} {
		t.Run(kind, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			a, b := pair(t)
			body(t, ctx, a, b)
		})
	}
}

var (
	macA = net.HardwareAddr{2, 0, 0, 0, 0, 1}
	macB = net.HardwareAddr{2, 0, 0, 0, 0, 2}
)

func stackPair(t *testing.T) (Station, Station) {
	station := func(c StackConfig) *StackStation {
		s, err := NewStack(c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		return s
	}
	a := station(StackConfig{
		Name: "a", Interfaces: []InterfaceConfig{{MAC: macA, Addrs: addrsOfA}},
		Routes: []Route{{Dst: prefix("0.0.0.0/0"), Via: addr("192.0.2.2")}, {Dst: prefix("::/0"), Via: addr("2001:db8::2")}},
	})
	b := station(StackConfig{Name: "b", Interfaces: []InterfaceConfig{{MAC: macB, Addrs: addrsOfB}}})
	a.Connect(b.Receive)
	b.Connect(a.Receive)
	return a, b
}

// kernelPair makes two namespaces with a veth pair between them.
func kernelPair(t *testing.T) (Station, Station) {
	tier.Need(t, tier.System)
	var spaces []*netns.NS
	var handles []*netlink.Handle
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, side := range []string{"a", "b"} {
		ns, err := netns.New(fmt.Sprintf("ovskit-testbed-%d-%s", os.Getpid(), side))
		must(err)
		t.Cleanup(func() { _ = ns.Delete() })
		must(ns.SetSysctl("net.ipv6.conf.default.accept_dad", "0"))
		h, err := ns.Netlink()
		must(err)
		t.Cleanup(h.Close)
		spaces, handles = append(spaces, ns), append(handles, h)
	}
	must(handles[0].LinkAdd(&netlink.Veth{
		LinkAttrs:        netlink.LinkAttrs{Name: "eth0", HardwareAddr: macA},
		PeerName:         "eth0",
		PeerHardwareAddr: macB,
		PeerNamespace:    netlink.NsFd(spaces[1].Fd()),
	}))
	var stations []Station
	for i, addrs := range [][]netip.Prefix{addrsOfA, addrsOfB} {
		h := handles[i]
		must(spaces[i].DisableTransmitChecksums("eth0"))
		for _, name := range []string{"lo", "eth0"} {
			l, err := h.LinkByName(name)
			must(err)
			must(h.LinkSetUp(l))
		}
		l, err := h.LinkByName("eth0")
		must(err)
		for _, a := range addrs {
			must(h.AddrAdd(l, &netlink.Addr{IPNet: ipNet(a), Flags: unix.IFA_F_NODAD}))
		}
		s, err := newKernelStation([]string{"a", "b"}[i], spaces[i], "eth0")
		must(err)
		t.Cleanup(func() { _ = s.close() })
		stations = append(stations, s)
	}
	must(handles[0].RouteAdd(&netlink.Route{Dst: ipNet(prefix("0.0.0.0/0")), Gw: net.IP{192, 0, 2, 2}}))
	must(handles[0].RouteAdd(&netlink.Route{Dst: ipNet(prefix("::/0")), Gw: net.ParseIP("2001:db8::2")}))
	return stations[0], stations[1]
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

func prefix(s string) netip.Prefix     { return netip.MustParsePrefix(s) }
func addr(s string) netip.Addr         { return netip.MustParseAddr(s) }
func addrPort(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// family has addresses of one version of IP: those of a and b in their subnet and beyond it, and others.
type family struct {
	name                              string
	a, b, beyond, nobody, unreachable netip.Addr
	unspecified                       netip.Addr
}

var families = []family{
	{
		"IPv4", addr("192.0.2.1"), addr("192.0.2.2"), addr("203.0.113.1"), addr("192.0.2.9"), addr("198.51.100.1"),
		netip.IPv4Unspecified(),
	},
	{
		"IPv6", addr("2001:db8::1"), addr("2001:db8::2"), addr("2001:db8:ffff::1"), addr("2001:db8::9"), addr("2001:db8:1::1"),
		netip.IPv6Unspecified(),
	},
}

// inBothFamilies runs body on both kinds, for each family with its own stations.
func inBothFamilies(t *testing.T, body func(t *testing.T, ctx context.Context, a, b Station, f family)) {
	for _, f := range families {
		t.Run(f.name, func(t *testing.T) {
			onBothKinds(t, func(t *testing.T, ctx context.Context, a, b Station) { body(t, ctx, a, b, f) })
		})
	}
}

func TestPing(t *testing.T) {
	inBothFamilies(t, func(t *testing.T, ctx context.Context, a, _ Station, f family) {
		for _, dst := range []netip.Addr{f.b, f.beyond, f.a} {
			if err := a.Ping(ctx, dst); err != nil {
				t.Errorf("ping %s: got %v, want a reply", dst, err)
			}
		}
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		if err := a.Ping(short, f.nobody); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ping of an address that nobody has: got %v, want %v", err, context.DeadlineExceeded)
		}
	})
}

func TestTCP(t *testing.T) {
	inBothFamilies(t, func(t *testing.T, ctx context.Context, a, b Station, f family) {
		l, err := b.ListenTCP(ctx, netip.AddrPortFrom(f.beyond, 80))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go echoAll(l)

		// An unspecified address is to be chosen, of whichever family.
		c, err := a.DialTCP(ctx, addrPort("0.0.0.0:4000"), netip.AddrPortFrom(f.beyond, 80))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if got, want := c.LocalAddr().String(), netip.AddrPortFrom(f.a, 4000).String(); got != want {
			t.Errorf("local address: got %s, want %s", got, want)
		}
		want := bytes.Repeat([]byte("0123456789abcdef"), 4096)
		go func() { _, _ = c.Write(want) }()
		got := make([]byte, len(want))
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, want) {
			t.Errorf("echo of %d bytes: got %v, equal %v; want the same bytes", len(want), err, bytes.Equal(got, want))
		}
	})
}

// echoAll answers every connection with what it says until the listener is closed.
func echoAll(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = io.Copy(c, c)
		c.Close()
	}
}

func TestTCPFailures(t *testing.T) {
	inBothFamilies(t, func(t *testing.T, ctx context.Context, a, b Station, f family) {
		_, err := a.DialTCP(ctx, netip.AddrPort{}, netip.AddrPortFrom(f.b, 81))
		if !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("dial a port that nobody listens on: got %v, want %v", err, syscall.ECONNREFUSED)
		}
		_, err = b.DialTCP(ctx, netip.AddrPort{}, netip.AddrPortFrom(f.unreachable, 80))
		if !errors.Is(err, syscall.EHOSTUNREACH) && !errors.Is(err, syscall.ENETUNREACH) {
			t.Errorf("dial where no route leads: got %v, want %v or %v", err, syscall.EHOSTUNREACH, syscall.ENETUNREACH)
		}
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		_, err = a.DialTCP(short, netip.AddrPort{}, netip.AddrPortFrom(f.nobody, 80))
		if timeout := net.Error(nil); !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("dial an address that nobody has: got %v, want a timeout", err)
		}
		l, err := b.ListenTCP(ctx, netip.AddrPortFrom(f.unspecified, 80))
		if err != nil {
			t.Fatal(err)
		}
		accepted := make(chan error, 1)
		go func() {
			_, err := l.Accept()
			accepted <- err
		}()
		l.Close()
		if err := <-accepted; err == nil {
			t.Error("accept on a closed listener: got no error, want one")
		}
	})
}

// Each family has the ports of its own.
func TestListenOnAll(t *testing.T) {
	onBothKinds(t, func(t *testing.T, ctx context.Context, _, b Station) {
		for _, f := range families {
			at := netip.AddrPortFrom(f.unspecified, 80)
			l, err := b.ListenTCP(ctx, at)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			c, err := b.ListenUDP(ctx, at)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := b.ListenTCP(ctx, at); err == nil {
				t.Errorf("listen twice on tcp %s: got no error, want one", at)
			}
			if _, err := b.ListenUDP(ctx, at); err == nil {
				t.Errorf("listen twice on udp %s: got no error, want one", at)
			}
		}
	})
}

func TestUDP(t *testing.T) {
	inBothFamilies(t, func(t *testing.T, ctx context.Context, a, b Station, f family) {
		l, err := b.ListenUDP(ctx, netip.AddrPortFrom(f.unspecified, 53))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		c, err := a.DialUDP(ctx, netip.AddrPortFrom(f.unspecified, 5000), netip.AddrPortFrom(f.b, 53))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write([]byte("question")); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 100)
		_ = l.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, from, err := l.ReadFrom(buf)
		if want := netip.AddrPortFrom(f.a, 5000).String(); err != nil || string(buf[:n]) != "question" || from.String() != want {
			t.Fatalf("got %q from %v, error %v; want \"question\" from %s", buf[:n], from, err, want)
		}
		if _, err := l.WriteTo([]byte("answer"), from); err != nil {
			t.Fatal(err)
		}
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		if n, err := c.Read(buf); err != nil || string(buf[:n]) != "answer" {
			t.Errorf("got %q, error %v; want \"answer\"", buf[:n], err)
		}
	})
}

// strange is a frame for somebody else and of no protocol that a station knows.
var strange = append([]byte{2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1, 0x88, 0xb5}, "hello"...)

func TestCapture(t *testing.T) {
	onBothKinds(t, func(t *testing.T, ctx context.Context, a, b Station) {
		if err := a.Ping(ctx, addr("192.0.2.2")); err != nil { // before that, frames may get lost
			t.Fatal(err)
		}
		capture, err := b.Capture(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer capture.Close()
		if err := b.SendFrames(strange); err != nil { // not one that arrives
			t.Fatal(err)
		}
		first := append(bytes.Clone(strange), " again"...)
		for _, frame := range [][]byte{first, strange} {
			if err := a.SendFrames(frame); err != nil {
				t.Fatal(err)
			}
		}
		for _, want := range [][]byte{first, strange} {
			if got, err := nextStrange(ctx, capture); err != nil || !bytes.Equal(got, want) {
				t.Errorf("captured %q, error %v; want %q", got, err, want)
			}
		}
		// What has arrived is shown even after the context's end.
		if err := a.SendFrames(strange); err != nil {
			t.Fatal(err)
		}
		if err := a.Ping(ctx, addr("192.0.2.2")); err != nil {
			t.Fatal(err)
		}
		short, cancel := context.WithCancel(ctx)
		cancel()
		if got, err := nextStrange(short, capture); err != nil || !bytes.Equal(got, strange) {
			t.Errorf("captured before the context's end %q, error %v; want %q", got, err, strange)
		}
		if _, err := nextStrange(short, capture); !errors.Is(err, context.Canceled) {
			t.Errorf("next frame after the context's end: got %v, want %v", err, context.Canceled)
		}
		if err := a.SendFrames(strange); err != nil {
			t.Fatal(err)
		}
		if got, err := nextStrange(ctx, capture); err != nil || !bytes.Equal(got, strange) {
			t.Errorf("captured after that %q, error %v; want %q", got, err, strange)
		}
	})
}

// nextStrange passes over what a kernel sends by itself.
func nextStrange(ctx context.Context, c Capture) ([]byte, error) {
	for {
		frame, err := c.Next(ctx)
		if err != nil || bytes.HasPrefix(frame, strange[:14]) {
			return frame, err
		}
	}
}

func TestNeighbours(t *testing.T) {
	inBothFamilies(t, func(t *testing.T, ctx context.Context, a, b Station, f family) {
		if known, err := a.Neighbours(); err != nil || known[f.b] != nil {
			t.Fatalf("neighbours before anything is sent: got %v, error %v; want none at %s", known, err, f.b)
		}
		if err := a.Ping(ctx, f.b); err != nil {
			t.Fatal(err)
		}
		if known, err := a.Neighbours(); err != nil || !bytes.Equal(known[f.b], b.MAC()) {
			t.Errorf("neighbours after a ping: got %v, error %v; want %s at %s", known, err, b.MAC(), f.b)
		}
	})
}
