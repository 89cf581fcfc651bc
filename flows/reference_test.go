// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"bytes"
	"context"
	"flag"
	"fmt"
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
	zones   map[string]uint16
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
	client, err := of.Connect(ctx, br.Management(), of.ClientOptions{})
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
	s, err := r.intents.state(kept{})
	if err != nil {
		t.Fatal(err)
	}
	r.zones = map[string]uint16{}
	for name, n := range s.networks {
		r.zones[name] = n.id
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
	web1, db1 := endpoint("web1", "web", 1, 3), endpoint("db1", "db", 2, 3)
	web1.DHCP, web1.MirrorTo = true, attach("tap")
	db1.Limit = &Limit{Kbps: 10_000}
	return []Object{
		Host{MAC: mac, Addrs: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/24"), netip.MustParsePrefix("2001:db8::1/64")}},
		Uplink{Name: "eth0", Port: attach("eth0"), Addrs: addrs("192.0.2.1", "2001:db8::1")},
		Address{Name: "x", Addrs: addrs("192.0.2.50", "2001:db8::50")},
		web, db, pub, network("lone", 4, Egress{}),
		endpoint("web0", "web", 1, 2, PortMapping{Proto: TCP, HostPort: 8080, Port: 80}),
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
table policy passes them on to deliver without asking the rules.

`, len(r.flows))
	r.writePaths(t, &b)
	r.writeRegisters(t, &b)
	r.writeZones(&b)
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
		q, err := ParseQuery(path.query)
		if err != nil {
			t.Fatal(err)
		}
		e, err := r.intents.Explain(r.ctx, q, func(ctx context.Context, packet string) (*trace.Result, error) {
			return trace.Packet(ctx, r.intents.Bridge, packet, trace.Options{Socket: r.ovs.SwitchControl()})
		})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(b, "**`%s`** %s\n\n", path.query, path.words)
		for _, l := range e.Legs {
			var names []string
			for _, s := range l.Steps {
				names = append(names, s.Name)
			}
			to := l.To
			if to == "" {
				to = "nobody"
			}
			way := strings.Join(names, " → ")
			if len(names) == 0 {
				way = "no table"
			}
			fmt.Fprintf(b, "- %s → *%s* → %s\n", l.From, way, to)
		}
		fmt.Fprintf(b, "- %s\n\n", e.Verdict)
	}
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
	names := make([]string, 0, len(r.zones))
	for name := range r.zones {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return int(r.zones[a]) - int(r.zones[b]) })
	for _, name := range names {
		fmt.Fprintf(b, "| the network's number | %d | inside network %q, with the host, and of hairpins to it |\n", r.zones[name], name)
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
	for _, ref := range append([]ref{{kind: kindBase}}, refsOf(r.intents.Objects)...) {
		fmt.Fprintf(b, "| %s | %#016x |\n", ref, env.owner|objectCookie(ref))
	}
	fmt.Fprintln(b)
}

// writeTables lists the kinds of flows of every table, each with its first flow.
func (r *referenceBed) writeTables(t *testing.T, b *bytes.Buffer) {
	t.Helper()
	fmt.Fprint(b, `## Tables

| table | name | what it is for | flows here |
|---:|---|---|---:|
`)
	byTable := map[uint8][]of.Flow{}
	for _, f := range r.flows {
		byTable[f.Table] = append(byTable[f.Table], f)
	}
	for _, table := range tables {
		fmt.Fprintf(b, "| %d | [%s](#table-%d-%s) | %s | %d |\n", table.number, table.name, table.number,
			strings.ReplaceAll(table.name, " ", "-"), table.purpose, len(byTable[table.number]))
	}
	fmt.Fprint(b, `
Below, flows that differ in values alone, or in IPv4 and IPv6, are one kind; one of them is shown, and how many there are.
A flow without actions drops.

`)
	objects := byCookie(r.intents.Objects)
	for _, table := range tables {
		flows := byTable[table.number]
		if len(flows) == 0 {
			t.Errorf("the example has no flow in table %d, %s", table.number, table.name)
		}
		delete(byTable, table.number)
		fmt.Fprintf(b, "### Table %d: %s\n\n%s.\n%s\n\n", table.number, table.name, strings.ToUpper(table.purpose[:1])+table.purpose[1:], exits(flows))
		writeKinds(b, objects, flows)
	}
	for number := range byTable {
		t.Errorf("table %d has flows and no name", number)
	}
}

// exits says where a table's flows lead.
func exits(flows []of.Flow) string {
	leads := map[uint8]bool{}
	out, all := false, false
	for _, f := range flows {
		all = all || len(f.Match) == 0
		if f.Goto != 0 {
			leads[f.Goto] = true
		}
		for _, a := range f.Apply {
			switch a := a.(type) {
			case of.CT:
				if a.Resume {
					leads[a.Table] = true
				}
			case of.Output, of.OutputField, of.OutputGroup:
				out = true
			}
		}
	}
	var names []string
	for _, table := range tables {
		if leads[table.number] {
			names = append(names, table.name)
		}
	}
	if out {
		names = append(names, "a port")
	}
	text := "Leads to " + strings.Join(names, ", ") + "."
	if !all {
		text += " What matches no flow is dropped."
	}
	return text
}

// writeKinds writes the kinds of a table's flows.
func writeKinds(b *bytes.Buffer, objects map[uint64]ref, flows []of.Flow) {
	type sample struct {
		priority uint16
		whose    ref
		flow     of.Flow
		count    int
	}
	var kinds []*sample
	found := map[string]*sample{}
	for _, f := range flows {
		whose, ok := objects[f.Cookie&^ownerMask]
		if !ok {
			whose = ref{kind: kindShared}
		}
		key := fmt.Sprint(f.Priority, whose.kind, shape(f))
		if k := found[key]; k != nil {
			k.count++
			if k.flow.Match.String() > f.Match.String() && strings.Contains(k.flow.Match.String(), "ipv6") {
				k.flow, k.whose = f, whose
			}
			continue
		}
		k := &sample{f.Priority, whose, f, 1}
		found[key] = k
		kinds = append(kinds, k)
	}
	fmt.Fprint(b, "| priority | whose | example | flows |\n|---:|---|---|---:|\n")
	for _, k := range kinds {
		_, actions, _ := strings.Cut(k.flow.String(), "actions=")
		match := k.flow.Match.String()
		if match == "" {
			match = "any"
		}
		if actions == "drop" {
			fmt.Fprintf(b, "| %d | %s | `%s` is dropped | %d |\n", k.priority, k.whose, match, k.count)
		} else {
			fmt.Fprintf(b, "| %d | %s | `%s` → `%s` | %d |\n", k.priority, k.whose, match, actions, k.count)
		}
	}
	fmt.Fprintln(b)
}

var (
	valuesOfFlow = regexp.MustCompile(`(=|:|\()[0-9a-fx:.*]+(/[0-9a-fx:.]+)?`)
	familyOfFlow = strings.NewReplacer("ipv6_", "nw_", "ipv6", "ip", "icmp6", "icmp", "tcp6", "tcp", "udp6", "udp", "sctp6", "sctp")
)

// shape is what flows that differ in values alone have in common.
func shape(f of.Flow) string {
	text := familyOfFlow.Replace(f.String())
	return valuesOfFlow.ReplaceAllString(text, "$1#")
}
