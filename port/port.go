// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"errors"
	"fmt"

	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// Errors of ports.
var (
	// ErrNotFound says that there is no such bridge or port.
	ErrNotFound = errors.New("not found")
	// ErrExists says that the name of the port, of its device or of the
	// interface in the namespace is taken: by somebody else, or by a port that
	// is made otherwise and cannot be changed in place. So it does of the
	// OpenFlow port number.
	ErrExists = errors.New("exists already")
	// ErrOwnPort says that the port is a bridge's own, which lives and dies
	// with the bridge.
	ErrOwnPort = errors.New("is the bridge's own port")
	// ErrNotPoliced says that nothing would keep the limits of a [Policing].
	ErrNotPoliced = errors.New("the limits would not be kept")
	// ErrForeign says that the port is another owner's.
	ErrForeign = errors.New("belongs to another owner")
	// ErrElsewhere says that the devices of the switch's bridges are not in
	// [Options].SwitchNetns.
	ErrElsewhere = errors.New("the switch runs in another network namespace, or not at all")
)

// A Port is a port that ovs-vswitchd has made.
type Port struct {
	// Config is how it was asked for, with what was left to be chosen: the
	// name, the MAC address, the path of the namespace. Of a port that no
	// Manager has made only the bridge, the name, VLANs and policing are known.
	Config
	// OFPort is the OpenFlow port number that it has; 0 if it has none.
	OFPort uint32
	// Owner is who had it made; empty for a port that no Manager has made.
	Owner string
	// Err is why ovs-vswitchd has not made a port of [Manager.List]: a
	// [*vswitch.InterfaceError], or [vswitch.ErrNotApplied] as long as it has not
	// said.
	Err error
}

// Attach makes a port and returns when ovs-vswitchd has put it into effect. If
// the owner has a port of this name already, it is brought to the config: what
// cannot be changed while it is in use, which is the bridge, the kind, the type,
// the namespace and the interface's name, must be the same. What somebody else
// has set on it stays.
//
// It fails with [ErrNotFound] when there is no such bridge, with [ErrExists]
// when the name or the number is taken, with [ErrNotPoliced] when a limit would not be
// kept, with a [*vswitch.InterfaceError] when ovs-vswitchd cannot open the device, and
// with an error that wraps [vswitch.ErrNotApplied]
// when it does not answer before ctx ends. All changes are taken back when it
// fails.
//
// What a program with the same owner that was killed during Attach has left of
// the same port is replaced.
//
// A port of a name that was removed just before, by whatever program, is made when
// ovs-vswitchd has seen the removal: it would take the two for the same, and keep the
// device open that is no more.
func (m *Manager) Attach(ctx context.Context, c Config) (*Port, error) {
	what := c.label()
	p, err := m.attach(ctx, &c)
	if err != nil {
		return nil, fmt.Errorf("attach %s to bridge %q: %w", what, c.Bridge, err)
	}
	return p, nil
}

// Get returns a port that is there. It works on the copy of the database that
// the vswitch.DB keeps. It fails with [ErrNotFound] when there is no such port,
// with a [*vswitch.InterfaceError] when ovs-vswitchd could not make it, and with
// an error that wraps [vswitch.ErrNotApplied] when it has not made it yet.
//
// A program that is run a second time finds its ports with it, if it has given
// them their names, or by [Manager.List].
func (m *Manager) Get(name string) (*Port, error) {
	p, err := m.get(name)
	if err != nil {
		return nil, fmt.Errorf("port %q: %w", name, err)
	}
	return p, nil
}

// Detach removes a port, whatever its kind, with what was made for it: a veth
// pair, the other half of a patch. The kernel's IP stack has the device of a
// Device port back. It returns when that is done in the database and in the
// kernel; ovs-vswitchd follows at its own pace. It fails with [ErrNotFound] when
// there is no such port, and, having done nothing, with [ErrOwnPort] when it is
// that of the bridge itself and with [ErrForeign] when another owner has made it.
// A port that no Manager has made is nobody's and can be detached.
//
// A veth pair is removed only if it is the one that Attach made. If there is
// another device of its name where it should be, that device is left as it is,
// and the error says so: the port is gone from the switch nevertheless.
//
// OpenFlow port numbers are used again: flows that match the port's number must
// be deleted before.
func (m *Manager) Detach(ctx context.Context, name string) error {
	if err := m.detach(ctx, name); err != nil {
		return fmt.Errorf("detach port %q: %w", name, err)
	}
	return nil
}

func (m *Manager) get(name string) (*Port, error) {
	br, ok := m.db.PortBridge(name)
	if !ok {
		return nil, ErrNotFound
	}
	row, ok := m.db.Port(name)
	if !ok {
		return nil, ErrNotFound
	}
	iface, ok := m.db.Interface(name)
	if !ok {
		return nil, fmt.Errorf("interface of that name: %w", ErrNotFound) // a bond
	}
	p, err := newPort(br, row, iface)
	if err != nil {
		return nil, err
	}
	if p.Err != nil {
		return nil, p.Err
	}
	return p, nil
}

// made is the port that was made of a config whose defaults are filled in.
func (m *Manager) made(c *Config, iface *vswitch.Interface) *Port {
	return &Port{Config: *c, OFPort: uint32(*iface.OFPort), Owner: m.owner}
}
