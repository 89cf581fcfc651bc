// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ovskit/ovskit/internal/linkconf"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// A Difference is something of a port that is not as Attach has made it.
type Difference struct {
	// What is the thing: a column such as "Port.tag", or an attribute of an
	// interface such as "address 10.0.0.2/24".
	What string `json:"what"`
	// Is and Want are what it is and what it should be; "" is nothing. Of what is
	// only there or not, one of them is "there".
	Is   string `json:"is"`
	Want string `json:"want"`
}

func (d Difference) String() string {
	switch {
	case d.Want == there(true):
		return d.What + " is missing"
	case d.Is == there(true):
		return d.What + " is there, and is not to be"
	}
	return fmt.Sprintf("%s is %s, not %s", d.What, cmp.Or(d.Is, "nothing"), cmp.Or(d.Want, "nothing"))
}

// Check compares a port of the manager's owner with how it was asked for: the
// rows, ovs-vswitchd's answer, the devices, the interface in its namespace with
// its addresses and routes. Another Attach of the same Config mends what it finds.
// It fails with [ErrNotFound] when there is no such port and with [ErrForeign]
// when it is not the owner's, and with [ErrElsewhere] where the devices of the switch's
// bridges are not.
func (m *Manager) Check(ctx context.Context, name string) ([]Difference, error) {
	found, err := m.check(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("check port %q: %w", name, err)
	}
	return found, nil
}

func (m *Manager) check(ctx context.Context, name string) (found []Difference, err error) {
	br, isPort := m.db.PortBridge(name)
	row, _ := m.db.Port(name)
	if !isPort || row == nil {
		return nil, ErrNotFound
	}
	iface, ok := m.ours(name)
	if !ok {
		return nil, ErrForeign
	}
	p, err := newPort(br, row, iface)
	if err != nil {
		return nil, err
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	wantRow, wantIface, err := m.rows(&p.Config)
	if err != nil {
		return nil, err
	}
	for _, table := range []struct {
		name    string
		columns map[string][2]any
	}{{"Interface", interfaceColumns(wantIface, iface)}, {"Port", portColumns(wantRow, row)}} {
		want, is := differing(table.columns)
		for _, column := range slices.Sorted(maps.Keys(want)) {
			found = append(found, Difference{table.name + "." + column, columnText(is[column]), columnText(want[column])})
		}
	}
	if (row.QoS != nil) != (p.QoS != nil) {
		found = append(found, Difference{"Port.qos", there(row.QoS != nil), there(p.QoS != nil)})
	}
	switch {
	case p.Err != nil:
		found = append(found, Difference{"the port", p.Err.Error(), "made"})
	case p.Config.OFPort != 0 && p.OFPort != p.Config.OFPort:
		found = append(found, Difference{"Interface.ofport", fmt.Sprint(p.OFPort), fmt.Sprint(p.Config.OFPort)})
	}
	if gone, err := m.isDeviceGone(p, iface); err != nil {
		return found, err
	} else if gone {
		found = append(found, Difference{fmt.Sprintf("device %q", p.Name), "", there(true)})
	}
	if another, err := m.isAnotherDevice(p.Name, iface); err != nil {
		return found, err
	} else if another {
		found = append(found, Difference{fmt.Sprintf("device %q", p.Name), "another device", "the port's"})
	}
	devices, err := m.checkDevices(p)
	return append(found, devices...), err
}

func there(is bool) string {
	if is {
		return "there"
	}
	return ""
}

// columnText writes a column's value for people.
func columnText(value any) string {
	switch v := value.(type) {
	case *string:
		if v == nil {
			return ""
		}
		return *v
	case *int64:
		if v == nil {
			return ""
		}
		return fmt.Sprint(*v)
	}
	return fmt.Sprint(value)
}

// checkDevices compares what the kernel has of a port.
func (m *Manager) checkDevices(p *Port) (found []Difference, err error) {
	var device netlink.Link // of a pair, on the switch's side
	if p.Kind == Veth {
		id, err := identify(m.db, m.owner, p.Name)
		if err != nil {
			return nil, err
		}
		device, err = id.find(m.source, p.Name)
		switch {
		case errors.Is(err, errNoDevice):
			return []Difference{{fmt.Sprintf("device %q", p.Name), "", there(true)}}, m.expectSwitchHere()
		case errors.Is(err, errForeignDevice):
			return []Difference{{fmt.Sprintf("device %q", p.Name), "another device", "the port's"}}, nil
		case err != nil:
			return nil, err
		case device.Attrs().RawFlags&unix.IFF_UP == 0:
			found = append(found, Difference{fmt.Sprintf("device %q", p.Name), "down", "up"})
		}
		if br, ok := m.db.Bridge(p.Bridge); ok && p.Err == nil {
			open, err := m.isOpen(br, &p.Config)
			if err != nil {
				return nil, err
			}
			if !open {
				found = append(found, Difference{fmt.Sprintf("device %q", p.Name), "not open in the switch", "open"})
			}
		}
	}
	if !p.inNamespace() {
		return found, nil
	}
	target, err := m.targets.Open(p.Netns)
	if errors.Is(err, netns.ErrNotFound) {
		return append(found, Difference{fmt.Sprintf("network namespace %q", p.Netns), "", there(true)}), nil
	}
	if err != nil {
		return found, err
	}
	defer target.Close()
	inside, err := m.checkInterface(p, device, target)
	return append(found, inside...), err
}

// checkInterface compares the interface in the namespace, the other end of a device if
// that is not nil.
func (m *Manager) checkInterface(p *Port, device netlink.Link, target *netns.Shared) (found []Difference, err error) {
	what := fmt.Sprintf("interface %q in network namespace %q", p.Ifname, target.Name())
	h, err := target.Netlink()
	if err != nil {
		return nil, err
	}
	link, err := deviceIn(target, p.Ifname)
	switch {
	case errors.Is(err, errNoDevice):
		return []Difference{{what, "", there(true)}}, nil
	case err != nil:
		return nil, err
	case device != nil && !arePeers(device, link), p.Kind == Internal && !isInternal(link):
		return []Difference{{what, "another device", "the port's"}}, nil
	}
	attrs := link.Attrs()
	if p.MAC != nil && !slices.Equal(attrs.HardwareAddr, p.MAC) {
		found = append(found, Difference{"MAC address of " + what, attrs.HardwareAddr.String(), p.MAC.String()})
	}
	if p.MTU != 0 && attrs.MTU != p.MTU {
		found = append(found, Difference{"MTU of " + what, fmt.Sprint(attrs.MTU), fmt.Sprint(p.MTU)})
	}
	if attrs.RawFlags&unix.IFF_UP == 0 {
		found = append(found, Difference{what, "down", "up"})
	}
	missing, err := linkconf.Missing(h, link, p.link())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	for _, a := range missing.Addrs {
		found = append(found, Difference{fmt.Sprintf("address %s of %s", a, what), "", there(true)})
	}
	for _, r := range missing.Routes {
		found = append(found, Difference{fmt.Sprintf("route to %s of %s", r, what), "", there(true)})
	}
	if br, ok := m.db.Bridge(p.Bridge); ok && p.policedInside(br) {
		q, err := policer(h, link)
		if err != nil {
			return nil, err
		}
		if q == nil {
			found = append(found, Difference{"policing of " + what, "", there(true)})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(p.Sysctls)) {
		value, err := target.Sysctl(key)
		if err != nil {
			return nil, err
		}
		if want := strings.TrimSpace(p.Sysctls[key]); value != want {
			found = append(found, Difference{fmt.Sprintf("sysctl %s of network namespace %q", key, target.Name()), value, want})
		}
	}
	return found, nil
}
