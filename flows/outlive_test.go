// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"io"
	"net"
	"net/netip"
	"testing"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/unixctl"
)

// echo has a TCP connection between two stations, by which each sends the other so many bytes.
func (s *site) echo() (exchange func(n int)) {
	s.t.Helper()
	at := netip.AddrPortFrom(siteAddr1.Addr(), 7)
	l, err := s.web1.Station.ListenTCP(s.ctx, at)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { l.Close() })
	accepted := make(chan net.Conn, 1)
	go func() {
		defer close(accepted)
		if c, err := l.Accept(); err == nil {
			accepted <- c
		}
	}()
	c, err := s.web0.Station.DialTCP(s.ctx, netip.AddrPort{}, at)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	peer, ok := <-accepted
	if !ok {
		s.t.Fatal("the connection was not accepted")
	}
	s.t.Cleanup(func() { peer.Close() })
	deadline, _ := s.ctx.Deadline()
	for _, c := range []net.Conn{c, peer} {
		if err := c.SetDeadline(deadline); err != nil {
			s.t.Fatal(err)
		}
	}
	return func(n int) {
		s.t.Helper()
		for _, way := range [][2]net.Conn{{c, peer}, {peer, c}} {
			go way[0].Write(make([]byte, n))
			if _, err := io.ReadFull(way[1], make([]byte, n)); err != nil {
				s.t.Fatal(err)
			}
		}
	}
}

// revalidate returns when the datapath goes by the flows that the bridge has now.
func (s *site) revalidate() {
	s.t.Helper()
	control, err := unixctl.Socket(s.RunDir(), "ovs-vswitchd")
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := unixctl.Call(s.ctx, control, "revalidator/wait"); err != nil {
		s.t.Fatal(err)
	}
}

// While there is no rule nobody tracks a connection, which goes far out of the window that it was known by. When there is
// one again, it goes on.
func TestConnectionOutlivesRules(t *testing.T) {
	onSites(t, func(s *site) {
		s.start(flows.Options{})
		rule := flows.Rule{Name: "other", Services: []flows.Service{{Proto: flows.TCP, FirstPort: 9}}, Deny: true}
		s.set(rule)
		exchange := s.echo()
		exchange(1000)
		if err := s.sw.Delete(s.ctx, rule); err != nil {
			t.Fatal(err)
		}
		s.revalidate()
		exchange(1 << 20)
		s.set(rule)
		s.revalidate()
		exchange(1000)
	})
}
