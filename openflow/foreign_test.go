// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"fmt"
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
	t.Parallel()
	ctx := testContext(t)
	endpoint := realSwitch(t).Management("br0")
	c := dial(t, endpoint)
	ofctl(t, of.Version13, "add-group", endpoint, "group_id=7,type=all")
	var lines strings.Builder
	for i, tc := range foreign {
		fmt.Fprintf(&lines, "priority=%d,%s\n", i+1, tc.flow)
	}
	addFlowLines(t, of.Version13, endpoint, lines.String())
	printed := dumpedFlows(t, endpoint, of.Version13)
	read := flowsByPriority(t, c)
	mods := []of.Modification{deleteAll}
	for _, f := range read {
		mods = append(mods, of.Add(f))
	}
	must(t, c.Bundle(ctx, mods...))
	again, now := flowsByPriority(t, c), dumpedFlows(t, endpoint, of.Version13)
	if len(read) != len(foreign) || len(again) != len(foreign) {
		t.Errorf("%d flows are read, and %d after they were written back; want %d", len(read), len(again), len(foreign))
	}
	for i, tc := range foreign {
		priority := uint16(i + 1)
		f := read[priority]
		_, got, _ := strings.Cut(f.String(), fmt.Sprintf("priority=%d,", priority))
		if tc.want != "" && got != tc.want {
			t.Errorf("%s: read as\n%s, want\n%s", tc.flow, got, tc.want)
		}
		if !again[priority].Equal(f) {
			t.Errorf("%s: read as\n%v, and after it was written back as %v", tc.flow, f, again[priority])
		}
		if was, is := printed[priority], now[priority]; tc.want == "" && is != was {
			t.Errorf("%s: written back as\n%s, was\n%s", tc.flow, is, was)
		}
	}
}

func flowsByPriority(t *testing.T, c *of.Conn) map[uint16]of.Flow {
	t.Helper()
	flows := map[uint16]of.Flow{}
	for _, f := range flowsOf(t, c) {
		flows[f.Priority] = f
	}
	return flows
}
