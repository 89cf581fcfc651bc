// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/openflow"
	oftrace "github.com/ovskit/ovskit/openflow/trace"
	"github.com/ovskit/ovskit/port"
)

// explained is a switch with networks of all kinds, whose intents have been through JSON.
type explained struct {
	ctx     context.Context
	client  *openflow.Client
	sw      *flows.Switch
	intents flows.Intents
	ask     flows.Tracer
}

// explainBed puts endpoints of each kind of network on the bridge. db is isolated, dual stack, and behind the address
// "x"; lone has no way out; pub is routed; web is dual stack and behind the uplink.
func explainBed(t *testing.T, s *switchtest.Switch) *explained {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	br, err := bridge.Ensure(ctx, s.DB, bridge.Config{Name: "br0", Datapath: s.Datapath})
	if err != nil {
		t.Fatal(err)
	}
	ports, err := port.Open(s.DB, port.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer ports.Close()
	attach := func(name string) uint32 {
		t.Helper()
		s.AddDevice(t, name)
		p, err := ports.Attach(ctx, port.Config{Bridge: "br0", Name: name, Kind: port.Device, Type: s.DeviceType})
		if err != nil {
			t.Fatal(err)
		}
		return p.OFPort
	}
	gateways := func(v4, v6 string) []netip.Prefix {
		return []netip.Prefix{netip.MustParsePrefix(v4), netip.MustParsePrefix(v6)}
	}
	addrs := func(texts ...string) (as []netip.Addr) {
		for _, text := range texts {
			as = append(as, netip.MustParseAddr(text))
		}
		return as
	}
	n := byte(0)
	endpoint := func(name, network string, at []netip.Addr, publish ...flows.PortMapping) flows.Endpoint {
		n++
		return flows.Endpoint{
			Name: name, Network: network, Port: attach(name), MAC: net.HardwareAddr{2, 0, 0, 0, 0, n}, Addrs: at, Publish: publish,
			Labels: map[string]string{"app": strings.TrimRight(name, "0123456789")},
		}
	}
	mapping := func(host, at uint16) flows.PortMapping {
		return flows.PortMapping{Proto: flows.TCP, HostPort: host, Port: at}
	}
	shared := []flows.PortMapping{
		{Proto: flows.TCP, HostPort: 443, Port: 443, Balance: flows.ByClientIP}, {Proto: flows.UDP, HostPort: 443, Port: 443, Balance: flows.ByConnection},
	}
	x := &explained{ctx: ctx, intents: flows.Intents{Bridge: "br0", Owner: "explain"}}
	objects := []flows.Object{
		flows.Host{MAC: br.MAC, Addrs: gateways("192.0.2.1/24", "2001:db8::1/64")},
		flows.Uplink{Name: "eth0", Port: attach("eth0"), Addrs: addrs("192.0.2.1", "2001:db8::1")},
		flows.Address{Name: "x", Addrs: addrs("192.0.2.50", "2001:db8::50")},
		flows.Network{
			Name: "web", Gateways: gateways("10.1.0.1/24", "fd00:1::1/64"), Egress: flows.Via("eth0"), Host: flows.ToHost,
		},
		flows.Network{Name: "db", Gateways: gateways("10.2.0.1/24", "fd00:2::1/64"), Egress: flows.Behind("x"), Isolated: true, Host: flows.FromHost},
		flows.Network{Name: "lone", Gateways: gateways("10.3.0.1/24", "fd00:3::1/64"), Multicast: true},
		flows.Network{Name: "pub", Gateways: gateways("10.4.0.1/24", "fd00:4::1/64"), Egress: flows.Routed()},
		endpoint("web0", "web", addrs("10.1.0.2", "fd00:1::2"), append(shared, mapping(8080, 80))...),
		endpoint("web1", "web", addrs("10.1.0.3", "fd00:1::3"), shared...),
		endpoint("db0", "db", addrs("10.2.0.2", "fd00:2::2"), mapping(5432, 5432)),
		endpoint("db1", "db", addrs("10.2.0.3", "fd00:2::3")),
		mirrored(endpoint("lone0", "lone", addrs("10.3.0.2", "fd00:3::2")), attach("tap0")),
		mirrored(endpoint("lone1", "lone", addrs("10.3.0.3", "fd00:3::3")), attach("tap1")),
		endpoint("pub0", "pub", addrs("10.4.0.2", "fd00:4::2"), flows.PortMapping{Proto: flows.TCP, Port: 80}),
		flows.Rule{
			Name: "web-to-db", From: []flows.Selector{flows.Labelled(map[string]string{"app": "web"})}, To: []flows.Selector{flows.InNetwork("db")},
			Services: []flows.Service{{Proto: flows.TCP, FirstPort: 5432}},
		},
		flows.Rule{Name: "no-telnet", Services: []flows.Service{{Proto: flows.TCP, FirstPort: 23}}, Deny: true, Priority: 9},
	}
	if x.client, err = openflow.Connect(ctx, br.Management(), quick15); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.client.Close() })
	if x.sw, err = flows.Open(ctx, x.client, flows.Options{Owner: x.intents.Owner}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.sw.Close() })
	if err := x.sw.Set(ctx, objects...); err != nil {
		t.Fatal(err)
	}
	if x.intents.Objects, err = x.sw.Declared(ctx); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(x.intents)
	if err != nil {
		t.Fatal(err)
	}
	x.intents = flows.Intents{}
	if err := json.Unmarshal(text, &x.intents); err != nil {
		t.Fatal(err)
	}
	var o oftrace.Options
	if s.Fake != nil {
		o.Socket = s.Fake.SwitchControl()
	} else {
		o.RunDir = s.Real.Dir()
	}
	x.ask = func(ctx context.Context, packet string) (*oftrace.Result, error) {
		return oftrace.Packet(ctx, x.intents.Bridge, packet, o)
	}
	return x
}

func mirrored(e flows.Endpoint, to uint32) flows.Endpoint {
	e.MirrorTo = to
	return e
}

// A port that is gone is told as such.
func TestExplainGonePort(t *testing.T) {
	switchtest.Each(t, func(t *testing.T, s *switchtest.Switch) {
		x := explainBed(t, s)
		ports, err := port.Open(s.DB, port.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer ports.Close()
		if err := ports.Detach(x.ctx, "web1"); err != nil {
			t.Fatal(err)
		}
		// Detach does not wait for the switch.
		if _, err := s.DB.Apply(x.ctx); err != nil {
			t.Fatal(err)
		}
		q, err := flows.ParseQuery("web0 -> web1 tcp/80")
		if err != nil {
			t.Fatal(err)
		}
		got, err := x.intents.Explain(x.ctx, q, x.ask)
		if err != nil {
			t.Fatal(err)
		}
		if got.Verdict.Outcome != flows.Dropped || got.Verdict.Table != "deliver" || !strings.Contains(got.Verdict.Reason, "it does not get out of port") {
			t.Errorf("got %s, want it dropped as the port is gone", got.Verdict)
		}
	})
}

func TestExplain(t *testing.T) {
	switchtest.Each(t, func(t *testing.T, s *switchtest.Switch) {
		x := explainBed(t, s)
		for _, test := range []struct{ query, want string }{
			{"web0 -> web1 tcp/80", `delivered to endpoint "web1" as tcp 10.1.0.2:40000 > 10.1.0.3:80: endpoints of network "web" reach each other`},
			{"web0 -> web1 tcp/23", `dropped in table "policy" as tcp 10.1.0.2:40000 > 10.1.0.3:23: rule "no-telnet" denies it`},
			{"web0 -> db0 tcp/5432", `delivered to endpoint "db0" as tcp 10.1.0.2:40000 > 10.2.0.2:5432: rule "web-to-db" allows it`},
			{"web0 -> db0 udp/53", `dropped in table "policy" as udp 10.1.0.2:40000 > 10.2.0.2:53: ` +
				"endpoints of different networks reach each other only as rules allow, and none does"},
			{"db0 -> db1 icmp", `dropped in table "policy" as icmp 10.2.0.2 > 10.2.0.3: network "db" is isolated inside, and no rule allows it`},
			{"web0 -> 10.1.0.9 tcp/80", "not sent: nobody has the address 10.1.0.9, and its MAC is not told"},
			// The way out.
			{"web0 -> outside tcp/443", `delivered to outside as tcp 192.0.2.1:40000 > 198.51.100.1:443: network "web" has a way out`},
			{"web0 -> outside tcp/23", `dropped in table "policy" as tcp 10.1.0.2:40000 > 198.51.100.1:23: rule "no-telnet" denies it`},
			{"fd00:1::2 -> outside icmp", `delivered to outside as icmp 2001:db8::1 > 2001:db8:ffff::1: network "web" has a way out`},
			{"db0 -> outside udp/53", `delivered to outside as udp 192.0.2.50:40000 > 198.51.100.1:53: network "db" has a way out`},
			{"lone0 -> outside tcp/443", `dropped in table "from endpoint" as tcp 10.3.0.2:40000 > 198.51.100.1:443: the network has no way out`},
			{"lone0 -> lone1 tcp/80", `delivered to endpoint "lone1" as tcp 10.3.0.2:40000 > 10.3.0.3:80: endpoints of network "lone" reach each other`},
			{"pub0 -> outside tcp/443", `delivered to outside as tcp 10.4.0.2:40000 > 198.51.100.1:443: ` +
				"a routed network reaches the outside with its own addresses"},
			{"host -> outside tcp/443", `delivered to outside as tcp 192.0.2.1:40000 > 198.51.100.1:443: what the host sends outside leaves`},
			{"web0 -> outside tcp6/443", `delivered to outside as tcp [2001:db8::1]:40000 > [2001:db8:ffff::1]:443: network "web" has a way out`},
			{"web0 -> web1 icmp6", `delivered to endpoint "web1" as icmp fd00:1::2 > fd00:1::3: endpoints of network "web" reach each other`},
			{"web0 -> web1 sctp/5", `delivered to endpoint "web1" as sctp 10.1.0.2:40000 > 10.1.0.3:5: endpoints of network "web" reach each other`},
			// To many.
			{"lone0 -> 224.0.0.251 udp/5353", `delivered to all others of network "lone" as udp 10.3.0.2:40000 > 224.0.0.251:5353: ` +
				`network "lone" has multicast, past the rules`},
			{"lone0 -> ff02::fb udp/5353", `delivered to all others of network "lone" as udp [fd00:3::2]:40000 > [ff02::fb]:5353: ` +
				`network "lone" has multicast, past the rules`},
			{"lone0 -> 10.3.0.255 udp/9", `delivered to all others of network "lone" as udp 10.3.0.2:40000 > 10.3.0.255:9: ` +
				`network "lone" has multicast, past the rules`},
			{"web0 -> 255.255.255.255 udp/9", `dropped in table "from endpoint" as udp 10.1.0.2:40000 > 255.255.255.255:9: network "web" has no multicast`},
			{"web0 -> 127.0.0.1 tcp/80", `dropped in table "from endpoint" as tcp 10.1.0.2:40000 > 127.0.0.1:80: 127.0.0.1 is not for unicast on a link`},
			// From outside.
			{"outside -> host tcp/8080", `delivered to endpoint "web0" as tcp 198.51.100.1:40000 > 10.1.0.2:80: endpoint "web0" publishes the port`},
			{"outside -> 2001:db8::1 tcp/8080", `delivered to endpoint "web0" as tcp [2001:db8:ffff::1]:40000 > [fd00:1::2]:80: ` +
				`endpoint "web0" publishes the port`},
			{"outside -> host tcp/22", `delivered to host as tcp 198.51.100.1:40000 > 192.0.2.1:22: ` +
				"it is for the host itself, and no port is published there"},
			{"outside -> 192.0.2.50 tcp/5432", `delivered to endpoint "db0" as tcp 198.51.100.1:40000 > 10.2.0.2:5432: ` +
				`endpoint "db0" publishes the port`},
			{"outside -> 192.0.2.50 tcp/22", `dropped in table "route" as tcp 198.51.100.1:40000 > 192.0.2.50:22: no port is published there`},
			{"outside -> web0 tcp/80", `dropped in table "from uplink" as tcp 198.51.100.1:40000 > 10.1.0.2:80: ` +
				`network "web" is not routed: from outside only published ports are reached`},
			{"outside -> pub0 tcp/80", `delivered to endpoint "pub0" as tcp 198.51.100.1:40000 > 10.4.0.2:80: endpoint "pub0" publishes the port`},
			{"outside -> pub0 tcp/81", `dropped in table "policy" as tcp 198.51.100.1:40000 > 10.4.0.2:81: ` +
				"the port is not published, and no rule allows it"},
			{"outside -> fd00:4::2 icmp", `delivered to endpoint "pub0" as icmp 2001:db8:ffff::1 > fd00:4::2: a routed network is pinged from outside`},
			// Published ports from inside.
			{"web0 -> host tcp/8080", `delivered to endpoint "web0" as tcp 10.1.0.1:40000 > 10.1.0.2:80: endpoint "web0" publishes the port`},
			{"lone0 -> host tcp/8080", `delivered to endpoint "web0" as tcp 10.1.0.1:40000 > 10.1.0.2:80: endpoint "web0" publishes the port`},
			// Those that endpoints share.
			{"outside -> host tcp/443", `delivered to endpoint "web0" as tcp 198.51.100.1:40000 > 10.1.0.2:443: ` +
				`endpoint "web0" publishes the port, balanced by client-ip (one of endpoint "web0", endpoint "web1")`},
			{"web1 -> host tcp/443", `delivered to endpoint "web1" as tcp 10.1.0.1:40000 > 10.1.0.3:443: ` +
				`endpoint "web1" publishes the port, balanced by client-ip (one of endpoint "web0", endpoint "web1")`},
			{"outside -> 2001:db8::1 udp/443", `delivered to endpoint "web1" as udp [2001:db8:ffff::1]:40000 > [fd00:1::3]:443: ` +
				`endpoint "web1" publishes the port, balanced by connection (one of endpoint "web0", endpoint "web1")`},
			// The host.
			{"web0 -> host tcp/9000", `delivered to host as tcp 10.1.0.2:40000 > 192.0.2.1:9000: network "web" lets its endpoints connect to the host`},
			{"db0 -> host tcp/9000", `dropped in table "policy" as tcp 10.2.0.2:40000 > 192.0.2.1:9000: ` +
				`network "db" does not let its endpoints connect to the host, and no rule does`},
			{"host -> db0 tcp/80", `delivered to endpoint "db0" as tcp 10.2.0.1:40000 > 10.2.0.2:80: network "db" lets the host connect to its endpoints`},
			{"host -> web0 tcp/80", `dropped in table "policy" as tcp 10.1.0.1:40000 > 10.1.0.2:80: ` +
				`network "web" does not let the host connect to its endpoints, and no rule does`},
			{"host -> 192.0.2.50 tcp/5432", `delivered to endpoint "db0" as tcp 192.0.2.1:40000 > 10.2.0.2:5432: endpoint "db0" publishes the port`},
			{"host -> host tcp/80", "delivered to host as tcp 192.0.2.1:40000 > 192.0.2.1:80: " +
				"a machine's connections to itself stay in its own stack, where no flow sees them"},
			{"host -> host tcp/8080", "delivered to host as tcp 192.0.2.1:40000 > 192.0.2.1:8080: " +
				"a machine's connections to itself stay in its own stack, where no flow sees them; " +
				`what endpoint "web0" publishes there it gets if the program forwards it (package hostport)`},
			{"host -> 127.0.0.1 tcp/80", "delivered to host as tcp 127.0.0.1:40000 > 127.0.0.1:80: " +
				"a machine's connections to itself stay in its own stack, where no flow sees them"},
			{"host -> ::1 tcp/8080", "delivered to host as tcp [::1]:40000 > [::1]:8080: " +
				"a machine's connections to itself stay in its own stack, where no flow sees them; " +
				`what endpoint "web0" publishes there it gets if the program forwards it (package hostport)`},
		} {
			q, err := flows.ParseQuery(test.query)
			if err != nil {
				t.Fatal(err)
			}
			got, err := x.intents.Explain(x.ctx, q, x.ask)
			if err != nil {
				t.Errorf("%s: %v", test.query, err)
				continue
			}
			if got.Verdict.String() != test.want {
				t.Errorf("%s:\ngot  %s\nwant %s", test.query, got.Verdict, test.want)
				for _, l := range got.Legs {
					if l.Trace != nil {
						t.Log(l.Trace.Text)
					}
				}
			}
			for _, l := range got.Legs {
				for _, step := range l.Steps {
					if step.Object == "" && !step.Miss {
						t.Errorf("%s: table %s: no object for the flow %q", test.query, step.Name, step.Match)
					}
				}
			}
		}
	})
}

func TestExplainRefuses(t *testing.T) {
	intents := flows.Intents{Owner: "x", Objects: []flows.Object{
		flows.Host{MAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, Addrs: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/24")}},
	}}
	none := func(context.Context, string) (*oftrace.Result, error) {
		t.Error("the switch is asked")
		return nil, errors.New("asked")
	}
	for _, test := range []struct {
		query string
		want  error
	}{
		{"web0 -> outside tcp/443", flows.ErrNotFound},
		{"outside -> 2001:db8::1 tcp/443", nil},
		{"host -> 2001:db8::1 tcp/443", flows.ErrInvalid},
	} {
		q, err := flows.ParseQuery(test.query)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := intents.Explain(t.Context(), q, none); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.query, err, test.want)
		}
	}
	for _, text := range []string{
		"", "web0", "web0 -> outside", "web0 outside tcp/1", "-> outside tcp/1", "web0 ->  tcp/1", "web0 -> outside tcp", "web0 -> outside tcp/0",
		"web0 -> outside tcp/65536", "web0 -> outside icmp/1", "web0 -> outside 47", "web0 -> outside tcp6", "web0 -> outside tcp/80-90", "web0 -> outside 6/80", "web0 -> outside gre/1",
	} {
		if q, err := flows.ParseQuery(text); !errors.Is(err, flows.ErrInvalid) {
			t.Errorf("%q: got %v, %v; want %v", text, q, err, flows.ErrInvalid)
		}
	}
}

// The answer comes back by the translations of the first packet, and none to one that is dropped.
func TestExplainReply(t *testing.T) {
	switchtest.Each(t, func(t *testing.T, s *switchtest.Switch) {
		x := explainBed(t, s)
		for _, test := range []struct{ query, sent, received string }{
			{"web0 -> web1 tcp/80", "tcp 10.1.0.3:80 > 10.1.0.2:40000", "tcp 10.1.0.3:80 > 10.1.0.2:40000"},
			{"web0 -> outside tcp/443", "tcp 198.51.100.1:443 > 192.0.2.1:40000", "tcp 198.51.100.1:443 > 10.1.0.2:40000"},
			{"outside -> host tcp/8080", "tcp 10.1.0.2:80 > 198.51.100.1:40000", "tcp 192.0.2.1:8080 > 198.51.100.1:40000"},
			{"lone0 -> host tcp/8080", "tcp 10.1.0.2:80 > 10.1.0.1:40000", "tcp 192.0.2.1:8080 > 10.3.0.2:40000"},
			{"db0 -> outside icmp", "icmp 198.51.100.1 > 192.0.2.50", "icmp 198.51.100.1 > 10.2.0.2"},
			{"db0 -> db1 icmp", "", ""},
			{"host -> host tcp/80", "", ""},
			{"lone0 -> 224.0.0.251 udp/5353", "", ""},
		} {
			q, err := flows.ParseQuery(test.query)
			if err != nil {
				t.Fatal(err)
			}
			e, err := x.intents.Explain(x.ctx, q, x.ask)
			if err != nil {
				t.Fatal(err)
			}
			var got flows.Reply
			if e.Verdict.Reply != nil {
				got = *e.Verdict.Reply
			}
			if want := (flows.Reply{Sent: test.sent, Received: test.received}); got != want {
				t.Errorf("%s: got the reply %+v, want %+v", test.query, got, want)
			}
		}
	})
}

// What the switch has, and lacks, beside the intents is told as that.
func TestExplainOthers(t *testing.T) {
	switchtest.Each(t, func(t *testing.T, s *switchtest.Switch) {
		x := explainBed(t, s)
		x.sw.Close() // or it would mend what comes
		conn, err := x.client.Conn(x.ctx)
		if err != nil {
			t.Fatal(err)
		}
		explain := func(query, want string) {
			t.Helper()
			q, err := flows.ParseQuery(query)
			if err != nil {
				t.Fatal(err)
			}
			e, err := x.intents.Explain(x.ctx, q, x.ask)
			if err != nil {
				t.Fatal(err)
			}
			if got := e.Verdict.Reason; got != want {
				t.Errorf("%s: got %q, want %q", query, got, want)
			}
		}
		for _, change := range []struct {
			mod  openflow.Modification
			want string
		}{
			{openflow.Add(openflow.Flow{Table: 15, Priority: 999}), "a flow that no intent asks for drops it"},
			{openflow.FlowMod{Command: openflow.FlowDeleteStrict, Flow: openflow.Flow{Table: 15, Priority: 999}}, `endpoints of network "web" reach each other`},
			{openflow.FlowMod{Command: openflow.FlowDelete, Flow: openflow.Flow{Table: 70}}, `the switch lacks the flow of endpoint "web1"`},
			{openflow.FlowMod{Command: openflow.FlowDelete, Flow: openflow.Flow{Table: 10}}, "the switch does not know the sender's MAC and address at this port"},
			{openflow.FlowMod{Command: openflow.FlowDelete, Flow: openflow.Flow{Table: 0}}, "the switch has no flow for the port that it comes in at"},
		} {
			if err := conn.Apply(x.ctx, change.mod); err != nil {
				t.Fatal(err)
			}
			explain("web0 -> web1 tcp/80", change.want)
		}
	})
}

// A query that is understood is written as one that means the same.
func FuzzParseQuery(f *testing.F) {
	for _, text := range []string{"web0 -> outside tcp/443", "host -> fd00::1 icmp6", "::ffff:10.0.0.1 -> a b  sctp6/1", "a->b udp/53"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := flows.ParseQuery(text)
		if err != nil {
			if !errors.Is(err, flows.ErrInvalid) {
				t.Errorf("got %v, want an error that wraps %v", err, flows.ErrInvalid)
			}
			return
		}
		again, err := flows.ParseQuery(q.String())
		if err != nil || again != q {
			t.Errorf("got %v, %v of %q, which %q was written as", again, err, q, text)
		}
	})
}
