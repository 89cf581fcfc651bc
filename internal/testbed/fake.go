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
	"github.com/ovskit/ovskit/port"
)

// fakeSite has its machines in this process.
type fakeSite struct {
	ovs      *fakeovs.OVS
	gateways []netip.Prefix

	mu       sync.Mutex
	stations []*StackStation
}

func newFakeSite(o Options) (*fakeSite, error) {
	ovs, err := fakeovs.Start(fakeovs.Options{Logger: o.Logger})
	if err != nil {
		return nil, err
	}
	return &fakeSite{ovs: ovs, gateways: o.Gateways}, nil
}

func (f *fakeSite) database() string { return f.ovs.DatabaseEndpoint() }

// station makes a machine and plugs it into a device of the fake. An address that c lacks is the device's.
func (f *fakeSite) station(c StackConfig) (*StackStation, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.MAC == nil {
		c.MAC = net.HardwareAddr{0x02, 0x00, 0x00, 0x00, 0x00, byte(len(f.stations) + 1)}
	}
	s, err := NewStack(c)
	if err != nil {
		return nil, err
	}
	f.stations = append(f.stations, s)
	return s, nil
}

func (f *fakeSite) prepareBridge(*bridge.Config) {}

func (f *fakeSite) host(b *bridge.Bridge) (Station, error) {
	s, err := f.station(StackConfig{
		Name:    "host",
		MAC:     b.MAC,
		Addrs:   append([]netip.Prefix{HostAddr}, f.gateways...),
		Routes:  []Route{{Dst: netip.PrefixFrom(netip.IPv4Unspecified(), 0), Via: OutsideAddr.Addr()}},
		Forward: true,
	})
	if err != nil {
		return nil, err
	}
	s.Connect(f.ovs.Bridge(b.Name).Local(s.Receive).Send)
	return s, nil
}

func (f *fakeSite) outside() (Station, error) {
	c := StackConfig{Name: "outside", Addrs: []netip.Prefix{OutsideAddr, netip.PrefixFrom(BeyondAddr, 32)}}
	for _, g := range f.gateways {
		c.Routes = append(c.Routes, Route{Dst: g.Masked(), Via: HostAddr.Addr()})
	}
	return f.plugged(c, node.Uplink)
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
	s, err := f.plugged(StackConfig{
		Name:   e.Name,
		Addrs:  []netip.Prefix{e.Addr},
		Routes: []Route{{Dst: netip.PrefixFrom(netip.IPv4Unspecified(), 0), Via: e.Gateway}},
	}, e.Name)
	if err != nil {
		return nil, err
	}
	p, err := ports.Attach(ctx, port.Config{
		Bridge: bridgeName, Name: e.Name, Kind: port.Device, MAC: s.MAC(), Addrs: []netip.Prefix{e.Addr},
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
