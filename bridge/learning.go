// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"errors"
	"time"
)

// A MACTable is the table of learned MAC addresses of a bridge that forwards as an
// ordinary switch does. What is zero has ovs-vswitchd's default, also in a bridge
// that had another value.
type MACTable struct {
	// Size is how many addresses are learned at most, 8192 by default.
	Size int
	// AgingTime is how long an address is kept that is not seen, 15 to 3600
	// whole seconds, 300 by default.
	AgingTime time.Duration
}

// A MulticastSnooping makes a bridge learn from IGMP and MLD who wants which
// multicast group. The zero MulticastSnooping turns it off. What is zero has
// ovs-vswitchd's default, also in a bridge that had another value.
type MulticastSnooping struct {
	// Enable turns it on.
	Enable bool
	// TableSize is how many groups are learned at most, 2048 by default.
	TableSize int
	// AgingTime is how long a member is kept that does not report, 15 to 3600
	// whole seconds, 300 by default.
	AgingTime time.Duration
	// DisableFloodUnregistered keeps packets to groups that nobody was seen to
	// want from all ports but those with a router.
	DisableFloodUnregistered bool
}

func (m *MACTable) check() error {
	return errors.Join(
		checkRange("size", m.Size, 1, maxInt32),
		checkSeconds("aging time", m.AgingTime, 15, 3600))
}

func (m *MulticastSnooping) check() error {
	return errors.Join(
		checkRange("table size", m.TableSize, 1, maxInt32),
		checkSeconds("aging time", m.AgingTime, 15, 3600))
}

// otherConfig is what the settings are in Bridge.other_config; what is empty is
// not to be there.
func (m *MACTable) otherConfig() map[string]string {
	return map[string]string{"mac-table-size": count(m.Size), "mac-aging-time": seconds(m.AgingTime)}
}

func (m *MulticastSnooping) otherConfig() map[string]string {
	disable := ""
	if m.DisableFloodUnregistered {
		disable = "true"
	}
	return map[string]string{
		"mcast-snooping-table-size":                 count(m.TableSize),
		"mcast-snooping-aging-time":                 seconds(m.AgingTime),
		"mcast-snooping-disable-flood-unregistered": disable,
	}
}
