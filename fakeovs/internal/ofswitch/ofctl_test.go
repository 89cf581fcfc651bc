// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/frametest"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/internal/tier"
)

// TestOfctl lets the real ovs-ofctl work on the switch.
func TestOfctl(t *testing.T) {
	tier.Need(t, tier.Sandbox)
	b := newBed(t)
	if err := b.AddPort(pipeline.Port{No: 1, Name: "p1", HWAddr: frametest.Station(1).MAC}); err != nil {
		t.Fatal(err)
	}
	bridge := "unix:" + b.socket
	run := func(stdin string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(b.ctx, "ovs-ofctl", append([]string{"-O", "OpenFlow13"}, args...)...)
		cmd.Stdin = strings.NewReader(stdin)
		got, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("ovs-ofctl %v: %v\n%s", args, err, got)
		}
		return string(got)
	}
	flows := "table=0,priority=9,tcp,in_port=1,nw_dst=10.0.0.0/8,tcp_dst=80 " +
		"actions=ct(commit,table=1,zone=NXM_NX_REG1[0..15],nat(dst=10.0.0.7:8080),exec(set_field:5->ct_mark))\n" +
		"table=1,ct_state=+trk+new,ip actions=dec_ttl,move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],resubmit(,2),output:1\n" +
		"table=2,arp,arp_op=1 actions=set_field:2->arp_op,write_actions(set_field:5->reg3),goto_table:7\n"
	run("", "add-flow", bridge, "cookie=0x17,priority=3,in_port=1,actions=NORMAL")
	run(flows, "--bundle", "add-flows", bridge, "-")
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"show", bridge}, []string{"n_tables:254", "1(p1): addr:02:00:00:00:00:01"}},
		{[]string{"dump-ports-desc", bridge}, []string{"1(p1)"}},
		{[]string{"dump-desc", bridge}, []string{"Nicira, Inc.", "Software: 3.1.0"}},
		{[]string{"dump-tables", bridge}, []string{"table 0:", "active=2"}},
		{[]string{"dump-table-features", bridge}, []string{"goto_table", "next tables: 1-253"}},
		{[]string{"dump-aggregate", bridge}, []string{"flow_count=4"}},
		{[]string{"dump-flows", bridge, "cookie=0x17/-1"}, []string{"cookie=0x17", "in_port=1 actions=NORMAL"}},
		{[]string{"--no-stats", "dump-flows", bridge}, []string{
			"priority=9,tcp,in_port=1,nw_dst=10.0.0.0/8,tp_dst=80 " +
				"actions=ct(commit,table=1,zone=NXM_NX_REG1[0..15],nat(dst=10.0.0.7:8080),exec(set_field:0x5->ct_mark))",
			"table=1, ct_state=+new+trk,ip actions=dec_ttl,move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],resubmit(,2),output:1",
			"goto_table:7",
		}},
	} {
		got := run("", c.args...)
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("ovs-ofctl %v: got\n%s\nwant in it %q", c.args, got, want)
			}
		}
	}
	run("", "mod-flows", bridge, "table=1,actions=drop")
	run("", "--strict", "del-flows", bridge, "priority=3,in_port=1")
	if got := run("", "--no-stats", "dump-flows", bridge, "table=1"); !strings.Contains(got, "ct_state=+new+trk,ip actions=drop") {
		t.Errorf("flows after mod-flows: got\n%s", got)
	}
	run("", "del-flows", bridge)
	if got := run("", "dump-aggregate", bridge); !strings.Contains(got, "flow_count=0") {
		t.Errorf("flows after del-flows: got\n%s", got)
	}
	cmd := exec.CommandContext(b.ctx, "ovs-ofctl", "-O", "OpenFlow13", "--bundle", "add-flows", bridge, "-")
	cmd.Stdin = strings.NewReader("priority=1,in_port=1 actions=drop\npriority=1,check_overlap,arp actions=drop\n")
	if got, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(got), "OFPFMFC_OVERLAP") {
		t.Errorf("ovs-ofctl add-flows of an overlap: got %v, %s, want OFPFMFC_OVERLAP", err, got)
	}
}
