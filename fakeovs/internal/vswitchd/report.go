// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"fmt"

	"github.com/ovskit/ovskit/fakeovs/internal/dbserver"
)

// The version of Open vSwitch whose behaviour is emulated, that of its database schema, and the system that it runs on.
const (
	ovsVersion    = "3.1.0"
	dbVersion     = "8.3.1"
	systemType    = "debian"
	systemVersion = "12"
)

// report writes what became of a configuration, in one transaction, with cur_cfg.
func (d *Daemon) report(c *config, errs map[string]error) error {
	if c.root == nil {
		return nil
	}
	err := d.o.Database.Update(func(tx *dbserver.Tx) error {
		for _, bc := range c.bridges {
			if b := d.bridges[bc.name]; b != nil {
				if err := d.reportBridge(tx, b, bc, errs); err != nil {
					return err
				}
			}
		}
		return tx.Set("Open_vSwitch", c.root.UUID(), d.rootStatus(c.root))
	})
	if err != nil {
		return fmt.Errorf("report to the database: %w", err)
	}
	return nil
}

// rootStatus is what the database is told once a configuration is in effect. What an installation's start script tells it
// is told once, so that a client may change that.
func (d *Daemon) rootStatus(root *dbserver.Row) dbserver.Fields {
	next, _ := root.Get("next_cfg").Integer()
	f := dbserver.Fields{
		"cur_cfg":          dbserver.Integers(next),
		"datapath_types":   dbserver.Strings(datapathTypes...),
		"iface_types":      dbserver.Strings(interfaceTypes()...),
		"dpdk_initialized": dbserver.Booleans(false),
		"dpdk_version":     dbserver.Strings("none"),
		"statistics":       dbserver.Datum{},
	}
	if !d.installed {
		d.installed = true
		f["ovs_version"] = dbserver.Strings(ovsVersion)
		f["db_version"] = dbserver.Strings(dbVersion)
		f["system_type"] = dbserver.Strings(systemType)
		f["system_version"] = dbserver.Strings(systemVersion)
	}
	return f
}

func (d *Daemon) reportBridge(tx *dbserver.Tx, b *bridge, c *bridgeConfig, errs map[string]error) error {
	none := dbserver.Datum{}
	err := tx.Set("Bridge", c.row.UUID(), dbserver.Fields{
		"datapath_id":      dbserver.Strings(fmt.Sprintf("%016x", b.datapathID)),
		"datapath_version": dbserver.Strings("<built-in>"),
		"status":           none, "rstp_status": none,
	})
	if err != nil {
		return err
	}
	if err := d.reportRemotes(tx, b, c); err != nil {
		return err
	}
	if err := b.reportBonds(tx, c); err != nil {
		return err
	}
	for _, p := range c.ports {
		if p.row == nil {
			continue
		}
		err := tx.Set("Port", p.row.UUID(), dbserver.Fields{
			"status": none, "statistics": none, "rstp_status": none, "rstp_statistics": none,
		})
		if err != nil {
			return err
		}
	}
	for _, i := range c.interfaces {
		if i.row == nil {
			continue
		}
		f := failure(errs[i.name])
		if p := b.ports[i.name]; p != nil {
			f = d.interfaceStatus(b, p)
			if p.new {
				f["statistics"] = b.statistics(p)
				p.new = false
			}
		}
		if err := tx.Set("Interface", i.row.UUID(), f); err != nil {
			return err
		}
	}
	return nil
}

// failure is the state of an interface that could not be opened, or not be made a port. What is not here stays as it was.
func failure(err error) dbserver.Fields {
	f := dbserver.Fields{"ofport": dbserver.Integers(-1)}
	for _, column := range []string{
		"error", "status", "admin_state", "duplex", "link_speed", "link_state", "mac_in_use", "mtu", "cfm_fault",
		"cfm_fault_status", "cfm_remote_mpids", "lacp_current", "statistics", "ifindex",
	} {
		f[column] = dbserver.Datum{}
	}
	if err != nil && err.Error() != "" {
		f["error"] = dbserver.Strings(err.Error())
	}
	return f
}

// interfaceStatus is the state of an interface that is open.
func (d *Daemon) interfaceStatus(b *bridge, p *port) dbserver.Fields {
	none := dbserver.Datum{}
	seen, _ := b.sw.Port(p.no)
	up := !seen.Down
	f := dbserver.Fields{
		"ofport":       dbserver.Integers(p.number()),
		"error":        none,
		"status":       none,
		"admin_state":  dbserver.Strings(upOrDown(up)),
		"link_state":   dbserver.Strings(upOrDown(up && p.carrier)),
		"link_resets":  dbserver.Integers(0),
		"duplex":       none,
		"link_speed":   none,
		"mtu":          none,
		"mac_in_use":   dbserver.Strings(p.mac.String()),
		"ifindex":      dbserver.Integers(p.ifindex),
		"lacp_current": none,
		"bfd_status":   none,
	}
	if p.mtu != 0 {
		f["mtu"] = dbserver.Integers(p.mtu)
	}
	if !p.isVirtual() && !p.dummy {
		f["duplex"] = dbserver.Strings("full")
		f["link_speed"] = dbserver.Integers(linkSpeed)
		driver := map[string]string{"driver_name": "tun", "driver_version": "1.6", "firmware_version": ""}
		if p.kind != "tap" {
			driver["driver_name"], driver["driver_version"] = "veth", "1.0"
		}
		f["status"] = dbserver.StringMap(driver)
	}
	if p.kind == patchType && p.link == nil {
		f["error"] = dbserver.Strings(fmt.Sprintf("No usable peer '%s' exists in '%s' datapath.", p.peer, b.datapathType))
	}
	return f
}

// linkSpeed is the speed of the host's devices in bit/s.
const linkSpeed = 10_000_000_000

func upOrDown(up bool) string {
	if up {
		return "up"
	}
	return "down"
}
