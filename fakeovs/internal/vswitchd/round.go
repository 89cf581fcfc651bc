// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"fmt"
	"slices"
	"strings"
)

// round brings the switches into line with the database and reports. d.working is held.
func (d *Daemon) round() {
	c := readConfig(d.o.Database)
	wanted := map[string]*bridgeConfig{}
	for _, bc := range c.bridges {
		wanted[bc.name] = bc
	}
	// All that must go goes first: what comes may need its names and numbers.
	for _, b := range d.sortedBridges() {
		bc := wanted[b.name]
		if bc == nil || bc.datapathType != b.datapathType || bc.datapathID != b.datapathID {
			d.deleteBridge(b)
			continue
		}
		d.removePorts(b, bc)
	}
	errs := map[string]error{} // by interface
	for _, bc := range c.bridges {
		b := d.bridges[bc.name]
		if b == nil {
			if err := d.createBridge(bc); err != nil {
				d.log.Error("bridge failed", "error", err)
				continue
			}
			b = d.bridges[bc.name]
		}
		d.addPorts(b, bc, errs)
		if err := d.configure(b, bc); err != nil {
			d.log.Error("bridge failed", "bridge", b.name, "error", err)
		}
	}
	if err := d.report(c, errs); err != nil {
		d.log.Error("status not written", "error", err)
	}
}

func (d *Daemon) sortedBridges() []*bridge {
	all := make([]*bridge, 0, len(d.bridges))
	for _, b := range d.bridges {
		all = append(all, b)
	}
	slices.SortFunc(all, func(a, b *bridge) int { return strings.Compare(a.name, b.name) })
	return all
}

// removePorts removes the ports that are not wanted any more, or not as they are.
func (d *Daemon) removePorts(b *bridge, c *bridgeConfig) {
	wanted := map[string]*interfaceConfig{}
	for _, i := range c.interfaces {
		wanted[i.name] = i
	}
	for _, p := range b.sortedPorts() {
		i := wanted[p.name]
		if i == nil || i.kind != p.kind || i.mac.String() != p.mac.String() || i.open(d.o.Host) != nil {
			d.removePort(b, p)
		}
	}
	for _, p := range b.sortedPorts() {
		i := wanted[p.name]
		if b.ports[p.name] == nil || i.local || i.requested == 0 || i.requested == p.no {
			continue
		}
		// Somebody else may have the number only if he requested it, too.
		holder := b.portByNumber(i.requested)
		if holder != nil && wanted[holder.name].requested == i.requested {
			continue
		}
		if holder != nil {
			d.removePort(b, holder)
		}
		d.removePort(b, p)
	}
}

func (b *bridge) sortedPorts() []*port {
	all := make([]*port, 0, len(b.ports))
	for _, p := range b.ports {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *port) int { return strings.Compare(a.name, b.name) })
	return all
}

// addPorts adds the ports that are missing: first those that request a number.
func (d *Daemon) addPorts(b *bridge, c *bridgeConfig, errs map[string]error) {
	for _, requesting := range []bool{true, false} {
		for _, i := range c.interfaces {
			if b.ports[i.name] != nil || (i.requested != 0) != requesting {
				continue
			}
			err := i.open(d.o.Host)
			if err == nil && d.isOpen(i.name) {
				// The same device in two bridges.
				err = fmt.Errorf("could not add network device %s to ofproto (File exists)", i.name)
			}
			if err == nil {
				err = d.addPort(b, i)
			}
			if err != nil {
				errs[i.name] = err
			}
		}
	}
}

func (d *Daemon) isOpen(name string) bool {
	_, p := d.find(name)
	return p != nil
}
