// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"fmt"

	"github.com/ovskit/ovskit/fakeovs/internal/dbserver"
	"github.com/ovskit/ovskit/openflow"
)

// The version of Open vSwitch whose behaviour is emulated, and that of its database schema.
const (
	ovsVersion = "3.1.0"
	dbVersion  = "8.3.1"
)

// report writes what became of a configuration, in one transaction, with cur_cfg.
func (d *Daemon) report(c *config, errs map[string]error) error {
	if c.root == nil {
		return nil
	}
	err := d.o.Database.Update(func(tx *dbserver.Tx) error {
		for _, bc := range c.bridges {
			b := d.bridges[bc.name]
			if b == nil {
				continue
			}
			err := tx.Set("Bridge", bc.row.UUID(), dbserver.Fields{
				"datapath_id":      dbserver.Strings(fmt.Sprintf("%016x", b.datapathID)),
				"datapath_version": dbserver.Strings("<built-in>"),
			})
			if err != nil {
				return err
			}
			for _, i := range bc.interfaces {
				if i.row == nil {
					continue
				}
				if err := tx.Set("Interface", i.row.UUID(), status(i, b.ports[i.name], errs[i.name])); err != nil {
					return err
				}
			}
		}
		next, _ := c.root.Get("next_cfg").Integer()
		return tx.Set("Open_vSwitch", c.root.UUID(), dbserver.Fields{
			"cur_cfg":          dbserver.Integers(next),
			"ovs_version":      dbserver.Strings(ovsVersion),
			"db_version":       dbserver.Strings(dbVersion),
			"datapath_types":   dbserver.Strings(datapathTypes...),
			"iface_types":      dbserver.Strings(interfaceTypes()...),
			"dpdk_initialized": dbserver.Booleans(false),
			"dpdk_version":     dbserver.Strings("none"),
		})
	})
	if err != nil {
		return fmt.Errorf("report to the database: %w", err)
	}
	return nil
}

// status is the state of an interface: open with a number, or failed with a reason.
func status(i *interfaceConfig, p *port, failed error) dbserver.Fields {
	none := dbserver.Datum{}
	f := dbserver.Fields{
		"ofport": dbserver.Integers(-1), "error": none, "mac_in_use": none, "admin_state": none, "link_state": none,
		"link_resets": none, "mtu": none, "ifindex": none,
	}
	if failed != nil {
		f["error"] = dbserver.Strings(failed.Error())
	}
	if p == nil {
		return f
	}
	no := int64(p.no)
	if p.no == openflow.PortLocal {
		no = localPort
	}
	f["ofport"] = dbserver.Integers(no)
	f["mac_in_use"] = dbserver.Strings(p.mac.String())
	f["admin_state"] = dbserver.Strings("up")
	f["link_state"] = dbserver.Strings("up")
	f["link_resets"] = dbserver.Integers(0)
	f["ifindex"] = dbserver.Integers(0)
	if i.hasMTU() {
		f["mtu"] = dbserver.Integers(i.mtu)
	}
	return f
}
