// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// Errors of ports.
var (
	// ErrNotFound says that there is no such bridge or port.
	ErrNotFound = errors.New("not found")
	// ErrExists says that the name of the port, of its device or of the
	// interface in the namespace is taken.
	ErrExists = errors.New("exists already")
	// ErrOwnPort says that the port is a bridge's own, which lives and dies
	// with the bridge.
	ErrOwnPort = errors.New("is the bridge's own port")
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
//
// What a program with the same Owner that was killed during Attach has left of
// the same port is replaced.
func Attach(ctx context.Context, db *vswitch.DB, c Config) (*Port, error) {
	what := c.label()
	p, err := attach(ctx, db, &c)
	if err != nil {
		return nil, fmt.Errorf("attach %s to bridge %q: %w", what, c.Bridge, err)
	}
	return p, nil
}

// Get returns a port that is there, as the Attach that made it did. It works on
// the copy of the database that db keeps. It fails with [ErrNotFound] when there
// is no such port, with a [*vswitch.InterfaceError] when ovs-vswitchd could not
// make it, and with an error that wraps [vswitch.ErrNotApplied] when it has not
// made it yet. Of a port that was not made by Attach only the name and the
// number are known.
//
// A program that is run a second time finds its ports with it, if it has given
// them their names.
func Get(db *vswitch.DB, name string) (*Port, error) {
	p, err := get(db, name)
	if err != nil {
		return nil, fmt.Errorf("port %q: %w", name, err)
	}
	return p, nil
}

// Detach removes a port, whatever its kind, and the veth pair of a veth port.
// The kernel's IP stack has the device of a Device port back. It returns when
// that is done in the database and in the kernel; ovs-vswitchd follows at its
// own pace. It fails with [ErrNotFound] when there is no such port and with
// [ErrOwnPort], having done nothing, when it is that of the bridge itself.
//
// A veth pair is removed only if it is the one that Attach made. If there is
// another device of its name where it should be, that device is left as it is,
// and the error says so: the port is gone from the switch nevertheless.
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
	return attachDevice(ctx, db, br, c)
}
