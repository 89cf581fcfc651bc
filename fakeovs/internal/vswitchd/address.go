// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"bytes"
	"encoding/binary"
	"net"
	"strconv"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
)

// setAddresses gives a bridge its Ethernet address and datapath ID, and internal ports the addresses that the database
// has for them.
func (d *Daemon) setAddresses(b *bridge, c *bridgeConfig) {
	mac := b.pickAddress(c)
	id := datapathID(c, mac)
	d.mu.Lock()
	b.mac, b.datapathID = mac, id
	d.mu.Unlock()
	b.sw.SetDatapathID(id)
	for _, i := range c.interfaces {
		p := b.ports[i.name]
		switch {
		case p == nil:
		case i.local:
			d.setAddress(b, p, mac)
		case i.kind == "internal" && i.row != nil:
			if mac, ok := parseAddress(i.row.Get("mac").String()); ok {
				d.setAddress(b, p, mac)
			}
		}
	}
}

func (d *Daemon) setAddress(b *bridge, p *port, mac net.HardwareAddr) {
	if bytes.Equal(p.mac, mac) {
		return
	}
	d.mu.Lock()
	p.mac = mac
	d.mu.Unlock()
	b.sw.ChangePort(p.no, func(p *pipeline.Port) { p.HWAddr = mac })
}

// parseAddress reads the Ethernet address of one station.
func parseAddress(s string) (net.HardwareAddr, bool) {
	mac, err := net.ParseMAC(s)
	return mac, err == nil && len(mac) == 6 && mac[0]&1 == 0 && !bytes.Equal(mac, make([]byte, 6))
}

// pickAddress chooses the address of a bridge: the configured one, else the lowest of its ports', else one of its own.
// Addresses that are only locally unique are not chosen, and those of ports that mirrors output to are not either.
func (b *bridge) pickAddress(c *bridgeConfig) net.HardwareAddr {
	if mac, ok := parseAddress(c.row.Get("other_config").Lookup("hwaddr")); ok {
		return mac
	}
	outputs := mirrorOutputs(c)
	var best net.HardwareAddr
	for _, pc := range c.ports {
		mac, ok := b.portAddress(pc)
		if !ok || mac[0]&3 != 0 || outputs[pc.uuid()] || reservedAddress(mac) {
			continue
		}
		if best == nil || bytes.Compare(mac, best) < 0 {
			best = mac
		}
	}
	if best == nil {
		best = hardwareAddr(b.name)
	}
	return best
}

// portAddress is the address that stands for a port: the configured one, else that of its first interface by name.
func (b *bridge) portAddress(pc *portConfig) (net.HardwareAddr, bool) {
	if pc.row != nil {
		if mac, err := net.ParseMAC(pc.row.Get("mac").String()); err == nil && len(mac) == 6 {
			return mac, true
		}
	}
	var first *port
	for _, i := range pc.interfaces {
		if p := b.ports[i.name]; p != nil && (first == nil || p.name < first.name) {
			first = p
		}
	}
	if first == nil || first.name == b.name {
		return nil, false
	}
	return first.mac, true
}

// reservedAddress reports whether an address is no station's: zero, or one of those that bridges take for protocols.
func reservedAddress(mac net.HardwareAddr) bool {
	return bytes.Equal(mac, make([]byte, 6)) || bytes.HasPrefix(mac, []byte{0x00, 0xe0, 0x2b, 0, 0})
}

// datapathID is the configured datapath ID, else the bridge's address.
func datapathID(c *bridgeConfig, mac net.HardwareAddr) uint64 {
	text := c.row.Get("other_config").Lookup("datapath-id")
	hex := strings.TrimPrefix(text, "0x")
	if len(hex) == 16 || len(hex) < len(text) && len(hex) <= 16 {
		if id, err := strconv.ParseUint(hex, 16, 64); err == nil && id != 0 {
			return id
		}
	}
	return binary.BigEndian.Uint64(append([]byte{0, 0}, mac...))
}

// uuid is that of the port's row; "" if there is none.
func (p *portConfig) uuid() string {
	if p.row == nil {
		return ""
	}
	return p.row.UUID()
}

// mirrorOutputs are the ports that the mirrors of a bridge output to, by UUID.
func mirrorOutputs(c *bridgeConfig) map[string]bool {
	ports := map[string]bool{}
	for _, m := range c.mirrors {
		if uuid := m.Get("output_port").String(); uuid != "" {
			ports[uuid] = true
		}
	}
	return ports
}
