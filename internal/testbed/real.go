// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/port"
	"github.com/vishvananda/netlink"
)

// realSite has its machines in the namespaces of a node.
type realSite struct {
	node     *node.Node
	gateways []netip.Prefix
}

// newRealSite makes a node, and room for it: what killed programs left of theirs goes.
func newRealSite(ctx context.Context, o Options) (*realSite, error) {
	removed, err := node.Collect(ctx, o.Name)
	if err != nil {
		return nil, err
	}
	for _, name := range removed {
		o.Logger.InfoContext(ctx, "removed what a killed program left", "node", name)
	}
	n, err := node.New(ctx, node.Options{Prefix: o.Name, Detached: o.Keep, Logger: o.Logger})
	if err != nil {
		return nil, err
	}
	return &realSite{node: n, gateways: o.Gateways}, nil
}

func (r *realSite) database() string { return r.node.OVS().DatabaseEndpoint() }

func (r *realSite) prepareBridge(c *bridge.Config) {
	c.Datapath = "netdev"
	c.SwitchNetns = r.node.Host().Path()
	c.Addrs = append([]netip.Prefix{HostAddr}, r.gateways...)
	c.Routes = []bridge.Route{{Dst: netip.PrefixFrom(netip.IPv4Unspecified(), 0), Via: OutsideAddr.Addr()}}
}

func (r *realSite) host(b *bridge.Bridge) (Station, error) {
	return newKernelStation("host", r.node.Host(), b.Name)
}

func (r *realSite) outside() (Station, error) {
	if err := r.routeInside(); err != nil {
		return nil, err
	}
	return newKernelStation("outside", r.node.Outside(), node.OutsideDevice)
}

// routeInside makes the outside send what is for an endpoint's address to the host.
func (r *realSite) routeInside() error {
	h, err := r.node.Outside().Netlink()
	if err != nil {
		return err
	}
	defer h.Close()
	for _, g := range r.gateways {
		dst := g.Masked()
		err := h.RouteAdd(&netlink.Route{
			Dst: &net.IPNet{IP: dst.Addr().AsSlice(), Mask: net.CIDRMask(dst.Bits(), dst.Addr().BitLen())},
			Gw:  HostAddr.Addr().AsSlice(),
		})
		if err != nil {
			return fmt.Errorf("route from outside to %s: %w", dst, err)
		}
	}
	return nil
}

func (r *realSite) switchNetns() string { return r.node.Host().Path() }

func (r *realSite) endpoint(ctx context.Context, ports *port.Manager, e Endpoint) (*Attached, error) {
	ns, err := r.node.Endpoint(e.Name)
	if err != nil {
		return nil, err
	}
	p, err := ports.Attach(ctx, port.Config{
		Bridge:  bridgeName,
		Name:    e.Name,
		Netns:   ns.Path(),
		Addrs:   []netip.Prefix{e.Addr},
		Gateway: e.Gateway,
	})
	if err != nil {
		return nil, err
	}
	s, err := newKernelStation(e.Name, ns, p.Ifname)
	if err != nil {
		return nil, err
	}
	return &Attached{Station: s, Port: p}, nil
}

func (r *realSite) endSwitch(kill bool) error {
	if kill {
		return r.node.OVS().KillSwitch()
	}
	return r.node.OVS().StopSwitch()
}

func (r *realSite) startSwitch(ctx context.Context) error { return r.node.OVS().StartSwitch(ctx) }

func (r *realSite) filterTables() (tables []string, err error) {
	err = r.node.Host().Do(func() (err error) {
		tables, err = filterTables()
		return err
	})
	return tables, err
}

func (r *realSite) keep(bridge string) ([]string, error) {
	if err := r.node.Keep(); err != nil {
		return nil, errors.Join(err, r.node.Close())
	}
	host, db, mgmt := r.node.Host().Name(), r.node.OVS().DatabaseEndpoint(), r.node.OVS().Management(bridge)
	return []string{
		"The network is still up as node " + r.node.Name() + ".",
		"  its namespaces:  ip netns list | grep " + r.node.Name(),
		"  as the host:     ip netns exec " + host + " ip addr",
		"  its database:    ovs-vsctl --db=" + db + " show",
		"  its flows:       ovs-ofctl -O OpenFlow13 dump-flows " + mgmt,
	}, r.node.Close()
}

func (r *realSite) close() error { return r.node.Close() }
