// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/ovskit/ovskit/flows"
)

// published are the ports outside that an endpoint publishes.
func (l *lab) published(name string) []uint16 {
	l.t.Helper()
	all, err := l.sw.Published(l.ctx, name)
	if err != nil {
		l.t.Fatal(err)
	}
	ports := make([]uint16, len(all))
	for i, m := range all {
		ports[i] = m.HostPort
	}
	return ports
}

func TestChosenPorts(t *testing.T) {
	l := newLab(t)
	any80 := flows.PortMapping{Proto: flows.TCP, Port: 80}
	any81 := flows.PortMapping{Proto: flows.TCP, Port: 81}
	l.mustSet(l.endpoint(l.web2, "web", any80, any81), l.endpoint(l.web3, "web", any80))
	had := append(l.published("web2"), l.published("web3")...)
	if len(had) != 3 || slices.Min(had) < 32768 || slices.Max(had) > 60999 {
		t.Fatalf("got ports %v, want three of 32768 to 60999", had)
	}
	if slices.Sort(had); len(slices.Compact(slices.Clone(had))) != 3 {
		t.Fatalf("got ports %v, want each once", had)
	}
	ports := l.published("web2")
	ask := packet("tcp", l.router, l.host, 4000, ports[1])
	l.send(l.router, ask, delivery{l.web2, ask.with(func(f *frame) {
		f.from, f.to, f.ttl, f.dst = l.host.mac, l.web2.mac, 63, netip.AddrPortFrom(l.web2.addr, 81)
	})})

	// They stay the same when the endpoint is declared again, in another order, and by the next run of the program.
	l.mustSet(l.endpoint(l.web2, "web", any81, any80))
	if got, want := l.published("web2"), []uint16{ports[1], ports[0]}; !slices.Equal(got, want) {
		t.Errorf("declared in another order: got ports %v, want %v", got, want)
	}
	table := l.table()
	l.restart()
	l.mustSet(l.objects()[:4]...)
	l.mustSet(l.endpoint(l.web3, "web", any80))
	l.mustSet(l.endpoint(l.web2, "web", any80, any81))
	l.mustSet(l.endpoint(l.db2, "db"))
	if got := l.published("web2"); !slices.Equal(got, ports) {
		t.Errorf("after a restart: got ports %v, want %v", got, ports)
	}
	if got := l.table(); !slices.Equal(got, table) {
		t.Errorf("after a restart the flows differ: got %d, want %d", len(got), len(table))
	}

	// One that somebody asks for by number is not given to another.
	taken := flows.PortMapping{Proto: flows.TCP, HostPort: ports[0], Port: 80}
	if err := l.sw.Set(l.ctx, l.endpoint(l.web3, "web", taken)); err == nil {
		t.Errorf("port %d was published twice", ports[0])
	}
	l.mustSet(l.endpoint(l.web2, "web"))
	l.mustSet(l.endpoint(l.web3, "web", taken))
	l.mustSet(l.endpoint(l.web2, "web", any80))
	if got := l.published("web2"); got[0] == ports[0] || got[0] == 0 {
		t.Errorf("got port %d, want one that web3 has not taken", got[0])
	}
}

// Mappings of an endpoint that are the same, but for the address perhaps, keep each its own port.
func TestChosenPortsOfTheSamePort(t *testing.T) {
	l := newLab(t)
	any80 := flows.PortMapping{Proto: flows.TCP, Port: 80}
	at80 := any80
	at80.HostAddr = l.host.addr
	l.mustSet(l.endpoint(l.web2, "web", any80, any80, at80, any80))
	had := l.published("web2")
	// What was chosen first is not always the lowest: the port that web3 gives back precedes the others.
	l.mustSet(l.endpoint(l.web3, "web", flows.PortMapping{Proto: flows.TCP, HostPort: had[0] - 1, Port: 80}))
	for range 2 {
		l.mustSet(l.endpoint(l.web2, "web", any80, any80, at80, any80))
		if got := l.published("web2"); !slices.Equal(got, had) {
			t.Errorf("declared again: got ports %v, want %v", got, had)
		}
		l.mustSet(l.endpoint(l.web3, "web"))
	}
	l.restart()
	l.mustSet(l.objects()[:4]...)
	l.mustSet(l.endpoint(l.web2, "web", any80, any80, at80, any80))
	if got := l.published("web2"); !slices.Equal(got, had) {
		t.Errorf("after a restart: got ports %v, want %v", got, had)
	}
	l.mustSet(l.endpoint(l.web2, "web", at80, any80))
	if got, want := l.published("web2"), []uint16{had[2], had[0]}; !slices.Equal(got, want) {
		t.Errorf("two of them: got ports %v, want %v", got, want)
	}
}

// A port that a program of the host has is not chosen, at whichever of its addresses; one that was chosen before stays.
func TestChosenPortsAreNotTheHosts(t *testing.T) {
	l := newLab(t)
	any80 := flows.PortMapping{Proto: flows.TCP, Port: 80}
	l.mustSet(l.endpoint(l.web2, "web", any80))
	usual := l.published("web2")
	if err := l.sw.Delete(l.ctx, flows.Endpoint{Name: "web2"}); err != nil {
		t.Fatal(err)
	}
	has := map[string]bool{}
	l.options.Taken = func(proto flows.Proto, at netip.AddrPort) bool { return has[at.String()+"/"+proto.String()] }
	l.restart()
	l.mustSet(l.objects()[:4]...)
	for i, at := range []string{"192.0.2.1:%d/tcp", "127.0.0.1:%d/tcp"} {
		has[fmt.Sprintf(at, usual[0]+uint16(i))] = true
	}
	has[fmt.Sprintf("192.0.2.1:%d/udp", usual[0]+2)] = true
	has[fmt.Sprintf("[::1]:%d/tcp", usual[0]+2)] = true // the endpoint has no IPv6
	l.mustSet(l.endpoint(l.web2, "web", any80))
	got := l.published("web2")
	if want := []uint16{usual[0] + 2}; !slices.Equal(got, want) {
		t.Errorf("got port %v, want %v: the two before are the host's", got, want)
	}
	has[fmt.Sprintf("192.0.2.1:%d/tcp", got[0])] = true // it is reserved
	l.mustSet(l.endpoint(l.web2, "web", any80))
	if again := l.published("web2"); !slices.Equal(again, got) {
		t.Errorf("declared again: got port %v, want still %v", again, got)
	}
	// At a spare address there are no programs of the host.
	l.options.Taken = func(flows.Proto, netip.AddrPort) bool {
		t.Error("the host is asked for a port of a spare address")
		return true
	}
	l.restart()
	l.web.Egress = flows.Behind("x")
	spare := flows.Address{Name: "x", Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.50")}}
	l.mustSet(append(l.objects()[:3:3], spare, l.endpoint(l.web3, "web", any80))...)
}

// A port that was chosen does not stand in the way of a network that becomes routed, where none is needed.
func TestChosenPortOfARoutedNetwork(t *testing.T) {
	l := newLab(t)
	l.mustSet(l.endpoint(l.web2, "web", flows.PortMapping{Proto: flows.TCP, Port: 80}))
	had := l.published("web2")
	via := l.web
	l.web.Egress = flows.Routed()
	l.mustSet(l.web)
	if got := l.published("web2"); got[0] != 0 {
		t.Errorf("routed: got port %d outside, want none", got[0])
	}
	bad := l.endpoint(l.web3, "web")
	bad.Addrs = []netip.Addr{l.db2.addr}
	if err := l.sw.Set(l.ctx, via, bad); err == nil {
		t.Error("an endpoint outside its subnet: got no error")
	}
	if got := l.published("web2"); got[0] != 0 {
		t.Errorf("after a change that was refused: got port %d outside, want none", got[0])
	}
	l.mustSet(via)
	if got := l.published("web2"); !slices.Equal(got, had) {
		t.Errorf("no longer routed: got ports %v, want %v", got, had)
	}
}

func TestEveryPortOfAnAddress(t *testing.T) {
	l := newLab(t)
	l.mustSet(l.endpoint(l.web2, "web"), l.endpoint(l.web3, "web", flows.PortMapping{
		Proto: flows.TCP, HostPort: 1, HostPortEnd: 65535, Port: 1,
	}))
	for _, port := range []uint16{1, 22, 32768, 65535} {
		ask := packet("tcp", l.router, l.host, 4000, port)
		l.send(l.router, ask, delivery{l.web3, ask.with(func(f *frame) {
			f.from, f.to, f.ttl, f.dst = l.host.mac, l.web3.mac, 63, netip.AddrPortFrom(l.web3.addr, port)
		})})
	}
	if err := l.sw.Set(l.ctx, l.endpoint(l.web2, "web", flows.PortMapping{Proto: flows.TCP, Port: 80})); err == nil {
		t.Error("a free port was found where all are published")
	}
}
