// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// attachDevice attaches what needs nothing but rows, and takes a device of the
// kernel from the kernel's IP stack.
func (m *Manager) attachDevice(ctx context.Context, p *plan) (*Port, error) {
	added, err := m.addRows(ctx, placement{p.bridge.UUID, p.Config})
	if err != nil {
		return nil, err
	}
	if sharedWithKernel(p.bridge, added.ifaces[0]) {
		if err := m.silence(ctx, added.ifaces[0]); err != nil {
			return nil, errors.Join(err, m.undoRows(ctx, added))
		}
	}
	return m.made(p.Config, added.ifaces[0]), nil
}

// sharedWithKernel reports whether the kernel's IP stack processes what arrives
// at a device as well: whether the device is one of the kernel's, of which a
// datapath in user space gets copies. One that ovs-vswitchd made itself is the
// machine's way into the bridge, and the machine's own IP stack is to use it.
func sharedWithKernel(br *vswitch.Bridge, iface *vswitch.Interface) bool {
	return br.DatapathType == datapathUser && isOfKernel(iface) && isOpen(iface)
}

// silence keeps the kernel's IP stack away from the device of a port. What was
// set before is written to the database first, for Detach, unless that was done
// already.
func (m *Manager) silence(ctx context.Context, iface *vswitch.Interface) error {
	if err := m.expectDevice(iface); err != nil {
		return err
	}
	before, err := m.source.IPSettings(iface.Name)
	if err != nil {
		return err
	}
	if iface.ExternalIDs[mark.IPSettings] == "" {
		index := strconv.FormatInt(*iface.IfIndex, 10)
		if err := m.step("record the IP settings"); err != nil {
			return err
		}
		results, err := m.db.Client().Transact(ctx, ovsdb.Mutate(vswitch.TableInterface,
			[]ovsdb.Mutation{ovsdb.Change("external_ids", ovsdb.InsertInto,
				map[string]string{mark.IPSettings: before, mark.DeviceIndex: index})},
			ovsdb.ByUUID(iface.UUID)))
		if err != nil {
			return err
		}
		if results[0].Count == 0 {
			return errRemoved
		}
	}
	if err := m.step("keep the IP stack away"); err != nil {
		return err
	}
	if err := m.source.DisableIP(iface.Name); err != nil {
		return errors.Join(err, m.source.RestoreIP(iface.Name, before))
	}
	return nil
}

// expectDevice fails unless the device that ovs-vswitchd has opened is in the
// namespace: that of another namespace must not be changed in its place.
func (m *Manager) expectDevice(iface *vswitch.Interface) error {
	h, err := m.source.Netlink()
	if err != nil {
		return err
	}
	link, err := h.LinkByName(iface.Name)
	if err != nil {
		return fmt.Errorf("device %q in the switch's network namespace %q: %w", iface.Name, m.source.Path(), err)
	}
	got := fmt.Sprintf("index %d, MAC address %s", link.Attrs().Index, link.Attrs().HardwareAddr)
	want := fmt.Sprintf("index %d, MAC address %s", *iface.IfIndex, *cmp.Or(iface.MACInUse, new(string)))
	if got != want {
		return fmt.Errorf("device %q in the switch's network namespace %q: %s; the one that the switch has opened: %s",
			iface.Name, m.source.Path(), got, want)
	}
	return nil
}

// isAnotherDevice reports whether the device of a Device port is not the one that it
// had at first, but has its name: the datapath in user space still reads from that one,
// which is no more.
func (m *Manager) isAnotherDevice(name string, iface *vswitch.Interface) (bool, error) {
	index, ok := iface.ExternalIDs[mark.DeviceIndex]
	if !ok {
		return false, nil
	}
	link, err := deviceIn(m.source, name)
	if errors.Is(err, errNoDevice) {
		return false, nil
	}
	return err == nil && strconv.Itoa(link.Attrs().Index) != index, err
}
