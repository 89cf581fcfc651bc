// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package node builds a whole machine out of network namespaces, to run a
// switch and its endpoints in without touching the real machine's network:
//
//	outside namespace                   host namespace
//	203.0.113.1, 2001:db8:ffff::1 (lo)
//	192.0.2.254/24, 2001:db8:0:1::fe/64 (up0) ───── veth ─── (uplink0)   ovsdb-server, ovs-vswitchd
//	                                                                      │  │  │
//	                                                              namespaces of endpoints
//
// The host forwards IPv4. Its uplink is up and has no address: a host on Open
// vSwitch has its address on the bridge's own port.
//
// Any number of nodes can exist at the same time. What a node is made of
// carries its name, which tells its owner: the process that made it. What dead
// owners left is removed by [Collect].
package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"sync"

	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/vishvananda/netlink"
)

// The uplink's two ends.
const (
	// Uplink is the host's device towards the outside.
	Uplink = "uplink0"
	// OutsideDevice is the outside's device towards the host.
	OutsideDevice = "up0"
)

// Addresses of a node. They are set aside for documentation, RFC 5737 and RFC
// 3849.
var (
	// HostAddr and HostAddr6 are for the host to take; the node does not assign
	// them.
	HostAddr  = netip.MustParsePrefix("192.0.2.1/24")
	HostAddr6 = netip.MustParsePrefix("2001:db8:0:1::1/64")
	// OutsideAddr and OutsideAddr6 are the outside's addresses on the uplink.
	OutsideAddr  = netip.MustParsePrefix("192.0.2.254/24")
	OutsideAddr6 = netip.MustParsePrefix("2001:db8:0:1::fe/64")
	// BeyondAddr and BeyondAddr6 are addresses of the outside that are reached
	// through OutsideAddr and OutsideAddr6.
	BeyondAddr  = netip.MustParsePrefix("203.0.113.1/32")
	BeyondAddr6 = netip.MustParsePrefix("2001:db8:ffff::1/128")
)

// Options configure a node.
type Options struct {
	// Prefix says in the node's name what it is for: lower-case letters and
	// digits, at most 16.
	Prefix string
	// Detached makes a node whose programs outlive this process, which is
	// needed for [Node.Keep].
	Detached bool
	// NoDAD makes IPv6 addresses usable as soon as they are there: nobody looks
	// whether they are taken.
	NoDAD bool
	// Logger receives what the node does; nil discards it.
	Logger *slog.Logger
}

// A Node is a machine of namespaces. Its methods may be called by several
// goroutines.
type Node struct {
	name    name
	dir     string
	noDAD   bool
	ovs     *ovsproc.OVS
	host    *netns.NS
	outside *netns.NS

	mu        sync.Mutex
	closed    bool
	endpoints []*netns.NS
}

// New builds a node and starts its switch. The caller closes it. Nothing is
// left behind when New fails.
func New(ctx context.Context, o Options) (*Node, error) {
	n, err := reserve(o.Prefix)
	if err != nil {
		return nil, fmt.Errorf("create node: %w", err)
	}
	if err := n.build(ctx, o); err != nil {
		return nil, errors.Join(fmt.Errorf("create node %q: %w", n.Name(), err), n.Close())
	}
	return n, nil
}

// reserve takes a name that no node has by making the node's directory.
func reserve(prefix string) (*Node, error) {
	if err := os.MkdirAll(Dir, 0o755); err != nil {
		return nil, err
	}
	nm, err := newName(prefix)
	if err != nil {
		return nil, err
	}
	for {
		dir := filepath.Join(Dir, nm.String())
		err := os.Mkdir(dir, 0o755)
		if err == nil {
			return &Node{name: nm, dir: dir}, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		nm.serial++
	}
}

func (n *Node) build(ctx context.Context, o Options) (err error) {
	n.noDAD = o.NoDAD
	if n.host, err = n.namespace("host"); err != nil {
		return err
	}
	if n.outside, err = n.namespace("outside"); err != nil {
		return err
	}
	if err := n.wire(); err != nil {
		return err
	}
	n.ovs, err = ovsproc.Start(ctx, ovsproc.Options{
		Dir:      n.dir,
		Netns:    n.host.Path(),
		Detached: o.Detached,
		Logger:   o.Logger,
	})
	return err
}

// namespace makes a part of the node.
func (n *Node) namespace(name string) (*netns.NS, error) {
	ns, err := netns.New(n.name.part(name))
	if err != nil || !n.noDAD {
		return ns, err
	}
	return ns, ns.SetSysctl("net.ipv6.conf.default.accept_dad", "0")
}

// wire sets up the two namespaces and the link between them.
func (n *Node) wire() error {
	for _, s := range [][2]string{
		{"net.ipv4.ip_forward", "1"},
		{"net.ipv4.conf.all.send_redirects", "0"},
		{"net.ipv4.conf.default.send_redirects", "0"},
	} {
		if err := n.host.SetSysctl(s[0], s[1]); err != nil {
			return err
		}
	}
	host, err := n.host.Netlink()
	if err != nil {
		return err
	}
	defer host.Close()
	outside, err := n.outside.Netlink()
	if err != nil {
		return err
	}
	defer outside.Close()

	attrs := netlink.NewLinkAttrs()
	attrs.Name = Uplink
	pair := &netlink.Veth{LinkAttrs: attrs, PeerName: OutsideDevice, PeerNamespace: netlink.NsFd(n.outside.Fd())}
	if err := host.LinkAdd(pair); err != nil {
		return fmt.Errorf("create uplink: %w", err)
	}
	return errors.Join(
		n.outside.DisableTransmitChecksums(OutsideDevice),
		configure(host, "lo"),
		configure(host, Uplink),
		configure(outside, "lo", BeyondAddr, BeyondAddr6),
		configure(outside, OutsideDevice, OutsideAddr, OutsideAddr6),
	)
}

// Name is the node's name, for [Remove].
func (n *Node) Name() string { return n.name.String() }

// Dir is the directory of the node's Open vSwitch.
func (n *Node) Dir() string { return n.dir }

// OVS is the node's Open vSwitch, which runs in the host's namespace.
func (n *Node) OVS() *ovsproc.OVS { return n.ovs }

// Host is the namespace that the switch runs in.
func (n *Node) Host() *netns.NS { return n.host }

// Outside is the namespace at the other end of the uplink.
func (n *Node) Outside() *netns.NS { return n.outside }

// Endpoint makes a namespace with only its loopback device, for something to
// be connected to the switch. The node closes it.
func (n *Node) Endpoint(name string) (*netns.NS, error) {
	ns, err := n.endpoint(name)
	if err != nil {
		return nil, fmt.Errorf("node %q: endpoint %q: %w", n.Name(), name, err)
	}
	return ns, nil
}

func (n *Node) endpoint(name string) (*netns.NS, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, errors.New("node is closed")
	}
	ns, err := n.namespace(name)
	if ns != nil {
		n.endpoints = append(n.endpoints, ns)
	}
	if err != nil {
		return nil, err
	}
	h, err := ns.Netlink()
	if err != nil {
		return nil, err
	}
	defer h.Close()
	return ns, configure(h, "lo")
}

// Keep leaves the node up: [Node.Close] only lets go of it, and [Collect] does
// not remove it. [Remove] does. The node must have been made detached.
func (n *Node) Keep() error {
	if err := os.WriteFile(filepath.Join(n.dir, keptFile), nil, 0o644); err != nil {
		return fmt.Errorf("keep node %q: %w", n.Name(), err)
	}
	return nil
}

// Close removes the node: the switch, all other processes in its namespaces,
// the namespaces and the directory. Further calls do nothing.
func (n *Node) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil
	}
	n.closed = true
	var errs []error
	kept := isKept(n.name)
	if n.ovs != nil && !kept {
		errs = append(errs, n.ovs.Stop())
	}
	for _, ns := range append(n.endpoints, n.host, n.outside) {
		if ns != nil {
			errs = append(errs, ns.Close())
		}
	}
	if !kept {
		errs = append(errs, remove(n.name))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close node %q: %w", n.Name(), err)
	}
	return nil
}
