// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"errors"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline/pipelinetest"
	"github.com/ovskit/ovskit/internal/tier"
	"github.com/ovskit/ovskit/openflow"
)

// TestFlowModsSameAsOpenVSwitch carries out random flow mods, alone and in bundles, on the switch and on Open vSwitch: each
// is refused by both for the same reason or by none, and the flows that come of it are the same. Their order in a dump is
// not compared: in Open vSwitch it depends on when flows that were deleted before are forgotten.
func TestFlowModsSameAsOpenVSwitch(t *testing.T) {
	tier.Need(t, tier.Sandbox)
	r := startScripted(t)
	r.bridge(t)
	b := fakeBridge(t)
	dial := func(endpoint string) *openflow.Conn {
		c, err := openflow.Dial(r.ctx, endpoint, openflow.Options{Versions: []openflow.Version{openflow.Version14}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	here, there := dial("unix:"+b.socket), dial(r.ovs.Management("br0"))
	rapid.Check(t, func(t *rapid.T) {
		clear := []openflow.Modification{
			openflow.FlowMod{Command: openflow.FlowDelete, Flow: openflow.Flow{Table: openflow.AllTables}},
			openflow.GroupMod{Command: openflow.GroupDelete, Group: openflow.Group{ID: openflow.GroupAll}},
			openflow.GroupMod{Group: openflow.Group{ID: 1}},
		}
		for _, c := range []*openflow.Conn{here, there} {
			if err := c.Apply(r.ctx, clear...); err != nil {
				t.Fatal(err)
			}
		}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			var mods []openflow.Modification
			for range rapid.IntRange(1, 6).Draw(t, "mods") {
				mods = append(mods, drawFlowMod(t))
			}
			apply := (*openflow.Conn).Apply
			// Within a bundle Open vSwitch finds some of the flows that it has just added, and others not.
			if rapid.Bool().Draw(t, "bundle") && !slices.ContainsFunc(mods, seeks) {
				apply = (*openflow.Conn).Bundle
			}
			got, want := outcome(apply(here, r.ctx, mods...)), outcome(apply(there, r.ctx, mods...))
			if got != want {
				t.Fatalf("%v:\ngot  %+v\nwant %+v, of Open vSwitch", mods, got, want)
			}
			gotFlows, err := here.Flows(r.ctx, openflow.FlowFilter{})
			wantFlows, realErr := there.Flows(r.ctx, openflow.FlowFilter{})
			if err != nil || realErr != nil {
				t.Fatal(err, realErr)
			}
			if d := cmp.Diff(texts(wantFlows), texts(gotFlows)); d != "" {
				t.Fatalf("flows after %v (-Open vSwitch +here):\n%s", mods, d)
			}
		}
	})
}

// seeks reports whether a flow mod is for all flows that a match covers, or looks for those that it overlaps.
func seeks(m openflow.Modification) bool {
	f := m.(openflow.FlowMod)
	return f.Command == openflow.FlowModify || f.Command == openflow.FlowDelete ||
		f.Command == openflow.FlowAdd && f.Flags&openflow.FlowCheckOverlap != 0
}

// result is how modifications ended: which one was refused, and why.
type result struct {
	index int
	code  openflow.ErrorCode
}

func outcome(err error) result {
	if err == nil {
		return result{index: -1}
	}
	var refused *openflow.RequestError
	o := result{index: -2}
	if errors.As(err, &refused) {
		o.index = refused.Index
	}
	errors.As(err, &o.code)
	return o
}

func texts(flows []openflow.FlowStats) []string {
	list := make([]string, len(flows))
	for i, f := range flows {
		list[i] = f.Flow.String()
	}
	slices.Sort(list)
	return list
}

// drawFlowMod draws a flow mod out of few matches, priorities, cookies and actions, so that many of them meet.
func drawFlowMod(t *rapid.T) openflow.FlowMod {
	m := openflow.FlowMod{Command: openflow.FlowCommand(rapid.IntRange(0, 4).Draw(t, "command"))}
	if rapid.Bool().Draw(t, "add") {
		m.Command = openflow.FlowAdd
	}
	m.Table = rapid.SampledFrom([]uint8{0, 0, 0, 1, 2, 253, 254, openflow.AllTables}).Draw(t, "table")
	m.Priority = rapid.SampledFrom([]uint16{0, 5, 5, 10, 20}).Draw(t, "priority")
	m.Match = rapid.SampledFrom(drawnMatches).Draw(t, "match")
	m.Cookie = rapid.SampledFrom([]uint64{0, 1, 2, 7, ^uint64(0)}).Draw(t, "cookie")
	switch m.Command {
	case openflow.FlowAdd:
		m.Flags = openflow.FlowFlags(rapid.IntRange(0, 31).Draw(t, "flags"))
		m.IdleTimeout = rapid.SampledFrom([]uint16{0, 0, 1000}).Draw(t, "idle")
		m.HardTimeout = rapid.SampledFrom([]uint16{0, 0, 2000}).Draw(t, "hard")
		m.Importance = rapid.SampledFrom([]uint16{0, 3}).Draw(t, "importance")
	case openflow.FlowModify, openflow.FlowModifyStrict:
		m.CookieMask = rapid.SampledFrom([]uint64{0, 0, 1, ^uint64(0)}).Draw(t, "cookie mask")
	default:
		m.CookieMask = rapid.SampledFrom([]uint64{0, 0, 1, ^uint64(0)}).Draw(t, "cookie mask")
		m.OutPort = rapid.SampledFrom([]uint32{0, 0, 1, 2, openflow.PortController}).Draw(t, "out port")
		m.OutGroup = rapid.SampledFrom([]uint32{0, 0, 0, 1}).Draw(t, "out group")
		return m
	}
	m.Instructions = rapid.SampledFrom(drawnInstructions).Draw(t, "instructions")
	return m
}

var drawnMatches = []openflow.Match{
	nil,
	{openflow.InPort(1)},
	{openflow.InPort(2)},
	{openflow.EthType(openflow.EthTypeARP)},
	{openflow.EthType(openflow.EthTypeIPv4)},
	{openflow.EthType(openflow.EthTypeIPv4), openflow.IPProto(openflow.IPProtoTCP)},
	{openflow.EthType(openflow.EthTypeIPv4), openflow.IPProto(openflow.IPProtoTCP), openflow.TCPDst(80)},
	{openflow.EthType(openflow.EthTypeIPv4), openflow.IPv4Dst(netip.MustParsePrefix("10.0.0.0/8"))},
	{openflow.EthType(openflow.EthTypeIPv4), openflow.IPv4Dst(netip.MustParsePrefix("10.1.0.0/16"))},
	{openflow.Reg(0, 1)},
}

var drawnInstructions = []openflow.Instructions{
	{},
	pipelinetest.Out(1),
	pipelinetest.Out(2),
	pipelinetest.Apply(openflow.Output{Port: 1}, openflow.Output{Port: openflow.PortController, MaxLen: 64}),
	pipelinetest.Apply(openflow.OutputGroup{ID: 1}),
	pipelinetest.Apply(openflow.OutputGroup{ID: 9}),
	{Goto: 253},
	{Goto: 1, Metadata: 5, MetadataMask: 7},
	{Write: []openflow.Action{openflow.Output{Port: 2}, openflow.OutputGroup{ID: 1}}},
	{Meter: 5},
}
