// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"net"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
)

// HWAddr returns the Ethernet address of an interface that is open; nil if none of that name is.
func (d *Daemon) HWAddr(name string) net.HardwareAddr {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, p := d.find(name); p != nil {
		return append(net.HardwareAddr(nil), p.mac...)
	}
	return nil
}

// Input lets a frame enter the switch through an interface. It is dropped if no bridge has that open.
func (d *Daemon) Input(name string, frame []byte) {
	d.mu.Lock()
	b, p := d.find(name)
	d.mu.Unlock()
	if p != nil {
		p.pcap.Load().received(frame, d.clock.Now())
		b.sw.Forward(p.no, frame)
	}
}

// IsDummy reports whether an interface of that name is open and a dummy.
func (d *Daemon) IsDummy(name string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, p := d.find(name)
	return p != nil && p.dummy
}

// SetAdminState puts a device up or down, as somebody does at the host. When it returns, the database
// knows. It reports whether an interface of that name is open.
func (d *Daemon) SetAdminState(name string, up bool) bool {
	d.mu.Lock()
	b, p := d.find(name)
	d.mu.Unlock()
	if p == nil {
		return false
	}
	b.sw.ChangePort(p.no, func(p *pipeline.Port) { p.Down = !up })
	d.follow(devicesChanged)
	return true
}

// BridgeInfo is what a bridge is made of.
type BridgeInfo struct {
	Name         string
	DatapathType string
	Ports        []PortInfo // by name
}

// PortInfo is an interface of a bridge.
type PortInfo struct {
	Name string
	// Kind is the type of the device, as "dummy-internal" for an internal port of a dummy datapath.
	Kind string
	// No is the OpenFlow port number, Datapath the one in the datapath, 0 for none.
	No, Datapath uint32
	// Options are those of the interface that its device shows, as it reads them.
	Options map[string]string
}

// Bridges describes all bridges, by name.
func (d *Daemon) Bridges() []BridgeInfo {
	d.mu.Lock()
	defer d.mu.Unlock()
	bridges := make([]BridgeInfo, 0, len(d.bridges))
	for _, b := range d.sortedBridges() {
		info := BridgeInfo{Name: b.name, DatapathType: b.datapathType}
		for _, p := range b.sortedPorts() {
			info.Ports = append(info.Ports, PortInfo{
				Name: p.name, Kind: p.kind, No: p.no, Datapath: p.dp, Options: configuration(p.kind, p.options),
			})
		}
		bridges = append(bridges, info)
	}
	return bridges
}
