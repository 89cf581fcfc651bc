// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/flows/internal/oracle"
	"github.com/ovskit/ovskit/internal/switchtest"
	oftrace "github.com/ovskit/ovskit/openflow/trace"
)

// The ports that web2 and web3 share in these tests.
var shared = []flows.PortMapping{
	{Proto: flows.TCP, HostPort: 443, Port: 443, Balance: flows.ByClientIP},
	{Proto: flows.UDP, HostPort: 443, Port: 443, Balance: flows.ByConnection},
}

// sharing is a lab whose client speaks OpenFlow 1.5, and whose endpoints web2 and web3 share ports.
func sharing(t *testing.T) (l *lab, objects []flows.Object) {
	l = newLab(t)
	l.connect = quick15
	l.restart()
	objects = append(l.objects()[:4], l.endpoint(l.web2, "web", shared...), l.endpoint(l.web3, "web", shared...), l.endpoint(l.db2, "db"))
	l.mustSet(objects...)
	return l, objects
}

// arrivals sends the first packet of connections to the shared port of a protocol, and returns how many of them each of web2 and
// web3 got.
func (l *lab) arrivals(proto string, clients ...netip.AddrPort) map[string]uint64 {
	l.t.Helper()
	got := map[string]uint64{}
	for _, c := range clients {
		f := packet(proto, &station{mac: l.router.mac, addr: c.Addr()}, l.host, c.Port(), 443)
		in := l.ovs.Bridge("br0").Inject(l.router.port, f.bytes(l.t))
		for _, s := range []*station{l.web2, l.web3} {
			for _, o := range in.Outputs() {
				if o.Port == s.port {
					got[s.name]++
				}
			}
		}
	}
	return got
}

// A client that does not speak OpenFlow 1.5 is told so; nothing has changed, and what others declare at the same time is made.
func TestSharedPortTakesOpenFlow15(t *testing.T) {
	l := newLab(t)
	before := l.table()
	err := l.sw.Set(l.ctx, l.endpoint(l.web3, "web", shared[0]))
	if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "published port tcp/443 of IPv4") {
		t.Errorf("got error %v, want one that wraps %v and names the port", err, errors.ErrUnsupported)
	}
	if got := l.table(); !slices.Equal(before, got) {
		t.Error("a change that was refused has left traces")
	}
	l.mustSet(l.endpoint(l.web3, "web", flows.PortMapping{Proto: flows.TCP, HostPort: 443, Port: 443}))

	// What is there already is not touched by it.
	sharing, objects := sharing(t)
	sharing.connect = quick
	sharing.restart()
	if err := sharing.sw.Set(sharing.ctx, objects...); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("declared again: got error %v, want %v", err, errors.ErrUnsupported)
	}
	groups, err := sharing.conn.Groups(sharing.ctx)
	if err != nil || len(groups) != 2 {
		t.Errorf("got %d groups, error %v, want the 2 that there were", len(groups), err)
	}
}

// When the program starts again and declares what it had, the switch is sent no change, and what it has counted goes on.
func TestSharedPortOverRestart(t *testing.T) {
	l, objects := sharing(t)
	var clients []netip.AddrPort
	for i := range byte(30) {
		clients = append(clients, netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, i}), 1000+uint16(i)))
	}
	counted := func() map[string]uint64 {
		t.Helper()
		got := map[string]uint64{}
		for _, p := range l.counters().Published {
			if p.Mapping.Balance == flows.ByClientIP {
				got[p.Endpoint] = p.Connections
			}
			if p.Absent {
				t.Errorf("%s of %s is absent", p.Mapping, p.Endpoint)
			}
		}
		return got
	}
	got := l.arrivals("tcp", clients...)
	if n := counted(); got["web2"] == 0 || got["web3"] == 0 || n["web2"] != got["web2"] || n["web3"] != got["web3"] {
		t.Errorf("of 30 connections %v arrived, and counted were %v", got, n)
	}
	changes := new(atomic.Int32)
	for typ := range uint8(36) {
		switch typ {
		case 14, 15, 29, 33, 34: // flow-mod, group-mod, meter-mod and those of bundles (OpenFlow 1.5.1, 7.1.1)
			l.ovs.Faults().Add(fakeovs.Fault{Bridge: "br0", Type: &typ, Match: func([]byte) bool { changes.Add(1); return false }})
		}
	}
	l.restart()
	l.mustSet(objects...)
	plan, err := l.sw.Prune(l.ctx)
	if err != nil {
		t.Fatal(err)
	}
	if n := changes.Load(); n != 0 || !plan.Empty() {
		t.Errorf("got %d messages that change something, and to prune %v; want nothing", n, plan)
	}
	if n := counted(); n["web2"] != got["web2"] || n["web3"] != got["web3"] {
		t.Errorf("after a restart %v are counted, want %v as before", n, got)
	}

	// One of them alone has all new connections, and what an earlier run has left is gone with the change.
	l.restart()
	l.mustSet(append(slices.Clone(objects[:4]), objects[5:]...)...)
	if plan, err = l.sw.Prune(l.ctx); err != nil {
		t.Fatal(err)
	}
	if changes.Load() == 0 || plan.Flows.Empty() || !plan.Groups.Empty() {
		t.Errorf("without web2: got to prune %v, want flows of web2 and no group", plan)
	}
	for i := range clients {
		clients[i] = netip.AddrPortFrom(clients[i].Addr(), 2000)
	}
	if got := l.arrivals("tcp", clients...); got["web3"] != 30 {
		t.Errorf("web3 alone: got %v, want all 30", got)
	}

	// One that is deleted shares nothing, whether it was declared by this run or an earlier one.
	l.restart()
	if err := l.sw.Delete(l.ctx, flows.Endpoint{Name: "web3"}); err != nil {
		t.Fatal(err)
	}
	if held := strings.Join(l.table(), "\n"); strings.Contains(held, "group:") {
		t.Errorf("web3 is deleted: got a flow that leads to a group of\n%s", held)
	}
}

// Endpoints of two networks come to share ports and go, at random, and the program ends and starts. Clients outside and inside
// get to one of those that there are, by client to the one that they had got to unless one came or it has gone.
func TestSharersComeAndGo(t *testing.T) {
	a := newArena(t, randomEndpoints...)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	via := oracle.Way{Mode: oracle.Via}
	w := &oracle.World{HasUplink: true, Networks: map[string]oracle.Network{}, Endpoints: map[string]oracle.Endpoint{}}
	for _, v6 := range []bool{false, true} {
		p := plans[v6]
		w.Host = append(w.Host, netip.PrefixFrom(p.host, p.bits), netip.PrefixFrom(p.second, p.bits))
		w.Uplink = append(w.Uplink, p.host)
	}
	for i, network := range []string{"n1", "n2"} {
		n := oracle.Network{V4: via, V6: via}
		for _, v6 := range []bool{false, true} {
			n.Gateways = append(n.Gateways, netip.PrefixFrom(plans[v6].subnet(byte(i+1), 1), plans[v6].bits))
		}
		w.Networks[network] = n
	}
	for range 60 {
		endpoints := map[string]oracle.Endpoint{}
		for i, name := range randomEndpoints {
			subnet := byte(i%2 + 1)
			e := oracle.Endpoint{Network: fmt.Sprint("n", subnet)}
			for _, v6 := range []bool{false, true} {
				e.Addrs = append(e.Addrs, plans[v6].subnet(subnet, 10+byte(i)))
			}
			if r.IntN(2) == 0 {
				e.Publish = []oracle.Mapping{
					{Proto: "tcp", Outside: 2000, Ports: 1, Port: 80 + uint16(i), Balance: oracle.ByClient},
					{Proto: "tcp", Addr: plans[true].second, Outside: 2001, Ports: 1, Port: 90, Balance: oracle.ByClient},
					{Proto: "udp", Outside: 2000, Ports: 1, Port: 80 + uint16(i), Balance: oracle.ByConnection},
				}
			}
			endpoints[name] = e
		}
		w.Endpoints = endpoints
		// What an earlier run has left of them goes with the endpoints.
		if r.IntN(5) == 0 {
			if err := a.open(); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(a.declare(w), a.drift()); err != nil {
			t.Fatal(err)
		}
		for range 15 {
			p := plans[r.IntN(2) == 0]
			at := oracle.Attempt{From: oracle.Outside, Proto: []string{"tcp", "udp"}[r.IntN(2)], Src: netip.AddrPortFrom(p.far, 0)}
			for range r.IntN(20) {
				at.Src = netip.AddrPortFrom(at.Src.Addr().Next(), 0)
			}
			if r.IntN(3) == 0 {
				at.From = randomEndpoints[r.IntN(len(randomEndpoints))]
				addrs := w.Endpoints[at.From].Addrs
				at.Src = netip.AddrPortFrom(addrs[0], 0)
				if p.host.Is6() {
					at.Src = netip.AddrPortFrom(addrs[1], 0)
				}
			}
			at.Dst = netip.AddrPortFrom([]netip.Addr{p.host, p.second}[r.IntN(2)], 2000+uint16(r.IntN(2)))
			if _, err := a.try(at); err != nil {
				t.Fatal(err)
			}
		}
	}
	if a.shared[oracle.ByClient] < 100 || a.shared[oracle.ByConnection] < 60 {
		t.Errorf("got to one of several endpoints %v times, which tests little", a.shared)
	}
}

// A rule that denies the endpoint that was chosen makes the switch choose no other.
func TestSharedPortAndRules(t *testing.T) {
	l, _ := sharing(t)
	var clients []netip.AddrPort
	for i := range byte(30) {
		clients = append(clients, netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, i}), 1000))
	}
	before := l.arrivals("tcp", clients...)
	l.mustSet(flows.Rule{Name: "not-web2", To: endpoints("web2"), Deny: true})
	for i := range clients {
		clients[i] = netip.AddrPortFrom(clients[i].Addr(), 2000)
	}
	if got := l.arrivals("tcp", clients...); got["web2"] != 0 || got["web3"] != before["web3"] || before["web2"] == 0 {
		t.Errorf("got %v, and %v before web2 was denied", got, before)
	}
}

// Only the first packet of a connection is told apart by its client, and by connection by some bits of a hash.
func TestSharedPortLeavesMegaflowsWide(t *testing.T) {
	switchtest.Each(t, func(t *testing.T, s *switchtest.Switch) {
		x := explainBed(t, s)
		var o oftrace.Options
		if s.Fake != nil {
			o.Socket = s.Fake.SwitchControl()
		} else {
			o.RunDir = s.Real.Dir()
		}
		host := x.intents.Objects[0].(flows.Host)
		for _, test := range []struct {
			proto, state string
			meets        bool // the group
			narrow, wide []string
		}{
			{"tcp", "trk,new", true, []string{"nw_src=203.0.113.77,"}, []string{"tp_src=40000"}},
			{"tcp", "trk,est", false, nil, []string{"nw_src=203.0.113.77", "tp_src=40000", "dp_hash"}},
			{"tcp", "trk,new,dnat", false, nil, []string{"nw_src=203.0.113.77", "tp_src=40000", "dp_hash"}},
			{"udp", "trk,new", true, []string{"dp_hash=0x1/0xf,"}, []string{"nw_src=203.0.113.77", "tp_src=40000"}},
			{"udp", "trk,est", false, nil, []string{"nw_src=203.0.113.77", "tp_src=40000", "dp_hash"}},
		} {
			o.CTNext = []string{test.state}
			r, err := oftrace.Packet(x.ctx, "br0", "in_port=1,"+test.proto+",dp_hash=1,dl_src=02:00:00:00:05:01,dl_dst="+host.MAC.String()+
				",nw_src=203.0.113.77,nw_dst=192.0.2.1,nw_ttl=64,"+test.proto+"_src=40000,"+test.proto+"_dst=443", o)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Passes) < 2 {
				t.Fatalf("%s %s: the packet does not come back from conntrack:\n%s", test.proto, test.state, r.Text)
			}
			pass := r.Passes[1]
			meets := false
			for _, v := range pass.All() {
				meets = meets || v.Kind == oftrace.KindBucket
			}
			if meets != test.meets {
				t.Errorf("%s %s: got that it meets the group: %t, want %t", test.proto, test.state, meets, test.meets)
			}
			for _, part := range test.narrow {
				if !strings.Contains(pass.Megaflow, part) {
					t.Errorf("%s %s: megaflow %s, want in it %s", test.proto, test.state, pass.Megaflow, part)
				}
			}
			for _, part := range test.wide {
				if strings.Contains(pass.Megaflow, part) {
					t.Errorf("%s %s: megaflow %s, want no %s in it", test.proto, test.state, pass.Megaflow, part)
				}
			}
		}
	})
}
