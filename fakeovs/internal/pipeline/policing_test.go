// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline/pipelinetest"
	"github.com/ovskit/ovskit/openflow"
)

func TestPolicing(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	b := pipeline.NewDatapath(pipeline.DatapathOptions{Now: func() time.Time { return now }}).
		NewBridge(pipeline.BridgeOptions{Name: "br0"})
	for _, p := range []pipeline.Port{{No: 1, Name: "p1"}, {No: 2, Name: "p2"}} {
		if err := b.AddPort(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.AddFlow(openflow.Flow{Instructions: pipelinetest.Apply(openflow.Output{Port: 2})}); err != nil {
		t.Fatal(err)
	}
	frame := make([]byte, 128)
	passes := func(port uint32, most int) int {
		for n := range most {
			if b.Input(port, frame).Policed() {
				return n
			}
		}
		return most
	}
	police := func(p pipeline.Policing) { b.ChangePort(1, func(port *pipeline.Port) { port.Policing = p }) }
	for _, c := range []struct {
		name     string
		policing pipeline.Policing
		// burst frames come through at once, later ones after a millisecond.
		burst, later int
	}{
		{"bits", pipeline.Policing{Rate: 2048, Burst: 12}, 12, 2},
		{"less than a frame in a millisecond", pipeline.Policing{Rate: 1000, Burst: 12}, 12, 0},
		{"the usual burst", pipeline.Policing{Rate: 1024}, 8000, 1},
		{"packets", pipeline.Policing{PacketRate: 3, PacketBurst: 1}, 1000, 3},
		{"the usual burst of packets", pipeline.Policing{PacketRate: 1}, 16000, 1},
		{"bits and packets", pipeline.Policing{Rate: 1024 * 5, Burst: 100, PacketRate: 2, PacketBurst: 1}, 100, 5},
	} {
		police(c.policing)
		if got := passes(1, 1<<20); got != c.burst {
			t.Errorf("%s: frames that pass at once: got %d, want %d", c.name, got, c.burst)
		}
		now = now.Add(time.Millisecond)
		if got := passes(1, 1<<20); got != c.later {
			t.Errorf("%s: frames that pass a millisecond later: got %d, want %d", c.name, got, c.later)
		}
		now = now.Add(time.Hour)
		if got := passes(1, 1<<20); got != c.burst {
			t.Errorf("%s: frames that pass at once after an hour: got %d, want %d", c.name, got, c.burst)
		}
	}
	r := b.Input(1, frame)
	if !r.Policed() || len(r.Outputs) != 0 || !strings.Contains(r.Trace(), "ingress policing") {
		t.Errorf("a frame too many: got %d outputs and the trace %q, want none, and that policing dropped it", len(r.Outputs), r.Trace())
	}
	before, _ := b.PortStats(1)
	b.Input(1, frame)
	if after, _ := b.PortStats(1); after.RxPackets != before.RxPackets+1 || after.RxDropped != before.RxDropped {
		t.Errorf("counters of the port after a frame too many: got %+v, before it %+v", after, before)
	}
	if got := passes(2, 100); got != 100 {
		t.Errorf("frames that come in by a port without policing: got %d, want 100", got)
	}
	police(pipeline.Policing{})
	if got := passes(1, 100); got != 100 {
		t.Errorf("frames that pass when policing was lifted: got %d, want 100", got)
	}
	// The most that the database can say.
	police(pipeline.Policing{Rate: ^uint32(0), Burst: ^uint32(0), PacketRate: ^uint32(0), PacketBurst: ^uint32(0)})
	if got := passes(1, 100); got != 100 {
		t.Errorf("frames that pass at the highest rate: got %d, want 100", got)
	}
}
