// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/netip"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/openflow"
	"github.com/ovskit/ovskit/openflow/trace"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
)

// example is a fake switch with a bridge and some ports, on which the examples run.
type example struct {
	ovs    *fakeovs.OVS
	client *openflow.Client
}

func startExample(ctx context.Context) *example {
	ovs, err := fakeovs.Start(fakeovs.Options{})
	check(err)
	db, err := vswitch.Dial(ctx, ovsdb.Options{Endpoint: ovs.DatabaseEndpoint()})
	check(err)
	defer db.Close()
	br, err := bridge.Ensure(ctx, db, bridge.Config{Name: "br0", MAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}})
	check(err)
	ports, err := port.Open(db, port.Options{})
	check(err)
	defer ports.Close()
	for _, name := range []string{"eth0", "web0", "db0"} { // they get the numbers 1 to 3
		_, err := ovs.AddDevice(name, nil)
		check(err)
		_, err = ports.Attach(ctx, port.Config{Bridge: "br0", Kind: port.Device, Name: name})
		check(err)
	}
	client, err := openflow.Connect(ctx, br.Management(), openflow.ClientOptions{
		Options: openflow.Options{Versions: []openflow.Version{openflow.Version13, openflow.Version15}}, // for ExampleBalance
	})
	check(err)
	return &example{ovs, client}
}

func (e *example) close() {
	e.client.Close()
	e.ovs.Close()
}

// objects are two networks behind an uplink with an endpoint each, of which one publishes a port.
func (e *example) objects() []flows.Object {
	host := netip.MustParsePrefix("192.0.2.1/24")
	return []flows.Object{
		flows.Host{MAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, Addrs: []netip.Prefix{host}},
		flows.Uplink{Name: "eth0", Port: 1, Addrs: []netip.Addr{host.Addr()}},
		flows.Network{Name: "web", Gateways: []netip.Prefix{netip.MustParsePrefix("10.1.0.1/24")}, Egress: flows.Via("eth0")},
		flows.Network{Name: "db", Gateways: []netip.Prefix{netip.MustParsePrefix("10.2.0.1/24")}},
		flows.Endpoint{
			Name: "web0", Network: "web", Port: 2, MAC: net.HardwareAddr{2, 0, 0, 0, 1, 2}, Addrs: []netip.Addr{netip.MustParseAddr("10.1.0.2")},
			Publish: []flows.PortMapping{{Proto: flows.TCP, HostPort: 8080, Port: 80}},
			Labels:  map[string]string{"app": "shop"},
		},
		flows.Endpoint{
			Name: "db0", Network: "db", Port: 3, MAC: net.HardwareAddr{2, 0, 0, 0, 2, 2}, Addrs: []netip.Addr{netip.MustParseAddr("10.2.0.2")},
		},
	}
}

// explain says what becomes of connections.
func (e *example) explain(ctx context.Context, sw *flows.Switch, queries ...string) {
	objects, err := sw.Declared(ctx)
	check(err)
	intents := flows.Intents{Bridge: "br0", Owner: "my-driver", Objects: objects}
	for _, text := range queries {
		q, err := flows.ParseQuery(text)
		check(err)
		why, err := intents.Explain(ctx, q, func(ctx context.Context, packet string) (*trace.Result, error) {
			return trace.Packet(ctx, "br0", packet, trace.Options{Socket: e.ovs.SwitchControl()})
		})
		check(err)
		fmt.Printf("%s: %s\n", why.Query, why.Verdict)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// A port is published; a second endpoint cannot have it as well, and nothing of that change is made.
func ExampleSwitch_Set() {
	ctx := context.Background()
	e := startExample(ctx)
	defer e.close()
	sw, err := flows.Open(ctx, e.client, flows.Options{Owner: "my-driver"})
	check(err)
	defer sw.Close()
	check(sw.Set(ctx, e.objects()...))

	err = sw.Set(ctx, flows.Endpoint{
		Name: "web1", Network: "web", Port: 4, MAC: net.HardwareAddr{2, 0, 0, 0, 1, 3}, Addrs: []netip.Addr{netip.MustParseAddr("10.1.0.3")},
		Publish: []flows.PortMapping{{Proto: flows.TCP, HostPort: 8080, Port: 80}},
	})
	fmt.Println(err)
	published, err := sw.Published(ctx, "web0")
	check(err)
	fmt.Println(published)
	// Output:
	// endpoint "web1": port 8080/tcp is published by endpoint "web0": taken
	// [8080/tcp]
}

// Two endpoints share a published port. A client gets to the same one again and again.
func ExampleBalance() {
	ctx := context.Background()
	e := startExample(ctx)
	defer e.close()
	sw, err := flows.Open(ctx, e.client, flows.Options{Owner: "my-driver"})
	check(err)
	defer sw.Close()
	objects := e.objects()[:3] // the host, the uplink, and the network "web"
	for i := range byte(2) {
		objects = append(objects, flows.Endpoint{
			Name: fmt.Sprint("web", i), Network: "web", Port: 2 + uint32(i), MAC: net.HardwareAddr{2, 0, 0, 0, 1, 2 + i},
			Addrs:   []netip.Addr{netip.AddrFrom4([4]byte{10, 1, 0, 2 + i})},
			Publish: []flows.PortMapping{{Proto: flows.TCP, HostPort: 443, Port: 8443, Balance: flows.ByClientIP}},
		})
	}
	check(sw.Set(ctx, objects...))
	e.explain(ctx, sw, "198.51.100.1 -> host tcp/443", "198.51.100.3 -> host tcp/443")
	// Output:
	// 198.51.100.1 -> host tcp/443: delivered to endpoint "web0" as tcp 198.51.100.1:40000 > 10.1.0.2:8443: endpoint "web0" publishes the port, balanced by client-ip (one of endpoint "web0", endpoint "web1")
	// 198.51.100.3 -> host tcp/443: delivered to endpoint "web1" as tcp 198.51.100.3:40000 > 10.1.0.3:8443: endpoint "web1" publishes the port, balanced by client-ip (one of endpoint "web0", endpoint "web1")
}

// What of a label may connect to another network at one port.
func ExampleRule() {
	ctx := context.Background()
	e := startExample(ctx)
	defer e.close()
	sw, err := flows.Open(ctx, e.client, flows.Options{Owner: "my-driver"})
	check(err)
	defer sw.Close()
	check(sw.Set(ctx, append(e.objects(), flows.Rule{
		Name:     "shop-to-db",
		From:     []flows.Selector{flows.Labelled(map[string]string{"app": "shop"})},
		To:       []flows.Selector{flows.InNetwork("db")},
		Services: []flows.Service{{Proto: flows.TCP, FirstPort: 5432}},
	})...))
	e.explain(ctx, sw, "web0 -> db0 tcp/5432", "web0 -> db0 tcp/22")
	// Output:
	// web0 -> db0 tcp/5432: delivered to endpoint "db0" as tcp 10.1.0.2:40000 > 10.2.0.2:5432: rule "shop-to-db" allows it
	// web0 -> db0 tcp/22: dropped in table "policy" as tcp 10.1.0.2:40000 > 10.2.0.2:22: endpoints of different networks reach each other only as rules allow, and none does
}

// What becomes of connections, from end to end.
func ExampleIntents_Explain() {
	ctx := context.Background()
	e := startExample(ctx)
	defer e.close()
	sw, err := flows.Open(ctx, e.client, flows.Options{Owner: "my-driver"})
	check(err)
	defer sw.Close()
	check(sw.Set(ctx, e.objects()...))
	e.explain(ctx, sw, "web0 -> outside tcp/443", "outside -> host tcp/8080", "db0 -> outside udp/53")
	// Output:
	// web0 -> outside tcp/443: delivered to outside as tcp 192.0.2.1:40000 > 198.51.100.1:443: network "web" has a way out
	// outside -> host tcp/8080: delivered to endpoint "web0" as tcp 198.51.100.1:40000 > 10.1.0.2:80: endpoint "web0" publishes the port
	// db0 -> outside udp/53: dropped in table "from endpoint" as udp 10.2.0.2:40000 > 198.51.100.1:53: the network has no way out
}

// The program ends and starts again. It declares what it has now; what is right is not touched, and what is left of what it
// had before goes.
func ExampleSwitch_Prune() {
	ctx := context.Background()
	e := startExample(ctx)
	defer e.close()
	objects := e.objects()
	sw, err := flows.Open(ctx, e.client, flows.Options{Owner: "my-driver"})
	check(err)
	check(sw.Set(ctx, objects...))
	check(sw.Close())

	sw, err = flows.Open(ctx, e.client, flows.Options{Owner: "my-driver"})
	check(err)
	defer sw.Close()
	check(sw.Set(ctx, objects[:len(objects)-1]...)) // without db0
	plan, err := sw.Prune(ctx)
	check(err)
	fmt.Println(len(plan.Flows.Add), "flows added,", len(plan.Flows.Replace), "replaced;", "some deleted:", len(plan.Flows.Delete) > 0)
	// Output: 0 flows added, 0 replaced; some deleted: true
}

// A packet of somebody outside to the published port, as the switch has counted it.
func ExampleSwitch_Counters() {
	ctx := context.Background()
	e := startExample(ctx)
	defer e.close()
	sw, err := flows.Open(ctx, e.client, flows.Options{Owner: "my-driver"})
	check(err)
	defer sw.Close()
	check(sw.Set(ctx, e.objects()...))
	e.ovs.Bridge("br0").Inject(1, []byte(
		"\x02\x00\x00\x00\x00\x01"+"\x02\x00\x00\x00\x00\xfe"+"\x08\x00"+ // Ethernet
			"\x45\x00\x00\x28\x00\x00\x00\x00\x40\x06\x8e\x9a"+"\xc6\x33\x64\x01"+"\xc0\x00\x02\x01"+ // IPv4
			"\x9c\x40\x1f\x90\x00\x00\x00\x01\x00\x00\x00\x00\x50\x02\xff\xff\x07\xdb\x00\x00")) // TCP, SYN
	c, err := sw.Counters(ctx)
	check(err)
	for _, p := range c.Published {
		fmt.Printf("%s of %s: %d connections\n", p.Mapping, p.Endpoint, p.Connections)
	}
	for _, e := range c.Endpoints {
		fmt.Printf("%s: %d packets received\n", e.Name, e.Received.Packets)
	}
	// Output:
	// 8080/tcp of web0: 1 connections
	// db0: 0 packets received
	// web0: 1 packets received
}

// What is declared is kept as JSON, for "ovskit trace", "check" and "counters".
func ExampleIntents() {
	text, err := json.MarshalIndent(flows.Intents{Bridge: "br0", Owner: "my-driver", Objects: []flows.Object{
		flows.Network{Name: "web", Gateways: []netip.Prefix{netip.MustParsePrefix("10.1.0.1/24")}, Egress: flows.Via("eth0")},
	}}, "", "  ")
	check(err)
	fmt.Println(string(text))
	// Output:
	// {
	//   "version": 1,
	//   "bridge": "br0",
	//   "owner": "my-driver",
	//   "networks": [
	//     {
	//       "name": "web",
	//       "gateways": [
	//         "10.1.0.1/24"
	//       ],
	//       "egress": {
	//         "ipv4": {
	//           "mode": "uplink",
	//           "name": "eth0"
	//         },
	//         "ipv6": {
	//           "mode": "uplink",
	//           "name": "eth0"
	//         }
	//       }
	//     }
	//   ]
	// }
}
