// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd_test

import "testing"

// TestMegaflows: a flow on the label of IPv6 has it whole in the megaflow, an action that reads or writes it only its 20 bits.
func TestMegaflows(t *testing.T) {
	onBoth(t, func(s *side) {
		s.sees(bridge0 + dummies(""))
		for _, flow := range []string{
			"priority=0,actions=drop", "in_port=1,ipv6,ipv6_label=0x12345,actions=drop", "in_port=2,ipv6,ipv6_label=0x345/0xfff,actions=drop",
			"in_port=3,ipv6,actions=set_field:5->ipv6_label,1", "in_port=4,ipv6,actions=move:ipv6_label[]->reg0[0..19]",
		} {
			s.ofctlNow("add-flow BR/br0.mgmt " + flow)
		}
		for _, flow := range []string{
			"in_port=1,ipv6,ipv6_label=0x12345", "in_port=1,ipv6,ipv6_label=0x12344", "in_port=2,ipv6,ipv6_label=0x12345", "in_port=3,ipv6,nw_proto=6,ipv6_label=0x12345",
			"in_port=4,ipv6,ipv6_label=0x12345",
		} {
			s.traced("br0", flow)
		}
	})
}
