// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/fakeovs"
	of "github.com/ovskit/ovskit/openflow"
	"github.com/ovskit/ovskit/openflow/trace"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
)

const reference = "../docs/flow-tables.md"

var update = flag.Bool("update", false, "write "+reference)

// TestFlowTables holds docs/flow-tables.md against what is compiled; with -update it writes it.
func TestFlowTables(t *testing.T) {
	r := newReferenceBed(t)
	got := r.write(t)
	if *update {
		if err := os.WriteFile(reference, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s is out of date, run make generate (-file +compiled):\n%s", reference, d)
	}
}

// referenceBed is a fake switch with the intents of the reference.
type referenceBed struct {
	ctx     context.Context
	ovs     *fakeovs.OVS
	intents Intents
	flows   []of.Flow
	state   *state
}

func newReferenceBed(t *testing.T) *referenceBed {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	r := &referenceBed{ctx: ctx, ovs: fakeovs.New(t)}
	db, err := vswitch.Dial(ctx, ovsdb.Options{Endpoint: r.ovs.DatabaseEndpoint()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	br, err := bridge.Ensure(ctx, db, bridge.Config{Name: "br0", MAC: net.HardwareAddr{2, 0, 0, 0, 0, 0xff}})
	if err != nil {
		t.Fatal(err)
	}
	ports, err := port.Open(db, port.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer ports.Close()
	r.intents = Intents{Bridge: "br0", Owner: "example", Objects: exampleIntents(br.MAC, func(name string) uint32 {
		if _, err := r.ovs.AddDevice(name, nil); err != nil {
			t.Fatal(err)
		}
		p, err := ports.Attach(ctx, port.Config{Bridge: "br0", Kind: port.Device, Name: name})
		if err != nil {
			t.Fatal(err)
		}
		return p.OFPort
	})}
	client, err := of.Connect(ctx, br.Management(), of.ClientOptions{Options: of.Options{Versions: []of.Version{of.Version15}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	sw, err := Open(ctx, client, r.intents.options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sw.Close() })
	if err := sw.Set(ctx, r.intents.Objects...); err != nil {
		t.Fatal(err)
	}
	if r.flows, err = Compile(r.intents.options(), r.intents.Objects...); err != nil {
		t.Fatal(err)
	}
	if r.state, err = r.intents.state(kept{}); err != nil {
		t.Fatal(err)
	}
	return r
}

// exampleIntents have a network of each way out, one that is isolated, published ports, and rules.
func exampleIntents(mac net.HardwareAddr, attach func(name string) uint32) []Object {
	addrs := func(texts ...string) (as []netip.Addr) {
		for _, text := range texts {
			as = append(as, netip.MustParseAddr(text))
		}
		return as
	}
	network := func(name string, n byte, egress Egress) Network {
		return Network{Name: name, Egress: egress, Gateways: []netip.Prefix{
			netip.MustParsePrefix(fmt.Sprintf("10.%d.0.1/24", n)), netip.MustParsePrefix(fmt.Sprintf("fd00:%d::1/64", n)),
		}}
	}
	endpoint := func(name, network string, n, i byte, publish ...PortMapping) Endpoint {
		return Endpoint{
			Name: name, Network: network, Port: attach(name), MAC: net.HardwareAddr{2, 0, 0, 0, n, i}, Publish: publish,
			Addrs: addrs(fmt.Sprintf("10.%d.0.%d", n, i), fmt.Sprintf("fd00:%d::%d", n, i)),
		}
	}
	web, db := network("web", 1, Via("eth0")), network("db", 2, Behind("x"))
	web.Host = ToHost | FromHost
	db.Isolated = true
	pub := network("pub", 3, Routed())
	pub.Multicast = true
	shared := PortMapping{Proto: TCP, HostPort: 443, Port: 443, Balance: ByClientIP}
	web1, db1 := endpoint("web1", "web", 1, 3, shared), endpoint("db1", "db", 2, 3)
	web1.DHCP, web1.MirrorTo = true, attach("tap")
	db1.Limit = &Limit{Kbps: 10_000}
	return []Object{
		Host{MAC: mac, Addrs: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/24"), netip.MustParsePrefix("2001:db8::1/64")}},
		Uplink{Name: "eth0", Port: attach("eth0"), Addrs: addrs("192.0.2.1", "2001:db8::1")},
		Address{Name: "x", Addrs: addrs("192.0.2.50", "2001:db8::50")},
		web, db, pub, network("lone", 4, Egress{}),
		endpoint("web0", "web", 1, 2, PortMapping{Proto: TCP, HostPort: 8080, Port: 80}, shared),
		web1,
		endpoint("db0", "db", 2, 2, PortMapping{Proto: TCP, HostPort: 5432, Port: 5432}),
		db1,
		endpoint("pub0", "pub", 3, 2, PortMapping{Proto: TCP, Port: 80}),
		endpoint("lone0", "lone", 4, 2),
		Rule{
			Name: "web-to-db", From: []Selector{InNetwork("web")}, To: []Selector{EndpointNamed("db0")},
			Services: []Service{{Proto: TCP, FirstPort: 5432}},
		},
		Rule{Name: "no-telnet", Services: []Service{{Proto: TCP, FirstPort: 23}}, Deny: true, Priority: 9},
	}
}

// examplePaths are connections that go every way there is, with what is special about each.
var examplePaths = []struct{ query, words string }{
	{"web0 -> web1 tcp/80", "Inside a network. Without any rule on the switch the table between is passed by, and no zone."},
	{"db0 -> db1 tcp/80", "Inside an isolated network."},
	{"web0 -> db0 tcp/5432", "To another network, which only a rule opens."},
	{"web0 -> db0 tcp/80", "The same without a rule for the port."},
	{"web0 -> outside tcp/443", "Out by an uplink: the host routes it, and it is translated on its way from the host to the NIC."},
	{"db0 -> outside tcp/443", "Out behind an address: it is translated before the host routes it."},
	{"pub0 -> outside tcp/443", "Out of a routed network: nothing is translated."},
	{"lone0 -> outside tcp/443", "Out of an internal network."},
	{"outside -> host tcp/8080", "To a published port. It is translated and entered into the zone before the rules are asked, " +
		"which see the endpoint; it is delivered only if they let it."},
	{"outside -> host tcp/443", "To a port that endpoints share: a group chooses one of them."},
	{"outside -> 192.0.2.50 tcp/5432", "To one that is published behind an address: the host routes it into the bridge."},
	{"outside -> pub0 tcp/80", "To one of a routed network, at the endpoint's own address."},
	{"outside -> host tcp/22", "To the host."},
	{"outside -> web0 tcp/80", "To an endpoint's own address, past what it publishes."},
	{"lone0 -> host tcp/8080", "To a published port from inside: the publisher sees the gateway of its own network, so that its replies come back this way."},
	{"web0 -> host tcp/9000", "To the host from inside."},
	{"host -> web0 tcp/80", "From the host. Rules would see the host as the sender."},
	{"host -> outside tcp/443", "From the host to the outside, in the zone of translations too, so that no source port is taken twice."},
}

// write makes the reference.
func (r *referenceBed) write(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, `# Flow tables

What package flows compiles intents to. This page is made by "make generate" out of a compile of the example below and
traces of its connections on the fake switch; a test fails when it is out of date. "ovskit trace" shows the same of a
running switch.

## Example

`)
	for _, o := range r.intents.Objects {
		fmt.Fprintf(&b, "- %s\n", describeObject(o))
	}
	fmt.Fprintf(&b, `
%d flows come of it.

## How a packet goes

The first packet of each connection. Later ones, in both directions, are known by their zone: register 4 stays 0, so that
table policy passes them on to deliver without asking the rules. So the first of these connections goes on by

- %s

`, len(r.flows), route(r.explain(t, examplePaths[0].query, "trk,est").Legs[0]))
	r.writePaths(t, &b)
	r.writeRegisters(t, &b)
	r.writeZones(&b)
	r.writeGroups(&b)
	r.writeDump(t, &b)
	r.writeTables(t, &b)
	return b.Bytes()
}

// describeObject is a line on an object of the example.
func describeObject(o Object) string {
	list := func(n int, item func(i int) fmt.Stringer) string {
		texts := make([]string, n)
		for i := range texts {
			texts[i] = item(i).String()
		}
		return strings.Join(texts, ", ")
	}
	addrs := func(as []netip.Addr) string { return list(len(as), func(i int) fmt.Stringer { return as[i] }) }
	parties := func(ss []Selector) string {
		if len(ss) == 0 {
			return "anyone"
		}
		return list(len(ss), func(i int) fmt.Stringer { return ss[i] })
	}
	switch o := o.(type) {
	case Host:
		return "host: MAC " + o.MAC.String() + ", " + list(len(o.Addrs), func(i int) fmt.Stringer { return o.Addrs[i] })
	case Uplink:
		return fmt.Sprintf("%s: port %d, shares %s", o, o.Port, addrs(o.Addrs))
	case Address:
		return fmt.Sprintf("%s: %s", o, addrs(o.Addrs))
	case Network:
		text := fmt.Sprintf("%s: gateways %s", o, list(len(o.Gateways), func(i int) fmt.Stringer { return o.Gateways[i] }))
		switch w := o.Egress.v4; w.mode {
		case internal:
			text += "; internal"
		case viaUplink:
			text += fmt.Sprintf("; out by uplink %q", w.name)
		case behindAddress:
			text += fmt.Sprintf("; out behind address %q", w.name)
		case routed:
			text += "; routed"
		}
		if o.Isolated {
			text += "; isolated inside"
		}
		if o.Multicast {
			text += "; multicast"
		}
		if o.Host == ToHost|FromHost {
			text += "; host access both ways"
		}
		return text
	case Endpoint:
		text := fmt.Sprintf("%s: in %s, port %d, MAC %s, %s", o, Network{Name: o.Network}, o.Port, o.MAC, addrs(o.Addrs))
		for _, m := range o.Publish {
			text += fmt.Sprintf("; publishes %s/%d", m.Proto, m.Port)
			if m.HostPort != 0 {
				text += fmt.Sprintf(" at %d", m.HostPort)
			}
			if m.Balance != Exclusive {
				text += ", " + m.Balance.words()
			}
		}
		if o.DHCP {
			text += "; DHCP"
		}
		if o.Limit != nil {
			text += fmt.Sprintf("; at most %d kbit/s", o.Limit.Kbps)
		}
		if o.MirrorTo != 0 {
			text += fmt.Sprintf("; mirrored to port %d", o.MirrorTo)
		}
		return text
	case Rule:
		verb := "allows"
		if o.Deny {
			verb = "denies"
		}
		return fmt.Sprintf("%s: %s %s from %s to %s, priority %d", o, verb,
			list(len(o.Services), func(i int) fmt.Stringer { return o.Services[i] }), parties(o.From), parties(o.To), o.Priority)
	}
	return o.String()
}

// writePaths traces the connections.
func (r *referenceBed) writePaths(t *testing.T, b *bytes.Buffer) {
	t.Helper()
	for _, path := range examplePaths {
		e := r.explain(t, path.query)
		fmt.Fprintf(b, "**`%s`** %s\n\n", path.query, path.words)
		for _, l := range e.Legs {
			fmt.Fprintf(b, "- %s\n", route(l))
		}
		fmt.Fprintf(b, "- %s\n\n", e.Verdict)
	}
}

// route is where a packet goes on its way through the bridge.
func route(l Leg) string {
	names := make([]string, len(l.Steps))
	for i, s := range l.Steps {
		names[i] = s.Name
	}
	tables := "no table"
	if len(names) > 0 {
		tables = strings.Join(names, " → ")
	}
	to := l.To
	if to == "" {
		to = "nobody"
	}
	return fmt.Sprintf("%s → *%s* → %s", l.From, tables, to)
}

// explain traces a connection's first packet or, with states that conntrack finds, another one.
func (r *referenceBed) explain(t *testing.T, query string, states ...string) *Explanation {
	t.Helper()
	q, err := ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	e, err := r.intents.Explain(r.ctx, q, func(ctx context.Context, packet string) (*trace.Result, error) {
		return trace.Packet(ctx, r.intents.Bridge, packet, trace.Options{Socket: r.ovs.SwitchControl(), CTNext: states})
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// writeRegisters documents the registers, and wants every one that a flow uses to be documented.
func (r *referenceBed) writeRegisters(t *testing.T, b *bytes.Buffer) {
	t.Helper()
	registers := []struct {
		number  int
		meaning string
	}{
		{regNetwork, "number of a network: the sender's first, the receiver's once that is known; the network's conntrack zone as well"},
		{regOrigin, fmt.Sprintf("where it came in, where tables are shared: %d uplink, %d endpoint, %d host, %d endpoint for another network, "+
			"%d with a routed network's own address; %#x is added for a spare address", originUplink, originEndpoint, originHost, originOther,
			originRouted, toSpare)},
		{regSender, fmt.Sprintf("OpenFlow port of the sender: an endpoint's, %#x for the host, 0 for outside", of.PortLocal)},
		{regReceiver, "OpenFlow port of the receiver, likewise"},
		{regNext, fmt.Sprintf("0 for what belongs to a connection that was admitted; else what table admit does with it: %d published, committed "+
			"already; %d commit in the network's zone; %d commit in the zone between networks; %d the same as 2, seen as the gateway; %d commit in the "+
			"zone of translations, seen as the shared address; %d commit nowhere. %#x is added if it is admitted when no rule says otherwise",
			admitPublished, admitLocal, admitOther, admitAsGateway, admitEgress, admitUntracked, byDefault)},
		{regSenderNetwork, "number of the sender's network, 0 for the host and outside"},
		{regReceiverNetwork, "number of the receiver's network, likewise"},
		{regRouter, "1 where an answer of neighbour discovery is a router's"},
	}
	known := map[string]bool{}
	fmt.Fprint(b, "## Registers\n\n| register | meaning |\n|---|---|\n")
	for _, reg := range registers {
		known[fmt.Sprint("reg", reg.number)] = true
		fmt.Fprintf(b, "| reg%d | %s |\n", reg.number, reg.meaning)
	}
	fmt.Fprintln(b)
	used := regexp.MustCompile(`\breg[0-9]+`)
	for _, f := range r.flows {
		for _, name := range used.FindAllString(f.String(), -1) {
			if !known[name] {
				t.Errorf("register %s of the flow %s is not documented", name, f)
				known[name] = true
			}
		}
	}
}

// writeZones documents zones and cookies.
func (r *referenceBed) writeZones(b *bytes.Buffer) {
	env := r.intents.options().env()
	fmt.Fprintf(b, `## Conntrack zones

Zones belong to the datapath and are shared by its bridges; Options.FirstZone says where an owner's begin.

| zone | here | connections |
|---|---:|---|
| FirstZone | %d | translations: all that has the host's or a spare address at one end |
| FirstZone + 1 | %d | between different networks |
`, env.natZone, env.otherZone())
	networks := slices.SortedFunc(maps.Values(r.state.networks), func(a, b *networkState) int { return int(a.id) - int(b.id) })
	for _, n := range networks {
		fmt.Fprintf(b, "| the network's number | %d | inside network %q, with the host, and of hairpins to it |\n", n.id, n.Name)
	}
	fmt.Fprintf(b, `
A network keeps its number when the program restarts: it is read from the flows. That of a network that is gone is the last
to be taken again, because its connections may live on.

## Cookies

| bits | what |
|---|---|
| %d to 63 | owner: hash of Options.Owner |
| %d to %d | layout of the tables, now %d |
| 0 to %d | object: hash of its kind and name |

The example's owner has %#016x. Flows that several rules share have a cookie of their own.

| object | cookie |
|---|---|
`, ownerShift, layoutShift, ownerShift-1, layout, objectBits-1, env.owner)
	for _, ref := range r.state.refs() {
		fmt.Fprintf(b, "| %s | %#016x |\n", ref, env.owner|objectCookie(ref))
	}
	fmt.Fprintln(b)
}

// writeGroups documents groups and meters.
func (r *referenceBed) writeGroups(b *bytes.Buffer) {
	fmt.Fprintf(b, `## Groups and meters

A port that endpoints share has a group of a number from %d on that follows from the port; the flow of the port in table
inbound keeps it when the program restarts. By client-ip the switch hashes the client's address with the number of each
bucket, which follows from the endpoint's name, and the highest hash wins: an endpoint that comes or goes concerns no clients
but its own. By connection the datapath hashes the connection. Only the first packet of a connection meets the group. A
network with multicast has the group of its number, and an endpoint's limit is the meter of its port's number.

| group | whose | group here |
|---|---|---|
`, firstGroup)
	groups := r.state.items().groups
	for _, id := range slices.Sorted(maps.Keys(groups)) {
		_, text, _ := strings.Cut(groups[id].String(), ",")
		fmt.Fprintf(b, "| %d | %s | `%s` |\n", id, r.state.groupOf(*groups[id]), text)
	}
	fmt.Fprintln(b)
}

// writeDump shows flows as ovs-ofctl dumps them: those that a connection meets.
func (r *referenceBed) writeDump(t *testing.T, b *bytes.Buffer) {
	t.Helper()
	web0 := r.intents.options().env().owner | objectCookie(Endpoint{Name: "web0"}.ref())
	fmt.Fprintf(b, `## Reading a dump

%[1]sovs-ofctl -O OpenFlow13 dump-flows BRIDGE%[1]s prints one flow a line: whose it is, by the cookie of the list above; the table, of the
list below; what it has counted; priority, match and actions. A cookie selects an object's flows, with its upper bits an
owner's, and so does a table:

%[1]s%[1]s%[1]s
ovs-ofctl -O OpenFlow13 dump-flows br0 cookie=%#016[2]x/-1              # of endpoint "web0"
ovs-ofctl -O OpenFlow13 dump-flows br0 cookie=%#016[3]x/%#016[4]x   # of this owner
ovs-ofctl -O OpenFlow13 --names dump-flows br0 table=%[5]d                         # in_port=web0 in place of a number
ovs-appctl dpctl/dump-conntrack zone=%[6]d                                         # the connections that are translated
ovs-appctl ofproto/trace br0 in_port=5,tcp,...                                  # or ovskit trace, which makes the packet
%[1]s%[1]s%[1]s

A packet begins in table 0. What it matches there says where it goes on: %[1]sgoto_table%[1]s at once, %[1]sct(table=N,...)%[1]s when conntrack has
looked it up, with what it found in %[1]sct_state%[1]s. A register that was set is matched later: the two say the same thing.
`, "`", web0, r.intents.options().env().owner, ownerMask, tableClassify, r.intents.options().env().natZone)
	for _, query := range []string{"web0 -> outside tcp/443", "outside -> host tcp/8080"} {
		fmt.Fprintf(b, "\nThe flows that the first packet of %q meets, in its order:\n\n```\n", query)
		for _, l := range r.explain(t, query).Legs {
			for _, s := range l.Steps {
				f := of.FlowStats{Flow: r.flowOf(t, s), Duration: 95 * time.Second, Packets: 1, Bytes: 74}
				fmt.Fprintln(b, " "+f.String())
			}
		}
		fmt.Fprint(b, "```\n")
	}
	fmt.Fprintln(b)
}

// flowOf is the flow that a step of a trace names.
func (r *referenceBed) flowOf(t *testing.T, s Step) of.Flow {
	t.Helper()
	for _, f := range r.flows {
		if f.Table == s.Table && int(f.Priority) == s.Priority && fmt.Sprintf("%#016x", f.Cookie) == s.Cookie && f.Match.String() == s.Match {
			return f
		}
	}
	t.Errorf("table %d: no flow with cookie %s, priority %d and match %q", s.Table, s.Cookie, s.Priority, s.Match)
	return of.Flow{}
}
