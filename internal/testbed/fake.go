// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
)

// fakeSite has its machines in this process.
type fakeSite struct {
	ovs     *fakeovs.OVS
	options Options

	mu       sync.Mutex
	stations []*StackStation
	macs     byte // how many addresses were given
}

func newFakeSite(o Options) (*fakeSite, error) {
	ovs, err := fakeovs.Start(fakeovs.Options{Logger: o.Logger})
	if err != nil {
		return nil, err
	}
	return &fakeSite{ovs: ovs, options: o}, nil
}

func (f *fakeSite) database() string { return f.ovs.DatabaseEndpoint() }

func (f *fakeSite) prepareBridge(*bridge.Config) {}

// station makes a machine. An interface without a MAC address gets one.
func (f *fakeSite) station(c StackConfig) (*StackStation, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for n := range c.Interfaces {
		if i := &c.Interfaces[n]; i.MAC == nil {
			f.macs++
			i.MAC = net.HardwareAddr{0x02, 0x00, 0x00, 0x00, 0x00, f.macs}
		}
	}
	s, err := NewStack(c)
	if err != nil {
		return nil, err
	}
	f.stations = append(f.stations, s)
	return s, nil
}

// machines makes the host, with the bridge's own port as its first interface, and the outside. If the NIC stays outside of
// the bridge a cable leads from it to the outside, else a device of the fake.
func (f *fakeSite) machines(b *bridge.Bridge) (host, outside Station, err error) {
	link := InterfaceConfig{Addrs: hostAddrs, Proxied: f.options.Spare, MTU: f.options.MTU}
	own := InterfaceConfig{MAC: b.MAC, Addrs: f.options.Gateways, OnLink: single(f.options.Spare)}
	interfaces := []InterfaceConfig{own, link}
	if f.options.uplinkMode() {
		link.MAC, link.Addrs = b.MAC, slices.Concat(hostAddrs, f.options.Gateways)
		interfaces = []InterfaceConfig{link}
	}
	h, err := f.station(StackConfig{Name: "host", Interfaces: interfaces, Routes: hostRoutes(), Forward: true})
	if err != nil {
		return nil, nil, err
	}
	h.Connect(f.ovs.Bridge(b.Name).Local(h.Receive).Send)

	o := StackConfig{
		Name:       "outside",
		Interfaces: []InterfaceConfig{{Addrs: outsideAddrs, MTU: f.options.MTU}},
		Routes:     f.options.routesInside(),
	}
	if f.options.uplinkMode() {
		outside, err = f.plugged(o, node.Uplink)
		return h, outside, err
	}
	s, err := f.station(o)
	if err != nil {
		return nil, nil, err
	}
	nic := h.interfaces[1]
	nic.Connect(s.Receive)
	s.Connect(nic.Receive)
	return h, s, nil
}

// single has each address alone in its prefix.
func single(addrs []netip.Addr) (prefixes []netip.Prefix) {
	for _, a := range addrs {
		prefixes = append(prefixes, netip.PrefixFrom(a, a.BitLen()))
	}
	return prefixes
}

// plugged makes a machine at a new device of the fake.
func (f *fakeSite) plugged(c StackConfig, device string) (*StackStation, error) {
	s, err := f.station(c)
	if err != nil {
		return nil, err
	}
	d, err := f.ovs.AddDevice(device, s.Receive)
	if err != nil {
		return nil, err
	}
	s.Connect(d.Send)
	return s, nil
}

func (f *fakeSite) adopt(ctx context.Context, _ *vswitch.DB, ports *port.Manager) (*Uplink, error) {
	p, err := ports.Attach(ctx, port.Config{Bridge: bridgeName, Name: node.Uplink, Kind: port.Device})
	if err != nil {
		return nil, err
	}
	return &Uplink{Name: p.Name, OFPort: p.OFPort}, nil
}

// announce has nothing to do: the host was made with the address.
func (f *fakeSite) announce(context.Context, *vswitch.DB, netip.Addr) error { return nil }

func (f *fakeSite) switchNetns() string { return "" }

func (f *fakeSite) endpoint(ctx context.Context, ports *port.Manager, e Endpoint) (*Attached, error) {
	c := StackConfig{Name: e.Name, Interfaces: []InterfaceConfig{{Addrs: e.Addrs}}}
	for _, g := range e.Gateways {
		c.Routes = append(c.Routes, defaultRoute(g))
	}
	s, err := f.plugged(c, e.Name)
	if err != nil {
		return nil, err
	}
	p, err := ports.Attach(ctx, port.Config{
		Bridge: bridgeName, Name: e.Name, Kind: port.Device, MAC: s.MAC(), Addrs: e.Addrs,
	})
	if err != nil {
		return nil, err
	}
	return &Attached{Station: s, Port: p}, nil
}

func (f *fakeSite) filterTables() ([]string, error) { return nil, nil }

func (f *fakeSite) keep(string) ([]string, error) {
	return nil, errors.New("a fake switch ends with its program")
}

// close unplugs the machines before the switch that they send to goes away.
func (f *fakeSite) close() error {
	f.mu.Lock()
	stations := slices.Clone(f.stations)
	f.mu.Unlock()
	for _, s := range stations {
		s.Close()
	}
	if err := f.ovs.Close(); err != nil {
		return fmt.Errorf("close the fake switch: %w", err)
	}
	return nil
}
