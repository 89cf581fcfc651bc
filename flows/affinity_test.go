// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"context"
	"encoding/binary"
	"io"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/testbed"
)

// The ports that the endpoints of a pool share: udp/5300 and tcp/8443 by client, udp/5301 by connection.
const (
	byClient     = 5300
	byConnection = 5301
	byClientTCP  = 8443
)

// pool is a site whose three endpoints share ports. Clients outside are as many as are asked for: their datagrams are sent
// as frames.
type pool struct {
	*site
	endpoints []*testbed.Attached
	addrs     []netip.Prefix

	asked uint64 // the number of the last datagram

	mu   sync.Mutex
	got  map[uint64]string // who got the datagram of a number
	mute string            // who answers no more
	news chan struct{}
}

func newPool(s *site) *pool {
	s.t.Helper()
	p := &pool{
		site: s, endpoints: []*testbed.Attached{s.web0, s.web1}, addrs: []netip.Prefix{siteAddr0, siteAddr1, netip.MustParsePrefix("10.77.1.4/24")},
		got: map[uint64]string{}, news: make(chan struct{}),
	}
	p.endpoints = append(p.endpoints, s.attach("web2", p.addrs[2]))
	s.connect = quick15
	s.start(flows.Options{})
	for i := range p.endpoints {
		s.set(p.sharing(i))
		p.serve(i)
	}
	return p
}

// portInside is the port of an endpoint that a shared one leads to: each has another.
func portInside(i int, shared uint16) uint16 { return shared + 100*uint16(i) }

// sharing and alone are an endpoint that shares the ports, and one that does not.
func (p *pool) sharing(i int) flows.Endpoint {
	return p.endpoint(p.endpoints[i], p.addrs[i],
		flows.PortMapping{Proto: flows.UDP, HostPort: byClient, Port: portInside(i, byClient), Balance: flows.ByClientIP},
		flows.PortMapping{Proto: flows.UDP, HostPort: byConnection, Port: portInside(i, byConnection), Balance: flows.ByConnection},
		flows.PortMapping{Proto: flows.TCP, HostPort: byClientTCP, Port: portInside(i, byClientTCP), Balance: flows.ByClientIP})
}

func (p *pool) alone(i int) flows.Endpoint { return p.endpoint(p.endpoints[i], p.addrs[i]) }

// serve has an endpoint answer each datagram, and tell its name to who connects.
func (p *pool) serve(i int) {
	p.t.Helper()
	station := p.endpoints[i].Station
	for _, port := range []uint16{byClient, byConnection} {
		pc, err := station.ListenUDP(p.ctx, netip.AddrPortFrom(p.addrs[i].Addr(), portInside(i, port)))
		if err != nil {
			p.t.Fatal(err)
		}
		done := make(chan struct{})
		p.t.Cleanup(func() { pc.Close(); <-done })
		go func() {
			defer close(done)
			b := make([]byte, 64)
			for {
				n, from, err := pc.ReadFrom(b)
				if err != nil {
					return
				}
				p.mu.Lock()
				mute := p.mute == station.Name()
				p.mu.Unlock()
				if !mute {
					_, _ = pc.WriteTo(b[:n], from)
				}
				p.mu.Lock()
				p.got[binary.BigEndian.Uint64(b)] = station.Name()
				close(p.news)
				p.news = make(chan struct{})
				p.mu.Unlock()
			}
		}()
	}
	l, err := station.ListenTCP(p.ctx, netip.AddrPortFrom(p.addrs[i].Addr(), portInside(i, byClientTCP)))
	if err != nil {
		p.t.Fatal(err)
	}
	done := make(chan struct{})
	p.t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte(station.Name()))
			c.Close()
		}
	}()
}

// ask sends a datagram from each client outside to a port, again if it gets lost, and returns who gets them.
func (p *pool) ask(port uint16, clients ...netip.AddrPort) []string {
	p.t.Helper()
	got, number := make([]string, len(clients)), make([]uint64, len(clients))
	for {
		var frames [][]byte
		for i, client := range clients {
			if got[i] == "" {
				p.asked++
				number[i] = p.asked
				f := frame{
					from: p.Outside().MAC(), to: p.Bridge().MAC, proto: "udp", ttl: 64, src: client,
					dst:     netip.AddrPortFrom(testbed.HostAddr.Addr(), port),
					payload: binary.BigEndian.AppendUint64(nil, p.asked),
				}
				frames = append(frames, f.bytes(p.t))
			}
		}
		if err := p.Outside().SendFrames(frames...); err != nil {
			p.t.Fatal(err)
		}
		lost, cancel := context.WithTimeout(p.ctx, time.Second)
		for missing := true; missing && lost.Err() == nil; {
			missing = false
			p.mu.Lock()
			for i, n := range number {
				got[i] = p.got[n]
				missing = missing || got[i] == ""
			}
			news := p.news
			p.mu.Unlock()
			if !missing {
				cancel()
				return got
			}
			select {
			case <-news:
			case <-lost.Done():
			}
		}
		cancel()
		if p.ctx.Err() != nil {
			p.t.Fatalf("nobody gets what is sent to port %d", port)
		}
	}
}

// clients are so many addresses, some in the same subnet and some not.
func clients(n int) []netip.Addr {
	all := make([]netip.Addr, n)
	for i := range all {
		all[i] = netip.AddrFrom4([4]byte{198, 18, byte(i % 7), byte(1 + i/7)})
	}
	return all
}

// each asks from every client by a source port, and returns who got to whom.
func (p *pool) each(from []netip.Addr, source uint16) map[netip.Addr]string {
	p.t.Helper()
	var ends []netip.AddrPort
	for _, a := range from {
		ends = append(ends, netip.AddrPortFrom(a, source))
	}
	all := map[netip.Addr]string{}
	for i, name := range p.ask(byClient, ends...) {
		all[from[i]] = name
	}
	return all
}

// anew asks by new connections of every client, of those again that got to where they may have got before a change: the
// datapath goes by what it knew for a moment.
func (p *pool) anew(from []netip.Addr, source uint16, before func(a netip.Addr, to string) bool) map[netip.Addr]string {
	p.t.Helper()
	all := map[netip.Addr]string{}
	for ; len(from) > 0; source++ {
		maps.Copy(all, p.each(from, source))
		from = slices.DeleteFunc(slices.Clone(from), func(a netip.Addr) bool { return !before(a, all[a]) })
	}
	return all
}

// connects connects to the shared TCP port, and returns the name that it is told.
func (p *pool) connects(from testbed.Station, local netip.Addr) string {
	p.t.Helper()
	c, err := from.DialTCP(p.ctx, netip.AddrPortFrom(local, 0), netip.AddrPortFrom(testbed.HostAddr.Addr(), byClientTCP))
	if err != nil {
		p.t.Fatal(err)
	}
	defer c.Close()
	b, err := io.ReadAll(c)
	if err != nil && len(b) == 0 {
		p.t.Fatal(err)
	}
	return string(b)
}

// counts is how many clients each endpoint has.
func counts(chosen map[netip.Addr]string) map[string]int {
	n := map[string]int{}
	for _, name := range chosen {
		n[name]++
	}
	return n
}

// Endpoints share a port by client: each has about as many clients as the others, and a client keeps to its endpoint, whoever
// else comes and goes. Which endpoint a client gets to follows from its address and their names, on the fake and on Open
// vSwitch alike.
func TestSessionAffinity(t *testing.T) {
	all := clients(150)
	chosen := map[testbed.Kind]map[netip.Addr]string{}
	onSites(t, func(s *site) {
		p := newPool(s)
		first := p.each(all, 1000)
		chosen[s.Kind()] = first
		n := counts(first)
		for _, e := range p.endpoints {
			// What is drawn at random would be 50 in the mean, and hardly ever below 30. This follows from the addresses.
			if name := e.Station.Name(); n[name] < 30 {
				t.Errorf("%s has %d of %d clients: %v", name, n[name], len(all), n)
			}
		}
		if d := cmp.Diff(first, p.each(all, 1001)); d != "" {
			t.Errorf("the next connections of the same clients (-first +next):\n%s", d)
		}

		// One goes: its clients get to the others, with the connections that they have, and nobody else moves.
		p.set(p.alone(1))
		others := p.anew(all, 2000, func(_ netip.Addr, to string) bool { return to == "web1" })
		old := p.each(all, 1000)
		for _, a := range all {
			if was := first[a]; was != "web1" && others[a] != was {
				t.Errorf("%s got to %s when web1 went, to %s before", a, others[a], was)
			} else if was != "web1" && old[a] != was || old[a] == "web1" {
				t.Errorf("a connection of %s to %s goes to %s when web1 has gone", a, was, old[a])
			}
		}

		// It comes back: its clients get to it again, nobody else moves, and connections that there are stay.
		held := p.each(all, 3000)
		p.set(p.sharing(1))
		back := p.anew(all, 4000, func(a netip.Addr, to string) bool { return first[a] == "web1" && to == held[a] })
		if d := cmp.Diff(first, back); d != "" {
			t.Errorf("clients when web1 came back (-first +then):\n%s", d)
		}
		if d := cmp.Diff(held, p.each(all, 3000)); d != "" {
			t.Errorf("connections that were there when web1 came back (-before +after):\n%s", d)
		}
	})
	if len(chosen) == 2 {
		if d := cmp.Diff(chosen[testbed.Fake], chosen[testbed.Real]); d != "" {
			t.Errorf("clients get to other endpoints on the fake (-) than on Open vSwitch (+):\n%s", d)
		}
	}
}

// TCP connections of a client, be it outside, an endpoint, or the endpoint that it gets to, get to the same endpoint.
func TestSessionAffinityOfTCP(t *testing.T) {
	onSites(t, func(s *site) {
		p := newPool(s)
		type client struct {
			station testbed.Station
			addr    netip.Addr
		}
		from := []client{{s.Outside(), testbed.OutsideAddr.Addr()}, {s.Outside(), testbed.BeyondAddr}}
		for i, e := range p.endpoints {
			from = append(from, client{e.Station, p.addrs[i].Addr()})
		}
		seen := map[string]bool{}
		for _, c := range from {
			first := p.connects(c.station, c.addr)
			seen[first] = true
			for range 9 {
				if next := p.connects(c.station, c.addr); next != first {
					t.Errorf("%s got to %s, and to %s before", c.addr, next, first)
				}
			}
		}
		if len(seen) < 2 {
			t.Errorf("all clients got to %v, which tests little", slices.Collect(maps.Keys(seen)))
		}
	})
}

// Endpoints share a port by connection: those of one client are spread.
func TestBalanceByConnection(t *testing.T) {
	chosen := map[testbed.Kind][]string{}
	onSites(t, func(s *site) {
		p := newPool(s)
		var connections []netip.AddrPort
		for source := range uint16(150) {
			connections = append(connections, netip.AddrPortFrom(clients(1)[0], 1000+source))
		}
		first, n := p.ask(byConnection, connections...), map[string]int{}
		chosen[s.Kind()] = first
		for _, name := range first {
			n[name]++
		}
		for _, e := range p.endpoints {
			if name := e.Station.Name(); n[name] < 30 {
				t.Errorf("%s has %d of %d connections: %v", name, n[name], len(first), n)
			}
		}
		// An answer that is under way while its connection is forgotten begins it anew.
		p.mu.Lock()
		p.mute = "web0"
		p.mu.Unlock()
		p.set(p.alone(0))
		for i, now := range p.ask(byConnection, connections...) {
			if was := first[i]; was != "web0" && now != was {
				t.Errorf("a connection to %s goes to %s when web0 has gone", was, now)
			}
			for now == "web0" { // as long as the datapath goes by what it knew, and until that is forgotten
				now = p.ask(byConnection, connections[i])[0]
			}
		}
	})
	if len(chosen) == 2 {
		if d := cmp.Diff(chosen[testbed.Fake], chosen[testbed.Real]); d != "" {
			t.Errorf("connections get to other endpoints on the fake (-) than on Open vSwitch (+):\n%s", d)
		}
	}
}
