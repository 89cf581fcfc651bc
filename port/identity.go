// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/vishvananda/netlink"
)

// An identity tells the device that this package makes for a veth port from
// any other device of that name. It follows from the switch's database, the
// owner and the port's name, and the device carries it as its MAC address: the
// one mark that a device has from the moment it exists, so that one whose maker
// was killed is recognised however early that happened. No packet carries this
// address, since no IP stack uses the device.
type identity struct {
	mac net.HardwareAddr
	// lock is the name of the lock that is held during Attach: without the
	// lock, nobody is coming for a device without a row, or for a row that
	// is marked as not finished.
	lock string
}

func identify(db *vswitch.DB, owner, name string) (identity, error) {
	root := db.Root()
	if root == nil {
		return identity{}, fmt.Errorf("table %q is empty", vswitch.TableOpenVSwitch)
	}
	sum := sha256.Sum256([]byte(root.UUID + "\x00" + owner + "\x00" + name))
	mac := slices.Clone(sum[:6])
	return identity{mac: locallyAdministered(mac), lock: fmt.Sprintf("ovskit-port-%x", sum[6:22])}, nil
}

// lockPatience is how long somebody else who is at the same port is waited for.
const lockPatience = 10 * time.Second

// lockDevice keeps others from attaching a port of this name, in whatever process.
func (m *Manager) lockDevice(ctx context.Context, name string) (unlock func(), err error) {
	id, err := identify(m.db, m.owner, name)
	if err != nil {
		return nil, err
	}
	return m.source.LockWithin(ctx, id.lock, lockPatience)
}

// locallyAdministered makes six bytes the MAC address of an interface.
func locallyAdministered(mac net.HardwareAddr) net.HardwareAddr {
	mac[0] = mac[0]&^1 | 2
	return mac
}

// find looks for the device. It fails with errNoDevice when there is none of
// that name, and with errForeignDevice when there is one with another identity.
func (id identity) find(ns *netns.Shared, name string) (netlink.Link, error) {
	link, err := deviceIn(ns, name)
	switch {
	case err != nil:
		return nil, err
	case link.Type() != "veth" || !slices.Equal(link.Attrs().HardwareAddr, id.mac):
		return nil, errForeignDevice
	}
	return link, nil
}

var (
	errNoDevice      = errors.New("no such device")
	errForeignDevice = errors.New("not the device that was made for the port: it is left as it is")
)

// remove removes the device, and with it its peer. One that is gone is no error.
func (id identity) remove(r *removals, name string) error {
	link, err := id.find(r.ns, name)
	if err == nil {
		err = r.remove(link.Attrs().Index)
	}
	if err != nil && !errors.Is(err, errNoDevice) {
		return fmt.Errorf("device %q in network namespace %q: %w", name, r.ns.Path(), err)
	}
	return nil
}

// isOrphan reports whether the device is there and is nobody's: its maker was
// killed before the database named it, or the row was removed without it. The
// caller holds the lock.
func (id identity) isOrphan(ctx context.Context, db *vswitch.DB, ns *netns.Shared, name string) (bool, error) {
	if _, err := id.find(ns, name); errors.Is(err, errNoDevice) || errors.Is(err, errForeignDevice) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	// The copy of the database may not show yet what somebody else did.
	results, err := db.Client().Transact(ctx, ovsdb.Select(vswitch.TableInterface, []string{"name"},
		ovsdb.Where("name", ovsdb.Equal, name)))
	return err == nil && len(results[0].Rows) == 0, err
}
