// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
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
	// Is and Want are what it is and what it should be; "" is nothing.
	Is   string `json:"is"`
	Want string `json:"want"`
}

func (d Difference) String() string {
	name := func(s string) string {
		if s == "" {
			return "nothing"
		}
		return s
	}
	return fmt.Sprintf("%s is %s, not %s", d.What, name(d.Is), name(d.Want))
}

// Check compares a port of the manager's owner with how it was asked for: the
// rows, ovs-vswitchd's answer, the devices, the interface in its namespace with
// its addresses and routes. Another Attach of the same Config mends what it finds.
// It fails with [ErrNotFound] when there is no such port and with [ErrForeign]
// when it is not the owner's.
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
	if p.Kind == Veth {
		id, err := identify(m.db, m.owner, p.Name)
		if err != nil {
			return nil, err
		}
		link, err := id.find(m.source, p.Name)
		switch {
		case errors.Is(err, errNoDevice), errors.Is(err, errForeignDevice):
			return []Difference{{fmt.Sprintf("device %q", p.Name), err.Error(), "a veth device"}}, nil
		case err != nil:
			return nil, err
		case link.Attrs().RawFlags&unix.IFF_UP == 0:
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
		return append(found, Difference{fmt.Sprintf("network namespace %q", p.Netns), "", "there"}), nil
	}
	if err != nil {
		return found, err
	}
	defer target.Close()
	inside, err := m.checkInterface(p, target)
	return append(found, inside...), err
}

// checkInterface compares the interface in the namespace.
func (m *Manager) checkInterface(p *Port, target *netns.Shared) (found []Difference, err error) {
	what := fmt.Sprintf("interface %q in network namespace %q", p.Ifname, target.Name())
	h, err := target.Netlink()
	if err != nil {
		return nil, err
	}
	link, err := h.LinkByName(p.Ifname)
	if errors.As(err, new(netlink.LinkNotFoundError)) {
		return []Difference{{what, "", "there"}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
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
		found = append(found, Difference{fmt.Sprintf("address %s of %s", a, what), "", "there"})
	}
	for _, r := range missing.Routes {
		found = append(found, Difference{fmt.Sprintf("route to %s of %s", r, what), "", "there"})
	}
	if br, ok := m.db.Bridge(p.Bridge); ok && p.policedInside(br) {
		q, err := policer(h, link)
		if err != nil {
			return nil, err
		}
		if q == nil {
			found = append(found, Difference{"policing of " + what, "", "there"})
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
