// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"strings"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// externalIDs are the interface's external_ids: the caller's, and what Get and
// Detach need to know.
func externalIDs(c *Config) map[string]string {
	ids := map[string]string{}
	maps.Copy(ids, c.ExternalIDs)
	set := func(key, value string) {
		if value != "" {
			ids[key] = value
		}
	}
	set(mark.Owner, c.owner())
	set(mark.Kind, c.Kind.String())
	set(mark.SwitchNetns, c.SwitchNetns)
	set(mark.AttachedMAC, c.MAC.String())
	set(mark.Netns, c.Netns)
	set(mark.Ifname, c.Ifname)
	addrs := make([]string, len(c.Addrs))
	for i, a := range c.Addrs {
		addrs[i] = a.String()
	}
	set(mark.Addrs, strings.Join(addrs, " "))
	if c.ContainerID != "" {
		set(mark.ContainerID, c.ContainerID)
		set(mark.ContainerIface, c.Ifname)
	}
	return ids
}

// port is the port that was made of the config, whose defaults are filled in.
func (c *Config) port(iface *vswitch.Interface) *Port {
	return &Port{
		Name: c.Name, OFPort: uint32(*iface.OFPort), MAC: c.MAC, Netns: c.Netns, Ifname: c.Ifname, Addrs: c.Addrs,
	}
}

// get reads back what externalIDs wrote.
func get(db *vswitch.DB, name string) (*Port, error) {
	if _, ok := db.PortBridge(name); !ok {
		return nil, ErrNotFound
	}
	iface, ok := db.Interface(name)
	if !ok {
		return nil, fmt.Errorf("interface of that name: %w", ErrNotFound) // a bond
	}
	made, err := isMade(iface)
	if err != nil {
		return nil, err
	}
	if !made {
		return nil, vswitch.ErrNotApplied
	}
	ids := iface.ExternalIDs
	p := &Port{Name: name, OFPort: uint32(*iface.OFPort), Netns: ids[mark.Netns], Ifname: ids[mark.Ifname]}
	if text, ok := ids[mark.AttachedMAC]; ok {
		if p.MAC, err = net.ParseMAC(text); err != nil {
			return nil, fmt.Errorf("external_ids:%s: %w", mark.AttachedMAC, err)
		}
	}
	for _, text := range strings.Fields(ids[mark.Addrs]) {
		a, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("external_ids:%s: %w", mark.Addrs, err)
		}
		p.Addrs = append(p.Addrs, a)
	}
	return p, nil
}
