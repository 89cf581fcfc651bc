// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/testbed"
	"github.com/ovskit/ovskit/openflow"
)

// counters are those of what is declared, by the Switch and by another program that has the intents alone.
func (l *lab) counters() *flows.Counters {
	l.t.Helper()
	got, err := l.sw.Counters(l.ctx)
	if err != nil {
		l.t.Fatal(err)
	}
	objects, err := l.sw.Declared(l.ctx)
	if err != nil {
		l.t.Fatal(err)
	}
	byIntents, err := flows.Intents{Bridge: "br0", Owner: l.options.Owner, Objects: objects}.Counters(l.ctx, l.conn)
	if err != nil {
		l.t.Fatal(err)
	}
	same := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
	if diff := cmp.Diff(got, byIntents, same); diff != "" {
		l.t.Errorf("counters of the Switch and of the intents differ:\n%s", diff)
	}
	return got
}

func endpointCounters(t *testing.T, c *flows.Counters, name string) flows.EndpointCounters {
	t.Helper()
	for _, e := range c.Endpoints {
		if e.Name == name {
			return e
		}
	}
	t.Fatalf("got no counters of endpoint %q: %+v", name, c.Endpoints)
	return flows.EndpointCounters{}
}

func TestCountersOfEndpoints(t *testing.T) {
	l := newLab(t)
	f := packet("udp", l.web2, l.web3, 1000, 53)
	size := uint64(len(f.bytes(t)))
	for range 3 {
		l.send(l.web2, f, delivery{l.web3, f})
	}
	l.send(l.web3, f.reply(), delivery{l.web2, f.reply()})
	// Spoofed: it counts as sent, and as dropped.
	l.send(l.web3, packet("udp", l.web2, l.db2, 1000, 53).with(func(f *frame) { f.from = l.web3.mac }))
	l.restart()
	l.mustSet(l.objects()...)

	got := l.counters()
	one := l.counters()
	l.send(l.web2, f, delivery{l.web3, f})
	delta := l.counters().Since(one)
	if e := endpointCounters(t, delta, "web2"); e.Sent != (flows.Count{Packets: 1, Bytes: size}) || e.Received != (flows.Count{}) || len(delta.Dropped) != 0 {
		t.Errorf("got %+v since then, want one packet from web2", delta)
	}
	if e := endpointCounters(t, got.Since(l.counters()), "web2"); e.Sent != endpointCounters(t, got, "web2").Sent {
		t.Errorf("got %+v of a switch that has begun anew, want what it has counted", e)
	}
	want := flows.EndpointCounters{
		Name: "web2", Network: "web", Sent: flows.Count{Packets: 3, Bytes: 3 * size}, Received: flows.Count{Packets: 1, Bytes: size},
	}
	if diff := cmp.Diff(want, endpointCounters(t, got, "web2")); diff != "" {
		t.Errorf("counters of web2 (-want +got):\n%s", diff)
	}
	want = flows.EndpointCounters{
		Name: "web3", Network: "web", Sent: flows.Count{Packets: 2, Bytes: 2 * size}, Received: flows.Count{Packets: 3, Bytes: 3 * size},
	}
	if diff := cmp.Diff(want, endpointCounters(t, got, "web3")); diff != "" {
		t.Errorf("counters of web3 (-want +got):\n%s", diff)
	}
	if len(got.Dropped) != 1 || got.Dropped[0].Name != "source" || got.Dropped[0].Unmatched != 1 || got.Dropped[0].Refused != 0 {
		t.Errorf("got %+v dropped, want one packet by the table source", got.Dropped)
	}
}

func TestCountersOfRules(t *testing.T) {
	l := newLab(t)
	l.mustSet(
		flows.Rule{Name: "db", From: endpoints("web2"), To: endpoints("db2"), Services: []flows.Service{{Proto: flows.TCP, FirstPort: 5432}}},
		flows.Rule{Name: "no-telnet", Deny: true, Services: []flows.Service{{Proto: flows.TCP, FirstPort: 23}}},
		flows.Rule{Name: "unused", From: endpoints("web2"), To: endpoints("db2"), Services: []flows.Service{{Proto: flows.UDP}}},
	)
	before := l.counters()
	l.passes("tcp", l.web2, l.db2, 1000, 5432, true)
	// What goes on in the connection is not held against rules.
	more := packet("tcp", l.web2, l.db2, 1000, 5432).with(func(f *frame) { f.to, f.flags = l.host.mac, "A" })
	l.send(l.web2, more, delivery{l.db2, more.with(func(f *frame) { f.from, f.to, f.ttl = l.host.mac, l.db2.mac, 63 })})
	l.passes("tcp", l.web2, l.db2, 1001, 5432, true)
	l.passes("tcp", l.web2, l.db2, 1000, 23, false)
	l.passes("tcp", l.web2, l.web3, 1000, 23, false)
	l.passes("tcp", l.web2, l.web3, 1000, 80, true)
	l.passes("tcp", l.web2, l.db2, 1000, 80, false)
	got := l.counters()
	decided := map[string]uint64{}
	for _, r := range got.Rules {
		decided[r.Name] = r.Decided.Packets
		if r.Deny != (r.Name == "no-telnet") || r.Absent {
			t.Errorf("got %+v", r)
		}
	}
	if diff := cmp.Diff(map[string]uint64{"db": 2, "no-telnet": 2, "unused": 0}, decided); diff != "" {
		t.Errorf("packets that rules decided (-want +got):\n%s", diff)
	}
	if allowed, denied := got.Allowed.Packets-before.Allowed.Packets, got.Denied.Packets-before.Denied.Packets; allowed != 1 || denied != 1 {
		t.Errorf("got %d packets allowed and %d denied by default, want 1 and 1", allowed, denied)
	}
	if n := len(got.Dropped); n != 1 || got.Dropped[0].Name != "policy" || got.Dropped[0].Refused != 3 {
		t.Errorf("got %+v dropped, want 3 packets by the table policy", got.Dropped)
	}
}

func TestCountersOfPublished(t *testing.T) {
	l := newLab(t)
	loopback := flows.PortMapping{Proto: flows.UDP, HostAddr: netip.MustParseAddr("127.0.0.1"), HostPort: 54, Port: 53}
	l.mustSet(l.endpoint(l.web2, "web", dns, loopback, flows.PortMapping{Proto: flows.TCP, HostPort: 8000, HostPortEnd: 8009, Port: 9000}))
	for range 3 {
		l.stream(l.web2) // one connection
	}
	for i, port := range []uint16{8000, 8009, 8009} {
		sent := packet("tcp", l.router, l.host, 6000+uint16(i), port)
		got := sent.with(func(f *frame) {
			f.from, f.to, f.ttl = l.host.mac, l.web2.mac, 63
			f.dst = netip.AddrPortFrom(l.web2.addr, port+1000)
		})
		l.send(l.router, sent, delivery{l.web2, got})
	}
	var connections []uint64
	for _, p := range l.counters().Published {
		connections = append(connections, p.Connections)
		if p.Endpoint != "web2" || p.Absent {
			t.Errorf("got %+v", p)
		}
	}
	if diff := cmp.Diff([]uint64{1, 0, 3}, connections); diff != "" {
		t.Errorf("connections to the published ports (-want +got):\n%s", diff)
	}
}

// What the switch lacks is told apart from what has counted nothing, and what is on it beside.
func TestCountersOfOthers(t *testing.T) {
	l := newLab(t)
	objects := append(l.objects(), flows.Rule{Name: "r"})
	intents := flows.Intents{Bridge: "br0", Owner: l.options.Owner, Objects: objects}
	l.mustSet(flows.Rule{Name: "another"})
	web2 := l.endpoint(l.web2, "web", dns)
	for i, o := range intents.Objects {
		if o.String() == web2.String() {
			intents.Objects[i] = web2
		}
	}
	if err := l.sw.Delete(l.ctx, flows.Endpoint{Name: "web3"}); err != nil {
		t.Fatal(err)
	}
	l.sw.Close() // or it would mend what comes
	if err := l.conn.Apply(l.ctx, openflow.Add(openflow.Flow{Table: 15, Priority: 7, Cookie: 0x1234})); err != nil {
		t.Fatal(err)
	}
	got, err := intents.Counters(l.ctx, l.conn)
	if err != nil {
		t.Fatal(err)
	}
	if e := endpointCounters(t, got, "web3"); !e.Absent {
		t.Errorf("got %+v, want web3 absent", e)
	}
	if e := endpointCounters(t, got, "web2"); e.Absent {
		t.Errorf("got %+v, want web2 there", e)
	}
	if len(got.Published) != 1 || !got.Published[0].Absent || !got.Rules[0].Absent {
		t.Errorf("got %+v and %+v, want the port and the rule absent", got.Published, got.Rules)
	}
	if len(got.Strays) != 2 || got.Strays[0].Cookie != "0x0000000000001234" || !got.Strays[0].Foreign || got.Strays[1].Foreign || got.Strays[1].Flows != 1 {
		t.Errorf("got the strays %+v, want one flow of another owner and one of another rule", got.Strays)
	}
}

func TestCountersOfLimit(t *testing.T) {
	l := newLab(t)
	e := l.endpoint(l.web2, "web")
	e.Limit = &flows.Limit{Kbps: 8, BurstKbits: 8} // 1,000 bytes a second, and as many at once
	l.mustSet(e)
	ask := packet("udp", l.web2, l.web3, 1000, 80).bytes(t)
	dropped := uint64(0)
	for range 100 {
		if len(l.ovs.Bridge("br0").Inject(l.web2.port, ask).Outputs()) == 0 {
			dropped++
		}
	}
	if got := endpointCounters(t, l.counters(), "web2"); dropped == 0 || got.Exceeding.Packets != dropped || got.Sent.Packets != 100 {
		t.Errorf("got %+v, want 100 packets sent, of which %d exceeded the limit", got, dropped)
	}
}

// A switch counts what real stations send.
func TestCountersTraffic(t *testing.T) {
	onSites(t, func(s *site) {
		s.start(flows.Options{})
		published := flows.PortMapping{Proto: flows.TCP, HostPort: 8080, Port: 80}
		s.set(s.endpoint(s.web0, siteAddr0, published), flows.Rule{
			Name: "web", To: []flows.Selector{flows.EndpointNamed(s.web0.Station.Name())}, Services: []flows.Service{{Proto: flows.TCP, FirstPort: 80}},
		})
		lis, err := s.web0.Station.ListenTCP(s.ctx, netip.AddrPortFrom(siteAddr0.Addr(), 80))
		if err != nil {
			s.t.Fatal(err)
		}
		defer lis.Close()
		go func() {
			for {
				c, err := lis.Accept()
				if err != nil {
					return
				}
				c.Close()
			}
		}()
		const connections = 5
		for range connections {
			c, err := s.Outside().DialTCP(s.ctx, netip.AddrPort{}, netip.AddrPortFrom(testbed.HostAddr.Addr(), 8080))
			if err != nil {
				s.t.Fatal(err)
			}
			if _, err := c.Read(make([]byte, 1)); err == nil {
				s.t.Error("the server has sent something")
			}
			c.Close()
		}
		var got *flows.Counters
		for { // the switch brings its counters up to date by and by
			if got, err = s.sw.Counters(s.ctx); err != nil {
				s.t.Fatal(err)
			}
			web0 := endpointCounters(s.t, got, s.web0.Station.Name())
			if got.Published[0].Connections == connections && got.Rules[0].Decided.Packets >= connections &&
				web0.Sent.Packets >= 3*connections && web0.Received.Packets >= 3*connections {
				break
			}
			select {
			case <-time.After(50 * time.Millisecond):
			case <-s.ctx.Done():
				s.t.Fatalf("got the counters %+v, want %d connections", got, connections)
			}
		}
		if got.Published[0].Connections != connections || got.Rules[0].Decided.Packets > 2*connections || len(got.Strays) != 0 {
			s.t.Errorf("got %+v", got)
		}
	})
}
