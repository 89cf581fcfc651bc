// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	of "github.com/ovskit/ovskit/openflow"
)

const allEvents = of.MonitorInitial | of.MonitorAdded | of.MonitorRemoved | of.MonitorModified | of.MonitorInstructions

// TestRealFlowMonitor changes flows with ovs-ofctl and on the connection itself, and is told.
func TestRealFlowMonitor(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		ctx := testContext(t)
		c, s := attend(t, endpoint, v)
		ofctl(t, v, "del-flows", endpoint)
		ofctl(t, v, "add-flow", endpoint, "table=1,priority=5,cookie=1,idle_timeout=900,metadata=1 actions=output:1")
		table := uint8(1)
		monitor := of.FlowMonitor{ID: 5, Flags: allEvents, Table: &table}
		initial, err := c.MonitorFlows(ctx, monitor)
		flow := of.Flow{Table: 1, Priority: 5, Cookie: 1, IdleTimeout: 900, Match: of.Match{of.Uint(of.FieldMetadata, 1)},
			Instructions: apply(of.Output{Port: 1})}
		if diff := cmp.Diff([]of.FlowUpdate{{Event: of.UpdateInitial, Flow: flow}}, initial, cmpOptions); diff != "" || err != nil {
			t.Errorf("what there is, error %v (-want +got):\n%s", err, diff)
		}
		told := func(want ...of.FlowUpdate) {
			t.Helper()
			if diff := cmp.Diff(of.FlowUpdates{Updates: want}, nextOf[of.FlowUpdates](t, s), cmpOptions); diff != "" {
				t.Errorf("update (-want +got):\n%s", diff)
			}
		}

		ofctl(t, v, "add-flow", endpoint, "table=0,metadata=1 actions=output:1") // not monitored
		ofctl(t, v, "add-flow", endpoint, "table=1,priority=6,hard_timeout=800,metadata=2 actions=output:2,goto_table:7")
		added := of.Flow{Table: 1, Priority: 6, HardTimeout: 800, Match: of.Match{of.Uint(of.FieldMetadata, 2)},
			Instructions: of.Instructions{Apply: []of.Action{of.Output{Port: 2}}, Goto: 7}}
		told(of.FlowUpdate{Event: of.UpdateAdded, Flow: added})
		ofctl(t, v, "mod-flows", endpoint, "table=1,metadata=2 actions=output:3")
		added.Instructions = apply(of.Output{Port: 3})
		told(of.FlowUpdate{Event: of.UpdateModified, Flow: added})
		ofctl(t, v, "del-flows", endpoint, "table=1,metadata=2")
		told(of.FlowUpdate{Event: of.UpdateRemoved, Flow: added, Reason: of.FlowRemovedDelete})

		must(t, c.Apply(ctx, of.Add(of.Flow{Table: 1, Match: of.Match{of.Uint(of.FieldMetadata, 9)}})))
		own := nextOf[of.FlowUpdates](t, s).Updates
		if len(own) != 1 || own[0].Event != of.UpdateAbbreviated || own[0].Xid == 0 {
			t.Errorf("the connection's own change is told as %+v", own)
		}
		none, err := c.MonitorFlows(ctx, of.FlowMonitor{ID: 6, Flags: of.MonitorAdded | of.MonitorOwn | of.MonitorInstructions,
			OutPort: 4, Match: of.Match{of.Uint(of.FieldMetadata, 0x22)}})
		if err != nil || len(none) != 0 {
			t.Errorf("a monitor that does not ask for flows is told %+v, error %v", none, err)
		}
		mine := of.Flow{Table: 3, Match: of.Match{of.Uint(of.FieldMetadata, 0x22)}, Instructions: apply(of.Output{Port: 4})}
		must(t, c.Apply(ctx, of.Add(mine)))
		told(of.FlowUpdate{Event: of.UpdateAdded, Flow: mine})

		must(t, c.CancelMonitor(ctx, 5), c.CancelMonitor(ctx, 6))
		ofctl(t, v, "add-flow", endpoint, "table=1,metadata=3 actions=output:1")
		must(t, c.Apply(ctx, of.Add(mine)))
		quiet(t, c, s)
	})
}

// TestRealFlowMonitorBare sees the transaction numbers of what a switch says, has it refuse monitors and changes one, which
// a Conn does not.
func TestRealFlowMonitorBare(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		p := dialPeer(t, endpoint, v)
		p.ask(deleteAll)
		ask := func(monitors ...of.FlowMonitor) []frame { return p.ask(of.FlowMonitorRequest{Monitors: monitors}) }
		empty := func(answer []frame) bool {
			if len(answer) != 1 {
				return false
			}
			m, ok := answer[0].Message.(of.FlowUpdates)
			return ok && len(m.Updates) == 0
		}
		monitor := of.FlowMonitor{ID: 5, Flags: allEvents}
		if answer := ask(monitor, of.FlowMonitor{ID: 6, Flags: of.MonitorAdded}); !empty(answer) {
			t.Fatalf("monitors are answered by %+v", answer)
		}
		if answer := p.ask(of.Add(numbered(1))); len(answer) != 1 ||
			cmp.Diff(of.FlowUpdates{Updates: []of.FlowUpdate{{Event: of.UpdateAbbreviated, Xid: p.xid}}}, answer[0].Message, cmpOptions) != "" {
			t.Errorf("the change with transaction %d is told as %+v", p.xid, answer)
		}

		// The switch refuses with what it takes for the version and the transaction number in the bytes behind those
		// that it has read. Without a match that is a match, so version 0; else the reason may be lost.
		refused := func(want of.ErrorCode, m of.FlowMonitor) {
			t.Helper()
			answer := ask(m)
			lost := of.MakeExperimenterErrorCode(0x2320, 1)
			if len(answer) != 1 {
				t.Fatalf("%+v is answered by %+v, want %v", m, answer, want)
			}
			e, ok := answer[0].Message.(of.Error)
			if !ok || e.Code != want && (want == of.ErrBadMonitorFlags || e.Code != lost) {
				t.Errorf("%+v is answered by %+v, want %v", m, answer, want)
			}
		}
		refused(of.ErrMonitorExists, monitor)
		refused(of.ErrBadMonitorFlags, of.FlowMonitor{ID: 8, Flags: of.MonitorInitial})
		refused(of.ErrUnknownMonitor, of.FlowMonitor{ID: 77, Command: of.MonitorDelete})
		if v >= of.Version14 {
			monitor.Command, monitor.Flags = of.MonitorModify, of.MonitorAdded
			if answer := ask(monitor, of.FlowMonitor{ID: 6, Command: of.MonitorDelete}); !empty(answer) {
				t.Errorf("a change of monitors is answered by %+v", answer)
			}
			if answer := p.ask(deleteAll); len(answer) != 0 {
				t.Errorf("without a monitor of it, a delete is told as %+v", answer)
			}
		}
		answer := ask(of.FlowMonitor{ID: 5, Command: of.MonitorDelete})
		if v == of.Version13 && len(answer) != 0 || v >= of.Version14 && !empty(answer) {
			t.Errorf("the end of a monitor is answered by %+v", answer)
		}
	})
}

// TestRealFlowMonitorPause has a connection not read until the switch stops telling, which then tells all in the end.
func TestRealFlowMonitorPause(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		p, c := dialPeer(t, endpoint, v), dial(t, endpoint)
		const n = 8000
		mods := []of.Modification{deleteAll}
		must(t, c.Bundle(testContext(t), mods...))
		p.ask(of.FlowMonitorRequest{Monitors: []of.FlowMonitor{{ID: 1, Flags: allEvents}}})
		for i := range uint32(n) {
			mods = append(mods, of.Add(numbered(i)))
		}
		must(t, c.Apply(testContext(t), mods...))
		seen := map[string]bool{}
		paused, resumed := false, false
		for len(seen) < n || !resumed {
			m, _ := p.read()
			part, ok := m.(of.FlowUpdates)
			if !ok {
				t.Fatalf("the switch says %+v", m)
			}
			for _, u := range part.Updates {
				switch u.Event {
				case of.UpdateAdded:
					seen[u.Flow.Key()] = true
				case of.UpdatePaused:
					paused = true
				case of.UpdateResumed:
					resumed = true
				default:
					t.Fatalf("update %+v", u)
				}
			}
		}
		if !paused {
			t.Error("resumed without a pause")
		}
	})
}

func TestRealMonitorFlows(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		ctx := testContext(t)
		c := dial(t, endpoint, v)
		must(t, c.Apply(ctx, deleteAll))
		if err := c.Apply(ctx, of.Add(numbered(1)), of.Add(numbered(2))); err != nil {
			t.Fatal(err)
		}
		flows, err := c.MonitorFlows(ctx, of.FlowMonitor{ID: 3, Flags: allEvents, Match: of.Match{of.Reg(1, 2)}})
		want := []of.FlowUpdate{{Event: of.UpdateInitial, Flow: numbered(2)}}
		if diff := cmp.Diff(want, flows, cmpOptions); diff != "" || err != nil {
			t.Errorf("error %v (-want +got):\n%s", err, diff)
		}
		if _, err := c.MonitorFlows(ctx, of.FlowMonitor{ID: 3, Flags: allEvents}); !errors.Is(err, of.ErrMonitorRefused) {
			t.Errorf("the same monitor again gives %v, want %v", err, of.ErrMonitorRefused)
		}
		if err := c.CancelMonitor(ctx, 3); err != nil {
			t.Error(err)
		}
		if err := c.CancelMonitor(ctx, 3); !errors.Is(err, of.ErrUnknownMonitor) && !errors.Is(err, of.ErrMonitorRefused) {
			t.Errorf("the end of no monitor gives %v, want %v or %v", err, of.ErrUnknownMonitor, of.ErrMonitorRefused)
		}
		if _, err := c.MonitorFlows(ctx, of.FlowMonitor{Flags: allEvents, OutGroup: 3}); (err == nil) != (v >= of.Version14) {
			t.Errorf("a monitor of a group gives %v", err)
		}
	})
}
