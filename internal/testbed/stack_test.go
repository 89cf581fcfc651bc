// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
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
	if err := b.SendFrame(strange); !errors.Is(err, ErrClosed) {
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
		if err := a.SendFrame(request(dst)); err != nil {
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
		frame := append(append(append([]byte(nil), macA...), macB...), 8, 0)
		ip := header.IPv4(make([]byte, header.IPv4MinimumSize+1))
		ip.Encode(&header.IPv4Fields{
			TotalLength: uint16(len(ip)), TTL: ttl, Protocol: 253, ID: 1, // 253: for experiments (RFC 3692)
			SrcAddr: tcpip.AddrFrom4([4]byte{198, 51, 100, 9}), DstAddr: tcpip.AddrFrom4(addr(dst).As4()),
		})
		ip.SetChecksum(^ip.CalculateChecksum())
		ip.Payload()[0] = mark
		return append(append(frame, ip...), make([]byte, 25)...) // padded
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
