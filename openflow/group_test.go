// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	of "github.com/ovskit/ovskit/openflow"
)

// groupCase is a group, what ovs-ofctl prints it as in OpenFlow 1.5, and the first version that can say it.
type groupCase struct {
	since of.Version
	group of.Group
	text  string
}

func groupCases() []groupCase {
	out := func(port uint32) []of.Action { return []of.Action{of.Output{Port: port}} }
	return []groupCase{
		{of.Version13, of.Group{ID: 0, Type: of.GroupTypeAll, Buckets: []of.Bucket{
			{Actions: []of.Action{of.Output{Port: 1}, of.SetField{MatchField: of.Reg(0, 1)}}}, {ID: 1},
		}}, "group_id=0,type=all,bucket=bucket_id:0,actions=output:1,set_field:0x1->reg0,bucket=bucket_id:1,actions=drop"},
		{of.Version13, of.Group{ID: 1, Type: of.GroupTypeSelect, Buckets: []of.Bucket{
			{Weight: 100, Actions: out(1)}, {ID: 1, Weight: 1, Actions: out(2)}, {ID: 2, Actions: out(of.PortLocal)},
		}}, "group_id=1,type=select,bucket=bucket_id:0,weight:100,actions=output:1,bucket=bucket_id:1,actions=output:2," +
			"bucket=bucket_id:2,weight:0,actions=LOCAL"},
		{of.Version13, of.Group{ID: 2, Type: of.GroupTypeIndirect, Buckets: []of.Bucket{{Actions: out(of.PortInPort)}}},
			"group_id=2,type=indirect,bucket=bucket_id:0,actions=IN_PORT"},
		{of.Version13, of.Group{ID: 3, Type: of.GroupTypeFastFailover, Buckets: []of.Bucket{
			{WatchPort: ptr[uint32](1), Actions: out(1)}, {ID: 1, WatchGroup: ptr[uint32](0), Actions: out(2)},
		}}, "group_id=3,type=ff,bucket=bucket_id:0,watch_port:1,actions=output:1,bucket=bucket_id:1,watch_group:0,actions=output:2"},
		{of.Version13, of.Group{ID: of.GroupMax}, "group_id=4294967040,type=all"},
		{of.Version15, of.Group{ID: 5, Type: of.GroupTypeSelect, Selection: of.Selection{Method: "dp_hash", Param: 7},
			Buckets: []of.Bucket{{ID: 9, Weight: 1}, {ID: 4, Weight: 2}},
		}, "group_id=5,type=select,selection_method=dp_hash,selection_method_param=7,bucket=bucket_id:9,actions=drop," +
			"bucket=bucket_id:4,weight:2,actions=drop"},
		{of.Version15, of.Group{ID: 6, Type: of.GroupTypeSelect, Selection: of.Selection{Method: "hash", Fields: []of.MatchField{
			{Field: of.FieldIPv4Src, Value: []byte{255, 255, 255, 255}}, {Field: of.FieldTCPDst, Value: []byte{0, 0xff}},
		}}}, "group_id=6,type=select,selection_method=hash,fields(ip_src,tcp_dst=255)"},
		{of.Version15, of.Group{ID: 7, Type: of.GroupTypeSelect, Selection: of.Selection{Method: "hash", Fields: []of.MatchField{
			{Field: of.FieldIPv4Src, Value: []byte{255, 255, 0, 0}},
		}}}, "group_id=7,type=select,selection_method=hash,fields=ip_src=255.255.0.0"},
		{of.Version15, of.Group{ID: 8, Type: of.GroupTypeSelect, Selection: of.Selection{Method: "hash"}},
			"group_id=8,type=select,selection_method=hash"},
	}
}

func TestGroupText(t *testing.T) {
	for _, tc := range groupCases() {
		if got := tc.group.String(); got != tc.text {
			t.Errorf("got  %s\nwant %s", got, tc.text)
		}
	}
	mod := func(c of.GroupCommand, id, bucket uint32, buckets ...of.Bucket) of.GroupMod {
		return of.GroupMod{Command: c, Group: of.Group{ID: id, Buckets: buckets}, CommandBucket: bucket}
	}
	for _, tc := range []struct {
		m    of.GroupMod
		want string
	}{
		{mod(of.GroupAdd, 1, 0), "add group_id=1,type=all"},
		{mod(of.GroupAddOrModify, 1, 0), "add_or_mod group_id=1,type=all"},
		{mod(of.GroupDelete, 1, 0), "delete group_id=1"},
		{mod(of.GroupDelete, of.GroupAll, 0), "delete group_id=all"},
		{mod(of.GroupInsertBucket, 1, of.BucketLast, of.Bucket{ID: 5}),
			"insert_bucket group_id=1,command_bucket_id=last,bucket=bucket_id:5,actions=drop"},
		{mod(of.GroupRemoveBucket, 1, 5), "remove_bucket group_id=1,command_bucket_id=5"},
		{mod(9, 1, 0), "command 9 group_id=1,type=all"},
	} {
		if got := tc.m.String(); got != tc.want {
			t.Errorf("got %s, want %s", got, tc.want)
		}
	}
}

// dumpedGroups are the lines that ovs-ofctl prints.
func dumpedGroups(t *testing.T, v of.Version, endpoint string) map[string]bool {
	lines := map[string]bool{}
	for _, line := range strings.Split(ofctl(t, v, "--no-names", "dump-groups", endpoint), "\n")[1:] {
		if line = strings.TrimSpace(line); line != "" {
			lines[line] = true
		}
	}
	return lines
}

// TestRealGroups has a switch hold groups that we and ovs-ofctl set, and finds that both read the same.
func TestRealGroups(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		ctx := testContext(t)
		c := dial(t, endpoint, v)
		all := of.GroupMod{Command: of.GroupDelete, Group: of.Group{ID: of.GroupAll}}
		want := map[uint32]of.Group{}
		lines := map[string]bool{}
		set := func(by func(g of.Group)) {
			t.Helper()
			must(t, c.Apply(ctx, all))
			for _, tc := range groupCases() {
				if tc.since <= v {
					by(tc.group)
					want[tc.group.ID], lines[tc.group.Text(v)] = tc.group, true
				}
			}
			got := map[uint32]of.Group{}
			groups, err := c.Groups(ctx)
			must(t, err)
			for _, g := range groups {
				got[g.ID] = g
			}
			if diff := cmp.Diff(want, got, cmpOptions); diff != "" {
				t.Errorf("groups (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(lines, dumpedGroups(t, v, endpoint)); diff != "" {
				t.Errorf("what ovs-ofctl prints (-want +got):\n%s", diff)
			}
		}
		set(func(g of.Group) { must(t, c.Apply(ctx, of.GroupMod{Group: g})) })
		set(func(g of.Group) { ofctl(t, v, "add-group", endpoint, g.Text(v)) })
	})
}

func TestRealGroupCalls(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	ctx := testContext(t)
	c := dial(t, ovs.Management("br0"))
	var want []of.Group
	for _, tc := range groupCases() {
		if tc.since == of.Version13 {
			want = append(want, tc.group)
			if err := c.Apply(ctx, of.GroupMod{Group: tc.group}); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, err := c.Groups(ctx)
	if err != nil {
		t.Fatal(err)
	}
	byID := func(groups []of.Group) map[uint32]of.Group {
		m := map[uint32]of.Group{}
		for _, g := range groups {
			m[g.ID] = g
		}
		return m
	}
	if diff := cmp.Diff(byID(want), byID(got), cmpOptions); diff != "" {
		t.Errorf("Groups (-want +got):\n%s", diff)
	}
	flow := of.Add(of.Flow{Instructions: apply(of.RawAction{Bytes: []byte{0, 22, 0, 8, 0, 0, 0, 1}})})
	change := of.GroupMod{Command: of.GroupAddOrModify, Group: of.Group{ID: 2, Buckets: []of.Bucket{{}, {}, {}}}}
	if err := c.Apply(ctx, flow, change); err != nil {
		t.Fatal(err)
	}
	stats, err := c.GroupStats(ctx, 1)
	if err != nil || len(stats) != 1 || stats[0].ID != 1 || stats[0].References != 1 || len(stats[0].Buckets) != 3 || stats[0].Duration < 0 {
		t.Errorf("GroupStats(1) = %+v, %v; want one with 1 reference and 3 buckets", stats, err)
	}
	stats, err = c.GroupStats(ctx, of.GroupAll)
	if err != nil || len(stats) != len(want) {
		t.Errorf("GroupStats(GroupAll) = %+v, %v; want %d", stats, err, len(want))
	}
	if f, err := c.GroupFeatures(ctx); err != nil || f.Types != 0xf || f.MaxGroups[3] != of.GroupMax || f.Actions[0]&1 == 0 {
		t.Errorf("GroupFeatures() = %+v, %v; want all types and output", f, err)
	}
	for want, m := range map[error]of.Modification{
		of.ErrGroupExists:  of.GroupMod{Group: of.Group{ID: 1}},
		of.ErrUnknownGroup: of.GroupMod{Command: of.GroupModify, Group: of.Group{ID: 99}},
		of.ErrInvalidGroup: of.GroupMod{Group: of.Group{ID: 98, Type: of.GroupTypeIndirect}},
		of.ErrBadGroupType: of.GroupMod{Group: of.Group{ID: 98, Type: 4}},
	} {
		if err := c.Apply(ctx, m); !errors.Is(err, want) {
			t.Errorf("%v gives %v, want %v", m, err, want)
		}
	}
	if err := c.Apply(ctx, of.GroupMod{Command: of.GroupInsertBucket}); err == nil || !strings.Contains(err.Error(), "OpenFlow13 has no insert_bucket") {
		t.Errorf("a command on buckets gives %v", err)
	}
	if err := c.Apply(ctx); err != nil {
		t.Errorf("nothing to modify gives %v", err)
	}
}

// TestRealBuckets inserts and removes buckets.
func TestRealBuckets(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	endpoint := ovs.Management("br0")
	ctx := testContext(t)
	c := dial(t, endpoint, of.Version15)
	on := func(c of.GroupCommand, bucket uint32, buckets ...of.Bucket) of.GroupMod {
		return of.GroupMod{Command: c, Group: of.Group{ID: 1, Buckets: buckets}, CommandBucket: bucket}
	}
	for _, step := range []struct {
		m    of.GroupMod
		want string
	}{
		{on(of.GroupAdd, 0, of.Bucket{ID: 5}, of.Bucket{ID: 7}), "bucket=bucket_id:5,actions=drop,bucket=bucket_id:7,actions=drop"},
		{on(of.GroupInsertBucket, 5, of.Bucket{ID: 6}), "bucket=bucket_id:5,actions=drop,bucket=bucket_id:6,actions=drop,bucket=bucket_id:7,actions=drop"},
		{on(of.GroupRemoveBucket, of.BucketFirst), "bucket=bucket_id:6,actions=drop,bucket=bucket_id:7,actions=drop"},
		{on(of.GroupInsertBucket, of.BucketFirst, of.Bucket{}), "bucket=bucket_id:0,actions=drop,bucket=bucket_id:6,actions=drop,bucket=bucket_id:7,actions=drop"},
		{on(of.GroupRemoveBucket, 6), "bucket=bucket_id:0,actions=drop,bucket=bucket_id:7,actions=drop"},
		{on(of.GroupRemoveBucket, of.BucketAll), ""},
	} {
		must(t, c.Apply(ctx, step.m))
		want := strings.TrimSuffix("group_id=1,type=all,"+step.want, ",")
		if lines := dumpedGroups(t, of.Version15, endpoint); !lines[want] {
			t.Errorf("after %v: %v, want %s", step.m, lines, want)
		}
		if got, err := c.Groups(ctx); err != nil || len(got) != 1 || got[0].String() != want {
			t.Errorf("after %v: %v, error %v; want %s", step.m, got, err, want)
		}
	}
	for want, m := range map[of.ErrorCode]of.GroupMod{
		of.ErrUnknownBucket: on(of.GroupRemoveBucket, 77),
		of.ErrBadBucket:     on(of.GroupAdd, 0, of.Bucket{ID: 5}, of.Bucket{ID: 5}),
	} {
		if err := c.Apply(ctx, m); !errors.Is(err, want) {
			t.Errorf("%v gives %v, want %v", m, err, want)
		}
	}
}
