// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd_test

import "testing"

func TestRowsOfAPlainBridge(t *testing.T) {
	onBoth(t, func(s *side) {
		s.rows("Open_vSwitch")
		s.sees("add-br br0 -- set bridge br0 datapath_type=dummy")
		s.rows("Open_vSwitch", "Bridge", "Port", "Interface")
		s.sees("set bridge br0 fail_mode=secure other_config:datapath-id=fedcba9876543210 other_config:hwaddr=aa:55:aa:55:00:00")
		s.rows("Bridge", "Interface")
		s.sees("set bridge br0 other_config:datapath-id=0x5ad515c0")
		s.rows("Bridge")
		s.sees("set bridge br0 other_config:datapath-id=0x00")
		s.rows("Bridge")
		s.sees("add-port br0 p1 -- set interface p1 type=dummy ofport_request=1 options:ifindex=1010")
		s.sees("add-port br0 p2 -- set interface p2 type=internal mac=00\\:00\\:00\\:00\\:00\\:07")
		s.rows("Bridge", "Port", "Interface")
		s.sees("set port p1 mac=00\\:00\\:00\\:00\\:00\\:05")
		s.rows("Bridge", "Interface")
		s.sees("del-port p2")
		s.sees("add-port br0 v1 -- set interface v1 type=vxlan options:remote_ip=1.2.3.4 options:key=5")
		s.rows("Interface")
		s.sees("set bridge br0 datapath_type=netdev -- del-port p1 -- del-port v1 -- del-br br0")
		s.rows("Open_vSwitch", "Bridge", "Port", "Interface")
	})
}

func TestRowsOfInterfacesThatFail(t *testing.T) {
	onBoth(t, func(s *side) {
		s.sees("add-br br0 -- set bridge br0 datapath_type=dummy")
		for _, set := range []string{
			"p type=dummy", "p type=odd", "p type=patch", "p type=patch options:peer=p", "p type=patch options:peer=q",
			"p options:x=y", "p type=dummy", "p type=internal",
			"p type=vxlan", "p type=vxlan options:remote_ip=224.0.0.1", "p type=vxlan options:remote_ip=1.2.3.4",
			"p type=gre options:remote_ip=1.2.3.4", "p type=vxlan options:remote_ip=x options:local_ip=y options:foo=bar options:tos=1",
			"p type=geneve options:remote_ip=1.1.1.1 options:local_ip=flow",
			"p type=geneve options:remote_ip=1.1.1.1 options:local_ip=fe80::1",
			"p type=geneve options:remote_ip=1.1.1.1 options:packet_type=x",
			"p type=geneve options:remote_ip=1.1.1.1 options:packet_type=legacy_l3",
			"p type=gre options:remote_ip=1.1.1.1 options:packet_type=legacy_l3",
			"p type=lisp options:remote_ip=1.1.1.1 options:packet_type=legacy_l2 options:csum=true options:seq=true",
			"p type=vxlan options:remote_ip=1.1.1.1 options:packet_type=legacy_l3 options:exts=gbp,foo",
			"p type=vxlan options:remote_ip=1.1.1.1 options:packet_type=legacy_l3 options:exts=gpe",
			"p type=erspan options:remote_ip=1.1.1.1 options:erspan_ver=3",
			"p type=erspan options:remote_ip=1.1.1.1 options:erspan_ver=2 options:erspan_dir=2",
			"p type=erspan options:remote_ip=1.1.1.1 options:erspan_ver=2 options:erspan_dir=1 options:erspan_hwid=ff",
			"p type=erspan options:remote_ip=1.1.1.1 options:erspan_ver=1 options:erspan_idx=fffff0",
			"p type=erspan options:remote_ip=1.1.1.1 options:erspan_ver=1 options:erspan_idx=3",
			"p type=gtpu options:remote_ip=flow",
		} {
			s.vsctl("del-port p")
			s.sees("add-port br0 p -- set interface " + set)
			s.rows("Interface")
		}
		// A port that was good and is changed to a bad one, and back.
		s.sees("add-port br0 r -- set interface r type=dummy mtu_request=1400")
		for _, set := range []string{"type=odd", "type=patch", "options:peer=p", "type=dummy", "mtu_request=20", "mtu_request=[]"} {
			s.sees("set interface r " + set)
			s.rows("Interface")
		}
		for _, name := range []string{"vxlan_sys_4789", "ovs-dummy", "gre_sys"} {
			s.sees("add-port br0 " + name + " -- set interface " + name + " type=dummy")
			s.rows("Interface")
		}
	})
}
