// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/fakeovs/internal/flowtext"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
)

// scenario is what ovs-ofctl does to a bridge, and packets that are traced then. Of a packet with an "!" a frame is made,
// which has effects.
type scenario struct {
	name     string
	commands []string
	packets  []string
}

var scenarios = []scenario{
	{"old actions", []string{
		"add-flow br0 in_port=1,ip,actions=mod_dl_src:00:00:00:00:00:09,mod_nw_dst:1.2.3.4,mod_nw_tos:4,mod_tp_dst:9,enqueue:2:1,2",
		"add-flow br0 in_port=2,actions=mod_vlan_vid:5,mod_vlan_pcp:3,3,strip_vlan,mod_nw_src:9.9.9.9,enqueue:2:1,set_queue:4,4",
		"add-flow br0 in_port=3,tcp,actions=load:5->NXM_NX_REG1[3..9],set_tunnel:0x1234,set_tunnel64:0x123456789a,load:7->in_port,1",
	}, []string{
		"in_port=1,tcp,tcp_dst=5", "in_port=1,icmp", "in_port=2,udp,nw_tos=16", "in_port=2,dl_vlan=7,dl_type=0x1234",
		"in_port=3,tcp,nw_ttl=2",
	}},
	{"conjunctions", []string{
		"add-flow br0 conj_id=1,ip,actions=mod_dl_src:00:00:00:00:00:01,2",
		"add-flow br0 priority=5,conj_id=2,ip,actions=3",
		"add-flow br0 priority=10,ip,nw_src=10.0.0.1,actions=conjunction(1,1/2),conjunction(2,1/3)",
		"add-flow br0 priority=10,ip,nw_src=10.0.0.4,actions=conjunction(1,1/2)",
		"add-flow br0 priority=10,ip,nw_dst=10.0.0.2,actions=conjunction(1,2/2),conjunction(2,2/3)",
		"add-flow br0 priority=10,ip,nw_dst=10.0.0.0/24,actions=conjunction(2,2/3)",
		"add-flow br0 priority=10,tcp,tp_dst=80,actions=conjunction(2,3/3)",
		"add-flow br0 priority=9,udp,actions=4",
		"add-flow br0 priority=0,actions=resubmit(,1)",
	}, []string{
		"in_port=1,tcp,nw_src=10.0.0.1,nw_dst=10.0.0.2,tcp_dst=80", "in_port=1,tcp,nw_src=10.0.0.1,nw_dst=10.0.0.7,tcp_dst=80",
		"in_port=1,udp,nw_src=10.0.0.4,nw_dst=10.0.0.2", "in_port=1,udp,nw_src=10.0.0.4,nw_dst=10.0.0.9",
		"in_port=1,tcp,nw_src=10.0.0.9,nw_dst=10.0.0.2,tcp_dst=80", "in_port=1,arp",
	}},
	{"learning", []string{
		"add-flow br0 table=0,priority=9,tcp,actions=learn(table=1,priority=7,hard_timeout=9,cookie=0x5,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[]," +
			"dl_type=0x800,nw_proto=6,NXM_OF_IP_SRC[]=NXM_OF_IP_DST[],load:NXM_OF_IN_PORT[]->NXM_NX_REG0[0..15],output:NXM_OF_IN_PORT[])," +
			"resubmit(,1)",
		"add-flow br0 table=0,priority=1,actions=learn(table=2,limit=1,result_dst=reg3[2],NXM_OF_ETH_SRC[],load:1->reg5[]),output:reg3[]",
		"add-flow br0 table=1,priority=0,actions=4",
	}, []string{
		"!in_port=1,tcp,dl_src=00:00:00:00:00:01,dl_dst=00:00:00:00:00:02,nw_src=1.1.1.1,nw_dst=2.2.2.2,nw_ttl=9",
		"in_port=2,tcp,dl_src=00:00:00:00:00:02,dl_dst=00:00:00:00:00:01,nw_src=2.2.2.2,nw_dst=1.1.1.1",
		"!in_port=1,dl_type=0x1234,dl_src=00:00:00:00:00:01", "!in_port=1,dl_type=0x1234,dl_src=00:00:00:00:00:02",
		"in_port=1,dl_type=0x1234,dl_src=00:00:00:00:00:03",
	}},
	{"IPv6", []string{
		"add-flow br0 table=0,ipv6,ipv6_dst=2001:db8::/32,actions=set_field:2001:db8::1->ipv6_src,dec_ttl,2",
		"add-flow br0 table=0,priority=40000,ipv6,ipv6_dst=2001:db8:0:5::/64,ipv6_src=fe80::/10,actions=move:NXM_NX_IPV6_SRC[]->NXM_NX_IPV6_DST[],3",
		"add-flow br0 priority=5,icmp6,icmp_type=135,nd_target=fe80::1,actions=set_field:00:00:00:00:00:07->nd_sll,set_field:fe80::9->nd_target,4",
	}, []string{
		"in_port=1,tcp6,ipv6_src=fe80::1,ipv6_dst=2001:db8::7,nw_ttl=9", "in_port=1,udp6,ipv6_src=fe80::1,ipv6_dst=2001:db8:0:5::7",
		"in_port=1,udp6,ipv6_src=2002::1,ipv6_dst=2001:db8:0:5::7,nw_ttl=64", "in_port=1,ipv6,ipv6_dst=ff02::1",
		"in_port=1,icmp6,icmpv6_type=135,nd_target=fe80::1,nd_sll=00:00:00:00:00:01",
	}},
	{"connections", []string{
		"add-flow br0 table=0,priority=5,ct_state=-trk,tcp,actions=ct(table=1,zone=3)",
		"add-flow br0 table=0,priority=5,ct_state=-trk,udp,actions=ct(commit,table=1,zone=reg0[0..15],nat(src=10.1.1.1-10.1.1.4:5-9,random)," +
			"exec(load:1->NXM_NX_CT_MARK[],set_field:0x5->ct_label),alg=tftp)",
		"add-flow br0 table=1,ct_state=+new+trk,tcp,actions=ct(commit,zone=3,force),resubmit(,2,ct),2",
		"add-flow br0 table=1,ct_state=+est,tcp,ct_zone=3,actions=3,ct_clear,resubmit(,2)",
		"add-flow br0 table=2,ct_state=-trk,actions=4",
		"add-flow br0 table=2,priority=1,tcp,nw_src=1.1.1.1,actions=1",
		"add-flow br0 table=1,ct_state=+new+trk,udp,actions=resubmit(,2,ct),ct(table=3)",
	}, []string{
		"in_port=1,tcp,nw_src=1.1.1.1", "in_port=1,udp,nw_src=1.1.1.1,nw_dst=2.2.2.2", "in_port=1,ct_state=trk|est,ct_zone=3,tcp",
		"in_port=1,ct_state=trk|new,ct_mark=5,udp,ct_nw_src=1.1.1.1,ct_nw_dst=2.2.2.2,ct_nw_proto=17,nw_src=3.3.3.3",
	}},
	{"labels", []string{
		"add-flow br0 mpls,mpls_bos=1,mpls_label=5,actions=pop_mpls:0x0800,dec_ttl,mod_nw_dst:1.2.3.4,2",
		"add-flow br0 mpls,mpls_bos=0,actions=dec_mpls_ttl,set_mpls_label:9,pop_mpls:0x8847,set_mpls_tc:2,2",
		"add-flow br0 ip,actions=push_mpls:0x8847,set_mpls_label:9,push_mpls:0x8847,load:10->OXM_OF_MPLS_LABEL[],2,resubmit(,1)",
		"add-flow br0 table=1,mpls,mpls_label=10,actions=pop_mpls:0x8847,3",
	}, []string{
		"in_port=1,mpls,mpls_label=5,mpls_bos=1,mpls_ttl=4", "in_port=1,mpls,mpls_label=5,mpls_bos=0,mpls_ttl=1",
		"in_port=1,mpls,mpls_label=5,mpls_bos=0,mpls_ttl=9,mpls_tc=3", "in_port=1,tcp,nw_ttl=17,nw_tos=32",
	}},
	{"limits", []string{
		"add-flow br0 table=0,priority=0,actions=resubmit(,0)",
		"add-flow br0 table=1,actions=push:reg0[],resubmit(,1)",
		"add-flow br0 table=0,in_port=2,actions=resubmit(,1)",
		"add-flow br0 table=0,in_port=3,actions=2,exit,3",
		"add-flow br0 table=0,in_port=4,actions=clone(load:5->reg0[],clone(2)),output:reg0[],fin_timeout(idle_timeout=5),note:00.01,4",
	}, []string{"in_port=1", "in_port=2", "in_port=3", "in_port=4,tcp,tcp_flags=fin", "in_port=9"}},
	{"misses", []string{
		"set-frags br0 nx-match",
		"add-flow br0 tcp,tcp_dst=80,ip_frag=first,actions=2",
		"add-flow br0 priority=0,in_port=2,actions=controller,resubmit(,7)",
		"add-flow br0 priority=0,in_port=3,actions=controller(reason=no_match,max_len=7,id=3,userdata=01.02),goto_table:7",
		"add-flow br0 table=7,priority=0,actions=controller",
	}, []string{"in_port=1,tcp,tcp_dst=80,ip_frag=first", "in_port=1,tcp,tcp_dst=80", "in_port=2", "in_port=3,udp"}},
	{"fragments that are dropped", []string{
		"set-frags br0 drop", "add-flow br0 actions=2",
	}, []string{"in_port=1,tcp,tcp_dst=80,ip_frag=first", "in_port=1,udp,ip_frag=later", "in_port=1,udp"}},
}

// TestScenariosSameAsOpenVSwitch has ovs-ofctl set up bridges here and on Open vSwitch, and compares what it says and the
// traces of packets.
func TestScenariosSameAsOpenVSwitch(t *testing.T) {
	real := startReal(t)
	if out, err := exec.CommandContext(real.ctx, "ovs-vsctl", "--db="+real.ovs.DatabaseEndpoint(), "clear", "bridge", "br0",
		"protocols").CombinedOutput(); err != nil {
		t.Fatalf("ovs-vsctl: %v\n%s", err, out)
	}
	ofctl := func(t *testing.T, bridge, command string) string {
		args := strings.Split(strings.Replace(command, "br0", bridge, 1), " ")
		out, err := exec.CommandContext(real.ctx, "ovs-ofctl", args...).CombinedOutput()
		if err != nil {
			return fmt.Sprintf("%v: %s", err, out)
		}
		return string(out)
	}
	for _, sc := range scenarios {
		t.Run(sc.name, func(t *testing.T) {
			b := newBed(t)
			for p := uint32(1); p <= ports; p++ {
				mac := net.HardwareAddr{2, 0, 0, 0, 0, byte(p)}
				if err := b.AddPort(pipeline.Port{No: p, Name: fmt.Sprintf("p%d", p), HWAddr: mac}); err != nil {
					t.Fatal(err)
				}
			}
			here, there := "unix:"+b.socket, real.ovs.Management("br0")
			ofctl(t, there, "set-frags br0 normal")
			ofctl(t, there, "del-flows br0")
			real.purge(t)
			for _, c := range sc.commands {
				if got, want := ofctl(t, here, c), ofctl(t, there, c); got != want {
					t.Fatalf("%s: got %s, want %s", c, got, want)
				} else if got != "" {
					t.Errorf("%s: got %s", c, got)
				}
			}
			for _, text := range sc.packets {
				text, effects := strings.CutPrefix(text, "!")
				key, err := flowtext.ParseFlow(text, nil)
				if err != nil {
					t.Fatal(err)
				}
				args, options := []string{"br0", text}, pipeline.TraceOptions{}
				if effects {
					args, options.Frame = append(args, "-generate"), packet.Compose(&key, nil)
				}
				got := normalized(b.Trace(&key, options))
				want, err := real.trace(args...)
				if err != nil {
					t.Fatal(err)
				}
				if want = normalized(want); got != want {
					t.Errorf("trace of %s (-Open vSwitch +this):\n%s\nOpen vSwitch:\n%s", text,
						cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")), want)
				}
			}
			const dump = "-O OpenFlow13 --no-stats dump-flows br0"
			if got, want := ofctl(t, here, dump), ofctl(t, there, dump); got != want {
				t.Errorf("flows afterwards (-Open vSwitch +this):\n%s", cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")))
			}
		})
	}
}
