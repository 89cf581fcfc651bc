// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd_test

import "testing"

func TestSettings(t *testing.T) {
	onBoth(t, func(s *side) {
		s.sees("add-br br0 -- set bridge br0 datapath_type=dummy fail_mode=secure other_config:hwaddr=aa:55:aa:55:00:00" +
			" other_config:datapath-id=fedcba9876543210 -- add-port br0 p1 -- set interface p1 type=dummy ofport_request=1")
		s.ofctl("show BR/br0.mgmt")
		s.ofctl("queue-stats BR/br0.mgmt")
		s.ofctl("dump-ports BR/br0.mgmt")
		s.ofctl("-OOpenFlow13 dump-desc BR/br0.mgmt")
		s.sees("set bridge br0 other_config:dp-desc=test-dp other_config:dp-sn=7 protocols=OpenFlow10,OpenFlow14")
		s.ofctl("-OOpenFlow13 dump-desc BR/br0.mgmt")
		s.ofctl("-OOpenFlow14 dump-desc BR/br0.mgmt")
		s.sees("clear bridge br0 protocols -- remove bridge br0 other_config dp-sn")
		s.ofctl("-OOpenFlow13 dump-desc BR/br0.mgmt")

		s.vsctl("--id=@t create Flow_Table name=main flow_limit=2 -- set bridge br0 flow_tables:0=@t")
		for _, port := range []string{"1", "2", "3"} {
			s.ofctl("add-flow BR/br0.mgmt idle_timeout=100,in_port=" + port + ",actions=drop")
		}
		s.ofctl("dump-flows BR/br0.mgmt --no-stats")
		s.sees("set Flow_Table main overflow_policy=evict groups=NXM_OF_IN_PORT[]")
		s.ofctl("-OOpenFlow14 add-flow BR/br0.mgmt idle_timeout=200,in_port=4,actions=drop")
		s.ofctl("dump-flows BR/br0.mgmt --no-stats")
		s.sees("set Flow_Table main flow_limit=1")
		s.ofctl("dump-flows BR/br0.mgmt --no-stats")
		s.rows("Bridge", "Flow_Table")

		// What only has to be taken.
		s.vsctl("-- set bridge br0 netflow=@n -- --id=@n create NetFlow targets=\"127.0.0.1:1\"")
		s.vsctl("-- set bridge br0 sflow=@n -- --id=@n create sFlow targets=\"127.0.0.1:1\" agent=lo sampling=1 polling=0")
		s.vsctl("-- set bridge br0 ipfix=@n -- --id=@n create IPFIX targets=\"127.0.0.1:1\" sampling=1")
		s.vsctl("set port p1 qos=@q -- --id=@q create QoS type=linux-htb queues:1=@x -- --id=@x create Queue")
		s.sees("set bridge br0 mcast_snooping_enable=true -- set interface p1 bfd:enable=false cfm_mpid=[]")
		s.sees("set interface p1 ingress_policing_rate=1000 ingress_policing_burst=100")
		s.rows("Bridge", "Port", "Interface", "QoS", "Queue", "NetFlow", "sFlow", "IPFIX")
		s.ofctl("queue-stats BR/br0.mgmt")
	})
}

func TestTwoBridges(t *testing.T) {
	onBoth(t, func(s *side) {
		s.sees("add-br br0 -- set bridge br0 datapath_type=dummy other_config:hwaddr=aa:55:aa:55:00:00")
		s.sees("add-br br1 -- set bridge br1 datapath_type=dummy other_config:hwaddr=aa:66:aa:66:00:00")
		s.sees("add-port br0 p0 -- set interface p0 type=patch options:peer=p1")
		s.rows("Interface")
		s.sees("add-port br1 p1 -- set interface p1 type=patch options:peer=p0")
		s.rows("Bridge", "Interface")
		s.sees("set interface p1 options:peer=p2")
		s.sees("add-port br1 p2 -- set interface p2 type=patch options:peer=p0")
		s.rows("Interface")
		s.sees("del-port p0 -- del-port p1 -- del-port p2")
		s.sees("add-port br1 p3 -- set interface p3 type=internal")
		s.sees("add-br p3")
		s.sees("add-port br0 v1 -- set interface v1 type=vxlan options:remote_ip=1.1.1.1")
		s.sees("add-port br1 v2 -- set interface v2 type=vxlan options:remote_ip=1.1.1.1")
		s.sees("add-port br1 v3 -- set interface v3 type=vxlan options:remote_ip=1.1.1.1 options:key=7")
		s.sees("add-port br1 v4 -- set interface v4 type=vxlan options:remote_ip=1.1.1.1 options:key=flow")
		s.sees("add-port br1 v5 -- set interface v5 type=vxlan options:remote_ip=1.1.1.1 options:in_key=7 options:out_key=8")
		s.rows("Interface")
		s.sees("set interface v3 options:key=8")
		s.sees("set interface v5 ofport_request=40")
		s.rows("Interface")
		s.sees("add-br br2 -- set bridge br2 datapath_type=odd")
		s.sees("add-br b/c -- set bridge b/c datapath_type=dummy")
		s.rows("Bridge")
		s.sees("del-br br1")
		s.rows("Bridge", "Interface")
		s.sees("set bridge br0 datapath_type=netdev")
		s.sees("get interface v1 ofport error")
	})
}
