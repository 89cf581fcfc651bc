// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package sockets_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ovskit/ovskit/internal/sockets"
)

// find is the socket at an address and port.
func find(t *testing.T, proto uint8, at netip.AddrPort) (s sockets.Socket, ok bool) {
	t.Helper()
	all, err := sockets.List()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(s sockets.Socket) bool { return s.Proto == proto && s.Local == at })
	if i < 0 {
		return s, false
	}
	return all[i], true
}

// What the test program listens at is listed as its own, and what is connected is not listed.
func TestList(t *testing.T) {
	four, six := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("2001:db8::1")
	only := func(_, _ string, c syscall.RawConn) (err error) {
		control := c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1) })
		if control != nil {
			return control
		}
		return err
	}
	for _, test := range []struct {
		network, address string
		control          func(network, address string, c syscall.RawConn) error
		takes            []netip.Addr
		not              []netip.Addr
	}{
		{"tcp4", "127.0.0.1:0", nil, []netip.Addr{four}, []netip.Addr{four.Next(), six}},
		{"tcp4", "0.0.0.0:0", nil, []netip.Addr{four, four.Next()}, []netip.Addr{six}},
		{"udp4", "127.0.0.1:0", nil, []netip.Addr{four}, []netip.Addr{four.Next(), six}},
		{"tcp", "[::]:0", nil, []netip.Addr{four, six}, nil},
		{"udp", "[::]:0", nil, []netip.Addr{four, six}, nil},
		{"tcp6", "[::]:0", only, []netip.Addr{six}, []netip.Addr{four}},
		{"udp6", "[::]:0", only, []netip.Addr{six}, []netip.Addr{four}},
	} {
		config, proto := net.ListenConfig{Control: test.control}, uint8(unix.IPPROTO_TCP)
		var at string
		var closing func() error
		if test.network[:3] == "udp" {
			c, err := config.ListenPacket(context.Background(), test.network, test.address)
			if errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EADDRNOTAVAIL) {
				continue // no IPv6
			}
			if err != nil {
				t.Fatal(err)
			}
			at, closing, proto = c.LocalAddr().String(), c.Close, unix.IPPROTO_UDP
		} else {
			l, err := config.Listen(context.Background(), test.network, test.address)
			if errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EADDRNOTAVAIL) {
				continue // no IPv6
			}
			if err != nil {
				t.Fatal(err)
			}
			at, closing = l.Addr().String(), l.Close
		}
		s, ok := find(t, proto, netip.MustParseAddrPort(at))
		if !ok {
			t.Fatalf("%s %s is not listed", test.network, at)
		}
		for _, a := range test.takes {
			if !s.Takes(a) {
				t.Errorf("%s %s: %+v does not take what comes to %s", test.network, test.address, s, a)
			}
		}
		for _, a := range test.not {
			if s.Takes(a) {
				t.Errorf("%s %s: %+v takes what comes to %s", test.network, test.address, s, a)
			}
		}
		programs := sockets.Programs([]sockets.Socket{s})[s.Inode]
		if len(programs) != 1 || programs[0].PID != os.Getpid() || programs[0].Name == "" {
			t.Errorf("%s %s: got the programs %+v, want this one, %d", test.network, at, programs, os.Getpid())
		}
		if err := closing(); err != nil {
			t.Fatal(err)
		}
		if _, ok := find(t, proto, netip.MustParseAddrPort(at)); ok {
			t.Errorf("%s %s is listed after it was closed", test.network, at)
		}
	}

	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	u, err := net.Dial("udp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	for proto, c := range map[uint8]net.Conn{unix.IPPROTO_TCP: c, unix.IPPROTO_UDP: u} {
		if s, ok := find(t, proto, netip.MustParseAddrPort(c.LocalAddr().String())); ok {
			t.Errorf("the connected %+v is listed", s)
		}
	}
}
