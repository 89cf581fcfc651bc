// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import "github.com/ovskit/ovskit/fakeovs/internal/dbserver"

// reportCounters writes what changes without a change of the configuration: counters, and the state of the connections
// to controllers.
func (d *Daemon) reportCounters() {
	if d.config == nil || d.config.root == nil {
		return
	}
	err := d.o.Database.Update(func(tx *dbserver.Tx) error {
		for _, bc := range d.config.bridges {
			if b := d.bridges[bc.name]; b != nil {
				if err := d.reportBridgeCounters(tx, b, bc); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		d.log.Error("counters not written", "error", err)
	}
}

func (d *Daemon) reportBridgeCounters(tx *dbserver.Tx, b *bridge, c *bridgeConfig) error {
	for _, i := range c.interfaces {
		p := b.ports[i.name]
		if p == nil || i.row == nil {
			continue
		}
		if err := tx.Set("Interface", i.row.UUID(), dbserver.Fields{"statistics": b.statistics(p)}); err != nil {
			return err
		}
	}
	if err := b.reportMirrors(tx, c); err != nil {
		return err
	}
	if err := b.reportBonds(tx, c); err != nil {
		return err
	}
	return d.reportRemotes(tx, b, c)
}

func (d *Daemon) reportRemotes(tx *dbserver.Tx, b *bridge, c *bridgeConfig) error {
	for _, row := range c.controllers {
		r := b.remotes[row.Get("target").String()]
		if err := tx.Set("Controller", row.UUID(), r.status(d.clock.Now())); err != nil {
			return err
		}
	}
	return nil
}

// statistics are the counters of a port as Interface.statistics has them; which there are depends on the device.
func (b *bridge) statistics(p *port) dbserver.Datum {
	c, _ := b.sw.PortStats(p.no)
	rxPackets, rxBytes := int64(c.RxPackets), int64(c.RxBytes)
	txPackets, txBytes := int64(c.TxPackets), int64(c.TxBytes)
	counts := map[string]int64{
		"rx_packets": rxPackets, "rx_bytes": rxBytes, "tx_packets": txPackets, "tx_bytes": txBytes,
	}
	switch {
	case p.isVirtual():
	case p.dummy:
		counts["rx_custom_packets_1"], counts["rx_custom_packets_2"] = rxPackets, rxPackets
		counts["rx_q0_packets"], counts["rx_q0_bytes"] = rxPackets, rxBytes
		counts["tx_q0_packets"], counts["tx_q0_bytes"] = txPackets, txBytes
	default:
		for _, key := range []string{
			"collisions", "rx_crc_err", "rx_dropped", "rx_errors", "rx_frame_err", "rx_missed_errors",
			"rx_multicast_packets", "rx_over_err", "tx_dropped", "tx_errors",
		} {
			counts[key] = 0
		}
	}
	return dbserver.Counts(counts)
}
