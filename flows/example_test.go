// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"context"
	"log"
	"net/netip"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/openflow"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
)

// A network namespace "web" gets an address, a way out behind the host's address, and a published port.
func Example() {
	if err := connect(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func connect(ctx context.Context) error {
	host := netip.MustParsePrefix("192.0.2.1/24")
	gateway := netip.MustParsePrefix("10.1.0.1/24")
	addr := netip.MustParsePrefix("10.1.0.2/24")

	db, err := vswitch.Dial(ctx, ovsdb.Options{Endpoint: "unix:/run/openvswitch/db.sock"})
	if err != nil {
		return err
	}
	defer db.Close()
	br, err := bridge.Ensure(ctx, db, bridge.Config{Name: "br-web", Addrs: []netip.Prefix{host, gateway}})
	if err != nil {
		return err
	}
	ports, err := port.Open(db, port.Options{})
	if err != nil {
		return err
	}
	defer ports.Close()
	up, err := ports.Attach(ctx, port.Config{Bridge: br.Name, Kind: port.Device, Name: "eth1"})
	if err != nil {
		return err
	}
	p, err := ports.Attach(ctx, port.Config{
		Bridge: br.Name, Netns: "web", Addrs: []netip.Prefix{addr}, Gateway: gateway.Addr(),
	})
	if err != nil {
		return err
	}

	of, err := openflow.Connect(ctx, br.Management(), openflow.ClientOptions{})
	if err != nil {
		return err
	}
	defer of.Close()
	sw, err := flows.Open(ctx, of, flows.Options{Owner: "my-driver"})
	if err != nil {
		return err
	}
	defer sw.Close()
	return sw.Set(ctx,
		flows.Host{MAC: br.MAC, Addrs: []netip.Prefix{host}},
		flows.Uplink{Name: "eth1", Port: up.OFPort, Addrs: []netip.Addr{host.Addr()}},
		flows.Network{Name: "web", Gateways: []netip.Prefix{gateway}, Egress: flows.Via("eth1")},
		flows.Endpoint{
			Name: "web0", Network: "web", Port: p.OFPort, MAC: p.MAC, Addrs: []netip.Addr{addr.Addr()},
			Publish: []flows.PortMapping{{Proto: flows.TCP, HostPort: 8080, Port: 80}},
		})
}
