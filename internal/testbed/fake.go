// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"errors"
	"fmt"
	"net"
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

// connect implements site. If the NIC stays outside of the bridge a cable leads from it to the outside, else a device of the
// fake.
func (f *fakeSite) connect(ctx context.Context, _ *vswitch.DB, ports *port.Manager, b *bridge.Bridge) (c connection, err error) {
	host, err := f.host(b)
	if err != nil {
		return c, err
	}
	o := StackConfig{
		Name:       "outside",
		Interfaces: []InterfaceConfig{{Addrs: outsideAddrs, MTU: f.options.MTU}},
		Routes:     f.options.routesInside(),
	}
	if !f.options.uplinkMode() {
		outside, err := f.station(o)
		if err != nil {
			return c, err
		}
		nic := host.interfaces[1]
		nic.Connect(outside.Receive)
		outside.Connect(nic.Receive)
		return connection{host: host, outside: outside}, nil
	}
	outside, err := f.plugged(o, node.Uplink)
	if err != nil {
		return c, err
	}
	p, err := ports.Attach(ctx, port.Config{Bridge: bridgeName, Name: node.Uplink, Kind: port.Device})
	if err != nil {
		return c, err
	}
	return connection{host, outside, &Uplink{Name: p.Name, OFPort: p.OFPort}}, nil
}

// host makes the host. The bridge's own port is its first interface; the NIC is the second, if it is not the bridge's.
func (f *fakeSite) host(b *bridge.Bridge) (*StackStation, error) {
	own := InterfaceConfig{MAC: b.MAC, Addrs: f.options.Gateways, OnLink: single(f.options.Spare)}
	nic := InterfaceConfig{Addrs: f.options.hostAddrs(), Proxied: f.options.Spare, MTU: f.options.MTU}
	interfaces := []InterfaceConfig{own, nic}
	if f.options.uplinkMode() {
		own.Addrs, own.MTU = slices.Concat(f.options.hostAddrs(), f.options.Gateways), f.options.MTU
		interfaces = []InterfaceConfig{own}
	}
	s, err := f.station(StackConfig{Name: "host", Interfaces: interfaces, Routes: hostRoutes(), Forward: true})
	if err != nil {
		return nil, err
	}
	s.Connect(f.ovs.Bridge(b.Name).Local(s.Receive).Send)
	return s, nil
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

func (f *fakeSite) askSwitch(_ context.Context, command string) (string, error) {
	return f.ovs.AskSwitch(command)
}

func (f *fakeSite) forgetting() []string { return []string{"dpctl/flush-conntrack"} }

func (f *fakeSite) endSwitch(bool) error {
	f.ovs.KillSwitch()
	return nil
}

func (f *fakeSite) startSwitch(context.Context) error {
	f.ovs.RestartSwitch()
	return nil
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
