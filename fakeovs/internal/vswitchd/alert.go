// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import "github.com/ovskit/ovskit/fakeovs/internal/dbserver"

// unheeded are the columns whose change alone makes no round: those that the switch itself writes, and some more that
// ovs-vswitchd takes over only when something else changes, as next_cfg.
var unheeded = map[string]map[string]bool{
	"Open_vSwitch": set(
		"cur_cfg", "statistics", "datapath_types", "iface_types", "external_ids", "ovs_version", "db_version", "system_type",
		"system_version", "dpdk_version", "dpdk_initialized"),
	"Bridge": set("datapath_id", "datapath_version", "status", "rstp_status", "stp_enable", "rstp_enable", "external_ids"),
	"Port": set(
		"status", "rstp_status", "rstp_statistics", "statistics", "bond_active_slave", "external_ids", "trunks", "vlan_mode"),
	"Interface": set(
		"admin_state", "duplex", "link_speed", "link_state", "link_resets", "mac_in_use", "ifindex", "mtu", "ofport",
		"statistics", "status", "cfm_fault", "cfm_fault_status", "cfm_remote_mpids", "cfm_flap_count", "cfm_health",
		"cfm_remote_opstate", "bfd_status", "lacp_current", "error", "external_ids"),
	"Controller": set("is_connected", "role", "status", "external_ids"),
	"Mirror":     set("statistics", "external_ids"),
	"QoS":        set("external_ids"),
	"Queue":      set("external_ids"),
}

func set(members ...string) map[string]bool {
	s := map[string]bool{}
	for _, m := range members {
		s[m] = true
	}
	return s
}

// alerts reports whether there is anything between two states of the database that makes a round.
func alerts(before, after dbserver.Snapshot) bool {
	for _, table := range watchedTables {
		if len(before[table]) != len(after[table]) {
			return true
		}
		for uuid, row := range after[table] {
			if old := before[table][uuid]; old == nil || !row.EqualBut(old, unheeded[table]) {
				return true
			}
		}
	}
	return false
}
