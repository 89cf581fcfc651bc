// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs

import (
	"strings"

	"github.com/ovskit/ovskit/openflow"
)

// Flows returns the flows of the bridge with their counters, by table and then by their coming; none if there is no such
// bridge. FlowStats.Flow has the notation of ovs-ofctl(8) as its String. Groups, meters and what else OpenFlow tells, a
// client on OVS.Dial asks for.
func (b *Bridge) Flows() []openflow.FlowStats {
	d := b.ovs.host.vswitchd()
	if d == nil {
		return nil
	}
	sw, ok := d.Bridge(b.name)
	if !ok {
		return nil
	}
	return sw.Flows()
}

// PortInfo is a port of a bridge.
type PortInfo struct {
	// Name is that of the interface, and Type the type of the device that was opened, such as "tap" for an internal port.
	Name, Type string
	// No is the OpenFlow port number.
	No uint32
}

// Ports returns the ports of the bridge, its own among them, by name; none if there is no such bridge.
func (b *Bridge) Ports() []PortInfo {
	d := b.ovs.host.vswitchd()
	if d == nil {
		return nil
	}
	var ports []PortInfo
	for _, info := range d.Bridges() {
		if info.Name != b.name {
			continue
		}
		for _, p := range info.Ports {
			ports = append(ports, PortInfo{Name: p.Name, Type: p.Kind, No: p.No})
		}
	}
	return ports
}

// Conntrack returns the tracked connections of all bridges, each as dpctl/dump-conntrack of ovs-vswitchd(8) prints it, in
// no order.
func (o *OVS) Conntrack() []string {
	text, err := o.AskSwitch("dpctl/dump-conntrack")
	if err != nil || text == "" {
		return nil // there is no switch, no bridge or no connection
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}
