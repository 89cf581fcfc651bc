// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// TestConfigIsChecked gives what no switch could be given. There is none here.
func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	controller := func(change func(c *bridge.Controller)) bridge.Config {
		c := bridge.Controller{Target: "tcp:192.0.2.1:6653"}
		change(&c)
		return bridge.Config{Controllers: []bridge.Controller{c}}
	}
	target := func(text string) bridge.Config {
		return controller(func(c *bridge.Controller) { c.Target = text })
	}
	for _, tt := range []struct {
		config bridge.Config
		want   string
	}{
		{bridge.Config{FailMode: "open"}, `fail mode "open"`},
		{bridge.Config{Protocols: []string{"OpenFlow99"}}, `protocol "OpenFlow99": want one of OpenFlow10, `},
		{bridge.Config{Protocols: []string{"OpenFlow13", "OpenFlow13"}}, `protocol "OpenFlow13": given twice`},
		{bridge.Config{MAC: net.HardwareAddr{1, 0, 0, 0, 0, 1}}, `MAC address "01:00:00:00:00:01"`},
		{bridge.Config{MAC: net.HardwareAddr{2, 0}}, `MAC address "02:00"`},
		{bridge.Config{MTU: 67}, "MTU 67"},
		{bridge.Config{MTU: -2}, "MTU -2"},
		{bridge.Config{FloodVLANs: []int{4096}}, "flood VLAN 4096: not between 0 and 4095"},
		{bridge.Config{FloodVLANs: []int{4, 4}}, "flood VLAN 4: given twice"},
		{bridge.Config{STP: &bridge.STP{Enable: true}, RSTP: &bridge.RSTP{Enable: true}}, "STP and RSTP: only one"},
		{bridge.Config{STP: &bridge.STP{SystemID: net.HardwareAddr{3, 0, 0, 0, 0, 0}}}, `STP: system id "03:00:00:00:00:00"`},
		{bridge.Config{STP: &bridge.STP{Priority: ptr(65536)}}, "STP: priority 65536"},
		{bridge.Config{STP: &bridge.STP{HelloTime: 11 * time.Second}}, "STP: hello time 11s: not whole seconds from 1s to 10s"},
		{bridge.Config{STP: &bridge.STP{HelloTime: 1500 * time.Millisecond}}, "STP: hello time 1.5s"},
		{bridge.Config{STP: &bridge.STP{MaxAge: 5 * time.Second}}, "STP: maximum age 5s"},
		{bridge.Config{STP: &bridge.STP{ForwardDelay: 31 * time.Second}}, "STP: forward delay 31s"},
		{bridge.Config{STP: &bridge.STP{HelloTime: 10 * time.Second}}, "STP: maximum age 20s: less than 2*(hello time 10s + 1s)"},
		{bridge.Config{STP: &bridge.STP{MaxAge: 30 * time.Second}}, "STP: maximum age 30s: more than 2*(forward delay 15s - 1s)"},
		{bridge.Config{RSTP: &bridge.RSTP{Address: net.HardwareAddr{1}}}, `RSTP: address "01"`},
		{bridge.Config{RSTP: &bridge.RSTP{Priority: ptr(4095)}}, "RSTP: priority 4095: not a multiple of 4096"},
		{bridge.Config{RSTP: &bridge.RSTP{AgeingTime: time.Second}}, "RSTP: ageing time 1s"},
		{bridge.Config{RSTP: &bridge.RSTP{TransmitHoldCount: 11}}, "RSTP: transmit hold count 11"},
		{bridge.Config{RSTP: &bridge.RSTP{ForwardDelay: 4 * time.Second}}, "RSTP: maximum age 20s: more than"},
		{bridge.Config{MulticastSnooping: &bridge.MulticastSnooping{TableSize: -1}}, "multicast snooping: table size -1"},
		{bridge.Config{MulticastSnooping: &bridge.MulticastSnooping{AgingTime: time.Second}}, "multicast snooping: aging time 1s"},
		{bridge.Config{MACTable: &bridge.MACTable{AgingTime: 2 * time.Hour}}, "MAC table: aging time 2h0m0s"},
		{bridge.Config{OtherConfig: map[string]string{"hwaddr": "x"}}, `other_config key "hwaddr": field MAC`},
		{bridge.Config{OtherConfig: map[string]string{"stp-priority": "1"}}, `other_config key "stp-priority": field STP`},
		{bridge.Config{NetFlow: &vswitch.NetFlow{Targets: []string{":1"}}}, `NetFlow: target ":1"`},
		{bridge.Config{NetFlow: &vswitch.NetFlow{Targets: []string{"a:1", "a:1"}}}, `NetFlow: target "a:1": given twice`},
		{bridge.Config{NetFlow: &vswitch.NetFlow{EngineID: ptr(int64(256))}}, "NetFlow: engine id 256"},
		{bridge.Config{NetFlow: &vswitch.NetFlow{ActiveTimeout: -2}}, "NetFlow: active timeout -2"},
		{bridge.Config{SFlow: &vswitch.SFlow{Sampling: ptr(int64(-1))}}, "sFlow: sampling -1"},
		{bridge.Config{IPFIX: &vswitch.IPFIX{Sampling: ptr(int64(0))}}, "IPFIX: sampling 0"},
		{bridge.Config{IPFIX: &vswitch.IPFIX{CacheActiveTimeout: ptr(int64(4201))}}, "IPFIX: cache active timeout 4201"},
		{bridge.Config{Controllers: []bridge.Controller{{Target: "ptcp:"}, {Target: "ptcp:"}}}, `controller "ptcp:": given twice`},
		{target(""), `controller "": target ""`},
		{target("192.0.2.1"), `target "192.0.2.1"`},
		{target("tcp:"), `target "tcp:"`},
		{target("tcp::6653"), `target "tcp::6653"`},
		{target("unix:/a b"), `target "unix:/a b"`},
		{target("ptcp:65536"), `target "ptcp:65536"`},
		{target("udp:192.0.2.1:1"), `target "udp:192.0.2.1:1"`},
		{controller(func(c *bridge.Controller) { c.Type = "backup" }), `type "backup"`},
		{controller(func(c *bridge.Controller) { c.ConnectionMode = "inband" }), `connection mode "inband"`},
		{controller(func(c *bridge.Controller) { c.InactivityProbe = ptr(-time.Second) }), "inactivity probe -1s"},
		{controller(func(c *bridge.Controller) { c.MaxBackoff = time.Millisecond }), "maximum backoff 1ms"},
		{controller(func(c *bridge.Controller) { c.LocalAddr = netip.MustParsePrefix("2001:db8::1/64") }), `local address "2001:db8::1/64"`},
		{controller(func(c *bridge.Controller) { c.LocalGateway = netip.MustParseAddr("192.0.2.1") }), `local gateway "192.0.2.1": without`},
		{controller(func(c *bridge.Controller) { c.QueueSize = 513 }), "queue size 513"},
		{controller(func(c *bridge.Controller) { c.RateLimit = 99 }), "rate limit 99"},
		{controller(func(c *bridge.Controller) { c.BurstLimit = 24 }), "burst limit 24"},
		{controller(func(c *bridge.Controller) { c.DSCP = ptr(64) }), "DSCP 64"},
	} {
		tt.config.Name = "br0"
		if _, err := bridge.Ensure(t.Context(), nil, tt.config); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Ensure: %v, want an error with %s", err, tt.want)
		}
		if _, err := bridge.Update(t.Context(), nil, tt.config); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Update: %v, want an error with %s", err, tt.want)
		}
	}
}
