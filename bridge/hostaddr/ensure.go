// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package hostaddr

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/ovskit/ovskit/internal/hostop"
	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// undoPatience is how long taking back may take.
const undoPatience = 2 * time.Second

func ensure(ctx context.Context, db *vswitch.DB, c Config, h hostop.Hook) error {
	m, err := open(ctx, db, c.SwitchNetns, h)
	if err == nil {
		defer m.Close()
		err = m.ensure(ctx, c)
	}
	if err != nil {
		return fmt.Errorf("address %s for bridge %q: %w", c.Addr, c.Bridge, err)
	}
	return nil
}

func (m machine) ensure(ctx context.Context, c Config) error {
	c.Addr = c.Addr.Unmap()
	if !c.Addr.IsGlobalUnicast() || c.Addr.Zone() != "" {
		return errors.New("not an address that can be routed")
	}
	if there, err := m.record(c.Addr); err == nil {
		if there.config.Bridge != c.Bridge || there.Device != c.Device {
			return fmt.Errorf("%w: by bridge %q on device %q", ErrExists, there.config.Bridge, there.Device)
		}
		if there.State == added {
			return m.again(ctx, there)
		}
		if err := m.takeBack(ctx, there); err != nil {
			return err
		}
	} else if !errors.Is(err, ErrNotFound) {
		return err
	}
	r, err := m.plan(c)
	if err != nil {
		return err
	}
	if err := m.apply(ctx, r); err != nil {
		undo := func(ctx context.Context) error { return m.takeBack(ctx, r) }
		return errors.Join(err, hostop.Undo(ctx, undoPatience, undo))
	}
	return nil
}

// plan looks at what there is before an address is added.
func (m machine) plan(c Config) (*record, error) {
	br, ok := m.DB.Bridge(c.Bridge)
	if !ok {
		return nil, ErrNoBridge
	}
	if holder, ok := m.DB.PortBridge(c.Device); ok {
		return nil, fmt.Errorf("device %q is a port of bridge %q: the machine's traffic does not go through it", c.Device, holder.Name)
	}
	own, err := m.Links.LinkByName(c.Bridge)
	if err != nil {
		return nil, fmt.Errorf("the bridge's own port: device %q in network namespace %q: %w", c.Bridge, m.NS.Path(), err)
	}
	if own.Attrs().Flags&net.FlagUp == 0 {
		return nil, fmt.Errorf("the bridge's own port: device %q is down", c.Bridge)
	}
	nic, err := m.Links.LinkByName(c.Device)
	if err != nil {
		return nil, fmt.Errorf("device %q in network namespace %q: %w", c.Device, m.NS.Path(), err)
	}
	r := &record{
		Version: recordVersion, State: adding, Device: c.Device, Netns: c.SwitchNetns, Owner: cmp.Or(c.Owner, mark.DefaultOwner),
		Boot: m.Boot, config: c, bridge: br.UUID, Route: true,
	}
	addrs, err := m.Links.AddrList(nil, family(c.Addr))
	if err != nil {
		return nil, fmt.Errorf("list addresses: %w", err)
	}
	if slices.ContainsFunc(addrs, func(a netlink.Addr) bool { return a.IP.Equal(c.Addr.AsSlice()) }) {
		return nil, fmt.Errorf("%w: by the machine itself", ErrExists)
	}
	routes, err := m.Links.RouteListFiltered(family(c.Addr), &netlink.Route{Dst: host(c.Addr)}, netlink.RT_FILTER_DST)
	if err != nil {
		return nil, fmt.Errorf("list routes: %w", err)
	}
	for _, route := range routes {
		if route.LinkIndex != own.Attrs().Index {
			return nil, fmt.Errorf("%w: there is a route to it through another device", ErrExists)
		}
		r.Route = false
	}
	proxied, err := m.Links.NeighProxyList(nic.Attrs().Index, family(c.Addr))
	if err != nil {
		return nil, fmt.Errorf("list proxy neighbours of device %q: %w", c.Device, err)
	}
	r.Proxy = !slices.ContainsFunc(proxied, func(n netlink.Neigh) bool { return n.IP.Equal(c.Addr.AsSlice()) })
	return r, nil
}

// apply does what a record says, and records that it is done.
func (m machine) apply(ctx context.Context, r *record) error {
	c := &r.config
	own, err := m.Links.LinkByName(c.Bridge)
	if err != nil {
		return fmt.Errorf("device %q: %w", c.Bridge, err)
	}
	nic, err := m.Links.LinkByName(c.Device)
	if err != nil {
		return fmt.Errorf("device %q: %w", c.Device, err)
	}
	if err := m.planSettings(ctx, r); err != nil {
		return err
	}
	if err := m.write(ctx, r); err != nil {
		return err
	}
	for _, w := range wantedSettings(c.Addr, c.Device, c.Bridge) {
		s, ok := r.Settings[w.key]
		if !ok {
			continue
		}
		if err := m.Step(ctx, "set %s", w.key); err != nil {
			return err
		}
		if err := m.NS.SetSysctl(w.key, s.Now); err != nil {
			return err
		}
	}
	if err := m.Step(ctx, "add the route"); err != nil {
		return err
	}
	if err := m.Links.RouteAdd(hostRoute(own, c.Addr)); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("add route to device %q: %w", c.Bridge, err)
	}
	if err := m.Step(ctx, "add the proxy neighbour"); err != nil {
		return err
	}
	if err := m.Links.NeighSet(proxy(nic, c.Addr)); err != nil {
		return fmt.Errorf("add proxy neighbour to device %q: %w", c.Device, err)
	}
	r.State = added
	return m.write(ctx, r)
}

// again does what a record says whose address is complete, for the devices and
// the machine may have been made anew.
func (m machine) again(ctx context.Context, r *record) error {
	if r.Boot == m.Boot {
		return m.apply(ctx, r)
	}
	anew, err := m.plan(r.config)
	if err != nil {
		return err
	}
	return m.apply(ctx, anew)
}
