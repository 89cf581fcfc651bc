// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/internal/faultproxy"
	of "github.com/ovskit/ovskit/openflow"
)

// content is what a switch holds or should hold.
type content struct {
	flows  []of.Flow
	groups []of.Group
	meters []of.MeterConfig
}

// desired is the content in a scope with groups 100 to 199 and meters 10 to 19.
func (h content) desired(t *testing.T) *of.Desired {
	t.Helper()
	d := of.NewDesired(of.Scope{Cookie: mine, CookieMask: mineMask,
		Groups: of.IDRange{First: 100, Last: 199}, Meters: of.IDRange{First: 10, Last: 19}})
	must(t, d.Add(h.flows...), d.AddGroups(h.groups...), d.AddMeters(h.meters...))
	return d
}

// check compares all that a switch holds with the content.
func (h content) check(t *testing.T, c *of.Conn) {
	t.Helper()
	ctx := testContext(t)
	flows := flowsOf(t, c)
	if !same(flows, h.flows) {
		t.Errorf("flows are %v, want %v", flows, h.flows)
	}
	groups, err := c.Groups(ctx)
	must(t, err)
	slices.SortFunc(groups, func(a, b of.Group) int { return cmp.Compare(a.ID, b.ID) })
	if !slices.EqualFunc(groups, h.groups, of.Group.Equal) {
		t.Errorf("groups are %v, want %v", groups, h.groups)
	}
	meters, err := c.Meters(ctx)
	must(t, err)
	slices.SortFunc(meters, func(a, b of.MeterConfig) int { return cmp.Compare(a.ID, b.ID) })
	if !slices.EqualFunc(meters, h.meters, of.MeterConfig.Equal) {
		t.Errorf("meters are %v, want %v", meters, h.meters)
	}
}

// outputs is a group that outputs to each of some ports.
func outputs(id uint32, ports ...uint32) of.Group {
	g := of.Group{ID: id}
	for i, port := range ports {
		g.Buckets = append(g.Buckets, of.Bucket{ID: uint32(i), Actions: []of.Action{of.Output{Port: port}}})
	}
	return g
}

// drops is a meter that drops what is more than some packets a second.
func drops(id, rate uint32) of.MeterConfig {
	return of.MeterConfig{ID: id, Flags: of.MeterPacketsPerSecond, Bands: []of.MeterBand{{Type: of.BandDrop, Rate: rate}}}
}

// through is an owned flow that is metered and goes to a group.
func through(i, meter, group uint32) of.Flow {
	f := owned(i)
	f.Instructions = of.Instructions{Meter: meter, Apply: []of.Action{of.OutputGroup{ID: group}}}
	return f
}

// add are the modifications that make the content.
func (h content) add() (mods []of.Modification) {
	for _, m := range h.meters {
		mods = append(mods, of.MeterMod{MeterConfig: m})
	}
	for _, g := range h.groups {
		mods = append(mods, of.GroupMod{Group: g})
	}
	for _, f := range h.flows {
		mods = append(mods, of.Add(f))
	}
	return mods
}

// TestRealSyncGroups adds, replaces and deletes flows, groups and meters that depend on each other, next to those of
// others.
func TestRealSyncGroups(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		ctx := testContext(t)
		c, s := attend(t, endpoint, v)
		emptied(t, c)
		foreign := content{[]of.Flow{numbered(100)}, []of.Group{outputs(99, 1), outputs(200, 1)},
			[]of.MeterConfig{drops(9, 7), drops(20, 7)}}
		must(t, c.Apply(ctx, foreign.add()...))
		said(t, c, s)
		// with is the content with that of others around it.
		with := func(h content) content {
			return content{append(h.flows, foreign.flows...),
				slices.Concat(foreign.groups[:1], h.groups, foreign.groups[1:]),
				slices.Concat(foreign.meters[:1], h.meters, foreign.meters[1:])}
		}
		step := func(h content, want string) {
			t.Helper()
			d := h.desired(t)
			p, err := c.Sync(ctx, d)
			if err != nil || p.String() != want {
				t.Fatalf("Sync says %v, error %v; want %s", p, err, want)
			}
			with(h).check(t, c)
			if p, err = c.Sync(ctx, d); err != nil || !p.Empty() {
				t.Errorf("the second time Sync says %v, error %v; want that nothing has to be done", p, err)
			}
		}
		step(content{
			[]of.Flow{through(1, 10, 100), through(2, 11, 101), through(3, 10, 102)},
			[]of.Group{outputs(100, 1), outputs(101, 1, 2), outputs(102)},
			[]of.MeterConfig{drops(10, 100), drops(11, 200)},
		}, "flows: 3 added, 0 replaced, 0 deleted, 0 unchanged; groups: 3 added, 0 replaced, 0 deleted, 0 unchanged; "+
			"meters: 2 added, 0 replaced, 0 deleted, 0 unchanged")
		// What a flow goes to changes, and what another one went to is deleted with it.
		moved := through(1, 12, 199)
		moved.Flags = of.FlowSendRemoved
		step(content{
			[]of.Flow{moved, through(2, 11, 101)},
			[]of.Group{outputs(101, 2), outputs(199, 2)},
			[]of.MeterConfig{drops(11, 300), drops(12, 100)},
		}, "flows: 0 added, 1 replaced, 1 deleted, 1 unchanged; groups: 1 added, 1 replaced, 2 deleted, 0 unchanged; "+
			"meters: 1 added, 1 replaced, 1 deleted, 0 unchanged")
		// A switch that deletes a group or a meter deletes the flows to it: these must have moved on before.
		again := through(1, 10, 101)
		again.Flags = of.FlowSendRemoved
		step(content{[]of.Flow{again}, []of.Group{outputs(101, 2)}, []of.MeterConfig{drops(10, 100)}},
			"flows: 0 added, 1 replaced, 1 deleted, 0 unchanged; groups: 0 added, 0 replaced, 1 deleted, 1 unchanged; "+
				"meters: 1 added, 0 replaced, 2 deleted, 0 unchanged")
		// A switch tells of removed flows some time later, in their order; also a connection that began meanwhile.
		removed := func(want of.Flow) {
			for {
				if m, ok := next(t, s).(of.FlowRemoved); ok {
					if m.Stats.Key() == want.Key() {
						return
					}
					t.Errorf("the switch has removed a flow that was to be replaced: %+v", m)
				}
			}
		}
		last := numbered(300)
		last.Flags = of.FlowSendRemoved
		must(t, c.Apply(ctx, of.Add(last), of.DeleteStrict(last)))
		removed(last)
		step(content{}, "flows: 0 added, 0 replaced, 1 deleted, 0 unchanged; groups: 0 added, 0 replaced, 1 deleted, 0 unchanged; "+
			"meters: 0 added, 0 replaced, 1 deleted, 0 unchanged")
		removed(again)
	})
}

// TestRealSyncOutOfScope has a state without groups and meters, which leaves all of them alone.
func TestRealSyncOutOfScope(t *testing.T) {
	t.Parallel()
	ctx := testContext(t)
	c := dial(t, realSwitch(t).Management("br0"))
	there := content{[]of.Flow{numbered(100)}, []of.Group{outputs(0, 1), outputs(100, 1)}, []of.MeterConfig{drops(10, 7)}}
	must(t, c.Apply(ctx, there.add()...))
	p, err := c.Sync(ctx, desired(t, owned(1)))
	if err != nil || p.String() != "flows: 1 added, 0 replaced, 0 deleted, 0 unchanged" {
		t.Errorf("Sync says %v, error %v", p, err)
	}
	there.flows = append(there.flows, owned(1))
	there.check(t, c)
}

// TestRealSyncUndone has the switch refuse a part of what is asked for, and finds all as it was, the meters too.
func TestRealSyncUndone(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	before := content{[]of.Flow{through(1, 10, 100)}, []of.Group{outputs(100, 1)}, []of.MeterConfig{drops(10, 100), drops(11, 200)}}
	remark := of.MeterConfig{ID: 15, Flags: of.MeterKbps, Bands: []of.MeterBand{{Type: of.BandDSCPRemark, Rate: 1, PrecLevel: 1}}}
	replaced := remark
	replaced.ID = 11
	bad := through(3, 12, 100)
	bad.Apply = []of.Action{set(of.TCPDst(80))}
	for _, tc := range []struct {
		name string
		ask  content
		want error
	}{
		{"group", content{[]of.Flow{through(1, 12, 101)}, []of.Group{outputs(101, 1), {ID: 102, Type: of.GroupTypeIndirect}},
			[]of.MeterConfig{drops(10, 300), drops(12, 100)}}, of.ErrInvalidGroup},
		{"flow", content{[]of.Flow{through(1, 12, 101), bad}, []of.Group{outputs(100, 2), outputs(101, 1)},
			[]of.MeterConfig{drops(11, 300), drops(12, 100)}}, of.ErrMatchInconsistent},
		{"flow to a group that is not there", content{[]of.Flow{through(1, 10, 150)}, []of.Group{outputs(101, 1)},
			[]of.MeterConfig{drops(10, 300), drops(12, 100)}}, of.ErrBadOutGroup},
		{"new meter", content{[]of.Flow{through(1, 12, 101)}, []of.Group{outputs(101, 1)},
			[]of.MeterConfig{drops(10, 300), drops(12, 100), remark}}, of.ErrBadBand},
		{"replaced meter", content{[]of.Flow{through(1, 12, 101)}, []of.Group{outputs(101, 1)},
			[]of.MeterConfig{drops(10, 300), replaced, drops(12, 100)}}, of.ErrBadBand},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, v := range versions {
				c := dial(t, endpoint, v)
				emptied(t, c)
				must(t, c.Apply(testContext(t), before.add()...))
				p, err := c.Sync(testContext(t), tc.ask.desired(t))
				if !errors.Is(err, tc.want) || p != nil || errors.Is(err, of.ErrOutcomeUnknown) {
					t.Errorf("%v: Sync gives %v, %v; want %v", v, p, err, tc.want)
				}
				before.check(t, c)
			}
		})
	}
}

// TestRealSyncGroupsSame has groups and meters that a switch writes down in its own way.
func TestRealSyncGroupsSame(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		c := dial(t, endpoint, v)
		emptied(t, c)
		actions := func(id uint32, actions ...of.Action) of.Group {
			return of.Group{ID: id, Buckets: []of.Bucket{{Actions: actions}}}
		}
		set := func(mf of.MatchField) of.Action { return of.SetField{MatchField: mf} }
		h := content{
			groups: []of.Group{
				actions(100, set(of.UintMasked(of.FieldMetadata, 5, 0x505)), of.Output{Port: 1}),
				actions(101, set(of.RegMasked(0, 1, 0xf)), set(of.RegMasked(0, 0x10, 0xf0))),
				actions(102, of.Output{Port: of.PortController, MaxLen: 128}, of.OutputGroup{ID: 103}),
				actions(103, of.Resubmit{InPort: of.PortInPort, Table: 3}),
				{ID: 104, Type: of.GroupTypeSelect, Buckets: []of.Bucket{{Weight: 2}, {ID: 1, Weight: 3}}},
				{ID: 105, Type: of.GroupTypeFastFailover, Buckets: []of.Bucket{
					{WatchPort: ptr[uint32](1)}, {ID: 1, WatchPort: ptr[uint32](2)}}},
			},
			meters: []of.MeterConfig{
				drops(10, 100),
				{ID: 11, Flags: of.MeterKbps | of.MeterBurst, Bands: []of.MeterBand{{Type: of.BandDrop, Rate: 100, BurstSize: 7}}},
				{ID: 12, Flags: of.MeterKbps, Bands: []of.MeterBand{{Type: of.BandDrop, Rate: 100, BurstSize: 7}}},
				{ID: 13, Flags: of.MeterKbps, Bands: []of.MeterBand{{Type: of.BandDrop, Rate: 200}, {Type: of.BandDrop, Rate: 100}}},
				{ID: 14, Flags: of.MeterPacketsPerSecond | of.MeterStatistics, Bands: []of.MeterBand{{Type: of.BandDrop, Rate: 1}}},
			},
		}
		for i := range h.groups[4].Buckets {
			h.groups[4].Buckets[i].Actions = []of.Action{of.Output{Port: uint32(i + 1)}}
		}
		if v == of.Version15 {
			h.groups = append(h.groups, of.Group{ID: 106, Type: of.GroupTypeSelect,
				Selection: of.Selection{Method: "hash", Fields: []of.MatchField{
					{Field: of.FieldTCPDst, Value: []byte{0xff, 0xff}}, {Field: of.FieldIPv4Src, Value: []byte{255, 255, 0, 0}}}},
				Buckets: []of.Bucket{{ID: 7, Weight: 1}, {ID: 3, Weight: 1}}})
		}
		if _, err := c.Sync(testContext(t), h.desired(t)); err != nil {
			t.Fatal(err)
		}
		for _, other := range versions {
			p, err := dial(t, endpoint, other).Diff(testContext(t), h.desired(t))
			if err != nil || !p.Empty() {
				t.Errorf("in %v, error %v: %v, to be replaced by %v and %v", other, err, p, p.Groups.Replace, p.Meters.Replace)
			}
		}
	})
}

// TestRealSyncGroupsCut cuts the connection at many places. Flows and groups are as before or as asked for, and the next
// time everything is as it should be.
func TestRealSyncGroupsCut(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	ctx := testContext(t)
	c := dial(t, endpoint)
	before := content{[]of.Flow{through(1, 10, 100)}, []of.Group{outputs(100, 1)}, []of.MeterConfig{drops(10, 100)}}
	after := content{[]of.Flow{through(1, 11, 101)}, []of.Group{outputs(101, 1)}, []of.MeterConfig{drops(11, 100)}}
	proxy := faultproxy.New(t, endpoint)
	cut := func(toServer, toClient int64) (finished bool) {
		emptied(t, c)
		must(t, c.Apply(ctx, before.add()...))
		proxy.CutAfter(toServer, toClient)
		err := syncOnce(ctx, proxy.Endpoint(), after.desired(t))
		proxy.CutAfter(-1, -1)
		groups, groupsErr := c.Groups(ctx)
		must(t, groupsErr)
		flows := flowsOf(t, c)
		is := func(h content) bool {
			return same(flows, h.flows) && slices.EqualFunc(groups, h.groups, of.Group.Equal)
		}
		var ended *of.ConnError
		if err == nil && !is(after) || err != nil && !is(before) && !is(after) || err != nil && !errors.As(err, &ended) {
			t.Errorf("cut after %d and %d bytes: flows %v, groups %v, error %v", toServer, toClient, flows, groups, err)
		}
		if err != nil && !errors.Is(err, of.ErrOutcomeUnknown) {
			before.check(t, c)
		}
		if err := syncOnce(ctx, proxy.Endpoint(), after.desired(t)); err != nil {
			t.Errorf("the next time after a cut at %d and %d bytes: %v", toServer, toClient, err)
		}
		after.check(t, c)
		return err == nil
	}
	steps := 0
	for n := int64(0); !cut(n, -1); n += 13 {
		steps++
	}
	for n := int64(0); !cut(-1, n); n += 13 {
		steps++
	}
	if steps < 40 {
		t.Errorf("the connection was cut in %d places only", steps)
	}
}

func TestDesiredRanges(t *testing.T) {
	d := content{groups: []of.Group{outputs(100), outputs(199)}, meters: []of.MeterConfig{drops(10, 1), drops(19, 1)}}.desired(t)
	for name, err := range map[string]error{
		"group 99": d.AddGroups(outputs(150), outputs(99)), "group 200": d.AddGroups(outputs(200)),
		"meter 9": d.AddMeters(drops(15, 1), drops(9, 1)), "meter 20": d.AddMeters(drops(20, 1)),
		"group 0": desired(t).AddGroups(outputs(0)), "meter 0": desired(t).AddMeters(drops(0, 1)),
	} {
		if err == nil || !strings.Contains(err.Error(), name+" is not one of ") {
			t.Errorf("%s gives %v, want that it is not in the range", name, err)
		}
	}
	if got, want := d.Scope().Groups, (of.IDRange{First: 100, Last: 199}); got != want {
		t.Errorf("the scope's groups are %v, want %v", got, want)
	}
}

// TestGroupEqual has groups that are the same to a switch, and others that are not.
func TestGroupEqual(t *testing.T) {
	group := func(actions ...of.Action) of.Group {
		return of.Group{ID: 1, Type: of.GroupTypeSelect, Selection: of.Selection{Method: "hash", Fields: []of.MatchField{
			{Field: of.FieldTCPDst, Value: []byte{0xff, 0xff}}, {Field: of.FieldIPv4Src, Value: []byte{255, 255, 0, 0}},
		}}, Buckets: []of.Bucket{{Actions: actions}}}
	}
	masked := func(value, mask uint64) of.Action {
		return of.SetField{MatchField: of.UintMasked(of.FieldMetadata, value, mask)}
	}
	one := group(masked(5, 0x505))
	other := group(masked(1, 1), masked(4, 4), masked(0, 0x100), masked(0, 0x400))
	slices.Reverse(other.Selection.Fields)
	if !one.Equal(other) || !other.Equal(one) {
		t.Errorf("%v and %v are not equal", one, other)
	}
	if got := other.Selection.Fields[0].Field; got != of.FieldIPv4Src {
		t.Errorf("the comparison has moved %v to the front", got)
	}
	for name, change := range map[string]func(g *of.Group){
		"id":         func(g *of.Group) { g.ID++ },
		"type":       func(g *of.Group) { g.Type = of.GroupTypeAll },
		"method":     func(g *of.Group) { g.Selection.Method = "dp_hash" },
		"parameter":  func(g *of.Group) { g.Selection.Param++ },
		"mask":       func(g *of.Group) { g.Selection.Fields[0].Value[1] = 0 },
		"action":     func(g *of.Group) { g.Buckets[0].Actions = append(g.Buckets[0].Actions, of.Output{Port: 1}) },
		"weight":     func(g *of.Group) { g.Buckets[0].Weight++ },
		"bucket id":  func(g *of.Group) { g.Buckets[0].ID++ },
		"watch port": func(g *of.Group) { g.Buckets[0].WatchPort = ptr[uint32](1) },
		"buckets":    func(g *of.Group) { g.Buckets = append(g.Buckets, of.Bucket{ID: 1}) },
	} {
		changed := group(masked(5, 0x505))
		if change(&changed); changed.Equal(one) || one.Equal(changed) {
			t.Errorf("with another %s %v equals %v", name, changed, one)
		}
	}
}
