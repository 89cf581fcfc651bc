// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

func attachDevice(ctx context.Context, db *vswitch.DB, br *vswitch.Bridge, c *Config) (*Port, error) {
	if err := nameIsFree(db, c.Name); err != nil {
		return nil, err
	}
	added, err := addRows(ctx, db, br.UUID, c)
	if err != nil {
		return nil, err
	}
	if sharedWithKernel(br, added.iface) {
		if err := silence(ctx, db, c, added.iface); err != nil {
			return nil, errors.Join(err, added.undo(ctx, db))
		}
	}
	return c.port(added.iface), nil
}

// sharedWithKernel reports whether the kernel's IP stack processes what arrives
// at a device as well: whether the device is one of the kernel's, of which a
// datapath in user space gets copies. One that ovs-vswitchd made itself is the
// machine's way into the bridge, and the machine's own IP stack is to use it.
func sharedWithKernel(br *vswitch.Bridge, iface *vswitch.Interface) bool {
	return br.DatapathType == datapathUser && (iface.Type == "" || iface.Type == "system") &&
		iface.IfIndex != nil && *iface.IfIndex > 0
}

// silence keeps the kernel's IP stack away from the device of a port. What was
// set before is written to the database first, for Detach.
func silence(ctx context.Context, db *vswitch.DB, c *Config, iface *vswitch.Interface) error {
	ns, err := netns.OpenOrCurrent(c.SwitchNetns)
	if err != nil {
		return err
	}
	defer ns.Close()
	if err := expectDevice(ns, iface); err != nil {
		return err
	}
	before, err := ns.IPSettings(iface.Name)
	if err != nil {
		return err
	}
	results, err := db.Client().Transact(ctx, ovsdb.Mutate(vswitch.TableInterface,
		[]ovsdb.Mutation{ovsdb.Change("external_ids", ovsdb.InsertInto, map[string]string{mark.IPSettings: before})},
		ovsdb.ByUUID(iface.UUID)))
	if err != nil {
		return err
	}
	if results[0].Count == 0 {
		return errRemoved
	}
	if err := ns.DisableIP(iface.Name); err != nil {
		return errors.Join(err, ns.RestoreIP(iface.Name, before))
	}
	return nil
}

// expectDevice fails unless the device that ovs-vswitchd has opened is in the
// namespace: that of another namespace must not be changed in its place.
func expectDevice(ns *netns.NS, iface *vswitch.Interface) error {
	h, err := ns.Netlink()
	if err != nil {
		return err
	}
	defer h.Close()
	link, err := h.LinkByName(iface.Name)
	if err != nil {
		return fmt.Errorf("device %q in the switch's network namespace %q: %w", iface.Name, ns.Path(), err)
	}
	got := fmt.Sprintf("index %d, MAC address %s", link.Attrs().Index, link.Attrs().HardwareAddr)
	want := fmt.Sprintf("index %d, MAC address %s", *iface.IfIndex, *cmp.Or(iface.MACInUse, new(string)))
	if got != want {
		return fmt.Errorf("device %q in the switch's network namespace %q: %s; the one that the switch has opened: %s",
			iface.Name, ns.Path(), got, want)
	}
	return nil
}
