// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"os/exec"
	"strings"
	"testing"

	of "github.com/ovskit/ovskit/openflow"
)

// foreign are flows that others may have put on a bridge, in many ways to say the same, and what they are read as;
// empty where parts of them have no names here.
var foreign = []struct{ flow, want string }{
	{"ip actions=load:1->NXM_NX_REG0[]", "ip actions=set_field:0x1->reg0"},
	{"ip actions=load:1->NXM_NX_REG0[0..3]", "ip actions=set_field:0x1/0xf->reg0"},
	{"ip actions=set_field:1/0xf->reg0", "ip actions=set_field:0x1/0xf->reg0"},
	{"ip actions=load:0->NXM_OF_IN_PORT[],1", "ip actions=set_field:0->in_port,output:1"},
	{"ip actions=set_field:local->in_port", "ip actions=set_field:LOCAL->in_port"},
	{"ip actions=mod_nw_ttl:64,dec_ttl", "ip actions=set_field:64->nw_ttl,dec_ttl"},
	{"ip actions=mod_dl_src:00:11:22:33:44:55", "ip actions=set_field:00:11:22:33:44:55->eth_src"},
	{"ip actions=set_field:5/0x505->metadata", "ip actions=set_field:0x1/0x1->metadata,set_field:0x4/0x4->metadata,set_field:0/0x100->metadata,set_field:0/0x400->metadata"},
	{"tcp,tcp_flags=+syn-ack actions=resubmit(,5),resubmit:1", "tcp,tcp_flags=+syn-ack actions=resubmit(,5),resubmit:1"},
	{"dl_vlan=5,dl_vlan_pcp=3 actions=1", "dl_vlan=5,dl_vlan_pcp=3 actions=output:1"},
	{"vlan_tci=0x1000/0x1000 actions=1", "vlan_tci=0x1000/0x1000 actions=output:1"},
	{"vlan_tci=0 actions=1", "vlan_tci=0x0000/0x1fff actions=output:1"},
	{"ip,ct_state=+trk actions=ct(zone=5,nat),ct_clear,controller", "ct_state=+trk,ip actions=ct(zone=5,nat),ct_clear,CONTROLLER:65535"},
	{"ip actions=ct(commit,nat(dst=10.0.0.1:80))", "ip actions=ct(commit,nat(dst=10.0.0.1:80))"},
	{"ip actions=ct(commit,nat(dst=10.0.0.1-10.0.0.1:80-80))", "ip actions=ct(commit,nat(dst=10.0.0.1:80))"},
	{"arp actions=move:arp_sha[]->arp_tha[]", "arp actions=move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[]"},
	{"ip actions=load:1->NXM_NX_IP_TTL[0..3]", "ip actions=load:0x1->NXM_NX_IP_TTL[0..3]"},
	{"ip actions=load:5->NXM_OF_IN_PORT[0..7]", "ip actions=load:0x5->NXM_OF_IN_PORT[0..7]"},
	{"ip actions=load:0x10000000000000002->NXM_NX_XXREG0[]",
		"ip actions=set_field:0x2/0xffffffffffffffff->xxreg0,set_field:0x10000000000000000/0xffffffffffffffff0000000000000000->xxreg0"},
	{"mpls actions=set_mpls_ttl(9)", "mpls actions=set_field:9->mpls_ttl"},
	{"ip,nw_tos=16,nw_ecn=1 actions=push_vlan:0x8100,set_field:4097->vlan_vid,1", ""},
	{"tcp actions=ct(commit,alg=ftp,table=3)", ""},
	{"icmp6,ipv6_src=::1,icmpv6_type=135,nd_target=::2 actions=set_field:::3->nd_target,note:01.02.03", ""},
	{"reg0=0,reg1=5,reg2=1 actions=set_field:7->xreg1,set_field:7->xxreg2,learn(table=4,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[]),exit", ""},
	{"ip,ct_state=+trk+est,ct_nw_src=1.2.3.4 actions=group:7,multipath(symmetric_l4,1024,modulo_n,2,0,reg0[0..1])", ""},
}

// TestRealForeignFlows reads flows of others, and writes them back so that the switch has what it had.
func TestRealForeignFlows(t *testing.T) {
	ovs := realSwitch(t)
	ctx := testContext(t)
	endpoint := ovs.Management("br0")
	c := dial(t, endpoint)
	ofctl := func(args ...string) string {
		out, err := exec.Command("ovs-ofctl", append([]string{"-OOpenFlow13"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("ovs-ofctl %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	ofctl("add-group", endpoint, "group_id=7,type=all")
	for _, tc := range foreign {
		ofctl("del-flows", endpoint)
		ofctl("add-flow", endpoint, "priority=7,"+tc.flow)
		printed := ofctl("--no-stats", "--no-names", "dump-flows", endpoint)
		flows, err := c.Flows(ctx, of.FlowFilter{})
		if err != nil || len(flows) != 1 {
			t.Errorf("%s: read as %v, error %v", tc.flow, flows, err)
			continue
		}
		f := flows[0].Flow
		_, got, _ := strings.Cut(f.String(), "priority=7,")
		if tc.want != "" && got != tc.want {
			t.Errorf("%s: read as\n%s, want\n%s", tc.flow, got, tc.want)
		}
		all := of.FlowMod{Command: of.FlowDelete, Flow: of.Flow{Table: of.AllTables}}
		if err := c.Bundle(ctx, all, of.Add(f)); err != nil {
			t.Errorf("%s: written back: %v", tc.flow, err)
			continue
		}
		again, err := c.Flows(ctx, of.FlowFilter{})
		if err != nil || len(again) != 1 || !again[0].Flow.Equal(f) {
			t.Errorf("%s: read as\n%v, and after it was written back as %v, error %v", tc.flow, f, again, err)
		}
		if tc.want == "" {
			if now := ofctl("--no-stats", "--no-names", "dump-flows", endpoint); now != printed {
				t.Errorf("%s: written back as\n%s, was\n%s", tc.flow, now, printed)
			}
		}
	}
}
