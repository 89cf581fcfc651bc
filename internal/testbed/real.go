// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"errors"
	"sync"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/bridge/hostaddr"
	"github.com/ovskit/ovskit/bridge/uplink"
	"github.com/ovskit/ovskit/internal/linkconf"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/internal/unixctl"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
)

// realSite has its machines in the namespaces of a node.
type realSite struct {
	node    *node.Node
	options Options

	mu       sync.Mutex
	stations []*kernelStation
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
	n, err := node.New(ctx, node.Options{Prefix: o.Name, Detached: o.Keep, NoDAD: true, Logger: o.Logger})
	if err != nil {
		return nil, err
	}
	r := &realSite{node: n, options: o}
	if err := r.configure(); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return r, nil
}

// configure makes the node's host a router that has its addresses on the NIC, and gives the outside its routes.
func (r *realSite) configure() error {
	for _, s := range [][2]string{
		{"net.ipv6.conf.all.disable_ipv6", "0"},
		{"net.ipv6.conf.default.accept_ra", "0"},
		{"net.ipv6.conf." + node.Uplink + ".accept_ra", "0"},
		{"net.ipv6.conf.all.forwarding", "1"},
	} {
		if err := r.node.Host().SetSysctl(s[0], s[1]); err != nil {
			return err
		}
	}
	o := &r.options
	err := configure(r.node.Host(), node.Uplink, o.MTU, linkconf.Config{Addrs: o.hostAddrs(), Routes: linkRoutes(hostRoutes())})
	if err != nil {
		return err
	}
	return configure(r.node.Outside(), node.OutsideDevice, o.MTU, linkconf.Config{Routes: linkRoutes(o.routesInside())})
}

func configure(ns *netns.NS, device string, mtu int, c linkconf.Config) error {
	h, err := ns.Netlink()
	if err != nil {
		return err
	}
	defer h.Close()
	if err := linkconf.SetDevice(h, device, nil, mtu); err != nil {
		return err
	}
	_, err = linkconf.Apply(h, device, c)
	return err
}

func linkRoutes(routes []Route) (all []linkconf.Route) {
	for _, r := range routes {
		all = append(all, linkconf.Route(r))
	}
	return all
}

func (r *realSite) database() string { return r.node.OVS().DatabaseEndpoint() }

func (r *realSite) prepareBridge(c *bridge.Config) {
	c.Datapath = "netdev"
	c.SwitchNetns = r.node.Host().Path()
	c.Addrs = r.options.Gateways
}

func (r *realSite) connect(ctx context.Context, db *vswitch.DB, _ *port.Manager, b *bridge.Bridge) (c connection, err error) {
	if r.options.uplinkMode() {
		u, err := uplink.Adopt(ctx, db, uplink.Config{
			Bridge: b.Name, Device: node.Uplink, SwitchNetns: r.switchNetns(), Owner: owner,
		})
		if err != nil {
			return c, err
		}
		c.uplink = &Uplink{Name: u.Device, OFPort: u.OFPort}
		if err := r.routeSpare(b.Name); err != nil {
			return c, err
		}
	} else {
		for _, a := range r.options.Spare {
			err := hostaddr.Ensure(ctx, db, hostaddr.Config{
				Bridge: b.Name, Device: node.Uplink, Addr: a, SwitchNetns: r.switchNetns(), Owner: owner,
			})
			if err != nil {
				return c, err
			}
		}
	}
	if c.host, err = r.station("host", r.node.Host(), b.Name); err != nil {
		return c, err
	}
	c.outside, err = r.station("outside", r.node.Outside(), node.OutsideDevice)
	return c, err
}

// station makes a station that is closed with the site.
func (r *realSite) station(name string, ns namespace, ifname string) (Station, error) {
	s, err := newKernelStation(name, ns, ifname)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stations = append(r.stations, s)
	return s, nil
}

// routeSpare has the host route the spare addresses to the bridge's own port. The outside sends what is for them to the
// host, which does not have to answer for them.
func (r *realSite) routeSpare(bridge string) error {
	h, err := r.node.Host().Netlink()
	if err != nil {
		return err
	}
	defer h.Close()
	var c linkconf.Config
	for _, p := range single(r.options.Spare) {
		c.Routes = append(c.Routes, linkconf.Route{Dst: p})
	}
	_, err = linkconf.Apply(h, bridge, c)
	return err
}

func (r *realSite) switchNetns() string { return r.node.Host().Path() }

func (r *realSite) endpoint(ctx context.Context, ports *port.Manager, e Endpoint) (*Attached, error) {
	ns, err := r.node.Endpoint(e.Name)
	if err != nil {
		return nil, err
	}
	c := port.Config{Bridge: bridgeName, Name: e.Name, Netns: ns.Path(), Addrs: e.Addrs}
	for _, g := range e.Gateways {
		c.Routes = append(c.Routes, port.Route(defaultRoute(g)))
	}
	p, err := ports.Attach(ctx, c)
	if err != nil {
		return nil, err
	}
	s, err := r.station(e.Name, ns, p.Ifname)
	if err != nil {
		return nil, err
	}
	return &Attached{Station: s, Port: p}, nil
}

func (r *realSite) askSwitch(ctx context.Context, command string) (string, error) {
	socket, err := unixctl.Socket(r.node.OVS().Dir(), "ovs-vswitchd")
	if err != nil {
		return "", err
	}
	return unixctl.Call(ctx, socket, command)
}

// forgetting implements site. What is being corrected is finished before all is thrown away.
func (r *realSite) forgetting() []string {
	return []string{"revalidator/pause", "revalidator/purge", "revalidator/resume", "dpctl/flush-conntrack"}
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
		return nil, errors.Join(err, r.close())
	}
	host, db, mgmt := r.node.Host().Name(), r.node.OVS().DatabaseEndpoint(), r.node.OVS().Management(bridge)
	return []string{
		"The network is still up as node " + r.node.Name() + ".",
		"  its namespaces:  ip netns list | grep " + r.node.Name(),
		"  as the host:     ip netns exec " + host + " ip addr",
		"  its database:    ovs-vsctl --db=" + db + " show",
		"  its flows:       ovs-ofctl -O OpenFlow13 --names dump-flows " + mgmt,
	}, r.close()
}

func (r *realSite) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, s := range r.stations {
		errs = append(errs, s.close())
	}
	r.stations = nil
	return errors.Join(append(errs, r.node.Close())...)
}
