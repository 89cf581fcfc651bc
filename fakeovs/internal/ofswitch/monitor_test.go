// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline/pipelinetest"
	"github.com/ovskit/ovskit/openflow"
)

// TestMonitorPauses: who does not read what flow monitors say is told that there will be no more, holds nobody up, and
// gets what he has missed when he has read everything.
func TestMonitorPauses(t *testing.T) {
	const flows = 20_000
	b := newBed(t)
	p := b.peer(t)
	p.send(openflow.FlowMonitorRequest{Monitors: []openflow.FlowMonitor{{
		ID: 1, Flags: openflow.MonitorInitial | openflow.MonitorAdded | openflow.MonitorRemoved | openflow.MonitorModified |
			openflow.MonitorInstructions,
	}}}, 1)
	if got := want[openflow.FlowUpdates](p, 1); len(got.Updates) != 0 {
		t.Fatalf("flows at first: got %+v", got)
	}
	flow := func(i int) openflow.Flow {
		return openflow.Flow{Priority: 1, Match: openflow.Match{openflow.Reg(0, uint32(i))}, Instructions: pipelinetest.Out(2)}
	}
	for i := range flows {
		if err := b.AddFlow(flow(i)); err != nil {
			t.Fatal(err)
		}
	}
	known := map[string]bool{}
	paused, resumed := 0, 0
	read := func() {
		m, _ := p.receive()
		for _, u := range m.(openflow.FlowUpdates).Updates {
			switch u.Event {
			case openflow.UpdatePaused:
				paused++
			case openflow.UpdateResumed:
				resumed++
			case openflow.UpdateAdded:
				if known[u.Flow.Key()] {
					t.Fatalf("told twice of %v", u.Flow)
				}
				known[u.Flow.Key()] = true
			default:
				t.Fatalf("update: got %v of %v", u.Event, u.Flow)
			}
		}
	}
	for len(known) < flows || resumed < paused {
		read()
	}
	if paused == 0 {
		t.Error("never paused")
	}
	if err := b.AddFlow(flow(flows)); err != nil {
		t.Fatal(err)
	}
	if read(); len(known) != flows+1 {
		t.Errorf("after the pause: got %d flows, want %d", len(known), flows+1)
	}
}

// A request for monitors is answered whatever its transaction number is, also if there is no flow.
func TestMonitorRequestIsAnswered(t *testing.T) {
	p := newBed(t).peer(t)
	p.send(openflow.FlowMonitorRequest{Monitors: []openflow.FlowMonitor{{ID: 1, Flags: openflow.MonitorInitial | openflow.MonitorAdded}}}, 0)
	p.send(openflow.BarrierRequest{}, 1)
	if got := want[openflow.FlowUpdates](p, 0); len(got.Updates) != 0 {
		t.Errorf("flows at first: got %+v, want none", got)
	}
}

// TestMonitorsOfManyAreBounded: a connection cannot make more monitors than there may be.
func TestMonitorsOfManyAreBounded(t *testing.T) {
	b := newBed(t)
	p := b.peer(t)
	const limit = 4096
	var monitors []openflow.FlowMonitor
	for i := range limit {
		monitors = append(monitors, openflow.FlowMonitor{ID: uint32(i), Flags: openflow.MonitorAdded})
		if len(monitors) == 1024 {
			if code := p.answer(openflow.FlowMonitorRequest{Monitors: monitors}, 1); code != 0 {
				t.Fatalf("monitors up to %d: got %v", i, code)
			}
			monitors = nil
		}
	}
	one := openflow.FlowMonitorRequest{Monitors: []openflow.FlowMonitor{{ID: limit, Flags: openflow.MonitorAdded}}}
	if code := p.answer(one, 3); code != openflow.ErrMonitorUnknown {
		t.Errorf("one more monitor: got %v, want OFPMOFC_UNKNOWN", code)
	}
}
