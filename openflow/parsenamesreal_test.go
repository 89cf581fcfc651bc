// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	of "github.com/ovskit/ovskit/openflow"
)

// TestRealNames has ovs-ofctl print the names of ports and tables as this package does, and read what it writes.
func TestRealNames(t *testing.T) {
	ovs := realSwitch(t)
	endpoint := ovs.Management("br0")
	c := dial(t, endpoint)
	vsctl := func(args ...string) {
		t.Helper()
		args = append([]string{"--db=" + ovs.DatabaseEndpoint()}, args...)
		if out, err := exec.Command("ovs-vsctl", args...).CombinedOutput(); err != nil {
			t.Fatalf("ovs-vsctl %v: %v\n%s", args, err, out)
		}
	}
	vsctl("add-port", "br0", "a-b", "--", "set", "interface", "a-b", "type=dummy", "ofport_request=7")
	vsctl("--", "--id=@t", "create", "Flow_Table", "name=acl", "--", "--id=@u", "create", "Flow_Table", `name="to-wire"`,
		"--", "set", "bridge", "br0", "flow_tables:3=@t", "flow_tables:0=@u")
	names, err := c.Names(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	wantNames := &of.Names{
		Ports:  map[uint32]string{1: "p1", 2: "p2", 7: "a-b", of.PortLocal: "br0"},
		Tables: map[uint8]string{0: "to-wire", 3: "acl"},
	}
	if diff := cmp.Diff(wantNames, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	lines := []string{
		`cookie=0x1, table="to-wire", priority=1,in_port=p1 actions=output:"a-b",resubmit(p2,acl)`,
		`cookie=0x2, table=acl, priority=2,ip,in_port="a-b" actions=ct(table=acl),enqueue:p1:5,set_field:p2->in_port,output(port="a-b",max_len=20)`,
		`cookie=0x3, table=9, priority=3,in_port=LOCAL actions=learn(table=acl,in_port=p2),bundle(eth_src,0,hrw,ofport,members:p1,"a-b"),clone(output:p1),LOCAL`,
		`cookie=0x4, table="to-wire", priority=4 actions=write_actions(output:p2),goto_table:acl`,
	}
	addFlows(t, endpoint, lines)
	dump := ofctl(t, of.Version13, "--no-stats", "--names", "dump-flows", endpoint)
	for _, f := range flowsOf(t, c) {
		text := f.Text(names)
		if !strings.Contains(dump, " "+text+"\n") {
			t.Errorf("ovs-ofctl does not print\n%s\nbut\n%s", text, dump)
		}
		if again, err := of.ParseFlow(text, names); err != nil || !again.Equal(f) {
			t.Errorf("%s is read as\n%v, %v", text, again, err)
		}
	}
	for _, line := range lines {
		f, err := of.ParseFlow(line, names)
		if err != nil {
			t.Error(err)
		} else if dumped := flowsOf(t, c)[f.Key()]; !dumped.Equal(f) {
			t.Errorf("%s is\n%v, not\n%v", line, dumped, f)
		}
	}
}

// groupTexts are groups, which have all that OpenFlow 1.5 has, and meterTexts meters.
var groupTexts = []string{
	"group_id=1,type=all,bucket=actions=output:1,bucket=actions=drop",
	"group_id=2,type=select,bucket=weight:5,actions=output:1,bucket=weight=7,bucket_id:9,set_field:1->reg0,output:2",
	"group_id=3 type=indirect bucket=output:1,output:2", "group_id=4,type=ff,bucket=watch_port:1,output:1,bucket=watch_group:1,output:2",
	"group_id=5,type=fast_failover,bucket=watch_port=2,actions=ct(commit,zone=1),output:2", "group_id=6,type=all",
	"group_id=7,type=select,selection_method=hash,fields(ip_src,tcp_dst,eth_dst=ff:ff:ff:00:00:00),bucket=output:1",
	"group_id=8,type=select,selection_method=dp_hash,selection_method_param=5,bucket=output:1,bucket=weight:0,output:2",
	"group_id=9,type=select,selection_method=hash,fields=ip_dst,bucket=actions=output:1",
}

var meterTexts = []string{
	"meter=1 kbps band=type=drop rate=1000", "meter=2,pktps,burst,stats,bands=type=drop,rate=10,burst_size=5",
	"meter=3 kbps stats bands= type=drop rate=50",
}

// TestRealGroupAndMeterTexts adds groups and meters, and finds those that ovs-ofctl makes of the same texts, and of what
// this package writes, to be the same.
func TestRealGroupAndMeterTexts(t *testing.T) {
	ovs := realSwitch(t)
	ctx := testContext(t)
	endpoint := ovs.Management("br0")
	c, err := of.Dial(ctx, endpoint, of.Options{Versions: []of.Version{of.Version15}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	text := func() (all []string) {
		t.Helper()
		groups, err := c.Groups(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range groups {
			all = append(all, g.String())
		}
		meters, err := c.Meters(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range meters {
			all = append(all, m.String())
		}
		slices.Sort(all)
		return all
	}
	var results [3][]string
	for i := range results {
		if err := c.Apply(ctx, of.GroupMod{Command: of.GroupDelete, Group: of.Group{ID: of.GroupAll}}); err != nil {
			t.Fatal(err)
		}
		ofctl(t, of.Version15, "del-meters", endpoint)
		// add adds a thing in one of three ways: what the text was read as, the text itself, and what that was written as.
		add := func(verb, text string, m of.Modification, written string, err error) {
			switch {
			case err != nil:
				t.Fatal(err)
			case i == 0:
				if err := c.Apply(ctx, m); err != nil {
					t.Errorf("%s: %v", text, err)
				}
			case i == 1:
				ofctl(t, of.Version15, verb, endpoint, text)
			default:
				ofctl(t, of.Version15, verb, endpoint, written)
			}
		}
		for _, text := range groupTexts {
			m, err := of.ParseGroup(text, nil)
			add("add-group", text, m, m.Group.String(), err)
		}
		for _, text := range meterTexts {
			m, err := of.ParseMeter(of.MeterAdd, text)
			add("add-meter", text, m, m.MeterConfig.String(), err)
		}
		results[i] = text()
		if diff := cmp.Diff(results[0], results[i]); diff != "" || len(results[i]) != len(groupTexts)+len(meterTexts) {
			t.Errorf("way %d: %d groups and meters (-want +got):\n%s", i, len(results[i]), diff)
		}
		for _, text := range results[i] {
			again := text
			if g, err := of.ParseGroup(text, nil); err == nil {
				again = g.Group.String()
			} else if m, err := of.ParseMeter(of.MeterAdd, text); err == nil {
				again = m.MeterConfig.String()
			} else {
				t.Errorf("%s: %v", text, err)
			}
			if again != text {
				t.Errorf("%s is read as\n%s", text, again)
			}
		}
	}
}
