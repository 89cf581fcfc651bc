// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import "math"

// setTimeouts gives the zones of tracked connections the timeout policies that the database has for them. All datapaths
// have one connection tracker, so those of the types that are in use count.
func (d *Daemon) setTimeouts(c *config) {
	wanted := map[uint16]map[string]uint32{}
	if c.root != nil {
		column := c.root.Get("datapaths")
		uuids := column.Values()
		for i, typ := range column.Strings() {
			row := c.tables["Datapath"][uuids[i]]
			if row == nil || d.datapaths[typ] == nil {
				continue
			}
			zones := row.Get("ct_zones")
			references := zones.Values()
			for j, zone := range zones.Ints() {
				z := c.tables["CT_Zone"][references[j]]
				if z == nil || zone < 0 || zone > math.MaxUint16 {
					continue
				}
				for _, p := range rows(c.tables, "CT_Timeout_Policy", z.Get("timeout_policy")) {
					wanted[uint16(zone)] = p.Get("timeouts").Numbers()
				}
			}
		}
	}
	for zone := range d.timeouts {
		if wanted[zone] == nil {
			d.datapath.Tracker().DeleteTimeouts(zone)
		}
	}
	for zone, seconds := range wanted {
		d.datapath.Tracker().SetTimeouts(zone, seconds)
	}
	d.timeouts = wanted
}
