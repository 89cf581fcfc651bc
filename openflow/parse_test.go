// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	of "github.com/ovskit/ovskit/openflow"
)

// TestSyntaxErrors has texts refused, with the place of what is wrong.
func TestSyntaxErrors(t *testing.T) {
	for _, tc := range []struct{ text, reason, at string }{
		{"ip", "no actions", ""},
		{"ip action", "no \"=\"", "action"},
		{"ip,foo=5 actions=drop", "unknown word \"foo\"", "foo"},
		{"in_port=eth7 actions=drop", "no port \"eth7\"", "eth7"},
		{"in_port=70000 actions=drop", "out of range", "70000"},
		{"priority=70000 actions=drop", "does not fit into 16 bits", "70000"},
		{"table=x actions=drop", "no table \"x\"", "x"},
		{"reg0=0x1ffffffff actions=drop", "does not fit into 4 bytes", "0x1"},
		{"reg0=5z actions=drop", "not a number", "5z"},
		{"reg0[5..2]=1 actions=drop", "no bits 5 to 2", "5..2"},
		{"reg0[0..2]=8 actions=drop", "does not fit into 3 bits", "8"},
		{"reg0[0..40]=8 actions=drop", "no bits", "0..40"},
		{"dl_src=1:2:3 actions=drop", "not an Ethernet address", "1:2:3"},
		{"ip,nw_src=10.0.0 actions=drop", "not an IPv4 address", "10.0.0"},
		{"ip,nw_src=10.0.0.0/33 actions=drop", "longer than 32", "33"},
		{"ipv6,ipv6_src=1.2.3.4 actions=drop", "not an IPv6 address", "1.2.3.4"},
		{"ipv6,ipv6_src=fe80::1%eth0 actions=drop", "not an IPv6 address", "fe80"},
		{"tcp,tcp_flags=+syn+syn actions=drop", "stands twice", "syn actions"},
		{"tcp,tcp_flags=+foo actions=drop", "no flag \"foo\"", "foo"},
		{"ct_state=0x100/0x100 actions=drop", "unknown flags", "0x100"},
		{"ip,ip_frag=maybe actions=drop", "no kind of fragment", "maybe"},
		{"packet_type=1 actions=drop", "in parentheses", "1"},
		{"dl_vlan=4097 actions=drop", "out of range", "4097"},
		{"conj_id=1/2 actions=drop", "takes no mask", "1/2"},
		{"tp_dst=80 actions=drop", "needs", "tp"},
		{"nw_src=1.2.3.4 actions=drop", "needs", "nw"},
		{"icmp,tp_src=256 actions=drop", "no condition", "icmp"},
		{"tun_ttl=1 actions=drop", "no place in a message", "tun_ttl"},
		{"cookie=1/2 actions=drop", "mask", "1/2"},
		{"actions=foo", "no action \"foo\"", "foo"},
		{"actions=drop,1", "stands with other", "drop"},
		{"actions=output:x", "no port \"x\"", "x"},
		{"actions=goto_table:5,1", "too late", "1"},
		{"actions=goto_table:0", "no table to go to", "0"},
		{"actions=meter:0", "number 0", "0"},
		{"actions=set_field:1", "no \"->\"", "1"},
		{"actions=set_field:1->dl_type", "cannot be written", "1->"},
		{"actions=set_field:1->ct_mark", "outside of ct", "set_field"},
		{"actions=set_field:4->vlan_foo", "no field", "vlan_foo"},
		{"actions=load:5->reg0[0..1]", "does not fit into 2 bits", "5"},
		{"actions=move:reg0[]->reg1[0..1]", "32 bits do not fit into 2", "reg0"},
		{"actions=mod_tp_dst:5", "not of TCP", "5"},
		{"actions=set_vlan_vid:5", "no VLAN tag", "5"},
		{"actions=resubmit(,)", "needs a port or a table", ",)"},
		{"actions=learn(table=255)", "cannot be learned", "255"},
		{"actions=learn(foo=1)", "no field \"foo\"", "foo"},
		{"actions=conjunction(1,3/2)", "clause 3 of 2", "1,3"},
		{"actions=conjunction(1,1/2),2", "stands with other", "conj"},
		{"actions=ct(force)", "needs commit", "force"},
		{"actions=ct(exec(output:1))", "may not stand in ct", "output"},
		{"actions=ct(nat(src=1.2.3.4-1.2.3.3))", "not a range", "1.2.3.4-"},
		{"actions=ct(nat(hash))", "need src or dst", "hash"},
		{"actions=nat(src)", "outside of ct", "nat"},
		{"actions=sample(obs_point_id=1)", "needs a probability", "obs"},
		{"actions=note:0", "hexadecimal", "0"},
		{"actions=encap(foo)", "no header", "foo"},
		{"actions=multipath(eth_src,50,modulo_n,3,0,reg0[0])", "do not fit", "eth_src"},
		{"actions=bundle(eth_src,0,hrw,ofport,1,2)", "not \"members\"", "1,2"},
		{"actions=clone(meter:5)", "may not stand in", "meter"},
		{"actions=check_pkt_larger(5)->reg0", "not one bit", "reg0"},
		{"actions=write_actions(goto_table:5)", "not an action", "goto"},
		{"actions=" + strings.Repeat("clone(", 100) + strings.Repeat(")", 100), "in more than", ""},
		{"actions=" + strings.Repeat("1,", 1<<20), "more than", ""},
	} {
		_, err := of.ParseFlow(tc.text, nil)
		var e *of.SyntaxError
		if !errors.As(err, &e) {
			t.Errorf("%.80s: error %v, want a SyntaxError", tc.text, err)
			continue
		}
		if !strings.Contains(e.Reason, tc.reason) {
			t.Errorf("%.80s: %q, want %q in it", tc.text, e.Reason, tc.reason)
		}
		want := strings.LastIndex(tc.text, tc.at)
		if tc.at != "" && e.Offset != want && e.Offset != 0 && e.Offset != strings.Index(tc.text, tc.at) {
			t.Errorf("%.80s: offset %d, want %d (%v)", tc.text, e.Offset, want, err)
		}
	}
}

func TestParseFlowMod(t *testing.T) {
	for _, tc := range []struct {
		command of.FlowCommand
		text    string
		want    of.FlowMod
		again   string
	}{
		{
			of.FlowDelete, "cookie=0x5/-1,table=3,out_port=2,out_group=7,ip",
			of.FlowMod{Command: of.FlowDelete, CookieMask: 1<<64 - 1, OutPort: 2, OutGroup: 7, Flow: of.Flow{
				Table: 3, Cookie: 5, Priority: of.DefaultPriority, Match: of.Match{of.EthType(of.EthTypeIPv4)},
			}},
			"delete cookie=0x5/0xffffffffffffffff,table=3,out_port=2,out_group=7,ip",
		},
		{
			of.FlowDeleteStrict, "priority=5,in_port=LOCAL",
			of.FlowMod{Command: of.FlowDeleteStrict, Flow: of.Flow{
				Table: of.AllTables, Priority: 5, Match: of.Match{of.InPort(of.PortLocal)},
			}},
			"delete_strict priority=5,in_port=LOCAL",
		},
		{of.FlowDelete, "", of.FlowMod{Command: of.FlowDelete, Flow: of.Flow{Table: of.AllTables, Priority: of.DefaultPriority}}, "delete"},
		{
			of.FlowModify, "table=0,cookie=4,send_flow_rem,actions=1",
			of.FlowMod{Command: of.FlowModify, Flow: of.Flow{
				Cookie: 4, Priority: of.DefaultPriority, Flags: of.FlowSendRemoved, Instructions: apply(of.Output{Port: 1}),
			}},
			"modify cookie=0x4,table=0,send_flow_rem actions=output:1",
		},
	} {
		got, err := of.ParseFlowMod(tc.command, tc.text, nil)
		if err != nil {
			t.Errorf("%v %s: %v", tc.command, tc.text, err)
			continue
		}
		if diff := cmp.Diff(tc.want, got, cmpOptions); diff != "" {
			t.Errorf("%v %s (-want +got):\n%s", tc.command, tc.text, diff)
		}
		if got.String() != tc.again {
			t.Errorf("%v %s is written as %q, want %q", tc.command, tc.text, got, tc.again)
		}
	}
	for command, text := range map[of.FlowCommand]string{
		of.FlowDelete: "priority=5", of.FlowDeleteStrict: "cookie=5", of.FlowModify: "importance=5 actions=1", of.FlowAdd: "out_port=1 actions=1",
	} {
		if got, err := of.ParseFlowMod(command, text, nil); err == nil {
			t.Errorf("%v %s is read as %v", command, text, got)
		}
	}
}

func TestParseFlows(t *testing.T) {
	const file = "# all\n\n delete table=1\nadd table=1,ip actions=drop # the rest\n\tpriority=5,actions=1\r\ndelete_strict ip\n"
	mods, err := of.ParseFlows(strings.NewReader(file), nil)
	var got []string
	for _, m := range mods {
		got = append(got, m.String())
	}
	want := []string{"delete table=1", "add table=1, ip actions=drop", "add priority=5 actions=output:1", "delete_strict ip"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, flows (-want +got):\n%s", err, diff)
	}
	_, err = of.ParseFlows(strings.NewReader("actions=1\n\nactions=foo\n"), nil)
	var e *of.SyntaxError
	if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), "line 3: ") {
		t.Errorf("error %v, want a SyntaxError of line 3", err)
	}
}

func TestParseFlowStats(t *testing.T) {
	const line = "cookie=0x0, duration=5.025s, table=2, n_packets=7, n_bytes=?, idle_timeout=10, send_flow_rem importance=4, priority=1,ip actions=NORMAL"
	got, err := of.ParseFlowStats(line, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := of.FlowStats{
		Duration: 5025 * time.Millisecond, Packets: 7, Bytes: 1<<64 - 1,
		Flow: of.Flow{
			Table: 2, Priority: 1, IdleTimeout: 10, Importance: 4, Flags: of.FlowSendRemoved,
			Match: of.Match{of.EthType(of.EthTypeIPv4)}, Instructions: apply(of.Output{Port: of.PortNormal}),
		},
	}
	if diff := cmp.Diff(want, got, cmpOptions); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
	if got.String() != line {
		t.Errorf("written as\n%s, want\n%s", got, line)
	}
	if _, err := of.ParseFlowStats("duration=5, idle_age=3, hard_age=4, actions=1", nil); err == nil {
		t.Error("a duration without unit is read")
	}
}

func TestNames(t *testing.T) {
	names := &of.Names{
		Ports:  map[uint32]string{1: "eth0", 2: "patch-to-\"x\"\n", 3: "5", 4: "same", 5: "same"},
		Tables: map[uint8]string{0: "first", 7: "last one"},
	}
	const text = `table="last one", priority=0,in_port=eth0 actions=output:"patch-to-\"x\"\n",output:"5",output:4,resubmit(eth0,first),goto_table:9`
	f, err := of.ParseFlow(text, names)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Text(names); got != text {
		t.Errorf("written as\n%s, want\n%s", got, text)
	}
	want := "table=7, priority=0,in_port=1 actions=output:2,output:3,output:4,resubmit(1,0),goto_table:9"
	if f.String() != want {
		t.Errorf("without names\n%s, want\n%s", f, want)
	}
	if got := (of.Flow{}).Text(names); got != "table=first, priority=0 actions=drop" {
		t.Errorf("flow of table 0 is %q", got)
	}
	for _, text := range []string{"in_port=same actions=1", `in_port="eth actions=1`, `in_port="\q" actions=1`, "table=second actions=1"} {
		if f, err := of.ParseFlow(text, names); err == nil {
			t.Errorf("%s is read as %v", text, f)
		}
	}
}

// FuzzParseFlow checks that nothing makes the parser panic, and that what it reads is written in a form that it reads as
// the same.
func FuzzParseFlow(f *testing.F) {
	for _, text := range texts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		flow, err := of.ParseFlow(text, nil)
		if err != nil {
			var e *of.SyntaxError
			if !errors.As(err, &e) || e.Offset < 0 || e.Offset > len(text) || e.Input == "" && text != "" {
				t.Errorf("error %#v", err)
			}
			return
		}
		again, err := of.ParseFlow(flow.String(), nil)
		if err != nil || !again.Equal(flow) {
			t.Errorf("%q is read as\n%v, and that as\n%v, %v", text, flow, again, err)
		}
	})
}
