// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/openflow"
)

// Somebody else deletes, changes and adds flows; each is put right and reported.
func TestDriftIsRepaired(t *testing.T) {
	switchtest.Each(t, func(t *testing.T, s *switchtest.Switch) {
		ctx := t.Context()
		br, err := bridge.Ensure(ctx, s.DB, bridge.Config{Name: "br0", Datapath: s.Datapath})
		if err != nil {
			t.Fatal(err)
		}
		drifts := make(chan flows.Drift, 100)
		sw := open(t, br, flows.Options{Owner: "lab", OnDrift: func(d flows.Drift) { drifts <- d }})
		// Changes of one's own are no drift: the first report is of the first sabotage.
		for n := range byte(5) {
			if err := sw.Set(ctx, someObjects(n)...); err != nil {
				t.Fatal(err)
			}
		}
		other, err := openflow.Dial(ctx, br.Management(), openflow.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		before := held(t, other)

		destination := uint8(70)
		there, err := other.Flows(ctx, openflow.FlowFilter{Table: &destination})
		if err != nil || len(there) == 0 {
			t.Fatalf("got %d flows in table %d, error %v", len(there), destination, err)
		}
		changed := there[0].Flow
		changed.Apply = nil
		foreign := openflow.Flow{Table: 15, Priority: 9, Cookie: 0x1234}
		for name, sabotage := range map[string][]openflow.Modification{
			"deleted": {openflow.FlowMod{Command: openflow.FlowDelete, Flow: openflow.Flow{Table: destination}}},
			"changed": {openflow.Add(changed)},
			"added":   {openflow.Add(foreign)},
			"all":     {openflow.FlowMod{Command: openflow.FlowDelete, Flow: openflow.Flow{Table: openflow.AllTables}}},
		} {
			if err := other.Bundle(ctx, sabotage...); err != nil {
				t.Fatal(err)
			}
			d := <-drifts
			if d.Err != nil || d.Pause <= 0 {
				t.Fatalf("%s: got the report %+v", name, d)
			}
			want := openflow.Changes[openflow.Flow]{Unchanged: d.Plan.Flows.Unchanged}
			switch name {
			case "deleted":
				want.Add = d.Plan.Flows.Add
				if len(want.Add) != len(there) {
					t.Errorf("got %d flows added again, want %d", len(want.Add), len(there))
				}
			case "changed":
				want.Replace = []openflow.Flow{there[0].Flow}
			case "added":
				want.Delete = []openflow.Flow{foreign}
			case "all":
				want.Add, want.Unchanged = d.Plan.Flows.Add, 0
				if len(want.Add) != len(before) {
					t.Errorf("got %d flows added again, want %d", len(want.Add), len(before))
				}
			}
			if got := d.Plan.Flows.String(); got != want.String() {
				t.Errorf("%s: got the report %q, want %q", name, got, want)
			}
			if diff := cmp.Diff(before, held(t, other)); diff != "" {
				t.Errorf("%s: after the repair (-want +got):\n%s", name, diff)
			}
		}

		// What is in other tables is somebody else's.
		if err := other.Bundle(ctx, openflow.Add(openflow.Flow{Table: 200, Cookie: 0x1234})); err != nil {
			t.Fatal(err)
		}
		if err := other.Bundle(ctx, openflow.Add(foreign)); err != nil {
			t.Fatal(err)
		}
		if d := <-drifts; len(d.Plan.Flows.Delete) != 1 || d.Plan.Flows.Delete[0].Table != foreign.Table {
			t.Errorf("got the report %+v, want one flow of table %d", d.Plan, foreign.Table)
		}
	})
}

// Somebody changes a group and a meter, of which the switch tells nothing: they are put right with the next flow.
func TestGroupsAndMetersAreRepaired(t *testing.T) {
	switchtest.Each(t, func(t *testing.T, s *switchtest.Switch) {
		ctx := t.Context()
		br, err := bridge.Ensure(ctx, s.DB, bridge.Config{Name: "br0", Datapath: s.Datapath})
		if err != nil {
			t.Fatal(err)
		}
		drifts := make(chan flows.Drift, 100)
		sw := open(t, br, flows.Options{Owner: "lab", OnDrift: func(d flows.Drift) { drifts <- d }})
		if err := sw.Set(ctx, someObjects(1)...); err != nil {
			t.Fatal(err)
		}
		other, err := openflow.Dial(ctx, br.Management(), openflow.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		groups, err := other.Groups(ctx)
		if err != nil || len(groups) == 0 {
			t.Fatalf("got groups %v, error %v", groups, err)
		}
		meters, err := other.Meters(ctx)
		if err != nil || len(meters) == 0 {
			t.Fatalf("got meters %v, error %v", meters, err)
		}
		group, meter := groups[0], meters[0]
		group.Buckets = nil
		meter.Bands = []openflow.MeterBand{{Type: openflow.BandDrop, Rate: 1}}
		if err := other.Apply(ctx,
			openflow.GroupMod{Command: openflow.GroupModify, Group: group}, openflow.MeterMod{Command: openflow.MeterModify, MeterConfig: meter},
			openflow.Add(openflow.Flow{Table: 15, Priority: 9, Cookie: 0x1234}),
		); err != nil {
			t.Fatal(err)
		}
		d := <-drifts
		if d.Err != nil || len(d.Plan.Groups.Replace) != 1 || len(d.Plan.Meters.Replace) != 1 || len(d.Plan.Flows.Delete) != 1 {
			t.Errorf("got the report %+v, want a group, a meter and a flow put right", d)
		}
		if p, err := sw.Prune(ctx); err != nil || !p.Empty() {
			t.Errorf("got the plan %v, error %v", p, err)
		}
	})
}

// A client whose bridge was refused may be used again when the bridge is cleared: changes of others are seen then.
func TestDriftAfterRefusedOpen(t *testing.T) {
	switchtest.Each(t, func(t *testing.T, s *switchtest.Switch) {
		ctx := t.Context()
		br, err := bridge.Ensure(ctx, s.DB, bridge.Config{Name: "br0", Datapath: s.Datapath, FailMode: bridge.Standalone})
		if err != nil {
			t.Fatal(err)
		}
		client, err := openflow.Connect(ctx, br.Management(), quick15)
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		drifts := make(chan flows.Drift, 100)
		o := flows.Options{Owner: "lab", OnDrift: func(d flows.Drift) { drifts <- d }}
		if _, err := flows.Open(ctx, client, o); !errors.Is(err, flows.ErrConflict) {
			t.Fatalf("got error %v, want %v", err, flows.ErrConflict)
		}
		other, err := openflow.Dial(ctx, br.Management(), openflow.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		all := openflow.FlowMod{Command: openflow.FlowDelete, Flow: openflow.Flow{Table: openflow.AllTables}}
		if err := other.Apply(ctx, all); err != nil {
			t.Fatal(err)
		}
		sw, err := flows.Open(ctx, client, o)
		if err != nil {
			t.Fatal(err)
		}
		defer sw.Close()
		if err := sw.Set(ctx, someObjects(1)...); err != nil {
			t.Fatal(err)
		}
		if err := other.Apply(ctx, all); err != nil {
			t.Fatal(err)
		}
		select {
		case d := <-drifts:
			if d.Err != nil {
				t.Errorf("got the report %+v", d)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("nothing is told of a switch that was emptied")
		}
	})
}
