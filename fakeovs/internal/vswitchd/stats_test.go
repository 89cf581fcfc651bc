// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd_test

import (
	"bytes"
	"testing"
	"time"
)

// frame is an Ethernet frame of n bytes from one station to another.
func frame(from, to byte, n int) []byte {
	head := []byte{2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from, 0x88, 0xb5}
	return append(head, bytes.Repeat([]byte{0}, n-len(head))...)
}

func TestStatisticsFollowTheClock(t *testing.T) {
	onBoth(t, func(s *side) {
		s.sees("add-br br0 -- set bridge br0 datapath_type=dummy other_config:hwaddr=aa:55:aa:55:00:00" +
			" -- add-port br0 p1 -- set interface p1 type=dummy ofport_request=1")
		s.stopTime()
		seen := func() { s.sees("get interface p1 statistics -- get interface br0 statistics") }
		seen()
		s.warp(11 * time.Second)
		seen()
		s.receive("p1", frame(1, 2, 60))
		s.receive("p1", frame(1, 2, 100))
		s.warp(11 * time.Second)
		seen()
		s.sees("set Open_vSwitch . other_config:stats-update-interval=100000")
		s.warp(51 * time.Second)
		s.receive("p1", frame(1, 2, 60))
		seen()
		s.warp(100 * time.Second)
		seen()
		s.receive("p1", frame(1, 2, 60))
		s.sees("clear Open_vSwitch . other_config")
		s.warp(11 * time.Second)
		seen()
	})
}

func TestDevicesGoDown(t *testing.T) {
	onBoth(t, func(s *side) {
		s.sees("add-br br0 -- set bridge br0 datapath_type=dummy other_config:hwaddr=aa:55:aa:55:00:00" +
			" -- add-port br0 p1 -- set interface p1 type=dummy ofport_request=1")
		s.setAdminState("p1", false)
		s.rows("Interface")
		s.ofctl("-OOpenFlow13 show BR/br0.mgmt")
		s.setAdminState("p1", true)
		s.rows("Interface")
		s.ofctl("-OOpenFlow13 show BR/br0.mgmt")
	})
}
