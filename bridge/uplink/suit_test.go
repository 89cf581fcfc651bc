// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package uplink

import (
	"net"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
)

func TestUnsuitable(t *testing.T) {
	ether := netlink.LinkAttrs{Name: "eth0", EncapType: "ether", HardwareAddr: net.HardwareAddr{2, 0, 0, 0, 0, 1}}
	for _, tt := range []struct {
		name   string
		change func(*facts)
		want   string // part of the reason; empty: suitable
	}{
		{"NIC", func(*facts) {}, ""},
		{"wireless", func(f *facts) { f.wireless = true }, "wireless"},
		{"in a bond", func(f *facts) { f.master = "bond0" }, `belongs to device "bond0"`},
		{"port", func(f *facts) { f.holder = "br1" }, `port of bridge "br1"`},
		{"address mode", func(f *facts) { f.spare = "192.0.2.50" }, "spare address 192.0.2.50"},
		{"under a macvlan", func(f *facts) { f.stacked = "mac0" }, `"mac0" is on it`},
		{"ipvlan", func(f *facts) { f.link = &netlink.IPVlan{LinkAttrs: ether} }, "ipvlan"},
		{"macvlan", func(f *facts) { f.link = &netlink.Macvlan{LinkAttrs: ether, Mode: netlink.MACVLAN_MODE_BRIDGE} }, "macvlan"},
		{"macvtap", func(f *facts) {
			f.link = &netlink.Macvtap{Macvlan: netlink.Macvlan{LinkAttrs: ether, Mode: netlink.MACVLAN_MODE_VEPA}}
		}, "macvtap"},
		{"macvlan that passes all", func(f *facts) { f.link = &netlink.Macvlan{LinkAttrs: ether, Mode: netlink.MACVLAN_MODE_PASSTHRU} }, ""},
		{"internal port", func(f *facts) { f.link = &netlink.GenericLink{LinkAttrs: ether, LinkType: "openvswitch"} }, "internal port"},
		{"VLAN", func(f *facts) { f.link = &netlink.Vlan{LinkAttrs: ether} }, ""},
		{"loopback", func(f *facts) {
			a := ether
			a.Flags, a.EncapType = net.FlagLoopback, "loopback"
			f.link = &netlink.Device{LinkAttrs: a}
		}, "loopback"},
		{"tunnel", func(f *facts) {
			a := ether
			a.EncapType, a.HardwareAddr = "ipip", nil
			f.link = &netlink.Iptun{LinkAttrs: a}
		}, "no Ethernet device but ipip"},
	} {
		f := &facts{link: &netlink.Device{LinkAttrs: ether}}
		tt.change(f)
		got := f.unsuitable()
		if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
