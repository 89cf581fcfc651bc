// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"maps"
	"slices"
	"strings"
)

// round brings the switches into line with the database and reports. d.working is held.
func (d *Daemon) round() {
	c := readConfig(d.o.Database)
	d.config = c
	d.hold(c)
	d.settleDatapath(c)
	wanted := map[string]*bridgeConfig{}
	for _, bc := range c.bridges {
		wanted[bc.name] = bc
	}
	// All that must go goes first: what comes may need its names and numbers.
	for _, b := range d.sortedBridges() {
		bc := wanted[b.name]
		if bc == nil || bc.datapathType != b.datapathType {
			d.deleteBridge(b)
			continue
		}
		d.removePorts(b, bc)
	}
	for _, bc := range c.bridges {
		if d.bridges[bc.name] != nil {
			continue
		}
		if err := d.createBridge(bc); err != nil {
			d.log.Error("bridge failed", "error", err)
		}
	}
	errs := map[string]error{} // by interface
	for _, bc := range c.bridges {
		if b := d.bridges[bc.name]; b != nil {
			d.addPorts(b, bc, errs)
		}
	}
	for _, bc := range c.bridges {
		if b := d.bridges[bc.name]; b != nil {
			d.configure(b, bc)
		}
	}
	d.setTimeouts(c)
	d.runRemotes()
	if err := d.report(c, errs); err != nil {
		d.log.Error("status not written", "error", err)
	}
}

// configure gives a bridge what it has beside ports.
func (d *Daemon) configure(b *bridge, c *bridgeConfig) {
	d.link(b)
	d.setAddresses(b, c)
	b.setMTUs()
	d.setTunnels(b, c)
	d.setLinks(b, c)
	d.setMirrors(b, c)
	d.settle(b, c)
	c.controlled = c.controlled && !d.holding
	d.setRemotes(b, c)
	if err := b.setFailMode(c); err != nil {
		d.log.Error("bridge failed", "bridge", b.name, "error", err)
	}
}

// hold lets the switch forward nothing while other_config:flow-restore-wait is true. Once it is not, it can no longer
// be set.
func (d *Daemon) hold(c *config) {
	d.holding = d.holding && c.root != nil && c.root.Get("other_config").Lookup("flow-restore-wait") == "true"
	d.datapath.Hold(d.holding)
}

func (d *Daemon) sortedBridges() []*bridge {
	return slices.SortedFunc(maps.Values(d.bridges), func(a, b *bridge) int { return strings.Compare(a.name, b.name) })
}

func (b *bridge) sortedPorts() []*port {
	return slices.SortedFunc(maps.Values(b.ports), func(a, b *port) int { return strings.Compare(a.name, b.name) })
}

// removePorts removes the ports that are not wanted any more, or not as they are.
func (d *Daemon) removePorts(b *bridge, c *bridgeConfig) {
	wanted := map[string]*interfaceConfig{}
	for _, i := range c.interfaces {
		wanted[i.name] = i
	}
	for _, p := range b.sortedPorts() {
		i := wanted[p.name]
		if i == nil || !d.keeps(b, p, i) {
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

// keeps reports whether a port can stay, and configures its device.
func (d *Daemon) keeps(b *bridge, p *port, i *interfaceConfig) bool {
	if p.kind != openKind(b.datapathType, i.kind) || d.gone(p) {
		return false
	}
	if p.configure(i, d.o.Dir) != nil || isTunnel(p.kind) && !d.keepsTunnel(b, p, i) {
		return false
	}
	d.mu.Lock()
	p.options = i.optionMap()
	d.mu.Unlock()
	return true
}

// keepsTunnel gives a tunnel what tells it from others now, if it can stay in its datapath's port.
func (d *Daemon) keepsTunnel(b *bridge, p *port, i *interfaceConfig) bool {
	identity := b.datapathType + " " + tunnelIdentity(i)
	if identity == p.identity {
		return true
	}
	if d.datapathOf(b).named[tunnelDevice(i)] != p.dp || d.tunnels[identity] {
		return false
	}
	delete(d.tunnels, p.identity)
	p.identity = identity
	d.tunnels[identity] = true
	return true
}

// gone reports whether the host has lost the device of a port.
func (d *Daemon) gone(p *port) bool {
	return d.failure(p.name) != "" || slices.Contains(systemTypes, p.kind) && !p.dummy && !d.o.Host.HasDevice(p.name)
}

// addPorts adds the ports that are missing: first those that request a number.
func (d *Daemon) addPorts(b *bridge, c *bridgeConfig, errs map[string]error) {
	for _, requesting := range []bool{true, false} {
		for _, i := range c.interfaces {
			if b.ports[i.name] != nil || (i.requested != 0) != requesting {
				continue
			}
			if err := d.addPort(b, i); err != nil {
				errs[i.name] = err
			}
		}
	}
}

func (d *Daemon) isOpen(name string) bool {
	_, p := d.find(name)
	return p != nil
}
