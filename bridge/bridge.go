// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/ovskit/ovskit/internal/linkconf"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// Errors of bridges.
var (
	// ErrNotFound says that there is no such bridge.
	ErrNotFound = errors.New("no such bridge")
	// ErrInUse says that ports are attached to the bridge.
	ErrInUse = errors.New("bridge is in use")
)

// undoPatience is how long taking back a failed change may take.
const undoPatience = 2 * time.Second

// A Bridge is a bridge that ovs-vswitchd has made.
type Bridge struct {
	// Name is the name of the bridge and of its own port.
	Name string
	// DatapathType is the datapath's type, "system" or "netdev".
	DatapathType string
	// DatapathID is what OpenFlow identifies the bridge by.
	DatapathID uint64
	// MAC is the MAC address of the bridge's own port. That of an adopted
	// bridge whose other_config has no hwaddr can change with its ports.
	MAC net.HardwareAddr

	management string
}

// Management is the endpoint for OpenFlow, as in
// "unix:/run/openvswitch/br0.mgmt".
func (b *Bridge) Management() string { return b.management }

// Ensure creates a bridge, or brings the one with this name to the config, and
// returns when ovs-vswitchd has put it into effect. It fails with a
// [*DatapathError] when the datapath cannot be made, with a
// [*vswitch.InterfaceError] when the bridge's own port cannot be, and with an
// error that wraps [vswitch.ErrNotApplied] when ovs-vswitchd does not answer
// before ctx ends. All changes are taken back when it fails.
func Ensure(ctx context.Context, db *vswitch.DB, c Config) (*Bridge, error) {
	b, err := ensure(ctx, db, c)
	if err != nil {
		return nil, fmt.Errorf("bridge %q: %w", c.Name, err)
	}
	return b, nil
}

// Delete removes a bridge and returns when ovs-vswitchd has removed it. It fails
// with [ErrNotFound] when there is none and with [ErrInUse], naming them, when
// there are ports on it that package port has attached: they consist of more
// than rows and are to be detached first. The rows of other ports go with the
// bridge, as with the del-br command of ovs-vsctl(8).
func Delete(ctx context.Context, db *vswitch.DB, name string) error {
	if err := remove(ctx, db, name); err != nil {
		return fmt.Errorf("delete bridge %q: %w", name, err)
	}
	return nil
}

func ensure(ctx context.Context, db *vswitch.DB, c Config) (_ *Bridge, err error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	management, err := managementEndpoint(db.Client().Endpoint(), &c)
	if err != nil {
		return nil, err
	}
	ns, err := netns.OpenOrCurrent(c.SwitchNetns)
	if err != nil {
		return nil, err
	}
	defer ns.Close()
	types, err := datapaths(ctx, db, c.Datapath, ns)
	if err != nil {
		return nil, err
	}
	undo, err := writeRows(ctx, db, &c, types)
	defer func() {
		if err != nil && undo != nil {
			err = errors.Join(err, takeBack(ctx, db, err, undo))
		}
	}()
	if err != nil {
		return nil, err
	}
	row, ok := db.Bridge(c.Name)
	if !ok {
		return nil, fmt.Errorf("somebody removed it: %w", ErrNotFound)
	}
	if row.DatapathID == nil {
		return nil, &DatapathError{Bridge: c.Name, Type: row.DatapathType}
	}
	b := &Bridge{Name: c.Name, DatapathType: row.DatapathType, management: management}
	if b.DatapathID, err = strconv.ParseUint(*row.DatapathID, 16, 64); err != nil {
		return nil, fmt.Errorf("datapath id %q: %w", *row.DatapathID, err)
	}
	if b.MAC, err = waitOwnPort(ctx, db, row); err != nil {
		return nil, err
	}
	return b, configureOwnPort(ns, &c)
}

// writeRows makes or changes the rows and returns the operations that take
// that back, also when it fails.
func writeRows(ctx context.Context, db *vswitch.DB, c *Config, types []string) (undo []ovsdb.Operation, err error) {
	row, ok := db.Bridge(c.Name)
	if !ok {
		undo, err = create(ctx, db, c, types)
		if !errors.Is(err, ovsdb.ErrConstraintViolation) {
			return undo, err
		}
		// The name is taken: by a bridge made at this moment, or not by a
		// bridge.
		if row, ok = db.Bridge(c.Name); !ok {
			return nil, err
		}
	}
	iface, _ := db.Interface(c.Name)
	do, undo := updateOps(c, row, iface)
	if _, err = db.Apply(ctx, do...); err != nil && !mayHaveHappened(err) {
		return nil, err
	}
	return undo, err
}

// create makes a new bridge with the first of the datapath types that works.
func create(ctx context.Context, db *vswitch.DB, c *Config, types []string) (undo []ovsdb.Operation, err error) {
	if other, ok := db.PortBridge(c.Name); ok {
		return nil, fmt.Errorf("the name is that of a port of bridge %q", other.Name)
	}
	mac := c.MAC
	if mac == nil {
		mac = randomMAC()
	}
	results, err := db.Apply(ctx, createOps(c, types[0], mac)...)
	if results == nil {
		if mayHaveHappened(err) {
			err = errors.Join(err, removeUnseen(ctx, db, c.Name, mac))
		}
		return nil, err
	}
	uuid := results[bridgeInsert].UUID
	undo = []ovsdb.Operation{vswitch.RemoveBridges(uuid)}
	for _, next := range types[1:] {
		if row, ok := db.BridgeByUUID(uuid); err != nil || !ok || row.DatapathID != nil {
			break
		}
		_, err = db.Apply(ctx, ovsdb.Update(vswitch.TableBridge, ovsdb.Row{"datapath_type": next}, ovsdb.ByUUID(uuid)))
	}
	return undo, err
}

// mayHaveHappened reports whether a transaction that failed with err can have
// changed the database.
func mayHaveHappened(err error) bool {
	var unknown *ovsdb.OutcomeUnknownError
	return errors.Is(err, vswitch.ErrNotApplied) || errors.As(err, &unknown)
}

// removeUnseen removes a bridge if the transaction that was to make it, whose
// answer was not waited for, has made it.
func removeUnseen(ctx context.Context, db *vswitch.DB, name string, mac net.HardwareAddr) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoPatience)
	defer cancel()
	// The server answers in order: afterwards the copy of the database shows
	// what the transaction did.
	if err := db.Client().Echo(ctx); err != nil {
		return fmt.Errorf("undo: %w", err)
	}
	if row, ok := db.Bridge(name); ok && row.OtherConfig[hwaddr] == mac.String() {
		if _, err := db.Commit(ctx, vswitch.RemoveBridges(row.UUID)); err != nil {
			return fmt.Errorf("undo: %w", err)
		}
	}
	return nil
}

// takeBack runs operations even if ctx has ended, and waits for ovs-vswitchd
// unless cause, the reason for taking back, is that it does not answer.
func takeBack(ctx context.Context, db *vswitch.DB, cause error, undo []ovsdb.Operation) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoPatience)
	defer cancel()
	run := db.Apply
	if errors.Is(cause, vswitch.ErrNotApplied) {
		run = db.Commit
	}
	if _, err := run(ctx, undo...); err != nil && !errors.Is(err, vswitch.ErrNotApplied) {
		return fmt.Errorf("undo: %w", err)
	}
	return nil
}

// configureOwnPort gives the bridge's own port its addresses and routes.
func configureOwnPort(ns *netns.NS, c *Config) error {
	if len(c.Addrs) == 0 && len(c.Routes) == 0 {
		return nil
	}
	h, err := ns.Netlink()
	if err != nil {
		return err
	}
	defer h.Close()
	_, err = linkconf.Apply(h, c.Name, c.link())
	return err
}

// managementEndpoint finds the bridge's management socket.
func managementEndpoint(database string, c *Config) (string, error) {
	dir := c.RunDir
	if dir == "" {
		path, ok := strings.CutPrefix(database, "unix:")
		if !ok {
			return "", fmt.Errorf("directory of the management sockets must be given: the database is at %q", database)
		}
		dir = filepath.Dir(path)
	}
	return "unix:" + filepath.Join(dir, c.Name+".mgmt"), nil
}
