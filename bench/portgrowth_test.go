// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
)

// portAttachParts attaches one port beside the very steps that this takes, without what the library does around them:
// the same netlink calls and sysctls, the same transaction, waited for in the same way. What is missing from 1 is the
// library's own; kernel-ms and switch-ms are the steps' shares, of which the last part of the kernel's goes on while the
// switch works.
var portAttachParts = comparison{name: "port.attach/parts", setup: func(b *testing.B) (ours, peer side) {
	return attachOVS(b), attachParts(b)
}}

// portAttachGrowth attaches a port to a switch that has 1,000 beside one that has one; rawGrowth does so with a device that
// is there already, by nothing but the transaction.
var (
	portAttachGrowth = comparison{name: "port.attach-at-1000/at-1", pairs: 10, setup: func(b *testing.B) (ours, peer side) {
		return attachAmong(b, 1000), attachAmong(b, 1)
	}}
	rawGrowth = comparison{name: "ovsdb.raw-at-1000/at-1", pairs: 10, setup: func(b *testing.B) (ours, peer side) {
		return addAmong(b, 1000), addAmong(b, 1)
	}}
)

// attachParts does what attachOVS does step by step.
func attachParts(b *testing.B) side {
	ctx := context.Background()
	n := switchNode(b)
	target := nodetest.Endpoint(b, n.Node, "web")
	here, err := n.Host().Netlink()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(here.Close)
	inside, err := target.Netlink()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(inside.Close)
	var kernel, sw []time.Duration
	b.Cleanup(func() {
		b.ReportMetric(float64(median(kernel))/1e6, "kernel-ms")
		b.ReportMetric(float64(median(sw))/1e6, "switch-ms")
	})
	return side{
		run: func(int) error {
			start := time.Now()
			if err := addVeth(here, n.Host(), "web0", target); err != nil {
				return err
			}
			made := time.Now()
			configured := make(chan error, 1)
			go func() {
				configured <- errors.Join(target.DisableTransmitChecksums("eth0"), configureInside(inside, benchAddr, benchGateway.Addr()))
			}()
			err := addRow(ctx, n.db, "web0")
			kernel, sw = append(kernel, made.Sub(start)), append(sw, time.Since(made))
			return errors.Join(err, <-configured)
		},
		undo: func(int) error {
			link, err := here.LinkByName("web0")
			if err != nil {
				return err
			}
			return errors.Join(removeRow(ctx, n.db, "web0"), here.LinkDel(link))
		},
	}
}

// addVeth makes a pair whose outer end is up and of which the host's IP stack hears nothing.
func addVeth(h *netlink.Handle, host *netns.NS, name string, target *netns.NS) error {
	veth := netlink.NewVeth(netlink.LinkAttrs{Name: name})
	veth.PeerName, veth.PeerNamespace = "eth0", netlink.NsFd(target.Fd())
	if err := h.LinkAdd(veth); err != nil {
		return err
	}
	return errors.Join(host.DisableIP(name), h.LinkSetUp(veth))
}

// configureInside gives the inner end its address and its default route.
func configureInside(h *netlink.Handle, addr netip.Prefix, gateway netip.Addr) error {
	eth0, err := h.LinkByName("eth0")
	if err != nil {
		return err
	}
	return errors.Join(h.AddrAdd(eth0, &netlink.Addr{IPNet: ipNet(addr)}), h.LinkSetUp(eth0),
		h.RouteAdd(&netlink.Route{LinkIndex: eth0.Attrs().Index, Gw: gateway.AsSlice()}))
}

// addRow makes a device a port of br0 and waits for its number.
func addRow(ctx context.Context, db *vswitch.DB, name string) error {
	br, ok := db.Bridge("br0")
	if !ok {
		return errors.New("no bridge br0")
	}
	if _, err := db.Apply(ctx,
		ovsdb.Insert(vswitch.TableInterface, &vswitch.Interface{Name: name}).Named("i"),
		ovsdb.Insert(vswitch.TablePort, &vswitch.Port{Name: name, Interfaces: []string{"i"}}).Named("p"),
		vswitch.AddPorts(br.UUID, "p")); err != nil {
		return err
	}
	return db.Wait(ctx, func() (bool, error) {
		iface, ok := db.Interface(name)
		return ok && iface.OFPort != nil, nil
	})
}

func removeRow(ctx context.Context, db *vswitch.DB, name string) error {
	br, _ := db.Bridge("br0")
	row, ok := db.Port(name)
	if !ok {
		return fmt.Errorf("no port %q", name)
	}
	_, err := db.Apply(ctx, vswitch.RemovePorts(br.UUID, row.UUID))
	return err
}

// crowded is a switch that has ports already, which lead into one namespace.
func crowded(b *testing.B, existing int) (testNode, *port.Manager) {
	b.Helper()
	n := switchNode(b)
	ports, err := port.Open(n.db, port.Options{SwitchNetns: n.Host().Path()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(ports.Close)
	crowd := nodetest.Endpoint(b, n.Node, "crowd")
	err = atOnce(existing, manyPorts, func(i int) error {
		_, err := ports.Attach(context.Background(), port.Config{
			Bridge: "br0", Name: fmt.Sprintf("crowd%d", i), Netns: crowd.Path(), Ifname: fmt.Sprintf("in%d", i),
		})
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return n, ports
}

// attachAmong attaches a port to a switch that has others.
func attachAmong(b *testing.B, existing int) side {
	ctx := context.Background()
	n, ports := crowded(b, existing)
	c := port.Config{
		Bridge: "br0", Name: "web0", Netns: nodetest.Endpoint(b, n.Node, "web").Path(), Addrs: []netip.Prefix{benchAddr},
		Gateway: benchGateway.Addr(),
	}
	return side{
		run: func(int) error {
			_, err := ports.Attach(ctx, c)
			return err
		},
		undo: func(int) error {
			err := ports.Detach(ctx, c.Name)
			_, applyErr := n.db.Apply(ctx)
			return errors.Join(err, applyErr)
		},
	}
}

// addAmong makes a device that is there a port of a switch that has others.
func addAmong(b *testing.B, existing int) side {
	ctx := context.Background()
	n, _ := crowded(b, existing)
	h, err := n.Host().Netlink()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(h.Close)
	if err := addVeth(h, n.Host(), "web0", nodetest.Endpoint(b, n.Node, "web")); err != nil {
		b.Fatal(err)
	}
	return side{
		run:  func(int) error { return addRow(ctx, n.db, "web0") },
		undo: func(int) error { return removeRow(ctx, n.db, "web0") },
	}
}
