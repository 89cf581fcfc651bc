// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	of "github.com/ovskit/ovskit/openflow"
)

// actionSwitch starts a switch that has all that the actions refer to, and returns its endpoint.
func actionSwitch(t *testing.T) string {
	t.Helper()
	endpoint := realSwitch(t).Management("br0")
	ofctl(t, of.Version13, "add-group", endpoint, "group_id=7,type=all")
	ofctl(t, of.Version13, "add-meter", endpoint, "meter=6,pktps,band=type=drop,rate=10")
	ofctl(t, of.Version13, "add-tlv-map", endpoint,
		"{class=0xffff,type=0,len=4}->tun_metadata0,{class=0xffff,type=7,len=124}->tun_metadata7")
	return endpoint
}

// TestRealActions adds each action to a switch in each version, which then has the same and says it in the same words.
func TestRealActions(t *testing.T) {
	t.Parallel()
	endpoint := actionSwitch(t)
	ctx := testContext(t)
	flows := make([]of.Flow, len(everyAction))
	mods := make([]of.Modification, len(everyAction))
	for i, tc := range everyAction {
		flows[i] = of.Flow{Table: 1, Priority: uint16(i), Match: tc.match, Instructions: apply(tc.action)}
		mods[i] = of.Add(flows[i])
	}
	for _, v := range versions {
		c := dial(t, endpoint, v)
		must(t, c.Apply(ctx, append([]of.Modification{deleteAll}, mods...)...))
		got := flowsOf(t, c)
		texts := dumpedActions(t, endpoint, v)
		for i, tc := range everyAction {
			if f, ok := got[flows[i].Key()]; !ok || !f.Equal(flows[i]) {
				t.Errorf("%v: dumped\n%v\nadded\n%v", v, f, flows[i])
			}
			if text := texts[uint16(i)]; text != tc.text {
				t.Errorf("%v: ovs-ofctl says\n%s\nof\n%s", v, text, tc.text)
			}
		}
	}
}

// TestRealMeterAmongActions has a meter behind another action, which OpenFlow 1.5 alone can say.
func TestRealMeterAmongActions(t *testing.T) {
	t.Parallel()
	endpoint := actionSwitch(t)
	ctx := testContext(t)
	c := dial(t, endpoint, of.Version15)
	f := of.Flow{Instructions: apply(of.CTClear{}, of.Meter{ID: 6}, of.Output{Port: 1})}
	if err := c.Apply(ctx, of.Add(f)); err != nil {
		t.Fatal(err)
	}
	if got, ok := flowsOf(t, c)[f.Key()]; !ok || !got.Equal(f) {
		t.Errorf("dumped\n%v\nadded\n%v", got, f)
	}
	if got, want := dumpedActions(t, endpoint, of.Version15)[0], f.Instructions.String(); got != want {
		t.Errorf("ovs-ofctl says %s of %s", got, want)
	}
}

// sameText has what ovs-ofctl does not read as what it is the text of: it writes two actions the same, or what it cannot
// read.
var sameText = map[string]bool{
	"CONTROLLER:77":                      true, // is read as output
	"output:NXM_NX_REG1[]":               true, // is read with a max_len
	"output:NXM_NX_TUN_METADATA0[0..15]": true,
	"encap(nsh(md_type=2,tlv(0x1000,10,0x123456),tlv(0x2000,20,0x30313233343536373839)))": true,
	"bundle(symmetric_l3,0,active_backup,ofport,members:)":                                true,
}

// TestRealActionText has ovs-ofctl read the text of each action and finds that it means the same.
func TestRealActionText(t *testing.T) {
	t.Parallel()
	endpoint := actionSwitch(t)
	c := dial(t, endpoint)
	var lines strings.Builder
	flows := make([]of.Flow, len(everyAction))
	for i, tc := range everyAction {
		flows[i] = of.Flow{Table: 1, Priority: uint16(i), Match: tc.match, Instructions: apply(tc.action)}
		if sameText[tc.text] {
			continue
		}
		lines.WriteString(flows[i].String() + "\n")
	}
	addFlowLines(t, of.Version13, endpoint, lines.String())
	got := flowsOf(t, c)
	for i, tc := range everyAction {
		f, ok := got[flows[i].Key()]
		if ok && !f.Equal(flows[i]) {
			t.Errorf("%s means\n%v, want\n%v", tc.text, f, flows[i])
		}
		if !ok && strings.Contains(lines.String(), flows[i].String()) {
			t.Errorf("%s is not there", tc.text)
		}
	}
}

// written are actions as somebody writes them for ovs-ofctl, with what the flow has to match.
var written = []struct{ match, actions string }{
	{"", "learn(table=10,idle_timeout=10,hard_timeout=20,priority=80,cookie=0x12,NXM_OF_VLAN_TCI[0..11],output:NXM_NX_REG5[0..15])"},
	{"tcp,", "learn(table=1,eth_type=0x800,nw_proto=6,tcp_dst=80,load:0x1->NXM_NX_REG0[4]),resubmit(,1)"},
	{"", "learn(limit=4096,result_dst=reg0[0],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[])"},
	{"", "bundle(symmetric_l4,60,hrw,ofport,members:1,2)"},
	{"", "bundle_load(symmetric_l3,0,active_backup,ofport,reg3[],members:2,1)"},
	{"", "multipath(symmetric_l3l4,1024,hash_threshold,8,0,reg1[4..6])"},
	{"", "multipath(nw_dst,1,hrw,3,0,NXM_NX_REG1[0..1])"},
	{"", "push:metadata[0..31],pop:NXM_NX_REG4[]"},
	{"", "controller(max_len=200,id=2,reason=no_match),controller(userdata=aa.bb.cc)"},
	{"", "controller"},
	{"", "controller:9"},
	{"", "enqueue(2,4)"},
	{"", "set_queue:1,1,pop_queue"},
	{"", "output(port=1,max_len=64),output:reg7[3..10]"},
	{"", "resubmit:2,resubmit(,7),resubmit(2,7)"},
	{"ip,ct_state=+trk+est,", "resubmit(,7,ct)"},
	{"ip,", "dec_ttl,dec_ttl(3,4)"},
	{"", "move:NXM_OF_ETH_SRC[0..15]->NXM_OF_VLAN_TCI[]"},
	{"ip,", "move:NXM_OF_IP_SRC[]->NXM_OF_IP_DST[],move:NXM_NX_IP_TTL[]->NXM_NX_REG0[0..7]"},
	{"", "note:0a.0b"},
	{"", "note:00.01.02.03.04.05.06"},
	{"", "conjunction(7,2/3),conjunction(8,1/2),note:01.02.03.04.05.06"},
	{"", "sample(probability=100,collector_set_id=2,obs_domain_id=3,obs_point_id=4,sampling_port=1,ingress)"},
	{"", "sample(probability=7)"},
	{"tcp,", "fin_timeout(idle_timeout=5)"},
	{"", "check_pkt_larger(1000)->NXM_NX_REG0[3]"},
	{"", "clone(push_vlan:0x8100,output:1),exit"},
	{"", "clone(clone(clone(output:2)))"},
	{"mpls,", "dec_mpls_ttl,pop_mpls:0x8847,push_mpls:0x8848"},
	{"vlan_tci=0x1000/0x1000,", "strip_vlan"},
	{"", "encap(ethernet)"},
	{"", "encap(nsh(md_type=2,tlv(0x1000,1,0x12345678)))"},
	{"", "encap(mpls),decap(packet_type(ns=1,type=0x8847))"},
	{"dl_type=0x894f,", "dec_nsh_ttl,decap()"},
	{"tcp,", "ct(commit,alg=ftp,zone=NXM_NX_REG1[0..15],nat(src=10.0.0.240-10.0.0.254:32768-65535,random))"},
	{"udp,", "ct(commit,alg=tftp,table=4)"},
	{"ip,", "ct(commit,exec(move:NXM_NX_REG0[]->NXM_NX_CT_MARK[]),nat(dst))"},
	{"ipv6,", "ct(commit,nat(src=[fe80::20c:29ff:fe88:1]-[fe80::20c:29ff:fe88:a18b]:255-4096,persistent))"},
	{"ip,", "ct(commit,nat(dst=10.0.0.1:80)),ct_clear"},
	{"", "group:7"},
	{"", "drop"},
	{"", "clone(drop)"},
	{"", "write_actions(group:7,set_queue:3),write_metadata:0/0xf0,goto_table:200"},
	{"", "meter:6,clear_actions,goto_table:201"},
	{"", "learn(table=2,NXM_OF_VLAN_TCI[0..11],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[])"},
	{"", "learn(table=2,in_port=99,load:NXM_OF_IN_PORT[]->NXM_NX_REG1[16..31])"},
	{"dl_type=0x894f,", "move:nsh_c1[0..7]->nsh_c2[8..15],output:nsh_c3[],push:nsh_c4[]"},
	{"", "delete_field:tun_metadata7"},
	{"mpls,", "set_mpls_label(5),set_mpls_tc(3)"},
	{"", "set_tunnel:7,set_tunnel64:0x100000001"},
	{"dl_vlan=3,", "mod_vlan_vid:9,mod_vlan_pcp:1"},
	{"ip,", "mod_nw_tos:16,mod_nw_ecn:2,mod_nw_src:1.2.3.4"},
	{"tcp,", "mod_tp_dst:99"},
	{"", "push_vlan:0x88a8,set_field:4101->vlan_vid"},
	{"", "set_field:5->reg3,set_field:00:00:00:00:00:01->eth_dst"},
}

// TestRealWritten reads what ovs-ofctl has added, in the words of ovs-ofctl, and writes it back in the same bytes. Those of
// enqueue differ in the max_len of a port, which means nothing.
func TestRealWritten(t *testing.T) {
	t.Parallel()
	endpoint := actionSwitch(t)
	var lines strings.Builder
	for i, tc := range written {
		fmt.Fprintf(&lines, "table=3,priority=%d,%sactions=%s\n", i, tc.match, tc.actions)
	}
	addFlowLines(t, of.Version13, endpoint, lines.String())
	texts := dumpedActions(t, endpoint, of.Version13)
	capture := "What a switch has sent of flows. go test -run TestRealWritten -update writes this.\n"
	for _, v := range versions {
		seen := 0
		for _, part := range dialPeer(t, endpoint, v).ask(of.FlowStatsRequest{}) {
			for _, f := range part.Message.(of.FlowStatsReply).Flows {
				seen++
				from := written[f.Priority].actions
				if got, want := f.Instructions.String(), texts[f.Priority]; got != want {
					t.Errorf("%v: %s is read as\n%s, by ovs-ofctl as\n%s", v, from, got, want)
				}
				if strings.Contains(f.Instructions.String(), "raw(") {
					t.Errorf("%v: %s is read as %v", v, from, f.Instructions)
				}
				one, err := of.Encode(v, of.Add(f.Flow), 1)
				if err != nil {
					t.Errorf("%v: %s: %v", v, from, err)
					continue
				}
				again := instructionsOf(one)
				capture += fmt.Sprintf("%v %x %s\n", v, again, texts[f.Priority])
				if !bytes.Contains(part.bytes, again) && !strings.HasPrefix(from, "enqueue") {
					t.Errorf("%v: %s: written back as\n% x, which is not in\n% x", v, from, again, part.bytes)
				}
			}
		}
		if seen != len(written) {
			t.Errorf("%v: %d flows, want %d", v, seen, len(written))
		}
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(captureFile, []byte(capture), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// dumpedFlows is what ovs-ofctl says of a switch's flows, by their priorities.
func dumpedFlows(t *testing.T, endpoint string, v of.Version) map[uint16]string {
	t.Helper()
	lines := map[uint16]string{}
	for _, line := range strings.Split(ofctl(t, v, "--no-stats", "--no-names", "dump-flows", endpoint), "\n") {
		if _, flow, ok := strings.Cut(line, "priority="); ok {
			digits := flow[:strings.IndexAny(flow, ", ")]
			priority, err := strconv.ParseUint(digits, 10, 16)
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			lines[uint16(priority)] = strings.TrimSpace(line)
		}
	}
	return lines
}

// dumpedActions is what ovs-ofctl says of the actions of a switch's flows, by their priorities.
func dumpedActions(t *testing.T, endpoint string, v of.Version) map[uint16]string {
	t.Helper()
	texts := dumpedFlows(t, endpoint, v)
	for priority, line := range texts {
		_, texts[priority], _ = strings.Cut(line, " actions=")
	}
	return texts
}

// instructionsOf is the part of an encoded flow-mod that follows its match.
func instructionsOf(mod []byte) []byte {
	const match = 48
	length := int(binary.BigEndian.Uint16(mod[match+2:]))
	return mod[match+(length+7)&^7:]
}
