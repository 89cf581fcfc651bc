// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd_test

import (
	"encoding/hex"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/conntrack"
)

// TestTimeoutPolicies gives a zone of tracked connections its own timeouts, and takes them away.
func TestTimeoutPolicies(t *testing.T) {
	// UDP from 10.0.0.1:1000 to 10.0.0.2:53, without a checksum.
	frame, err := hex.DecodeString("50540000000950540000000a08004500001c000000004011" + "66cf" + "0a0000010a000002" + "03e8003500080000")
	if err != nil {
		t.Fatal(err)
	}
	onBoth(t, func(s *side) {
		s.stopTime()
		s.sees("add-br br0 -- set bridge br0 datapath_type=dummy fail_mode=secure other_config:hwaddr=aa:55:aa:55:00:00" +
			" -- add-port br0 p1 -- set interface p1 type=dummy ofport_request=1")
		s.vsctl("-- --id=@d create Datapath datapath_version=0 -- set Open_vSwitch . datapaths:dummy=@d")
		s.sees("add-zone-tp dummy zone=1 udp_first=7 udp_single=8")
		s.ofctl("add-flow BR/br0.mgmt in_port=1,udp,actions=ct(commit,zone=1),ct(commit,zone=2)")
		connections := func() {
			s.receive("p1", frame)
			s.note("connections", func() string {
				zone := uint16(1)
				if s.daemon != nil {
					return s.daemon.Tracker().Dump(conntrack.DumpOptions{Zone: &zone, Stats: true})
				}
				return s.appctl("dpctl/dump-conntrack", "-s", "zone=1")
			})
		}
		connections()
		connections()
		s.sees("del-zone-tp dummy zone=1")
	})
}
