// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"testing"
	"time"

	of "github.com/ovskit/ovskit/openflow"
)

// plainFlows are flows that go over the wire in the same way in all versions.
func plainFlows() []of.Flow {
	ip := of.EthType(of.EthTypeIPv4)
	return []of.Flow{
		{Table: 1, Priority: 1},
		{Table: 2, Priority: 2, Cookie: 3, Match: of.Match{of.InPort(1), ip}, IdleTimeout: 100, HardTimeout: 200,
			Flags: of.FlowSendRemoved | of.FlowNoPacketCounts, Instructions: apply(of.Output{Port: 2}, of.DecTTL{})},
		{Table: 3, Match: of.Match{ip, of.IPProto(of.IPProtoTCP), of.TCPDst(80)},
			Instructions: of.Instructions{Goto: 4, Metadata: 1, MetadataMask: 3, Write: []of.Action{of.Output{Port: 1}}}},
	}
}

// TestRealFlowStats adds flows in each version and finds them in the dump of each.
func TestRealFlowStats(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	ctx := testContext(t)
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		mods := []of.Modification{deleteAll}
		for _, f := range plainFlows() {
			mod := of.Add(f)
			if v >= of.Version14 {
				mod.Importance = 7
			}
			mods = append(mods, mod)
		}
		must(t, dial(t, endpoint, v).Apply(ctx, mods...))
		for _, dump := range versions {
			c := dial(t, endpoint, dump)
			stats, err := c.Flows(ctx, of.FlowFilter{})
			must(t, err)
			got := map[string]of.FlowStats{}
			for _, s := range stats {
				got[s.Key()] = s
			}
			if len(got) != len(plainFlows()) {
				t.Errorf("added in %v, %d flows are dumped in %v", v, len(got), dump)
			}
			for _, f := range plainFlows() {
				if v >= of.Version14 && dump >= of.Version14 {
					f.Importance = 7
				}
				s, ok := got[f.Key()]
				if !ok || !s.Flow.Equal(f) || s.Duration < 0 {
					t.Errorf("%v: added in %v, dumped in %v as\n%+v", f, v, dump, s)
				}
			}
			sum := dialPeer(t, endpoint, dump).ask(of.AggregateRequest{})
			if r, ok := sum[0].Message.(of.AggregateReply); !ok || int(r.Flows) != len(plainFlows()) {
				t.Errorf("%v: the sum of the flows is %+v", dump, sum)
			}
		}
	})
}

// TestFlowDescSkips reads a flow of OpenFlow 1.5 whose statistics have fields that nobody knows.
func TestFlowDescSkips(t *testing.T) {
	want := of.FlowStats{Flow: of.Flow{Table: 1, Priority: 2}, Duration: 3 * time.Second, Packets: of.CounterUnknown, Bytes: 7}
	b, err := of.Encode(of.Version15, of.FlowStatsReply{Flows: []of.FlowStats{want}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	const stats = 16 + 24 + 8 // behind headers, ofp_flow_desc and an empty match
	idle := b[stats+4+12:]
	idle[2] = 77 << 1
	m, _, err := of.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if got := m.(of.FlowStatsReply).Flows[0]; got.Duration != want.Duration || got.Packets != want.Packets || got.Bytes != 7 {
		t.Errorf("read as %+v, want %+v", got, want)
	}
}

// TestRealSum asks a switch for the sums of some of its flows.
func TestRealSum(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		ctx := testContext(t)
		c := dial(t, endpoint, v)
		ofctl(t, v, "del-flows", endpoint)
		for i := range uint64(3) {
			must(t, c.Apply(ctx, of.Add(of.Flow{Table: 1, Cookie: i + 1, Match: of.Match{of.Uint(of.FieldMetadata, i)}})))
		}
		sum, err := c.Sum(ctx, of.FlowFilter{Cookie: 1, CookieMask: 1})
		if want := (of.AggregateReply{Flows: 2}); sum != want || err != nil {
			t.Errorf("got the sum %+v, error %v; want %+v", sum, err, want)
		}
	})
}
