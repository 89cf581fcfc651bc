// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd_test

import (
	"strings"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/flowtext"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
)

// traced notes the end of what ofproto/trace says of a packet.
func (s *side) traced(bridge, flow string) {
	s.t.Helper()
	s.note("trace of "+flow, func() string {
		text := s.trace(bridge, flow)
		return strings.TrimSpace(text[strings.Index(text, "Megaflow:"):])
	})
}

func TestTunnels(t *testing.T) {
	onBoth(t, func(s *side) {
		s.sees(bridge0 + dummies("") +
			" -- add-port br0 t2 -- set interface t2 type=gre options:remote_ip=1.1.1.1 options:local_ip=2.2.2.2 options:key=5 ofport_request=2" +
			" -- add-port br0 t3 -- set interface t3 type=vxlan options:remote_ip=1.1.1.2 options:in_key=7 options:out_key=8 options:ttl=3 options:tos=0x10 ofport_request=3" +
			" -- add-port br0 t4 -- set interface t4 type=geneve options:remote_ip=flow options:key=flow options:csum=true options:df_default=false ofport_request=4" +
			" -- add-port br0 t5 -- set interface t5 type=vxlan options:remote_ip=fe80::1 options:ttl=inherit options:tos=inherit options:dst_port=4790 ofport_request=5")
		if s.daemon == nil {
			s.appctl("dpif/set-dp-features", "br0", "tnl_push_pop", "false")
		}
		s.ofctl("add-flow BR/br0.mgmt in_port=1,actions=output:2,3,5")
		s.ofctl("add-flow BR/br0.mgmt in_port=2,actions=in_port,1")
		s.ofctl("add-flow BR/br0.mgmt in_port=3,actions=set_field:9.9.9.9->tun_dst,set_field:77->tun_id,4,1")
		const ip = ",ip,nw_src=10.0.0.1,nw_dst=10.0.0.2,nw_ttl=17,nw_proto=1"
		for _, flow := range []string{
			"in_port=1,dl_type=0x88b5", "in_port=1" + ip, "in_port=1" + ip + ",nw_tos=0x28,nw_ecn=1", "in_port=1" + ip + ",nw_ecn=3",
			"in_port=2" + ip + ",tun_id=5,tun_src=1.1.1.1,tun_dst=2.2.2.2",
			"in_port=3" + ip + ",tun_id=7,tun_src=1.1.1.2,tun_dst=2.2.2.2",
		} {
			s.traced("br0", flow)
		}
		s.sees("set interface t2 options:key=6")
		s.traced("br0", "in_port=1,dl_type=0x88b5")
	})
}

// TestTunnelOptions: the options of Geneve as fields that flows match and write.
func TestTunnelOptions(t *testing.T) {
	onBoth(t, func(s *side) {
		s.sees(bridge0 + dummies("") +
			" -- add-port br0 t2 -- set interface t2 type=geneve options:remote_ip=1.1.1.1 ofport_request=2" +
			" -- add-port br0 t3 -- set interface t3 type=gre options:remote_ip=flow options:key=flow ofport_request=3")
		if s.daemon == nil {
			s.appctl("dpif/set-dp-features", "br0", "tnl_push_pop", "false")
		}
		s.ofctlNow("add-tlv-map BR/br0.mgmt {class=0xffff,type=0,len=4}->tun_metadata0,{class=0xffff,type=1,len=8}->tun_metadata1," +
			"{class=0xffff,type=2,len=0}->tun_metadata2,{class=0xffff,type=0x80,len=20}->tun_metadata9")
		for _, flow := range []string{
			"priority=0,actions=drop",
			"table=0,in_port=1,actions=set_field:0xa->tun_metadata0,set_field:0x1234567890abcdef->tun_metadata1,2,set_field:5.5.5.5->tun_dst,3",
			"table=0,in_port=3,actions=delete_field:tun_metadata0,set_field:0x30/0xf0->tun_metadata1,set_field:0->tun_metadata2,2",
			"table=0,priority=9,in_port=2,tun_metadata0=0x2/0xf,actions=move:tun_metadata0[0..31]->reg0[],push:tun_metadata1[8..23],pop:tun_metadata0[16..31],resubmit(,1)",
			"table=0,priority=8,in_port=2,tun_metadata0,actions=load:7->tun_metadata1[60..63],move:tun_metadata0[0..11]->tun_metadata9[100..111],in_port,1",
			"table=0,priority=7,in_port=2,tun_metadata2,actions=output:tun_metadata9[0..15]",
			"table=0,priority=6,in_port=2,ip,tun_metadata9=0,actions=ct(table=2)",
			"table=1,priority=1,actions=learn(table=3,tun_metadata0[0..31]=tun_metadata1[0..31],load:tun_metadata0[0..7]->tun_metadata1[0..7],output:in_port),in_port",
			"table=2,priority=1,actions=set_field:1->tun_metadata0,in_port",
		} {
			s.ofctlNow("add-flow BR/br0.mgmt " + flow)
		}
		const ip = ",ip,nw_src=10.0.0.1,nw_dst=10.0.0.2,nw_ttl=17,nw_proto=1"
		const in2 = "in_port=2" + ip + ",tun_src=1.1.1.1,tun_dst=2.2.2.2"
		for _, flow := range []string{
			"in_port=1" + ip, "in_port=1,dl_type=0x88b5", "in_port=3" + ip + ",tun_src=1.1.1.9,tun_dst=2.2.2.2",
			in2, in2 + ",tun_metadata0=2", in2 + ",tun_metadata0=0x12,tun_metadata1=0x1122334455667788", in2 + ",tun_metadata0=0x1234",
			in2 + ",tun_metadata0=0x1234,tun_metadata9=0x11223344556677889900aabbccddee", in2 + ",tun_metadata2=0,tun_metadata9=1",
			in2 + ",tun_metadata9=0", in2 + ",tun_metadata1=5",
		} {
			s.traced("br0", flow)
		}
	})
}

// TestTunnelMetadata sends frames through tunnels and lets others come in by them.
func TestTunnelMetadata(t *testing.T) {
	s := startFake(t)
	s.vsctl("init")
	s.vsctl(bridge0 + " -- set bridge br0 fail_mode=secure" + dummies("") +
		" -- add-port br0 t2 -- set interface t2 type=gre options:remote_ip=1.1.1.1 options:key=5 ofport_request=2" +
		" -- add-port br0 t3 -- set interface t3 type=gre options:remote_ip=flow options:key=flow ofport_request=3")
	s.ofctlNow("add-flow BR/br0.mgmt in_port=1,actions=2")
	s.ofctlNow("add-flow BR/br0.mgmt in_port=2,tun_id=5,actions=1")
	sw, _ := s.daemon.Bridge("br0")
	r := sw.Input(1, frame(1, 2, 60))
	if len(r.Outputs) != 1 || r.Outputs[0].Tunnel == nil {
		t.Fatalf("got outputs %+v, want one through a tunnel", r.Outputs)
	}
	if got, want := flowtext.Tunnel(r.Outputs[0].Tunnel, nil), "tun_id=0x5,dst=1.1.1.1,ttl=64,flags(df|key)"; got != want {
		t.Errorf("got tunnel %s, want %s", got, want)
	}
	came, err := flowtext.ParseFlow("in_port=2,tun_id=5,tun_src=1.1.1.1,tun_dst=2.2.2.2", nil)
	if err != nil {
		t.Fatal(err)
	}
	if r := sw.InputTunnel(2, frame(1, 2, 60), &came); len(r.Outputs) != 1 || r.Outputs[0].Port != 1 {
		t.Errorf("a frame out of the tunnel: got outputs %+v, want one to port 1", r.Outputs)
	}
	p, _ := sw.Port(2)
	for flow, want := range map[string]uint32{
		"tun_id=5,tun_src=1.1.1.1,tun_dst=2.2.2.2": 2, "tun_id=6,tun_src=1.1.1.1,tun_dst=2.2.2.2": 3,
		"tun_id=5,tun_src=1.1.1.9,tun_dst=2.2.2.2": 3,
	} {
		key, err := flowtext.ParseFlow(flow, nil)
		if err != nil {
			t.Fatal(err)
		}
		var at *pipeline.Bridge
		var no uint32
		if at, no, _ = sw.Datapath().Receiver(p.Datapath, &key); at != sw.Bridge || no != want {
			t.Errorf("%s: got port %d, want %d", flow, no, want)
		}
	}
}
