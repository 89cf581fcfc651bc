// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/dbserver"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
)

// setLinks gives a bridge's NORMAL what the database says of ports, and of the bridge as a switch.
func (d *Daemon) setLinks(b *bridge, c *bridgeConfig) {
	var links []pipeline.Link
	for _, pc := range c.ports {
		if l, ok := b.linkOf(pc); ok {
			links = append(links, l)
		}
	}
	b.sw.SetLinks(links)
	config := c.row.Get("other_config")
	b.sw.SetLearning(pipeline.LearningOptions{
		Aging:       time.Duration(number(config, "mac-aging-time")) * time.Second,
		MaxEntries:  number(config, "mac-table-size"),
		FloodVLANs:  c.row.Get("flood_vlans").Ints(),
		ForwardBPDU: config.Lookup("forward-bpdu") == "true",
	})
	b.setSnooping(c)
}

// setSnooping gives a bridge's NORMAL what the database says of multicast snooping.
func (b *bridge) setSnooping(c *bridgeConfig) {
	if !c.row.Get("mcast_snooping_enable").Bool() {
		b.sw.SetSnooping(nil)
		return
	}
	config := c.row.Get("other_config")
	o := pipeline.SnoopingOptions{
		Aging:       time.Duration(number(config, "mcast-snooping-aging-time")) * time.Second,
		MaxGroups:   number(config, "mcast-snooping-table-size"),
		OnlyRouters: config.Lookup("mcast-snooping-disable-flood-unregistered") == "true",
	}
	for _, pc := range c.ports {
		if pc.row == nil {
			continue
		}
		config := pc.row.Get("other_config")
		if config.Lookup("mcast-snooping-flood") == "true" {
			o.Flood = append(o.Flood, pc.name)
		}
		if config.Lookup("mcast-snooping-flood-reports") == "true" {
			o.Reports = append(o.Reports, pc.name)
		}
	}
	b.sw.SetSnooping(&o)
}

// number is an entry of a map that is a number, 0 if it is none or there is none.
func number(m dbserver.Datum, key string) int {
	n, _ := strconv.Atoi(m.Lookup(key))
	return n
}

// linkOf is what a port is to NORMAL. It is false if none of its interfaces could be opened.
func (b *bridge) linkOf(pc *portConfig) (pipeline.Link, bool) {
	l := pipeline.Link{Name: pc.name}
	for _, i := range pc.interfaces {
		if p := b.ports[i.name]; p != nil {
			l.Members = append(l.Members, p.no)
		}
	}
	if len(l.Members) == 0 || pc.row == nil {
		return l, len(l.Members) > 0
	}
	vlan, tagged := pc.row.Get("tag").Integer()
	l.VLAN = uint16(vlan)
	l.Mode = pipeline.VLANMode(pc.row.Get("vlan_mode").String())
	if l.Mode == "" {
		l.Mode = pipeline.VLANTrunk
		if tagged {
			l.Mode = pipeline.VLANAccess
		}
	}
	if t := pc.row.Get("trunks"); t.Len() > 0 {
		l.Trunks = t.Ints()
	}
	if t := pc.row.Get("cvlans"); t.Len() > 0 {
		l.CustomerVLANs = t.Ints()
	}
	config := pc.row.Get("other_config")
	if config.Lookup("qinq-ethtype") == "802.1q" {
		l.Service = 0x8100
	}
	switch config.Lookup("priority-tags") {
	case "if-nonzero", "true":
		l.PriorityTags = pipeline.PriorityTagsIfNonzero
	case "always":
		l.PriorityTags = pipeline.PriorityTagsAlways
	}
	l.Protected = pc.row.Get("protected").Bool()
	if len(l.Members) > 1 {
		l.Bond = bondOf(pc)
	}
	return l, true
}

// bondOf is how the interfaces of a port work together.
func bondOf(pc *portConfig) *pipeline.Bond {
	milliseconds := func(column string) time.Duration {
		n, _ := pc.row.Get(column).Integer()
		return time.Duration(max(0, n)) * time.Millisecond
	}
	config := pc.row.Get("other_config")
	b := &pipeline.Bond{
		Mode:    pipeline.BondMode(pc.row.Get("bond_mode").String()),
		UpDelay: milliseconds("bond_updelay"), DownDelay: milliseconds("bond_downdelay"),
		Basis: uint32(number(config, "bond-hash-basis")), Rebalance: 10 * time.Second,
		LACP: slices.Contains([]string{"active", "passive"}, pc.row.Get("lacp").String()), AsksLACP: pc.row.Get("lacp").String() == "active",
		FallbackAB: config.Lookup("lacp-fallback-ab") == "true", AllActive: config.Lookup("all-members-active") == "true",
	}
	if b.Mode == "" {
		b.Mode = pipeline.ActiveBackup
	}
	if b.Mode == pipeline.ActiveBackup || b.FallbackAB {
		b.Primary = config.Lookup("bond-primary")
	}
	b.DatapathBalances = b.Mode == pipeline.BalanceTCP && config.Lookup("lb-output-action") == "true"
	if ms, err := strconv.Atoi(config.Lookup("bond-rebalance-interval")); err == nil {
		if b.Rebalance = time.Duration(ms) * time.Millisecond; ms != 0 {
			b.Rebalance = max(b.Rebalance, time.Second)
		}
	}
	if mac, err := net.ParseMAC(pc.row.Get("bond_active_slave").String()); err == nil {
		b.ActiveMAC = mac
	}
	return b
}

// setMirrors gives a bridge its mirrors.
func (d *Daemon) setMirrors(b *bridge, c *bridgeConfig) {
	var mirrors []pipeline.Mirror
	names := map[string]string{} // of the ports that there are, by UUID
	var all []string
	for _, pc := range c.ports {
		if _, ok := b.linkOf(pc); ok {
			names[pc.uuid()] = pc.name
			all = append(all, pc.name)
		}
	}
	ports := func(references dbserver.Datum) (found []string) {
		for _, uuid := range references.Strings() {
			if name, ok := names[uuid]; ok {
				found = append(found, name)
			}
		}
		return found
	}
	for _, row := range c.mirrors {
		m := pipeline.Mirror{ID: row.UUID()}
		vlan, toVLAN := row.Get("output_vlan").Integer()
		m.OutputVLAN = uint16(vlan)
		if uuid := row.Get("output_port").String(); uuid != "" {
			if m.Output = names[uuid]; m.Output == "" {
				d.log.Error("mirror outputs to port not on bridge", "bridge", b.name, "mirror", row.Get("name").String())
				continue
			}
		} else if !toVLAN {
			d.log.Error("mirror does not specify output", "bridge", b.name, "mirror", row.Get("name").String())
			continue
		}
		if n, ok := row.Get("snaplen").Integer(); ok && n < 1<<16-1 {
			m.SnapLen = uint16(n)
		}
		if row.Get("select_all").Bool() {
			m.Sources, m.Destinations = all, all
		} else {
			m.Sources, m.Destinations = ports(row.Get("select_src_port")), ports(row.Get("select_dst_port"))
		}
		m.VLANs = row.Get("select_vlan").Ints()
		mirrors = append(mirrors, m)
	}
	b.sw.SetMirrors(mirrors)
}

// reportMirrors writes what the mirrors of a bridge have copied.
func (b *bridge) reportMirrors(tx *dbserver.Tx, c *bridgeConfig) error {
	for _, row := range c.mirrors {
		packets, bytes, ok := b.sw.MirrorCounts(row.UUID())
		counts := dbserver.Datum{}
		if ok {
			counts = dbserver.Counts(map[string]int64{"tx_packets": int64(packets), "tx_bytes": int64(bytes)})
		}
		if err := tx.Set("Mirror", row.UUID(), dbserver.Fields{"statistics": counts}); err != nil {
			return err
		}
	}
	return nil
}

// reportBonds writes which interfaces of the bonds are active.
func (b *bridge) reportBonds(tx *dbserver.Tx, c *bridgeConfig) error {
	for _, pc := range c.ports {
		if pc.row == nil || len(pc.interfaces) < 2 {
			continue
		}
		mac := b.sw.BondActive(pc.name)
		if mac == nil {
			continue
		}
		err := tx.Set("Port", pc.row.UUID(), dbserver.Fields{"bond_active_slave": dbserver.Strings(mac.String())})
		if err != nil {
			return err
		}
	}
	return nil
}
