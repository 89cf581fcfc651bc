// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	of "github.com/ovskit/ovskit/openflow"
)

func TestRealSwitch(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		ctx := testContext(t)
		c := dial(t, endpoint, v)
		must(t, c.Apply(ctx, deleteAll))
		if f := c.Features(); f.Tables != 254 || f.DatapathID == 0 {
			t.Errorf("features are %+v, want 254 tables and a datapath id", f)
		}
		if err := c.Echo(ctx); err != nil {
			t.Error(err)
		}
		if err := c.Barrier(ctx); err != nil {
			t.Error(err)
		}
		ports, err := c.Ports(ctx)
		if err != nil {
			t.Fatal(err)
		}
		names := map[uint32]string{}
		for _, p := range ports {
			names[p.No] = p.Name
		}
		if len(names) != 3 || names[1] != "p1" || names[2] != "p2" || names[of.PortLocal] != "br0" {
			t.Errorf("ports are %v, want br0, p1 and p2", names)
		}
		if d, err := c.Desc(ctx); err != nil || d.Hardware != "Open vSwitch" {
			t.Errorf("Desc() = %+v, %v", d, err)
		}
		packet := of.PacketOut{Actions: []of.Action{of.Output{Port: 1}}, Data: make([]byte, 60)}
		if err := c.Apply(ctx, packet); err != nil {
			t.Error(err)
		}
		packet.Actions = []of.Action{of.Output{Port: 0xffffff01}}
		if err := c.Apply(ctx, packet); !errors.Is(err, of.ErrBadOutPort) {
			t.Errorf("packet to a port that cannot be gives %v, want %v", err, of.ErrBadOutPort)
		}
	})
}

// TestRealRoundTrip adds flows and finds the same in the dump, by key and content, and as ovs-ofctl prints them.
func TestRealRoundTrip(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		ctx := testContext(t)
		c := dial(t, endpoint, v)
		must(t, c.Apply(ctx, deleteAll))
		var mods []of.Modification
		for _, tc := range typical {
			mods = append(mods, tc.mod)
		}
		if err := c.Bundle(ctx, mods...); err != nil {
			t.Fatal(err)
		}
		got := flowsOf(t, c)
		for _, tc := range typical {
			f, ok := got[tc.mod.Key()]
			if !ok {
				t.Errorf("%s: not in the dump: %v", tc.name, tc.mod.Flow)
			} else if !f.Equal(tc.mod.Flow) {
				t.Errorf("%s: dumped\n%v\nadded\n%v", tc.name, f, tc.mod.Flow)
			}
		}
		if len(got) != len(mods) {
			t.Errorf("%d flows are dumped, want %d", len(got), len(mods))
		}
		out := ofctl(t, v, "--no-stats", "dump-flows", endpoint)
		for _, tc := range typical {
			_, actions, _ := strings.Cut(tc.text, "actions=")
			if !strings.Contains(out, "actions="+actions+"\n") {
				t.Errorf("%s: %s is not in\n%s", tc.name, actions, out)
			}
		}
		deletes := make([]of.Modification, len(mods))
		for i := range mods {
			deletes[i] = of.DeleteStrict(typical[i].mod.Flow)
		}
		if err := c.Bundle(ctx, deletes...); err != nil {
			t.Fatal(err)
		}
		if left := flowsOf(t, c); len(left) != 0 {
			t.Errorf("flows are left after they were deleted: %v", left)
		}
	})
}

// TestRealRandomFlows adds random flows to a switch and finds what it was meant to hold.
func TestRealRandomFlows(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	ctx := testContext(t)
	c := dial(t, ovs.Management("br0"))
	generator := rapid.Custom(genFlow)
	for round := range 20 {
		mods := []of.Modification{deleteAll}
		want := map[string]of.Flow{}
		for i := range 50 {
			f := generator.Example(50*round + i)
			mods = append(mods, of.Add(f))
			want[f.Key()] = f
		}
		if err := c.Bundle(ctx, mods...); err != nil {
			t.Fatal(err)
		}
		got := flowsOf(t, c)
		for key, f := range want {
			if g, ok := got[key]; !ok {
				t.Errorf("not dumped: %v", f)
			} else if !f.Equal(g) {
				t.Errorf("dumped\n%v\nadded\n%v", g, f)
			}
			delete(got, key)
		}
		for _, f := range got {
			t.Errorf("dumped but not added: %v", f)
		}
	}
}

// TestRealText has ovs-ofctl read the text of flows and finds that it means the same.
func TestRealText(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	c := dial(t, ovs.Management("br0"))
	for _, tc := range typical {
		text := tc.mod.Flow.String()
		ofctl(t, of.Version13, "add-flow", ovs.Management("br0"), text)
		if f, ok := flowsOf(t, c)[tc.mod.Key()]; !ok || !f.Equal(tc.mod.Flow) {
			t.Errorf("%q means\n%v, want\n%v", text, f, tc.mod.Flow)
		}
	}
}

func TestRealFilter(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		ctx := testContext(t)
		c := dial(t, endpoint, v)
		must(t, c.Apply(ctx, deleteAll))
		add := func(table uint8, cookie uint64, port uint32) of.FlowMod {
			return of.Add(of.Flow{Table: table, Cookie: cookie, Priority: uint16(port), Match: of.Match{of.InPort(port)},
				Instructions: apply(of.Output{Port: port + 10})})
		}
		if err := c.Apply(ctx, add(0, 0x11, 1), add(0, 0x12, 2), add(1, 0x21, 1), add(1, 0x22, 2)); err != nil {
			t.Fatal(err)
		}
		one, zero := uint8(1), uint8(0)
		for _, tc := range []struct {
			name   string
			filter of.FlowFilter
			want   int
		}{
			{"all", of.FlowFilter{}, 4},
			{"table 0", of.FlowFilter{Table: &zero}, 2},
			{"table 1 and cookie", of.FlowFilter{Table: &one, Cookie: 0x20, CookieMask: 0xf0}, 2},
			{"cookie", of.FlowFilter{Cookie: 0x11, CookieMask: ^uint64(0)}, 1},
			{"match", of.FlowFilter{Match: of.Match{of.InPort(2)}}, 2},
			{"out port", of.FlowFilter{OutPort: 12}, 2},
		} {
			got, err := c.Flows(ctx, tc.filter)
			if err != nil || len(got) != tc.want {
				t.Errorf("%s: %d flows, error %v; want %d", tc.name, len(got), err, tc.want)
			}
		}
		byPort := of.FlowMod{Command: of.FlowDelete, Flow: of.Flow{Table: of.AllTables}, OutPort: 11}
		if err := c.Apply(ctx, byPort); err != nil {
			t.Fatal(err)
		}
		if got := flowsOf(t, c); len(got) != 2 {
			t.Errorf("%d flows are left, want the 2 that do not output to port 11: %v", len(got), got)
		}
		byGroup := of.FlowMod{Command: of.FlowDelete, Flow: of.Flow{Table: of.AllTables}, OutGroup: 1}
		if err := c.Apply(ctx, byGroup); err != nil {
			t.Fatal(err)
		}
		if got := flowsOf(t, c); len(got) != 2 {
			t.Errorf("%d flows are left after a delete of those that output to group 1, want 2", len(got))
		}
	})
}
