// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"runtime"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline/pipelinetest"
	"github.com/ovskit/ovskit/openflow"
)

// Many controllers who ask and do not read take no more memory together than there may be, and hold nobody else up.
func TestManyWhoDoNotRead(t *testing.T) {
	const limit, hogs, flows = 1 << 20, 24, 1000
	b := newBed(t)
	b.Datapath().SetBacklog(limit)
	for n := range flows {
		if err := b.AddFlow(openflow.Flow{Priority: uint16(n), Instructions: pipelinetest.Apply(openflow.Output{Port: 2})}); err != nil {
			t.Fatal(err)
		}
	}
	honest := b.peer(t)
	for range hogs {
		p := b.peer(t)
		for xid := range uint32(40) {
			p.send(openflow.FlowStatsRequest{FlowFilter: openflow.FlowFilter{}}, xid)
		}
	}
	for b.Datapath().Waiting() < limit {
		runtime.Gosched()
	}
	// Beyond the limit are the list that was begun last, and a message each to write and to wait.
	const most = limit + flows*512 + (hogs+1)*2*openflow.MaxMessage
	for xid := range uint32(20) {
		honest.send(openflow.EchoRequest{}, xid)
		want[openflow.EchoReply](honest, xid)
		if got := b.Datapath().Waiting(); got > most {
			t.Fatalf("bytes that wait for %d connections: got %d, want at most %d", hogs, got, most)
		}
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if got := b.Datapath().Waiting(); got != 0 {
		t.Errorf("bytes that wait for nobody: got %d, want 0", got)
	}
}

// A flow monitor whose connection does not read is cut off when what waits for all is too much.
func TestMonitorThatDoesNotRead(t *testing.T) {
	b := newBed(t)
	b.Datapath().SetBacklog(1)
	p := b.peer(t)
	all := openflow.MonitorAdded | openflow.MonitorRemoved | openflow.MonitorInstructions
	p.send(openflow.FlowMonitorRequest{Monitors: []openflow.FlowMonitor{{ID: 1, Flags: all}}}, 1)
	want[openflow.FlowUpdates](p, 1)
	for range 10_000 {
		if err := b.AddFlow(hugeFlow(1)); err != nil {
			t.Fatal(err)
		}
		b.ClearFlows()
		if b.Connections() == 0 {
			return
		}
	}
	t.Errorf("bytes that wait for a connection that reads nothing: got %d, want it cut off", b.Datapath().Waiting())
}
