// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"context"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/unixctl"
)

// echo has a TCP connection between two stations, by which each sends the other so many bytes. It lives through all that is
// done to the program and the switch.
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

// TestOutages ends the program and the switch, in an orderly way and by a kill, with datagrams and a TCP connection between
// two endpoints, and counts what is lost.
func TestOutages(t *testing.T) {
	onSites(t, func(s *site) {
		replays := make(chan flows.Replay, 1)
		o := flows.Options{OnReplay: func(ctx context.Context, r flows.Replay) {
			if bridge.FlowsHeld(s.DB()) {
				if err := bridge.ReleaseFlows(ctx, s.DB()); err != nil {
					s.t.Error(err)
				}
			}
			replays <- r
		}}
		s.start(o)
		exchange := s.echo()
		at := netip.AddrPortFrom(siteAddr1.Addr(), 9)
		st := s.newStream(s.web0.Station, at, stations{s.web1.Station: at})
		st.arrives(s.ctx, "web1", 0)
		exchange(5)

		count := func(what string, during func()) {
			s.t.Helper()
			before := st.now()
			began := time.Now()
			during()
			now := st.now()
			resumed := st.arrives(s.ctx, "web1", now)
			took := time.Since(began)
			exchange(5)
			lost := int(resumed-before) - st.count("web1", before, resumed)
			s.t.Logf("%s: %d of %d datagrams lost within %v", what, lost, resumed-before, took)
		}
		count("nothing", func() { st.arrives(s.ctx, "web1", st.now()+100) })
		count("program ends", func() {
			s.stop()
			st.arrives(s.ctx, "web1", st.now()+100)
		})
		count("program starts", func() { s.start(o) })
		for _, kill := range []bool{false, true} {
			for _, hold := range []bool{false, true} {
				what := map[bool]string{false: "switch restarted", true: "switch killed"}[kill]
				if hold {
					what += ", held until the replay"
				}
				count(what, func() {
					if hold {
						if err := bridge.HoldFlows(s.ctx, s.DB()); err != nil {
							s.t.Fatal(err)
						}
					}
					if err := s.EndSwitch(kill); err != nil {
						s.t.Fatal(err)
					}
					if err := s.StartSwitch(s.ctx); err != nil {
						s.t.Fatal(err)
					}
					r := <-replays
					s.t.Logf("replay: %v, within %v", r.Plan, r.Took)
				})
			}
		}
		if p, err := s.sw.Prune(s.ctx); err != nil || !p.Empty() {
			s.t.Errorf("after all outages the switch differs by %v, error %v", p, err)
		}
	})
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
