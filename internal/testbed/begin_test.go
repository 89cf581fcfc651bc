// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"errors"
	"net/netip"
	"syscall"
	"testing"
	"time"
)

// A connection that was begun has sent its first segment, before anybody waits for it.
func TestBeginTCP(t *testing.T) {
	inBothFamilies(t, func(t *testing.T, ctx context.Context, a, b Station, f family) {
		l, err := b.ListenTCP(ctx, netip.AddrPortFrom(f.b, 80))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		local := netip.AddrPortFrom(f.a, 40000)
		wait, err := a.BeginTCP(local, netip.AddrPortFrom(f.b, 80))
		if err != nil {
			t.Fatal(err)
		}
		peer, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer peer.Close()
		if got := peer.RemoteAddr().String(); got != local.String() {
			t.Errorf("the peer sees %s, want %s", got, local)
		}
		c, err := wait(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if got := c.LocalAddr().String(); got != local.String() {
			t.Errorf("the connection is from %s, want %s", got, local)
		}
		if _, err := c.Write([]byte("hello")); err != nil {
			t.Error(err)
		}
		b5 := make([]byte, 5)
		if n, err := peer.Read(b5); err != nil || string(b5[:n]) != "hello" {
			t.Errorf("the peer reads %q, error %v", b5[:n], err)
		}

		if wait, err = a.BeginTCP(netip.AddrPort{}, netip.AddrPortFrom(f.b, 81)); err != nil {
			t.Fatal(err)
		}
		if _, err := wait(ctx); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("port that nobody listens at: got %v, want %v", err, syscall.ECONNREFUSED)
		}
		if wait, err = a.BeginTCP(netip.AddrPort{}, netip.AddrPortFrom(f.nobody, 80)); err != nil {
			t.Fatal(err)
		}
		short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
		defer cancel()
		if _, err := wait(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("address that nobody has: got %v, want %v", err, context.DeadlineExceeded)
		}
	})
}

// Pings have the identifier and the source that they are to have, and their replies carry what they did.
func TestDialPing(t *testing.T) {
	inBothFamilies(t, func(t *testing.T, ctx context.Context, a, b Station, f family) {
		at, err := b.Capture(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer at.Close()
		c, err := a.DialPing(ctx, netip.AddrPortFrom(f.a, 4711), f.b)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for _, text := range []string{"one", "two"} {
			if _, err := c.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 10)
			if n, err := c.Read(buf); err != nil || string(buf[:n]) != text {
				t.Errorf("got reply %q, error %v, want %q", buf[:n], err, text)
			}
		}
		header, request := 14+40, byte(128)
		if f.a.Is4() {
			header, request = 14+20, 8
		}
		for {
			frame, err := at.Next(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if len(frame) < header+8 || frame[header] != request {
				continue
			}
			if id := int(frame[header+4])<<8 | int(frame[header+5]); id != 4711 {
				t.Errorf("got identifier %d, want 4711", id)
			}
			return
		}
	})
}
