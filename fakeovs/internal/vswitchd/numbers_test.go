// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestPortNumbers(t *testing.T) {
	onBoth(t, func(s *side) {
		s.sees("add-br br0 -- set bridge br0 datapath_type=dummy")
		numbers := func(names string) {
			for _, name := range strings.Fields(names) {
				s.sees("get interface " + name + " ofport")
			}
		}
		// Many at once are numbered in the order of a hash table. Where two names meet in it, the real order is random.
		var many, all string
		for _, n := range []int{1, 2, 4, 6, 7, 8, 15} {
			name := fmt.Sprintf("eth%d", n)
			many += fmt.Sprintf(" -- add-port br0 %s -- set interface %s type=dummy", name, name)
			all += " " + name
		}
		s.sees("set bridge br0 other_config:hwaddr=aa:55:aa:55:00:00" + many)
		numbers(all)
		s.rows("Interface")
		// Those of deleted ports are not given out again soon.
		s.sees("del-port eth2 -- del-port eth6")
		s.sees("add-port br0 new -- set interface new type=dummy")
		numbers("new eth4")
		// Conflicts.
		s.sees("set interface new ofport_request=9 -- set interface eth7 ofport_request=9")
		numbers(all + " new")
		s.sees("set interface eth7 ofport_request=50")
		s.sees("set interface new ofport_request=0")
		s.sees("set interface new ofport_request=65279")
		s.sees("set interface eth1 ofport_request=65279")
		s.sees("set interface br0 ofport_request=7")
		numbers(all + " new br0")
		s.restart()
		numbers(all + " new br0")
		s.rows("Bridge", "Port")
		s.sees("add-port br0 newer -- set interface newer type=dummy")
		numbers("newer")
	})
}
