// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/testbed"
	"github.com/ovskit/ovskit/internal/tier"
	"github.com/ovskit/ovskit/openflow"
)

// site is a testbed with two endpoints of a network, on a real switch or on the fake.
type site struct {
	*testbed.Testbed
	t          *testing.T
	ctx        context.Context
	web0, web1 *testbed.Attached
	published  []flows.PortMapping // of web1
	connect    openflow.ClientOptions
	client     *openflow.Client
	sw         *flows.Switch
}

var (
	siteGateway = netip.MustParsePrefix("10.77.1.1/24")
	siteAddr0   = netip.MustParsePrefix("10.77.1.2/24")
	siteAddr1   = netip.MustParsePrefix("10.77.1.3/24")
)

// onSites runs a test on a testbed of each kind.
func onSites(t *testing.T, test func(s *site)) {
	onTestbeds(t, testbed.Options{Gateways: []netip.Prefix{siteGateway}}, func(s *site) {
		s.web0, s.web1 = s.attach("web0", siteAddr0), s.attach("web1", siteAddr1)
		test(s)
	})
}

// onTestbeds runs a test on a testbed of each kind that has no endpoints yet.
func onTestbeds(t *testing.T, o testbed.Options, test func(s *site)) {
	for _, kind := range []testbed.Kind{testbed.Fake, testbed.Real} {
		t.Run(string(kind), func(t *testing.T) {
			if kind == testbed.Real {
				tier.Need(t, tier.System)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
			t.Cleanup(cancel)
			o.Kind, o.Name = kind, "flowstest"
			tb, err := testbed.New(ctx, o)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := tb.Close(); err != nil {
					t.Error(err)
				}
			})
			test(&site{Testbed: tb, t: t, ctx: ctx, connect: quick})
		})
	}
}

func (s *site) attach(name string, addr netip.Prefix) *testbed.Attached {
	s.t.Helper()
	a, err := s.AddEndpoint(s.ctx, testbed.Endpoint{Name: name, Addrs: []netip.Prefix{addr}, Gateways: []netip.Addr{siteGateway.Addr()}})
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

// start is the start of a program: it opens the switch and declares everything.
func (s *site) start(o flows.Options) {
	s.t.Helper()
	s.open(o)
	s.set(s.objects()...)
}

// objects are what a program declares.
func (s *site) objects() []flows.Object {
	return []flows.Object{
		flows.Host{MAC: s.Bridge().MAC, Addrs: []netip.Prefix{testbed.HostAddr}},
		flows.Uplink{Name: "up", Port: s.Uplink().OFPort, Addrs: []netip.Addr{testbed.HostAddr.Addr()}},
		flows.Network{
			Name: "web", Gateways: []netip.Prefix{siteGateway},
			Egress: flows.Via("up"), Host: flows.ToHost | flows.FromHost,
		},
		s.endpoint(s.web0, siteAddr0), s.endpoint(s.web1, siteAddr1, s.published...),
	}
}

// open opens the switch.
func (s *site) open(o flows.Options) {
	s.t.Helper()
	o.Owner = "site"
	client, err := openflow.Connect(s.ctx, s.Bridge().Management(), s.connect)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { client.Close() })
	sw, err := flows.Open(s.ctx, client, o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { sw.Close() })
	s.client, s.sw = client, sw
}

// stop is the end of the program.
func (s *site) stop() {
	s.sw.Close()
	s.client.Close()
}

func (s *site) endpoint(a *testbed.Attached, addr netip.Prefix, publish ...flows.PortMapping) flows.Endpoint {
	return flows.Endpoint{
		Name: a.Station.Name(), Network: "web", Port: a.Port.OFPort, MAC: a.Port.MAC, Addrs: []netip.Addr{addr.Addr()},
		Publish: publish,
	}
}

func (s *site) set(objects ...flows.Object) {
	s.t.Helper()
	if err := s.sw.Set(s.ctx, objects...); err != nil {
		s.t.Fatal(err)
	}
}

// stream is datagrams that one station sends without a pause to others, who note their numbers.
type stream struct {
	t    *testing.T
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu       sync.Mutex
	sent     uint64
	received map[string]map[uint64]bool // by receiver
	changed  chan struct{}
}

// stations are those that listen, and where.
type stations map[testbed.Station]netip.AddrPort

// pauseOfStream is the pause between two datagrams: long enough that sockets hold what comes while nobody is let read for a
// second.
const pauseOfStream = 5 * time.Millisecond

// newStream sends from one station to an address until the test ends, and answers each datagram that a receiver gets at
// its port.
func (s *site) newStream(from testbed.Station, to netip.AddrPort, receivers stations) *stream {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.ctx)
	st := &stream{t: s.t, stop: cancel, received: map[string]map[uint64]bool{}, changed: make(chan struct{})}
	var open []interface{ Close() error }
	for station, at := range receivers {
		pc, err := station.ListenUDP(s.ctx, at)
		if err != nil {
			s.t.Fatal(err)
		}
		open = append(open, pc)
		st.received[station.Name()] = map[uint64]bool{}
		st.wg.Add(1)
		go st.receive(pc, station.Name())
	}
	conn, err := from.DialUDP(s.ctx, netip.AddrPort{}, to)
	if err != nil {
		s.t.Fatal(err)
	}
	open = append(open, conn)
	st.wg.Add(1)
	go st.send(ctx, conn)
	s.t.Cleanup(func() {
		cancel()
		for _, c := range open {
			c.Close()
		}
		st.wg.Wait()
	})
	return st
}

func (st *stream) send(ctx context.Context, conn net.Conn) {
	defer st.wg.Done()
	tick := time.NewTicker(pauseOfStream)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		st.mu.Lock()
		n := st.sent + 1
		st.sent = n
		close(st.changed)
		st.changed = make(chan struct{})
		st.mu.Unlock()
		// While nobody is there the kernel may say so.
		_, _ = conn.Write(binary.BigEndian.AppendUint64(nil, n))
	}
}

func (st *stream) receive(pc net.PacketConn, name string) {
	defer st.wg.Done()
	b := make([]byte, 64)
	for {
		n, from, err := pc.ReadFrom(b)
		if err != nil {
			return
		}
		if n != 8 {
			continue
		}
		_, _ = pc.WriteTo(b[:n], from)
		st.mu.Lock()
		st.received[name][binary.BigEndian.Uint64(b)] = true
		close(st.changed)
		st.changed = make(chan struct{})
		st.mu.Unlock()
	}
}

// now is the number of the last datagram that was sent.
func (st *stream) now() uint64 {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.sent
}

// passes waits until datagram number n is sent, whether it arrives or not.
func (st *stream) passes(ctx context.Context, n uint64) {
	st.t.Helper()
	for {
		st.mu.Lock()
		sent, changed := st.sent, st.changed
		st.mu.Unlock()
		if sent >= n {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			st.t.Fatalf("datagram %d is not sent", n)
		}
	}
}

// arrives waits until a receiver has one that was sent after number n.
func (st *stream) arrives(ctx context.Context, name string, n uint64) (first uint64) {
	st.t.Helper()
	for {
		st.mu.Lock()
		for got := range st.received[name] {
			if got > n && (first == 0 || got < first) {
				first = got
			}
		}
		changed := st.changed
		st.mu.Unlock()
		if first > 0 {
			return first
		}
		select {
		case <-changed:
		case <-ctx.Done():
			st.t.Fatalf("%s gets nothing of what was sent after datagram %d", name, n)
		}
	}
}

// count is how many of the datagrams after first and up to last a receiver has.
func (st *stream) count(name string, first, last uint64) (n int) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for got := range st.received[name] {
		if got > first && got <= last {
			n++
		}
	}
	return n
}
