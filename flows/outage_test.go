// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/killtest"
	"github.com/ovskit/ovskit/internal/testbed"
	"github.com/ovskit/ovskit/openflow"
)

// declaring is what a program of its own declares.
type declaring struct {
	Management string
	Intents    flows.Intents
}

// allDeclared is the step at which it is killed.
const allDeclared = "all declared"

func declareAndDie(ctx context.Context, d declaring, step killtest.Step) error {
	client, err := openflow.Connect(ctx, d.Management, openflow.ClientOptions{})
	if err != nil {
		return err
	}
	defer client.Close()
	sw, err := flows.Open(ctx, client, flows.Options{Owner: d.Intents.Owner})
	if err != nil {
		return err
	}
	defer sw.Close()
	if err := sw.Set(ctx, d.Intents.Objects...); err != nil {
		return err
	}
	return step(allDeclared)
}

// talk is a TCP connection on which numbers are sent without an end, each when the one before has arrived: a stack that has lost
// many small segments takes long to recover.
type talk struct {
	name string

	mu             sync.Mutex
	sent, received uint64
	failed         bool
	changed        chan struct{}
}

// newTalk has one station connect to another, which listens at an address, by what may be another one, and send to it until
// the test ends.
func (s *site) newTalk(name string, from testbed.Station, to netip.AddrPort, at testbed.Station, local netip.AddrPort) *talk {
	s.t.Helper()
	l, err := at.ListenTCP(s.ctx, local)
	if err != nil {
		s.t.Fatal(err)
	}
	defer l.Close()
	conn, err := from.DialTCP(s.ctx, netip.AddrPort{}, to)
	if err != nil {
		s.t.Fatalf("%s: %v", name, err)
	}
	peer, err := l.Accept()
	if err != nil {
		s.t.Fatal(err)
	}
	k := &talk{name: name, changed: make(chan struct{})}
	ctx, cancel := context.WithCancel(s.ctx)
	var wg sync.WaitGroup
	wg.Add(2)
	go func() {
		defer wg.Done()
		k.send(ctx, conn)
	}()
	go func() {
		defer wg.Done()
		err := k.receive(peer)
		if ctx.Err() == nil {
			s.t.Errorf("%s: got number %d, then %v", name, k.received, err)
		}
	}()
	s.t.Cleanup(func() {
		cancel()
		conn.Close()
		peer.Close()
		wg.Wait()
	})
	return k
}

func (k *talk) send(ctx context.Context, conn net.Conn) {
	tick := time.NewTicker(pauseOfStream)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		k.mu.Lock()
		n := k.received + 1
		again := n == k.sent
		k.sent = n
		k.mu.Unlock()
		if again {
			continue
		}
		if _, err := conn.Write(binary.BigEndian.AppendUint64(nil, n)); err != nil {
			return // the receiver says what is wrong
		}
	}
}

// receive reads until a number is not the next one or the connection ends.
func (k *talk) receive(conn net.Conn) error {
	b := make([]byte, 8)
	for {
		_, err := io.ReadFull(conn, b)
		k.mu.Lock()
		ok := err == nil && binary.BigEndian.Uint64(b) == k.received+1
		if ok {
			k.received++
		}
		k.failed = !ok
		close(k.changed)
		k.changed = make(chan struct{})
		k.mu.Unlock()
		if !ok {
			return err
		}
	}
}

// goesOn waits until what has been sent has arrived, and something more.
func (k *talk) goesOn(t *testing.T, ctx context.Context) {
	t.Helper()
	k.mu.Lock()
	sent := k.sent
	k.mu.Unlock()
	for {
		k.mu.Lock()
		received, failed, changed := k.received, k.failed, k.changed
		k.mu.Unlock()
		switch {
		case received > sent:
			return
		case failed:
			t.FailNow()
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("%s: nothing arrives after number %d", k.name, received)
		}
	}
}

// TestOutages ends the program and the switch, in an orderly way and by a kill, with datagrams to a published port and with TCP
// connections inside, to a published port, and to the outside. The end of the program costs nothing, and no end a connection.
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
		for _, p := range []flows.Proto{flows.TCP, flows.UDP} {
			s.published = append(s.published, flows.PortMapping{Proto: p, HostPort: 8080, Port: 80})
		}
		s.start(o)
		inside, outside := netip.AddrPortFrom(siteAddr1.Addr(), 7), netip.AddrPortFrom(testbed.OutsideAddr.Addr(), 7)
		host, published := netip.AddrPortFrom(testbed.HostAddr.Addr(), 8080), netip.AddrPortFrom(siteAddr1.Addr(), 80)
		talks := []*talk{
			s.newTalk("inside", s.web0.Station, inside, s.web1.Station, inside),
			s.newTalk("to the outside", s.web0.Station, outside, s.Outside(), outside),
			s.newTalk("to a published port", s.Outside(), host, s.web1.Station, published),
		}
		st := s.newStream(s.Outside(), host, stations{s.web1.Station: published})
		st.arrives(s.ctx, "web1", 0)

		const some = 50
		count := func(what string, during func()) (lost int) {
			s.t.Helper()
			before := st.now()
			began := time.Now()
			during()
			now := st.now()
			resumed := st.arrives(s.ctx, "web1", now)
			took := time.Since(began)
			for _, k := range talks {
				k.goesOn(s.t, s.ctx)
			}
			lost = int(resumed-before) - st.count("web1", before, resumed)
			s.t.Logf("%s: %d of %d datagrams lost within %v", what, lost, resumed-before, took)
			return lost
		}
		costsNothing := func(what string, during func()) {
			s.t.Helper()
			if lost := count(what, during); lost > 0 {
				s.t.Errorf("%s: %d datagrams were lost", what, lost)
			}
		}
		costsNothing("nothing", func() { st.arrives(s.ctx, "web1", st.now()+some) })
		costsNothing("program ends", func() {
			s.stop()
			st.arrives(s.ctx, "web1", st.now()+some)
		})
		costsNothing("program killed", func() {
			intents := flows.Intents{Bridge: s.Bridge().Name, Owner: "site", Objects: s.objects()}
			p := killtest.Program[declaring]{Job: declaring{s.Bridge().Management(), intents}, KillAt: allDeclared}
			if _, killed := p.Run(s.t); !killed {
				s.t.Fatal("the program was not killed")
			}
			st.arrives(s.ctx, "web1", st.now()+some)
		})
		costsNothing("program starts", func() { s.start(o) })
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
					// The switch forgets translations. Answers that are under way would begin connections of their own if they
					// came before what they answer to is sent again.
					st.passes(s.ctx, st.now()+some/5)
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
