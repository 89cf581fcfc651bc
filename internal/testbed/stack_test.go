// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/header"
)

func TestStackCaptureOverflow(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	_, b := stackPair(t)
	capture, err := b.Capture(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for range captureFrames + 1 {
		b.(*StackStation).Receive(strange)
	}
	if _, err := capture.Next(ctx); !errors.Is(err, ErrLost) {
		t.Errorf("next frame of a capture that overflowed: got %v, want %v", err, ErrLost)
	}
	if err := capture.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestStackClose(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	_, b := stackPair(t)
	capture, err := b.Capture(ctx)
	if err != nil {
		t.Fatal(err)
	}
	b.(*StackStation).Close()
	if _, err := capture.Next(ctx); !errors.Is(err, ErrClosed) {
		t.Errorf("next frame: got %v, want %v", err, ErrClosed)
	}
	if err := b.SendFrames(strange); !errors.Is(err, ErrClosed) {
		t.Errorf("send a frame: got %v, want %v", err, ErrClosed)
	}
	if _, err := b.Capture(ctx); !errors.Is(err, ErrClosed) {
		t.Errorf("capture: got %v, want %v", err, ErrClosed)
	}
}

// What is for another machine's Ethernet address is not the station's, even if the IP address is.
func TestStackIgnoresOtherMAC(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	a, b := stackPair(t)
	capture, err := a.Capture(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer capture.Close()
	request := func(dst byte) []byte {
		return []byte{
			2, 0, 0, 0, 0, dst, 2, 0, 0, 0, 0, 1, 8, 6,
			0, 1, 8, 0, 6, 4, 0, 1,
			2, 0, 0, 0, 0, 1, 192, 0, 2, 200 + dst,
			0, 0, 0, 0, 0, 0, 192, 0, 2, 2,
		}
	}
	for _, dst := range []byte{9, 2} {
		if err := a.SendFrames(request(dst)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := capture.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if want := []byte{192, 0, 2, 202}; !bytes.Equal(got[38:42], want) {
		t.Errorf("%s answered the request of %v first, want %v", b.Name(), got[38:42], want)
	}
}

// A router sends what is for others on, one hop older, and keeps what is its own.
func TestStackForward(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	router, err := NewStack(StackConfig{
		Name: "router", Forward: true,
		Interfaces: []InterfaceConfig{{
			MAC: macA, Addrs: []netip.Prefix{prefix("192.0.2.1/24"), prefix("198.51.100.1/24")},
		}},
		Routes: []Route{{Dst: prefix("203.0.113.0/24"), Via: addr("192.0.2.2")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(router.Close)
	next, err := NewStack(StackConfig{
		Name: "next", Interfaces: []InterfaceConfig{{MAC: macB, Addrs: []netip.Prefix{prefix("192.0.2.2/24")}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(next.Close)
	router.Connect(next.Receive)
	next.Connect(router.Receive)
	capture, err := next.Capture(ctx)
	if err != nil {
		t.Fatal(err)
	}

	packet := func(ttl byte, dst string, mark byte) []byte {
		return append(packetOf("198.51.100.9", dst, ttl, 253, []byte{mark}), make([]byte, 25)...) // padded
	}
	bad := packet(64, "203.0.113.1", 1)
	bad[24]++ // the checksum
	for _, frame := range [][]byte{
		bad,
		packet(1, "203.0.113.1", 2),
		packet(64, "198.51.100.1", 3),
		packet(64, "203.0.113.1", 4),
	} {
		router.Receive(frame)
	}
	for {
		frame, err := capture.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if header.Ethernet(frame).Type() != header.IPv4ProtocolNumber || header.IPv4(frame[14:]).Protocol() != 253 {
			continue
		}
		ip := header.IPv4(frame[14:])
		if got := ip.Payload()[0]; got != 4 {
			t.Errorf("packet %d was forwarded, want packet 4 alone", got)
			continue
		}
		if got, want := ip.TTL(), uint8(63); got != want || !ip.IsChecksumValid() || len(frame) != 14+21 {
			t.Errorf("TTL: got %d, want %d; checksum right %v; frame of %d bytes, want %d",
				got, want, ip.IsChecksumValid(), len(frame), 14+21)
		}
		return
	}
}

// A router with two interfaces: a at one, with an address of b's link that b has and the router answers for, b at the other.
func TestStackTwoInterfaces(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	spare := []netip.Addr{addr("192.0.2.50"), addr("2001:db8::50")}
	routes := func(v4, v6 string) []Route { return []Route{defaultRoute(addr(v4)), defaultRoute(addr(v6))} }
	router := newStack(t, StackConfig{
		Name: "router", Forward: true, Routes: routes("192.0.2.1", "2001:db8::1"),
		Interfaces: []InterfaceConfig{
			{MAC: macB, Addrs: []netip.Prefix{prefix("192.0.2.2/24"), prefix("2001:db8::2/64")}, Proxied: spare},
			{
				MAC: net.HardwareAddr{2, 0, 0, 0, 0, 3}, Addrs: []netip.Prefix{prefix("10.0.0.1/24"), prefix("fd00::1/64")},
				OnLink: single(spare),
			},
		},
	})
	a := newStack(t, StackConfig{
		Name: "a", Interfaces: []InterfaceConfig{{MAC: macA, Addrs: addrsOfA}}, Routes: routes("192.0.2.2", "2001:db8::2"),
	})
	b := newStack(t, StackConfig{
		Name: "b",
		Interfaces: []InterfaceConfig{{
			MAC:   net.HardwareAddr{2, 0, 0, 0, 0, 4},
			Addrs: append([]netip.Prefix{prefix("10.0.0.2/24"), prefix("fd00::2/64")}, single(spare)...),
		}},
		Routes: routes("10.0.0.1", "fd00::1"),
	})
	for _, cable := range [][2]*StackInterface{{router.interfaces[0], a.StackInterface}, {router.interfaces[1], b.StackInterface}} {
		cable[0].Connect(cable[1].Receive)
		cable[1].Connect(cable[0].Receive)
	}
	for _, test := range []struct {
		from *StackStation
		to   []string
	}{
		{a, []string{"192.0.2.2", "10.0.0.1", "10.0.0.2", "192.0.2.50", "2001:db8::2", "fd00::1", "fd00::2", "2001:db8::50"}},
		{b, []string{"10.0.0.1", "192.0.2.2", "192.0.2.1", "fd00::1", "2001:db8::2", "2001:db8::1"}},
		{router, []string{"192.0.2.1", "10.0.0.2", "192.0.2.50", "2001:db8::1", "fd00::2", "2001:db8::50"}},
	} {
		for _, to := range test.to {
			short, cancel := context.WithTimeout(ctx, time.Second)
			if err := test.from.Ping(short, addr(to)); err != nil {
				t.Error(err)
			}
			cancel()
		}
	}
}

func newStack(t *testing.T, c StackConfig) *StackStation {
	t.Helper()
	s, err := NewStack(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}
