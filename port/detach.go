// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"errors"
	"fmt"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

func detach(ctx context.Context, db *vswitch.DB, name string) error {
	row, ok := db.Port(name)
	if !ok {
		return ErrNotFound
	}
	br, ok := db.PortBridge(name)
	if !ok {
		return ErrNotFound
	}
	if br.Name == name {
		return ErrOwnPort
	}
	removeRows := func() error {
		_, err := db.Commit(ctx, vswitch.RemovePorts(br.UUID, row.UUID))
		return err
	}
	iface, ok := db.Interface(name)
	switch {
	case ok && iface.ExternalIDs[mark.Kind] == Veth.String():
		return detachVeth(db, iface, removeRows)
	case ok && iface.ExternalIDs[mark.IPSettings] != "":
		return detachSilenced(iface, removeRows)
	}
	return removeRows()
}

// detachVeth removes the rows and then the pair, if it is the one that was made
// for the port.
func detachVeth(db *vswitch.DB, iface *vswitch.Interface, removeRows func() error) error {
	ns, err := switchNetns(iface)
	if ns == nil {
		return errors.Join(removeRows(), err)
	}
	defer ns.Close()
	h, err := ns.Netlink()
	if err != nil {
		return errors.Join(removeRows(), err)
	}
	defer h.Close()
	id, err := identify(db, iface.ExternalIDs[mark.Owner], iface.Name)
	if err != nil {
		return err
	}
	// Found now, since somebody can make another device of this identity as
	// soon as the rows are gone.
	link, findErr := id.find(h, iface.Name)
	if err := removeRows(); err != nil {
		return err
	}
	if findErr == nil {
		findErr = deleteLink(h, link)
	}
	if errors.Is(findErr, errNoDevice) {
		return nil // it went with the namespace at its other end
	}
	if findErr != nil {
		return fmt.Errorf("device %q in network namespace %q: %w", iface.Name, ns.Path(), findErr)
	}
	return nil
}

// detachSilenced removes the rows and then gives the kernel's IP stack the
// device back.
func detachSilenced(iface *vswitch.Interface, removeRows func() error) error {
	if err := removeRows(); err != nil {
		return err
	}
	ns, err := switchNetns(iface)
	if ns == nil {
		return err
	}
	defer ns.Close()
	return ns.RestoreIP(iface.Name, iface.ExternalIDs[mark.IPSettings])
}

// switchNetns opens the namespace that a port's device is in; nil if it is gone,
// and the device with it.
func switchNetns(iface *vswitch.Interface) (*netns.NS, error) {
	ns, err := netns.OpenOrCurrent(iface.ExternalIDs[mark.SwitchNetns])
	if errors.Is(err, netns.ErrNotFound) {
		return nil, nil
	}
	return ns, err
}
