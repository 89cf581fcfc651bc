// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	of "github.com/ovskit/ovskit/openflow"
)

// addFlows has ovs-ofctl(8) add flows from a file.
func addFlows(t *testing.T, endpoint string, lines []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "flows")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ofctl(t, of.Version13, "--bundle", "add-flows", endpoint, file)
}

// printed are the flows of a switch as ovs-ofctl(8) prints them, by their cookies.
func printed(t *testing.T, endpoint string) map[string]string {
	t.Helper()
	flows := map[string]string{}
	for line := range strings.Lines(ofctl(t, of.Version13, "--no-stats", "--no-names", "dump-flows", endpoint)) {
		line = strings.TrimSpace(line)
		if cookie, _, ok := strings.Cut(line, ", "); ok && strings.HasPrefix(line, "cookie=") {
			flows[cookie] = line
		}
	}
	return flows
}

// TestRealTexts reads flows and adds them, has ovs-ofctl print them as this package does, and has it add the same texts,
// which then are the same flows.
func TestRealTexts(t *testing.T) {
	ovs := realSwitch(t)
	ctx := testContext(t)
	endpoint := ovs.Management("br0")
	mapOptions(t, endpoint)
	ofctl(t, of.Version13, "add-meter", endpoint, "meter=1 kbps band=type=drop rate=1000")
	ofctl(t, of.Version13, "add-group", endpoint, "group_id=1,type=all,bucket=actions=output:1")
	c := dial(t, endpoint)
	want := map[string]of.Flow{}
	var lines []string
	for i, text := range texts {
		f, err := of.ParseFlow(text, nil)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		f.Cookie, f.Priority = uint64(i+1), uint16(i)
		if err := c.Apply(ctx, of.Add(f)); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		want[cookieOf(f)] = f
		match, actions, _ := strings.Cut(text, "actions=")
		f.Priority += 10000
		lines = append(lines, match+strings.Replace(of.Flow{Cookie: f.Cookie, Priority: f.Priority}.String(), " actions=drop", " actions=", 1)+actions)
	}
	got := printed(t, endpoint)
	for cookie, f := range want {
		if got[cookie] != f.String() {
			t.Errorf("ovs-ofctl prints\n%s\nnot\n%s", got[cookie], f)
		}
	}
	for _, f := range flowsOf(t, c) {
		again, err := of.ParseFlow(f.String(), nil)
		if err != nil || !again.Equal(f) {
			t.Errorf("%v\nis read as\n%v, %v", f, again, err)
		}
	}
	addFlows(t, endpoint, lines)
	n := 0
	for _, f := range flowsOf(t, c) {
		if f.Priority < 10000 {
			continue
		}
		n++
		f.Priority -= 10000
		cookie := cookieOf(f)
		if w := want[cookie]; !f.Equal(w) {
			t.Errorf("ovs-ofctl adds\n%v\nfor\n%v", f, w)
		}
	}
	if n != len(want) {
		t.Errorf("ovs-ofctl added %d flows, want %d", n, len(want))
	}
}

// texts are flows with all fields and actions, in their several spellings.
var texts = []string{
	"actions=drop",
	"in_port=1 actions=2",
	"in_port=LOCAL,actions=output:local,in_port,normal,flood,all,controller,CONTROLLER:100,TABLE",
	"in_port=in_port actions=controller(reason=no_match,max_len=64,id=5)",
	"actions=controller(userdata=01.02.0a0b,pause)", "actions=controller(max_len=5)", "actions=controller(meter_id=1,id=2)",
	"table=3,idle_timeout=10,hard_timeout=0x14,send_flow_rem,no_packet_counts,no_byte_counts,check_overlap,reset_counts actions=2",
	"ip actions=2", "ipv4,actions=2", "ip4,nw_src=10.0.0.0/8,nw_dst=10.1.2.3/255.0.255.0 actions=2",
	"ip,nw_src=10.1.2.3/32,nw_dst=0.0.0.0/0 actions=2", "ip,ip_src=1.2.3.4,ip_dst=5.6.7.8 actions=2",
	"ip,nw_proto=47,nw_tos=0xfc,nw_ecn=3,nw_ttl=64 actions=2", "ip,ip_proto=6,ip_dscp=10,ip_ecn=0 actions=2",
	"ip,ip_frag=yes actions=2", "ip,ip_frag=no actions=2", "ip,nw_frag=first actions=2", "ip,ip_frag=later actions=2",
	"ip,ip_frag=not_later actions=2",
	"tcp,tp_src=80,tp_dst=0x1f90/0xfff0 actions=2", "tcp,tcp_src=80,tcp_dst=8080 actions=2",
	"tcp,tcp_flags=+syn-ack actions=2", "tcp,tcp_flags=syn|ack actions=2", "tcp,tcp_flags=0 actions=2",
	"tcp,tcp_flags=0x10/0x12 actions=2", "tcp,tcp_flags=+[200]-ns actions=2",
	"udp,tp_src=53,udp_dst=53 actions=2", "sctp,tp_src=1,sctp_dst=2 actions=2", "udp,tp_dst=0/0x8000 actions=2",
	"icmp,icmp_type=8,icmp_code=0 actions=2", "icmp,tp_src=8 actions=2",
	"ipv6,ipv6_src=2001:db8::/32,ipv6_dst=::1,ipv6_label=0x12345 actions=2", "ip6,ipv6_label=0x10/0xf0 actions=2",
	"ipv6,ipv6_src=::1.2.3.4,ipv6_dst=::ffff:1.2.3.4/ffff::ffff actions=2", "ipv6,nw_proto=59,nw_tos=4 actions=2",
	"tcp6,tp_dst=80 actions=2", "udp6,udp_src=80 actions=2", "sctp6,sctp_src=80 actions=2",
	"icmp6,icmp_type=128,icmp_code=0 actions=2", "icmp6,icmpv6_type=1,icmpv6_code=2 actions=2",
	"icmp6,icmp_type=135,icmp_code=0,nd_target=fe80::1,nd_sll=00:01:02:03:04:05,nd_reserved=5,nd_options_type=1 actions=2",
	"icmp6,icmpv6_type=136,icmpv6_code=0,nd_tll=00:01:02:03:04:05/ff:ff:00:00:00:00,nd_target=fe80::/10 actions=2",
	"arp,arp_op=1,arp_spa=10.0.0.1,arp_tpa=10.0.0.0/24,arp_sha=1:2:3:4:5:6,arp_tha=0:0:0:0:0:1/0:0:0:0:0:1 actions=2",
	"arp,nw_src=10.0.0.1,nw_dst=10.0.0.2,nw_proto=2 actions=2", "rarp,arp_op=3 actions=2", "dl_type=0x88cc actions=2",
	"eth_type=0x800,nw_proto=17,tp_src=5 actions=2",
	"mpls,mpls_label=1000,mpls_tc=3,mpls_bos=1,mpls_ttl=63 actions=2", "mplsm,mpls_label=0 actions=2",
	"dl_src=00:01:02:03:04:05,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00 actions=2", "eth_src=0:0:0:0:0:0 actions=2",
	"dl_vlan=5 actions=2", "dl_vlan=5,dl_vlan_pcp=3 actions=2", "dl_vlan_pcp=0 actions=2", "dl_vlan=0xffff actions=2",
	"vlan_tci=0 actions=2", "vlan_tci=0x1000/0x1000 actions=2", "vlan_tci=0x1005/0x1fff actions=2",
	"vlan_tci=0xf123 actions=2", "vlan_vid=0x1007 actions=2", "vlan_vid=0x1000/0x1000 actions=2", "vlan_vid=0 actions=2",
	"vlan_vid=0x1005/0x100f actions=2", "vlan_vid=0x1002,vlan_pcp=2 actions=2",
	"reg0=5,reg15=0x10/0xf0,reg3=0,reg4=0/1 actions=2", "xreg1=0x100000005 actions=2",
	"xxreg1=0x1/0xf0000000000000000000000f actions=2",
	"reg5[0..3]=2,reg5[8]=1 actions=2", "NXM_NX_REG6[]=7,OXM_OF_METADATA[]=3 actions=2", "metadata=0x5/0xff actions=2",
	"pkt_mark=1/3 actions=2", "conj_id=7 actions=2", "tun_id=5 actions=2", "tunnel_id=0x10/0xff actions=2",
	"tun_src=10.0.0.1,tun_dst=10.0.0.0/8,tun_gbp_id=3/7,tun_gbp_flags=0x40 actions=2",
	"tun_ipv6_src=fc00::1,tun_ipv6_dst=fc00::/7 actions=2", "tun_flags=oam actions=2", "tun_flags=-oam actions=2",
	"tun_metadata0=0x1234,tun_metadata1=0x5/0xf,tun_metadata2 actions=2",
	"tun_erspan_ver=1,tun_erspan_idx=0x3 actions=2",
	"ct_state=+trk+new,ct_zone=5,ct_mark=1/0xf,ct_label=0x1/0x3 actions=2", "ct_state=trk|est,ct_label=0x123456789abcdef0123456789abcdef0 actions=2",
	"ct_state=0 actions=2", "ct_state=0x21/0x23,ct_mark=0 actions=2",
	"ip,ct_state=+est,ct_nw_src=10.0.0.1,ct_nw_dst=10.0.0.0/8,ct_nw_proto=6,ct_tp_src=1,ct_tp_dst=0x10/0xf0 actions=2",
	"ipv6,ct_state=+est,ct_ipv6_src=fc00::1,ct_ipv6_dst=fc00::/7 actions=2",
	"dl_type=0x894f,nsh_flags=1,nsh_ttl=3,nsh_mdtype=1,nsh_np=3,nsh_spi=0x5,nsh_si=4,nsh_c1=1,nsh_c2=2/3,nsh_c3=0,nsh_c4=5 actions=2",
	"dl_type=0x894f,nsh_flags=1/3,nsp=7,nsi=8 actions=2", "actset_output=2 actions=1", "actset_output=unset actions=1",

	"actions=set_field:1->reg0,set_field:0->reg1,set_field:0x10/0xff->reg2,set_field:5->xreg2,set_field:0xf0000000000000000->xxreg3",
	"actions=load:5->NXM_NX_REG0[],load:1->reg1[3..4],load:0xffff->in_port", "actions=set_field:2->in_port,set_field:local->in_port",
	"actions=set_field:1:2:3:4:5:6->eth_src,mod_dl_dst:00:00:00:00:00:01,mod_dl_src:00:00:00:00:00:02",
	"ip actions=set_field:1.2.3.4->ip_src,mod_nw_src:1.1.1.1,mod_nw_dst:2.2.2.2,mod_nw_tos:0xfc,mod_nw_ecn:2,mod_nw_ttl:5,set_field:3->nw_ecn,set_field:7->nw_ttl,set_field:12->ip_dscp",
	"ip actions=set_field:10.0.0.0/8->nw_dst", "ipv6 actions=set_field:fc00::1->ipv6_src,set_field:0x5->ipv6_label",
	"tcp actions=mod_tp_src:80,mod_tp_dst:81,set_field:82->tcp_src", "udp actions=mod_tp_src:80,set_field:5->udp_dst",
	"sctp6 actions=mod_tp_dst:80", "icmp actions=set_field:8->icmp_type,set_field:0->icmp_code",
	"arp actions=set_field:2->arp_op,set_field:1.2.3.4->arp_spa,move:arp_sha[]->arp_tha[],load:0x1->arp_tha",
	"actions=mod_vlan_vid:5", "dl_vlan=3 actions=mod_vlan_vid:5,mod_vlan_pcp:3", "actions=mod_vlan_pcp:3,mod_vlan_vid:6",
	"dl_vlan=7 actions=set_vlan_vid:5,set_vlan_pcp:2,strip_vlan", "dl_vlan=8 actions=pop_vlan,2",
	"actions=push_vlan:0x8100,set_field:0x1005->vlan_vid,set_field:3->vlan_pcp", "actions=push_vlan:0x88a8",
	"actions=set_tunnel:5,set_tunnel64:0x100000000,set_field:6->tun_id,set_field:1.2.3.4->tun_dst,set_field:0x5->tun_metadata0",
	"actions=set_field:1->pkt_mark,set_field:5/7->metadata", "mpls actions=set_mpls_label:5,set_mpls_tc:3,set_mpls_ttl:9,dec_mpls_ttl,pop_mpls:0x0800",
	"ip actions=push_mpls:0x8847,set_field:5->mpls_label", "ip actions=dec_ttl,dec_ttl(1,2)",
	"actions=move:NXM_NX_REG0[0..15]->NXM_NX_REG1[16..31],push:NXM_NX_REG0[],pop:reg1[0..7]",
	"actions=output:reg0[0..15],output_reg:NXM_NX_REG1[16..31]", "actions=output(port=2,max_len=100)",
	"actions=enqueue:1:2", "actions=enqueue(2,3)", "actions=set_queue:5,pop_queue", "actions=group:1",
	"actions=resubmit:1", "actions=resubmit(,5)", "actions=resubmit(2,5),resubmit(3)", "ct_state=+trk+est,ip actions=resubmit(,6,ct)",
	"actions=learn(table=2)", "actions=learn(table=5,idle_timeout=10,hard_timeout=20,fin_idle_timeout=1,fin_hard_timeout=2,priority=5,send_flow_rem,delete_learned,cookie=0x7,limit=3,result_dst=reg0[8],eth_type=0x800,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],NXM_OF_VLAN_TCI[0..11],reg1[0..3]=5,load:NXM_OF_IN_PORT[]->NXM_NX_REG0[0..15],load:0x3->reg2[0..7],output:NXM_OF_IN_PORT[])",
	"tcp actions=learn(table=4,dl_type=0x800,nw_proto=6,ip_src=1.2.3.4,in_port=5,tcp_dst,reg3=0xffffffff,load:0->reg0[3],output:in_port)",
	"actions=conjunction(5,1/2)", "actions=conjunction(5,2/2),conjunction(6,1/64),note:01",
	"actions=multipath(eth_src,50,modulo_n,1,0,NXM_NX_REG0[])", "actions=multipath(symmetric_l3l4+udp,1,iter_hash,10,5,reg1[0..3])",
	"actions=bundle(eth_src,0,hrw,ofport,members:1,2)", "actions=bundle_load(symmetric_l4,60,active_backup,ofport,NXM_NX_REG0[],slaves:2,3)",
	"actions=bundle(nw_src,0,hrw,ofport,members:)", "actions=note:", "actions=note:0102030405060708", "actions=exit", "actions=1,exit,2",
	"actions=sample(probability=65535)", "actions=sample(probability=1,collector_set_id=2,obs_domain_id=3,obs_point_id=4,sampling_port=1,egress)",
	"actions=sample(probability=1,sampling_port=2)", "actions=sample(probability=9,ingress)",
	"actions=clone(1,set_field:1->reg0,clone(2))", "actions=clone()", "actions=check_pkt_larger(100)->reg0[0]",
	"tcp actions=fin_timeout(idle_timeout=5)", "tcp actions=fin_timeout(idle_timeout=5,hard_timeout=6)",
	"ip actions=ct", "ip actions=ct(commit)", "ip actions=ct(commit,force,zone=5,table=3)", "ip actions=ct(zone=reg0[0..15],nat)",
	"ip actions=ct(commit,nat(src=1.2.3.4))", "ip actions=ct(commit,nat(src=1.2.3.4-1.2.3.9:5-10,persistent,hash))",
	"ip actions=ct(commit,nat(dst=1.2.3.4:80,random))", "ip actions=ct(commit,nat(src))",
	"ipv6 actions=ct(commit,nat(dst=fc00::1-fc00::5))", "ipv6 actions=ct(commit,nat(dst=[fc00::1]-[fc00::5]:5-6))",
	"ipv6 actions=ct(commit,nat(dst=[fc00::1]:80))", "tcp actions=ct(commit,alg=ftp)", "udp actions=ct(commit,zone=1,alg=tftp)",
	"ip actions=ct(commit,exec(set_field:1->ct_mark,set_field:0x5/0xf->ct_label,load:3->NXM_NX_CT_MARK[0..3]))",
	"ip actions=ct(commit,nat(src=1.2.3.4),exec(move:NXM_NX_REG0[]->NXM_NX_CT_MARK[])),ct_clear",
	"actions=encap(nsh)", "actions=encap(nsh(md_type=2,tlv(0x1000,10,0x12345678)))", "actions=encap(ethernet)",
	"dl_type=0x894f actions=decap()", "dl_type=0x894f actions=dec_nsh_ttl,decap(packet_type(ns=0,type=0))", "actions=decap",
	"tun_metadata3=5 actions=delete_field:tun_metadata3",
	"actions=meter:1,2", "actions=clear_actions", "actions=write_actions(2,set_field:1->reg0)", "actions=write_actions(drop)",
	"actions=write_metadata:5", "actions=write_metadata:5/0xff,goto_table:9", "actions=write_metadata:0/1",
	"actions=meter:1,1,clear_actions,write_actions(group:1),write_metadata:0x1,goto_table:5",
}

// TestRealRandomTexts adds random flows as texts and as messages, and finds the same in the dumps of both kinds.
func TestRealRandomTexts(t *testing.T) {
	ovs := realSwitch(t)
	ctx := testContext(t)
	endpoint := ovs.Management("br0")
	c := dial(t, endpoint)
	const n = 2500
	want := map[string]of.Flow{}
	var lines []string
	var mods []of.Modification
	for i := range n {
		generate := genFlow
		if i%2 == 0 {
			generate = genWideFlow
		}
		f := rapid.Custom(generate).Example(i)
		f.Priority, f.Cookie = uint16(i), uint64(i+1)
		for i := range f.Match {
			f.Match[i] = narrow(f.Match[i])
		}
		for _, a := range f.Apply {
			if set, ok := a.(of.SetField); ok && set.Mask != nil && !set.Field.Maskable() {
				f.Apply = nil // ovs-ofctl prints it, and does not read it
			}
		}
		want[cookieOf(f)] = f
		lines = append(lines, f.String())
		mods = append(mods, of.Add(f))
		again, err := of.ParseFlow(f.String(), nil)
		if err != nil || !again.Equal(f) {
			t.Fatalf("%v\nis read as\n%v, %v", f, again, err)
		}
	}
	compare := func(how string) {
		t.Helper()
		flows := flowsOf(t, c)
		if len(flows) != n {
			t.Errorf("%s: %d flows are dumped, want %d", how, len(flows), n)
		}
		for _, got := range flows {
			if f := want[cookieOf(got)]; !got.Equal(f) {
				t.Fatalf("%s: dumped\n%v\nadded\n%v", how, got, f)
			}
		}
	}
	addFlows(t, endpoint, lines)
	compare("added as text")
	if err := c.Apply(ctx, of.FlowMod{Command: of.FlowDelete, Flow: of.Flow{Table: of.AllTables}}); err != nil {
		t.Fatal(err)
	}
	if err := c.Bundle(ctx, mods...); err != nil {
		t.Fatal(err)
	}
	compare("added as messages")
	got := printed(t, endpoint)
	for cookie, f := range want {
		if got[cookie] != f.String() {
			t.Errorf("ovs-ofctl prints\n%s\nnot\n%s", got[cookie], f)
		}
		if again, err := of.ParseFlow(got[cookie], nil); err != nil || !again.Equal(f) {
			t.Errorf("%s\nis read as\n%v, %v", got[cookie], again, err)
		}
		if t.Failed() {
			break
		}
	}
}

// cookieOf is the beginning of the flow's text.
func cookieOf(f of.Flow) string {
	cookie, _, _ := strings.Cut(f.String(), ",")
	return cookie
}
