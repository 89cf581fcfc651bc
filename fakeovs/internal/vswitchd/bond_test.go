// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd_test

import (
	"testing"
	"time"
)

func TestBondOfActiveAndBackup(t *testing.T) {
	onBoth(t, func(s *side) {
		s.sees(bridge0 + dummies(""))
		s.sees("add-bond br0 bond0 p2 p3 bond_mode=active-backup other_config:bond-primary=p2" +
			" -- set interface p2 type=dummy ofport_request=2 -- set interface p3 type=dummy ofport_request=3")
		s.stopTime()
		const fields = ",dl_type=0x88b5,dl_src=02:00:00:00:00:01,dl_dst="
		// Which dummy has which address depends on the order in which they were opened.
		active := func() string {
			mac := s.vsctl("get port bond0 bond_active_slave")
			for _, name := range []string{"p2", "p3"} {
				if s.vsctl("get interface "+name+" mac_in_use") == mac {
					return name
				}
			}
			return mac
		}
		seen := func() {
			s.t.Helper()
			s.warp(6 * time.Second)
			s.note("active member", active)
			for _, flow := range []string{"in_port=1", "in_port=2", "in_port=3", "in_port=LOCAL"} {
				s.forwards("br0", flow+fields+"02:00:00:00:00:02")
				s.forwards("br0", flow+fields+"ff:ff:ff:ff:ff:ff")
			}
		}
		seen()
		s.setAdminState("p2", false)
		seen()
		s.setAdminState("p3", false)
		seen()
		s.setAdminState("p3", true)
		seen()
		s.sees("set port bond0 bond_updelay=20000 bond_downdelay=20000")
		s.setAdminState("p2", true)
		seen()
		s.warp(20 * time.Second)
		seen()
		s.setAdminState("p2", false)
		seen()
		s.warp(20 * time.Second)
		seen()
		s.fdb()
		s.sees("del-port bond0")
		seen()
	})
}
