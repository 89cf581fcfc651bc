// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// Errors of bridges.
var (
	// ErrNotFound says that there is no such bridge.
	ErrNotFound = errors.New("no such bridge")
	// ErrInUse says that ports are attached to the bridge, or that it has an uplink
	// or addresses.
	ErrInUse = errors.New("bridge is in use")
)

// A Bridge is what the database says of a bridge. It does not change.
type Bridge struct {
	// Name is the name of the bridge and of its own port.
	Name string
	// DatapathType is the datapath's type, "system" or "netdev".
	DatapathType string
	// DatapathID is what OpenFlow identifies the bridge by; 0 as long as
	// ovs-vswitchd has not made its datapath, and when it cannot.
	DatapathID uint64
	// MAC is the MAC address of the bridge's own port, nil while it is not known.
	// That of an adopted bridge whose other_config has no hwaddr can change with
	// its ports.
	MAC net.HardwareAddr
	// MTU is that of the bridge's own port, 0 while it is not known.
	MTU int
	// FailMode is Standalone where the database has none.
	FailMode FailMode
	// Protocols are the versions of OpenFlow; none are those that ovs-vswitchd
	// has by default.
	Protocols []string
	// Controllers are sorted by target.
	Controllers []ControllerState
	// Ports are the names of the ports, without the bridge's own, sorted.
	Ports []string
	// Errors are the interfaces that ovs-vswitchd could not make, sorted by name.
	Errors []*vswitch.InterfaceError
	// Owner is who had a bridge made by [Ensure], empty for other bridges.
	Owner string
	// OtherConfig and ExternalIDs are the columns of these names.
	OtherConfig, ExternalIDs map[string]string

	management string
}

// Management is the endpoint for OpenFlow, as in
// "unix:/run/openvswitch/br0.mgmt". It is empty if the database is not at a unix
// socket and no directory was given.
func (b *Bridge) Management() string { return b.management }

// Get returns a bridge, or fails with [ErrNotFound].
func Get(db *vswitch.DB, name string) (*Bridge, error) {
	row, ok := db.Bridge(name)
	if !ok {
		return nil, fmt.Errorf("bridge %q: %w", name, ErrNotFound)
	}
	return describe(db, row, defaultManagement(db, name)), nil
}

// List returns all bridges, sorted by name.
func List(db *vswitch.DB) []*Bridge {
	rows := db.Bridges()
	list := make([]*Bridge, len(rows))
	for i, row := range rows {
		list[i] = describe(db, row, defaultManagement(db, row.Name))
	}
	return list
}

// Delete removes a bridge and returns when ovs-vswitchd has removed it. It fails
// with [ErrNotFound] when there is none and with [ErrInUse], naming them, when
// there are ports on it that package port has attached, an uplink of package uplink
// or addresses of package hostaddr: they consist of more than rows and are to be
// detached, released and deleted first. The rows of other ports go with the bridge,
// as with the del-br command of ovs-vsctl(8).
func Delete(ctx context.Context, db *vswitch.DB, name string) error {
	if err := remove(ctx, db, name); err != nil {
		return fmt.Errorf("delete bridge %q: %w", name, err)
	}
	return nil
}

// rows is where the rows are that a bridge refers to.
type rows interface {
	PortByUUID(uuid string) (*vswitch.Port, bool)
	InterfaceByUUID(uuid string) (*vswitch.Interface, bool)
	ControllerByUUID(uuid string) (*vswitch.Controller, bool)
}

// describe makes a Bridge out of its rows.
func describe(r rows, row *vswitch.Bridge, management string) *Bridge {
	b := &Bridge{
		Name:         row.Name,
		DatapathType: cmp.Or(row.DatapathType, datapathKernel),
		FailMode:     Standalone,
		Protocols:    slices.Clone(row.Protocols),
		Owner:        row.ExternalIDs[mark.Owner],
		OtherConfig:  maps.Clone(row.OtherConfig),
		ExternalIDs:  maps.Clone(row.ExternalIDs),
		management:   management,
	}
	if row.DatapathID != nil {
		b.DatapathID, _ = strconv.ParseUint(*row.DatapathID, 16, 64)
	}
	if row.FailMode != nil {
		b.FailMode = FailMode(*row.FailMode)
	}
	for _, uuid := range row.Controller {
		if c, ok := r.ControllerByUUID(uuid); ok {
			b.Controllers = append(b.Controllers, controllerState(c))
		}
	}
	slices.SortFunc(b.Controllers, func(c, d ControllerState) int { return cmp.Compare(c.Target, d.Target) })
	for _, uuid := range row.Ports {
		if p, ok := r.PortByUUID(uuid); ok {
			b.addPort(r, p)
		}
	}
	slices.Sort(b.Ports)
	slices.SortFunc(b.Errors, func(e, f *vswitch.InterfaceError) int { return cmp.Compare(e.Name, f.Name) })
	if mac, ok := fixedMAC(row); ok {
		b.MAC = mac
	}
	return b
}

// addPort adds what there is to say of a port.
func (b *Bridge) addPort(r rows, p *vswitch.Port) {
	if p.Name != b.Name {
		b.Ports = append(b.Ports, p.Name)
	}
	for _, uuid := range p.Interfaces {
		iface, ok := r.InterfaceByUUID(uuid)
		if !ok {
			continue
		}
		if err := interfaceError(iface); err != nil {
			b.Errors = append(b.Errors, err)
		}
		if iface.Name != b.Name {
			continue
		}
		if iface.MACInUse != nil {
			b.MAC, _ = net.ParseMAC(*iface.MACInUse)
		}
		if iface.MTU != nil {
			b.MTU = int(*iface.MTU)
		}
	}
}

// interfaceError is why ovs-vswitchd could not make an interface, nil if it could.
func interfaceError(i *vswitch.Interface) *vswitch.InterfaceError {
	switch {
	case i.Error != nil:
		return &vswitch.InterfaceError{Name: i.Name, Text: *i.Error}
	case i.OFPort != nil && *i.OFPort < 0:
		return &vswitch.InterfaceError{Name: i.Name}
	}
	return nil
}

// fixedMAC is the MAC address that the database gives to a bridge.
func fixedMAC(row *vswitch.Bridge) (mac net.HardwareAddr, ok bool) {
	mac, err := net.ParseMAC(row.OtherConfig[hwaddr])
	return mac, err == nil && isInterfaceMAC(mac) // ovs-vswitchd ignores one that is not valid
}

// defaultManagement is the management endpoint of a bridge whose directory was not
// given.
func defaultManagement(db *vswitch.DB, name string) string {
	if dir, ok := databaseDir(db); ok {
		return management(dir, name)
	}
	return ""
}
