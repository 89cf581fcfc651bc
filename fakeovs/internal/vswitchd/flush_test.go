// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd_test

import "testing"

// TestFlush gives a bridge its first controller, which takes flows, groups and meters from it, and a table a name, which
// takes the one that a controller has given it.
func TestFlush(t *testing.T) {
	onBoth(t, func(s *side) {
		s.sees("add-br br0 -- set bridge br0 datapath_type=dummy fail_mode=secure other_config:hwaddr=aa:55:aa:55:00:00")
		show := func() {
			for _, what := range []string{"--no-stats dump-flows", "dump-groups", "dump-meters", "dump-table-features"} {
				s.ofctl("-O OpenFlow13 " + what + " BR/br0.mgmt")
			}
		}
		s.ofctlNow("-O OpenFlow13 add-flow BR/br0.mgmt in_port=1,actions=2")
		s.ofctlNow("-O OpenFlow13 add-group BR/br0.mgmt group_id=3,type=all,bucket=output:1")
		s.ofctlNow("-O OpenFlow13 add-meter BR/br0.mgmt meter=1,pktps,bands=type=drop,rate=1")
		s.ofctlNow("-O OpenFlow13 mod-table BR/br0.mgmt 7 name:mine")
		show()
		s.vsctl("-- --id=@t create Flow_Table name=seven -- set bridge br0 flow_tables:7=@t")
		s.vsctl("set-controller br0 ptcp:0:127.0.0.1")
		show()
		s.vsctl("remove bridge br0 flow_tables 7")
		show()
	})
}
