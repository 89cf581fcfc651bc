// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// Errors of ports.
var (
	// ErrNotFound says that there is no such bridge or port.
	ErrNotFound = errors.New("not found")
	// ErrExists says that the name of the port, of its device or of the
	// interface in the namespace is taken.
	ErrExists = errors.New("exists already")
)

// A Port is a port that ovs-vswitchd has made.
type Port struct {
	// Name is the name of the port and of its device on the switch's side.
	Name string
	// OFPort is the OpenFlow port number.
	OFPort uint32
	// MAC is the MAC address at the far end, as in [Config]; for a Device
	// port whose Config gives none it is nil.
	MAC net.HardwareAddr
	// Netns is the namespace that a veth port leads to, as a path.
	Netns string
	// Ifname is the name of the interface in Netns.
	Ifname string
	// Addrs are the addresses at the far end.
	Addrs []netip.Prefix
}

// Attach makes a port and returns when ovs-vswitchd has put it into effect. It
// fails with [ErrNotFound] when the bridge, with [ErrExists] when the name is
// taken, with a [*vswitch.InterfaceError] when ovs-vswitchd cannot open the
// device, and with an error that wraps [vswitch.ErrNotApplied] when it does not
// answer before ctx ends. All changes are taken back when it fails.
func Attach(ctx context.Context, db *vswitch.DB, c Config) (*Port, error) {
	p, err := attach(ctx, db, &c)
	if err != nil {
		return nil, fmt.Errorf("attach port %q to bridge %q: %w", c.Name, c.Bridge, err)
	}
	return p, nil
}

// Detach removes a port, whatever its kind, and the veth pair of a veth port.
// It returns when that is done in the database and in the kernel; ovs-vswitchd
// follows at its own pace. It fails with [ErrNotFound] when there is no such
// port.
//
// OpenFlow port numbers are used again: flows that match the port's number must
// be deleted before.
func Detach(ctx context.Context, db *vswitch.DB, name string) error {
	if err := detach(ctx, db, name); err != nil {
		return fmt.Errorf("detach port %q: %w", name, err)
	}
	return nil
}

func attach(ctx context.Context, db *vswitch.DB, c *Config) (*Port, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	br, ok := db.Bridge(c.Bridge)
	if !ok {
		return nil, fmt.Errorf("bridge: %w", ErrNotFound)
	}
	if c.Kind == Veth {
		return attachVeth(ctx, db, br, c)
	}
	if err := nameIsFree(db, c.Name); err != nil {
		return nil, err
	}
	ofport, err := addRows(ctx, db, br.UUID, c, c.MAC)
	if err != nil {
		return nil, err
	}
	return &Port{Name: c.Name, OFPort: ofport, MAC: c.MAC, Addrs: c.Addrs}, nil
}

func attachVeth(ctx context.Context, db *vswitch.DB, br *vswitch.Bridge, c *Config) (*Port, error) {
	target, err := netns.Open(c.Netns)
	if err != nil {
		return nil, err
	}
	defer target.Close()
	source, err := netns.OpenOrCurrent(c.SwitchNetns)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	if c.Name == "" {
		c.Name = derivedName(target.Path(), c.Ifname)
	}
	if err := nameIsFree(db, c.Name); err != nil {
		return nil, err
	}
	pair := &vethPair{
		source: source, target: target, name: c.Name, ifname: c.Ifname, mac: c.MAC,
		softwareChecksums: br.DatapathType == datapathUser, config: c.link(),
	}
	if pair.mac == nil {
		pair.mac = randomMAC()
	}
	if err := pair.create(ctx); err != nil {
		return nil, err
	}
	ofport, err := addRows(ctx, db, br.UUID, c, pair.mac)
	if err != nil {
		return nil, errors.Join(err, pair.remove())
	}
	return &Port{
		Name: c.Name, OFPort: ofport, MAC: pair.mac, Addrs: c.Addrs,
		Netns: target.Path(), Ifname: c.Ifname,
	}, nil
}

func nameIsFree(db *vswitch.DB, name string) error {
	if br, ok := db.PortBridge(name); ok {
		return fmt.Errorf("port of that name on bridge %q: %w", br.Name, ErrExists)
	}
	if _, ok := db.Interface(name); ok {
		return fmt.Errorf("interface of that name in the database: %w", ErrExists)
	}
	return nil
}

func detach(ctx context.Context, db *vswitch.DB, name string) error {
	row, ok := db.Port(name)
	if !ok {
		return ErrNotFound
	}
	br, ok := db.PortBridge(name)
	if !ok {
		return ErrNotFound
	}
	iface, _ := db.Interface(name)
	if _, err := db.Commit(ctx, vswitch.RemovePorts(br.UUID, row.UUID)); err != nil {
		return err
	}
	if iface == nil || iface.ExternalIDs[mark.Kind] != Veth.String() {
		return nil
	}
	ns, err := netns.OpenOrCurrent(iface.ExternalIDs[mark.SwitchNetns])
	if errors.Is(err, netns.ErrNotFound) {
		return nil // and the device went with it
	}
	if err != nil {
		return err
	}
	defer ns.Close()
	return removeDevice(ns, name)
}
