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
	ovs := realSwitch(t)
	for _, v := range everyVersion {
		t.Run(v.String(), func(t *testing.T) {
			s := dialRaw(t, ovs, v)
			s.ofctl(ovs, "del-flows")
			s.ofctl(ovs, "add-flow", "table=1,priority=5,cookie=1,idle_timeout=900,metadata=1 actions=output:1")
			table := uint8(1)
			monitor := of.FlowMonitor{ID: 5, Flags: allEvents, Table: &table}
			request := s.send(of.FlowMonitorRequest{Monitors: []of.FlowMonitor{monitor}})
			m, xid := s.receive()
			flow := of.Flow{Table: 1, Priority: 5, Cookie: 1, IdleTimeout: 900, Match: of.Match{of.Uint(of.FieldMetadata, 1)},
				Instructions: apply(of.Output{Port: 1})}
			initial := of.FlowUpdate{Event: of.UpdateInitial, Flow: flow}
			if v == of.Version13 {
				initial.Event = of.UpdateAdded
			}
			if diff := cmp.Diff(of.FlowUpdates{Updates: []of.FlowUpdate{initial}}, m, cmpOptions); diff != "" || xid != request {
				t.Errorf("answer to the request %d is %d (-want +got):\n%s", request, xid, diff)
			}
			told := func(s *rawSwitch, want ...of.FlowUpdate) {
				t.Helper()
				m, xid := s.receive()
				if diff := cmp.Diff(of.FlowUpdates{Updates: want}, m, cmpOptions); diff != "" || xid != 0 {
					t.Errorf("update of transaction %d (-want +got):\n%s", xid, diff)
				}
			}

			s.ofctl(ovs, "add-flow", "table=0,metadata=1 actions=output:1") // not monitored
			s.ofctl(ovs, "add-flow", "table=1,priority=6,hard_timeout=800,metadata=2 actions=output:2,goto_table:7")
			added := of.Flow{Table: 1, Priority: 6, HardTimeout: 800, Match: of.Match{of.Uint(of.FieldMetadata, 2)},
				Instructions: of.Instructions{Apply: []of.Action{of.Output{Port: 2}}, Goto: 7}}
			told(s, of.FlowUpdate{Event: of.UpdateAdded, Flow: added})
			s.ofctl(ovs, "mod-flows", "table=1,metadata=2 actions=output:3")
			added.Instructions = apply(of.Output{Port: 3})
			told(s, of.FlowUpdate{Event: of.UpdateModified, Flow: added})
			s.ofctl(ovs, "del-flows", "table=1,metadata=2")
			told(s, of.FlowUpdate{Event: of.UpdateRemoved, Flow: added, Reason: of.FlowRemovedDelete})

			own := s.send(of.Add(of.Flow{Table: 1, Match: of.Match{of.Uint(of.FieldMetadata, 9)}}))
			told(s, of.FlowUpdate{Event: of.UpdateAbbreviated, Xid: own})
			s.send(of.FlowMonitorRequest{Monitors: []of.FlowMonitor{{ID: 6, Flags: of.MonitorAdded | of.MonitorOwn | of.MonitorInstructions,
				OutPort: 4, Match: of.Match{of.Uint(of.FieldMetadata, 0x22)}}}})
			if got := nextOf[of.FlowUpdates](s); len(got.Updates) != 0 {
				t.Errorf("a monitor that does not ask for flows is told %+v", got)
			}
			mine := of.Flow{Table: 3, Match: of.Match{of.Uint(of.FieldMetadata, 0x22)}, Instructions: apply(of.Output{Port: 4})}
			s.send(of.Add(mine))
			told(s, of.FlowUpdate{Event: of.UpdateAdded, Flow: mine})

			// The switch refuses with what it takes for the version and the transaction number in the bytes behind those
			// that it has read. Without a match that is a match, so version 0; else the reason may be lost.
			refused := func(want of.ErrorCode, m of.FlowMonitor) {
				t.Helper()
				s.send(of.FlowMonitorRequest{Monitors: []of.FlowMonitor{m}})
				lost := of.MakeExperimenterErrorCode(0x2320, 1)
				if e := nextOf[of.Error](s); e.Code != want && (want == of.ErrBadMonitorFlags || e.Code != lost) {
					t.Errorf("%+v is answered by %v, want %v", m, e, want)
				}
			}
			refused(of.ErrMonitorExists, monitor)
			refused(of.ErrBadMonitorFlags, of.FlowMonitor{ID: 8, Flags: of.MonitorInitial})
			refused(of.ErrUnknownMonitor, of.FlowMonitor{ID: 77, Command: of.MonitorDelete})
			if v >= of.Version14 {
				monitor.Command, monitor.Flags = of.MonitorModify, of.MonitorAdded
				s.send(of.FlowMonitorRequest{Monitors: []of.FlowMonitor{monitor, {ID: 6, Command: of.MonitorDelete}}})
				if got := nextOf[of.FlowUpdates](s); len(got.Updates) != 0 {
					t.Errorf("a change of monitors is answered by %+v", got)
				}
				s.send(of.FlowMod{Command: of.FlowDelete, Flow: of.Flow{Table: of.AllTables}})
				s.quiet()
			}

			cancel := of.FlowMonitorRequest{Monitors: []of.FlowMonitor{{ID: 5, Command: of.MonitorDelete}}}
			s.send(cancel)
			got := s.until()
			if len(got) > 1 || len(got) == 1 && (v == of.Version13 || len(got[0].(of.FlowUpdates).Updates) != 0) {
				t.Errorf("the end of a monitor is answered by %+v", got)
			}
			s.ofctl(ovs, "add-flow", "table=1,metadata=3 actions=output:1")
			s.quiet()
		})
	}
}

// TestRealFlowMonitorPause does not read until the switch stops telling, and is told all in the end.
func TestRealFlowMonitorPause(t *testing.T) {
	ovs := realSwitch(t)
	for _, v := range everyVersion {
		t.Run(v.String(), func(t *testing.T) {
			s, c := dialRaw(t, ovs, v), dial(t, ovs.Management("br0"))
			const n = 8000
			mods := []of.Modification{of.FlowMod{Command: of.FlowDelete, Flow: of.Flow{Table: of.AllTables}}}
			if err := c.Bundle(testContext(t), mods...); err != nil {
				t.Fatal(err)
			}
			s.send(of.FlowMonitorRequest{Monitors: []of.FlowMonitor{{ID: 1, Flags: allEvents}}})
			nextOf[of.FlowUpdates](s)
			for i := range uint32(n) {
				mods = append(mods, of.Add(numbered(i)))
			}
			if err := c.Apply(testContext(t), mods...); err != nil {
				t.Fatal(err)
			}
			seen := map[string]bool{}
			paused, resumed := false, false
			for len(seen) < n || !resumed {
				for _, u := range nextOf[of.FlowUpdates](s).Updates {
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
}

func TestRealMonitorFlows(t *testing.T) {
	ovs := realSwitch(t)
	ctx := testContext(t)
	c := dial(t, ovs.Management("br0"))
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
	if err := c.CancelMonitor(ctx, 3); !errors.Is(err, of.ErrUnknownMonitor) {
		t.Errorf("the end of no monitor gives %v, want %v", err, of.ErrUnknownMonitor)
	}
	if _, err := c.MonitorFlows(ctx, of.FlowMonitor{Flags: allEvents, OutGroup: 3}); err == nil {
		t.Error("a monitor of a group is expressed in OpenFlow 1.3")
	}
}
