// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/ovsproc/ovsproctest"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
)

// portLadders attach one port to switches that have 1, 100 and 1,000 already, beside nothing but the transaction that makes
// a device a port which is there: with the datapath in user space a veth pair with an address and a default route, ready
// for use, and in the sandbox, where the kernel takes no part, a device of ovs-vswitchd's own.
var portLadders = []ladder{
	{
		name: "port.attach-at-1000/at-1", bare: "ovsdb.raw-at-1000/at-1", processor: "port.processor-at-1000/at-1",
		steps: "port.attach/parts", sizes: []int{1, 100, 1000}, setup: attachAmong,
	},
	{
		name: "port.sandbox-at-1000/at-1", bare: "ovsdb.sandbox-at-1000/at-1", processor: "port.sandbox-processor-at-1000/at-1",
		steps: "port.sandbox/parts", sizes: []int{1, 100, 1000}, setup: attachAmongDummies,
	},
}

// attachAmong attaches a port to a switch that has others, which lead into one namespace.
func attachAmong(b *testing.B, existing int) rung {
	n := switchNode(b)
	here := n.Host().Path()
	crowd := nodetest.Endpoint(b, n.Node, "crowd").Path()
	ports := crowded(b, n.db, here, existing, func(i int) port.Config {
		return port.Config{Bridge: "br0", Name: fmt.Sprintf("crowd%d", i), Netns: crowd, Ifname: fmt.Sprintf("in%d", i)}
	})
	steps := newAttachSteps(b, n, "step0", nodetest.Endpoint(b, n.Node, "step"))
	h, err := n.Host().Netlink()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(h.Close)
	if err := addVeth(h, n.Host(), "raw0", nodetest.Endpoint(b, n.Node, "raw")); err != nil {
		b.Fatal(err)
	}
	return rung{
		ours: attachSide(n.db, ports, port.Config{
			Bridge: "br0", Name: "web0", Netns: nodetest.Endpoint(b, n.Node, "web").Path(),
			Ifname: "eth0", Addrs: []netip.Prefix{benchAddr}, Gateway: benchGateway.Addr(),
		}),
		bare: rowSide(n.db, "raw0", "", new(parts)), steps: side{run: steps.run, undo: steps.undo}, parts: steps.parts,
	}
}

// attachAmongDummies is attachAmong with the dummy datapath.
func attachAmongDummies(b *testing.B, existing int) rung {
	const dummy = "dummy"
	db := openSwitch(b, ovsproctest.Start(b, ovsproc.Options{Dummy: true}).DatabaseEndpoint())
	if _, err := bridge.Ensure(context.Background(), db, bridge.Config{Name: "br0", Datapath: dummy}); err != nil {
		b.Fatal(err)
	}
	config := func(name string) port.Config {
		return port.Config{Bridge: "br0", Kind: port.Device, Name: name, Type: dummy}
	}
	ports := crowded(b, db, "", existing, func(i int) port.Config { return config(fmt.Sprintf("crowd%d", i)) })
	times := newParts("ovsdb", "vswitchd")
	return rung{
		ours: attachSide(db, ports, config("web0")), bare: rowSide(db, "raw0", dummy, new(parts)),
		steps: rowSide(db, "step0", dummy, times), parts: times,
	}
}

// crowded gives a switch ports and returns their manager.
func crowded(b *testing.B, db *vswitch.DB, switchNetns string, existing int, config func(i int) port.Config) *port.Manager {
	b.Helper()
	ports, err := port.Open(db, port.Options{SwitchNetns: switchNetns})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(ports.Close)
	if err := atOnce(existing, manyPorts, func(i int) error {
		_, err := ports.Attach(context.Background(), config(i))
		return err
	}); err != nil {
		b.Fatal(err)
	}
	return ports
}

// attachSide attaches a port; undone, it is gone from the switch as well.
func attachSide(db *vswitch.DB, ports *port.Manager, c port.Config) side {
	ctx := context.Background()
	return side{
		run: func(int) error {
			_, err := ports.Attach(ctx, c)
			return err
		},
		undo: func(int) error {
			err := ports.Detach(ctx, c.Name)
			_, applyErr := db.Apply(ctx)
			return errors.Join(err, applyErr)
		},
	}
}
