// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
)

// Kind is what a testbed is built on.
type Kind string

// The kinds of testbeds.
const (
	Real Kind = "real" // a private Open vSwitch, network namespaces, the kernel's network stack
	Fake Kind = "fake" // fakeovs and network stacks in this process
)

// The addresses that do not depend on the scenario are those of a node, whatever the kind.
var (
	// HostAddr and HostAddr6 are the host's addresses on the link outside.
	HostAddr, HostAddr6 = node.HostAddr, node.HostAddr6
	// OutsideAddr and OutsideAddr6 are those of the outside there; they are the host's default gateways.
	OutsideAddr, OutsideAddr6 = node.OutsideAddr, node.OutsideAddr6
	// BeyondAddr and BeyondAddr6 are addresses of the outside that are not on that link.
	BeyondAddr, BeyondAddr6 = node.BeyondAddr.Addr(), node.BeyondAddr6.Addr()
	// SpareAddr and SpareAddr6 are addresses on that link that nobody has.
	SpareAddr, SpareAddr6 = netip.MustParseAddr("192.0.2.50"), netip.MustParseAddr("2001:db8:0:1::50")

	outsideAddrs = []netip.Prefix{OutsideAddr, OutsideAddr6, node.BeyondAddr, node.BeyondAddr6}
)

const (
	bridgeName = "br0"
	owner      = "testbed" // of the rows in the database
)

// Options describe a testbed.
type Options struct {
	Kind Kind
	// Name is a part of the names of what is made on the machine: lower-case letters and digits, at most 16.
	Name string
	// Gateways are the host's addresses in the endpoints' subnets, of either family.
	Gateways []netip.Prefix
	// Addrs are addresses that the host has on the link outside beside HostAddr and HostAddr6.
	Addrs []netip.Prefix
	// Spare are addresses of the link outside that become the bridge's while the NIC, with the host's addresses, stays
	// outside of it: address mode. Without any the NIC is the bridge's uplink.
	Spare []netip.Addr
	// Uplink makes the NIC the bridge's uplink though there are spare addresses: the outside has a route to those by way of
	// the host.
	Uplink bool
	// MTU is that of the link outside, at least 1280; 0 is 1500.
	MTU int
	// Keep lets a Real testbed outlive the program, if Keep is called in place of Close.
	Keep bool
	// Logger gets the log; nil discards it.
	Logger *slog.Logger
}

// uplinkMode tells whether the NIC is a port of the bridge.
func (o *Options) uplinkMode() bool { return o.Uplink || len(o.Spare) == 0 }

// hostAddrs are the host's addresses on the link outside.
func (o *Options) hostAddrs() []netip.Prefix {
	return slices.Concat([]netip.Prefix{HostAddr, HostAddr6}, o.Addrs)
}

// defaultRoute is the route to everywhere in the family of the gateway.
func defaultRoute(gateway netip.Addr) Route {
	everywhere := netip.IPv6Unspecified()
	if gateway.Is4() {
		everywhere = netip.IPv4Unspecified()
	}
	return Route{Dst: netip.PrefixFrom(everywhere, 0), Via: gateway}
}

func hostRoutes() []Route {
	return []Route{defaultRoute(OutsideAddr.Addr()), defaultRoute(OutsideAddr6.Addr())}
}

// routesInside are the outside's routes to the endpoints' subnets, by way of the host, and to spare addresses for which
// nobody answers on the link.
func (o *Options) routesInside() (routes []Route) {
	inside := slices.Clone(o.Gateways)
	if o.uplinkMode() {
		inside = append(inside, single(o.Spare)...)
	}
	for _, p := range inside {
		via := HostAddr6
		if p.Addr().Is4() {
			via = HostAddr
		}
		routes = append(routes, Route{Dst: p.Masked(), Via: via.Addr()})
	}
	return routes
}

// single has each address alone in its prefix.
func single(addrs []netip.Addr) (prefixes []netip.Prefix) {
	for _, a := range addrs {
		prefixes = append(prefixes, netip.PrefixFrom(a, a.BitLen()))
	}
	return prefixes
}

// Testbed is a network with one bridge, on which no flow has been set.
type Testbed struct {
	kind   Kind
	db     *vswitch.DB
	bridge *bridge.Bridge
	ports  *port.Manager
	site   site
	connection
}

// site is what differs between the kinds: where the machines are.
type site interface {
	// database is the endpoint of the switch's database.
	database() string
	// prepareBridge completes the bridge's configuration.
	prepareBridge(c *bridge.Config)
	// connect makes the host, which the bridge is on, and the outside, and connects them: in uplink mode by way of the
	// bridge, else by way of the host's NIC.
	connect(ctx context.Context, db *vswitch.DB, ports *port.Manager, b *bridge.Bridge) (connection, error)
	// endpoint makes an endpoint and attaches it to the bridge.
	endpoint(ctx context.Context, ports *port.Manager, e Endpoint) (*Attached, error)
	// switchNetns is the namespace that the switch runs in.
	switchNetns() string
	filterTables() ([]string, error)
	// endSwitch ends the switch, in an orderly way or by a kill; startSwitch starts it again.
	// askSwitch gives a command to the switch.
	askSwitch(ctx context.Context, command string) (string, error)
	// forgetting are the commands by which the switch forgets what it has learnt.
	forgetting() []string
	endSwitch(kill bool) error
	startSwitch(ctx context.Context) error
	// keep lets go of everything and leaves it up.
	keep(bridge string) ([]string, error)
	close() error
}

// connection is what is at the ends of the link outside, and its port in uplink mode.
type connection struct {
	host, outside Station
	uplink        *Uplink
}

// New builds a testbed: the switch, the bridge with the host's addresses, the uplink, the outside. What it has made up
// to an error is removed again.
func New(ctx context.Context, o Options) (_ *Testbed, err error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	t := &Testbed{kind: o.Kind}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("build a %s testbed: %w", o.Kind, err), t.Close())
		}
	}()
	switch o.Kind {
	case Real:
		t.site, err = newRealSite(ctx, o)
	case Fake:
		t.site, err = newFakeSite(o)
	default:
		err = fmt.Errorf("no such kind: %q", o.Kind)
	}
	if err != nil {
		t.site = nil // not a site that holds a nil
		return nil, err
	}
	if t.db, err = vswitch.Dial(ctx, ovsdb.Options{Endpoint: t.site.database(), Logger: o.Logger}); err != nil {
		return nil, err
	}
	bc := bridge.Config{Name: bridgeName, Owner: owner}
	t.site.prepareBridge(&bc)
	if t.bridge, err = bridge.Ensure(ctx, t.db, bc); err != nil {
		return nil, err
	}
	if t.ports, err = port.Open(t.db, port.Options{Owner: owner, SwitchNetns: t.site.switchNetns()}); err != nil {
		return nil, err
	}
	if t.connection, err = t.site.connect(ctx, t.db, t.ports, t.bridge); err != nil {
		return nil, err
	}
	t.bridge, err = bridge.Get(t.db, bridgeName) // with the NIC's MAC address, if that was adopted
	if err != nil {
		return nil, err
	}
	return t, nil
}

// Kind is what the testbed is built on.
func (t *Testbed) Kind() Kind { return t.kind }

// DB is the database of the switch. It is closed with the testbed.
func (t *Testbed) DB() *vswitch.DB { return t.db }

// Bridge is the bridge that everything is connected to.
func (t *Testbed) Bridge() *bridge.Bridge { return t.bridge }

// Uplink is the port that leads outside; nil in address mode, where the way is by the bridge's own port.
func (t *Testbed) Uplink() *Uplink { return t.uplink }

// Host is the machine that the switch runs on, at the bridge's own port.
func (t *Testbed) Host() Station { return t.host }

// Outside is the machine at the other end of the link.
func (t *Testbed) Outside() Station { return t.outside }

// Uplink is the host's NIC as a port of the bridge.
type Uplink struct {
	Name   string
	OFPort uint32
}

// Endpoint describes a machine on the bridge.
type Endpoint struct {
	Name string
	// Addrs are its addresses with their subnets.
	Addrs []netip.Prefix
	// Gateways are its default gateways, at most one a family.
	Gateways []netip.Addr
}

// Attached is an endpoint with its port.
type Attached struct {
	Station Station
	Port    *port.Port
}

// AddEndpoint makes a machine and attaches it to the bridge.
func (t *Testbed) AddEndpoint(ctx context.Context, e Endpoint) (*Attached, error) {
	a, err := t.site.endpoint(ctx, t.ports, e)
	if err != nil {
		return nil, fmt.Errorf("add endpoint %q: %w", e.Name, err)
	}
	return a, nil
}

// EndSwitch ends the switch, as when ovs-vswitchd is stopped or killed: the database stays, with all ports in it, and so do
// the machines, but for the host's addresses, which are on the bridge's own port. A Fake's switch only knows how to be
// killed.
func (t *Testbed) EndSwitch(kill bool) error { return t.site.endSwitch(kill) }

// StartSwitch starts a switch that has ended.
func (t *Testbed) StartSwitch(ctx context.Context) error { return t.site.startSwitch(ctx) }

// Forget has the switch forget all connections, and all decisions that its datapath goes by: a change of the flows may leave
// wrong ones for long. When ovs-vswitchd 3.1 corrects one in the userspace datapath, it may hit another for the same packet.
func (t *Testbed) Forget(ctx context.Context) error {
	for _, command := range t.site.forgetting() {
		if _, err := t.site.askSwitch(ctx, command); err != nil {
			return fmt.Errorf("forget all connections: %w", err)
		}
	}
	return nil
}

// FilterTables lists the tables of iptables and nftables on the host, which nobody should have made. The host of a Fake
// testbed has no such thing.
func (t *Testbed) FilterTables() ([]string, error) { return t.site.filterTables() }

// Keep lets go of a Real testbed that was made to be kept, in place of Close, and tells, line by line, how to look at
// it. RemoveKept removes it.
func (t *Testbed) Keep() ([]string, error) {
	t.ports.Close()
	err := t.db.Close()
	look, keepErr := t.site.keep(t.bridge.Name)
	return look, errors.Join(err, keepErr)
}

// RemoveKept removes the testbeds of that name that were kept, and returns the names of their nodes.
func RemoveKept(name string) (removed []string, err error) {
	kept, err := node.Kept()
	if err != nil {
		return nil, err
	}
	for _, n := range kept {
		if !strings.HasPrefix(n, "ovskit-"+name+"-") {
			continue
		}
		if rerr := node.Remove(n); rerr != nil {
			err = errors.Join(err, rerr)
			continue
		}
		removed = append(removed, n)
	}
	return removed, err
}

// Close removes everything that the testbed has made.
func (t *Testbed) Close() error {
	var errs []error
	if t.ports != nil {
		t.ports.Close()
	}
	if t.db != nil {
		errs = append(errs, t.db.Close())
	}
	if t.site != nil {
		errs = append(errs, t.site.close())
	}
	return errors.Join(errs...)
}
