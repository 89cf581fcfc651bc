// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/ovskit/ovskit/flows"
)

// A datagram that the sender's own stack cuts into fragments does not get past a rule that denies its port, nor does it open
// the way for those that follow.
func TestFragmentsOnTheWire(t *testing.T) {
	onSites(t, func(s *site) {
		t := s.t
		s.start(flows.Options{})
		s.set(flows.Rule{
			Name: "no-80", To: endpoints("web1"), Deny: true, Services: []flows.Service{{Proto: flows.UDP, FirstPort: 80}},
		})
		listen := func(port uint16) net.PacketConn {
			pc, err := s.web1.Station.ListenUDP(s.ctx, netip.AddrPortFrom(siteAddr1.Addr(), port))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { pc.Close() })
			deadline, _ := s.ctx.Deadline()
			if err := pc.SetReadDeadline(deadline); err != nil {
				t.Fatal(err)
			}
			return pc
		}
		denied, allowed := listen(80), listen(81)
		send := func(port uint16, size int) {
			conn, err := s.web0.Station.DialUDP(s.ctx, netip.AddrPortFrom(siteAddr0.Addr(), 4000), netip.AddrPortFrom(siteAddr1.Addr(), port))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := conn.Write(make([]byte, size)); err != nil {
				t.Fatal(err)
			}
		}
		got := func(pc net.PacketConn) int {
			n, _, err := pc.ReadFrom(make([]byte, 3000))
			if timeout := net.Error(nil); err != nil && !(errors.As(err, &timeout) && timeout.Timeout()) {
				t.Fatal(err)
			}
			return n
		}
		send(80, 2000)
		send(80, 10)
		send(81, 20)
		if n := got(allowed); n != 20 {
			t.Fatalf("got %d bytes at the port that is not denied, want 20", n)
		}
		// What came after them has arrived.
		if err := denied.SetReadDeadline(time.Now()); err != nil {
			t.Fatal(err)
		}
		if n := got(denied); n != 0 {
			t.Errorf("got %d bytes at the port that is denied, want none", n)
		}
		if err := s.sw.Delete(s.ctx, flows.Rule{Name: "no-80"}); err != nil {
			t.Fatal(err)
		}
		// The datapath may go by the rule a little longer.
		for n := 0; n != 2000; {
			if s.ctx.Err() != nil {
				t.Fatal("nothing arrives when nothing is denied")
			}
			send(80, 2000)
			if err := denied.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			n = got(denied)
		}
	})
}
