// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package uplink

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// MaxObjects is how many addresses, neighbours, routes and rules can be moved
// together with those that the bridge's own port has already.
const MaxObjects = 2000

// Errors of uplinks.
var (
	// ErrNotFound says that there is no such uplink.
	ErrNotFound = errors.New("no such uplink")
	// ErrExists says that the bridge has an uplink already.
	ErrExists = errors.New("bridge has an uplink already")
	// ErrNoBridge says that there is no such bridge.
	ErrNoBridge = errors.New("no such bridge")
	// ErrBusy says that another program is just changing an uplink of the
	// machine.
	ErrBusy = errors.New("another program is changing an uplink")
	// ErrTooMany says that there is more to be moved than MaxObjects.
	ErrTooMany = fmt.Errorf("more than %d addresses, neighbours, routes and rules", MaxObjects)
)

// An UnsuitableError says why a device cannot be an uplink.
type UnsuitableError struct {
	Device, Reason string
}

func (e *UnsuitableError) Error() string {
	return fmt.Sprintf("device %q cannot be an uplink: %s", e.Device, e.Reason)
}

// A Config says which NIC becomes the uplink of which bridge.
type Config struct {
	// Bridge is the bridge's name. It must exist.
	Bridge string
	// Device is the NIC's name.
	Device string
	// SwitchNetns is the network namespace that ovs-vswitchd runs in, where
	// the NIC is, by name or path as in netns. Empty means the caller's.
	SwitchNetns string
	// Owner is noted in the rows; empty means "ovskit".
	Owner string
	// Connect, if it is not nil, is called once the NIC is a port of the bridge
	// and before the machine's traffic goes through the bridge: here the
	// flows are installed that it needs. Its error ends the adoption.
	Connect func(ctx context.Context, u *Uplink) error
	// Verify, if it is not nil, is called when all is done. Its error takes the
	// adoption back.
	Verify func(ctx context.Context, u *Uplink) error
}

// A State is how far an uplink has come.
type State string

// The states.
const (
	// Adopting is an adoption that is under way, or whose program has died.
	Adopting State = "adopting"
	// Adopted is an uplink in use.
	Adopted State = "adopted"
	// Releasing is a release that is under way, or whose program has died.
	Releasing State = "releasing"
)

// An Uplink is a NIC that is the uplink of a bridge.
type Uplink struct {
	// Bridge and Device are the names of the bridge and the NIC.
	Bridge, Device string
	// State is how far it has come.
	State State
	// OFPort is the NIC's OpenFlow port number; 0 while it has none.
	OFPort uint32
	// MAC is the MAC address of the NIC, which the bridge's own port has as
	// well.
	MAC net.HardwareAddr
	// SwitchNetns and Owner are those of the Config.
	SwitchNetns, Owner string
}

// Adopt makes a NIC the uplink of a bridge and moves to the bridge's own port
// what the machine has on it. When it fails, everything is as before, unless the
// error says that taking back has failed as well; then [Recover] is to be called.
//
// It fails with [ErrNoBridge], with an [*UnsuitableError] when the device is not
// there or cannot be an uplink, with [ErrExists], [ErrTooMany] and [ErrBusy], and
// with an error that wraps [vswitch.ErrNotApplied] when ovs-vswitchd does not
// answer before ctx ends. A device that is the bridge's uplink already is left as
// it is.
func Adopt(ctx context.Context, db *vswitch.DB, c Config) (*Uplink, error) {
	return adopt(ctx, db, c, nil)
}

// Release gives the machine its NIC back and takes it out of the bridge. It
// fails with [ErrNotFound] and [ErrBusy]. When it fails otherwise the NIC is the
// uplink as before, unless the error says that this could not be taken back
// either; then [Recover] finishes the release. A NIC that is gone takes with it
// what it would be given.
//
// ovs-vswitchd is not needed if the datapath is in user space: it learns of the
// release when it is back.
func Release(ctx context.Context, db *vswitch.DB, device string) error {
	return release(ctx, db, device, nil)
}

// Recover brings all uplinks of a switch in order that programs have left in the
// middle of Adopt or Release, and those whose bridge has lost its own port: see
// the package's comment. It returns those that it has changed, by the names of
// their devices.
func Recover(ctx context.Context, db *vswitch.DB) (devices []string, err error) {
	return recoverAll(ctx, db, nil)
}

// Get returns an uplink by the name of its device. It fails with [ErrNotFound].
func Get(db *vswitch.DB, device string) (*Uplink, error) {
	uplinks, err := List(db)
	for _, u := range uplinks {
		if u.Device == device {
			return u, nil
		}
	}
	return nil, fmt.Errorf("uplink %q: %w", device, cmp.Or(err, ErrNotFound))
}

// List returns all uplinks, sorted by the names of their bridges. Those whose
// journal cannot be read are told of in an error, and the others are returned.
func List(db *vswitch.DB) (uplinks []*Uplink, err error) {
	root := db.Root()
	if root == nil {
		return nil, nil
	}
	for _, key := range slices.Sorted(maps.Keys(root.ExternalIDs)) {
		bridge, ok := strings.CutPrefix(key, mark.Uplink)
		if !ok {
			continue
		}
		j, e := decodeJournal(root.ExternalIDs[key])
		if e != nil {
			err = errors.Join(err, fmt.Errorf("uplink of bridge %q: %w", bridge, e))
			continue
		}
		uplinks = append(uplinks, j.uplink(db, bridge))
	}
	return uplinks, err
}
