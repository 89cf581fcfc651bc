// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/frametest"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline/pipelinetest"
	"github.com/ovskit/ovskit/openflow"
)

// Copies that come back and are copied again are only as many as the fake has time for, not 200 to the power of 7.
func TestCopiesThatMultiply(t *testing.T) {
	many := slices.Repeat([]openflow.Action{openflow.CT{Resume: true, Table: 0}}, 200)
	s := pipelinetest.NewBridge(t, 2, openflow.Flow{
		Match: openflow.Match{openflow.EthType(openflow.EthTypeIPv4)}, Instructions: pipelinetest.Apply(append(many, openflow.Output{Port: 2})...),
	})
	r := s.Input(1, frametest.UDP(frametest.Station(1), frametest.Station(2), 1, 2, ""))
	if got := len(r.Outputs); got < 50 || got > 2048 {
		t.Errorf("frames that leave: got %d, want some dozens", got)
	}
	again := s.Input(1, frametest.UDP(frametest.Station(1), frametest.Station(2), 1, 2, ""))
	if len(again.Outputs) != len(r.Outputs) {
		t.Errorf("frames that leave the second time: got %d, want %d", len(again.Outputs), len(r.Outputs))
	}
}

// Large frames that leave many times take no more memory than there may be.
func TestFramesThatLeaveManyTimes(t *testing.T) {
	const size, times = 60_000, 4_000
	s := pipelinetest.NewBridge(t, 2, openflow.Flow{Instructions: pipelinetest.Apply(slices.Repeat([]openflow.Action{openflow.Output{Port: 2}}, times)...)})
	r := s.Input(1, append(frametest.ARP(frametest.Station(1), frametest.Station(2), 1), make([]byte, size)...))
	if got := len(r.Outputs); got < 1000 || got > 1200 {
		t.Errorf("frames of %d bytes that leave: got %d, want what 64 MB have room for", size, got)
	}
}

func TestTraceThatNeverEnds(t *testing.T) {
	s := pipelinetest.NewBridge(t, 1, openflow.Flow{
		Match: openflow.Match{openflow.EthType(openflow.EthTypeIPv4)}, Instructions: pipelinetest.Apply(openflow.CT{Resume: true, Table: 0},
			openflow.CT{Resume: true, Table: 0}),
	})
	p := packet.Parse(frametest.UDP(frametest.Station(1), frametest.Station(2), 1, 2, ""))
	p.Key.SetUint(openflow.FieldInPort, 1)
	text := s.Trace(&p.Key, pipeline.TraceOptions{})
	if got := strings.Count(text, "\nrecirc("); got != pipeline.MaxTraced-1 {
		t.Errorf("packets that come back: got %d, want %d", got, pipeline.MaxTraced-1)
	}
}

// Flows of very many actions are in the cache only as long as there is room for these.
func TestCacheOfManyActions(t *testing.T) {
	const actions, frames = 8_000, 100
	many := slices.Repeat([]openflow.Action{openflow.Output{Port: 2}}, actions)
	d := pipeline.NewDatapath(pipeline.DatapathOptions{})
	s := d.NewBridge(pipeline.BridgeOptions{Name: "br0"})
	for no, name := range []string{"p1", "p2"} {
		if err := s.AddPort(pipeline.Port{No: uint32(no + 1), Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []openflow.Flow{
		{Instructions: pipelinetest.Apply(many...)},
		{Priority: 1, Match: openflow.Match{openflow.Uint(openflow.FieldEthSrc, 0xffff)}},
	} {
		if err := s.AddFlow(f); err != nil {
			t.Fatal(err)
		}
	}
	for n := range frames {
		s.Input(1, frametest.ARP(frametest.Station(byte(n+1)), frametest.Station(200), 1))
	}
	if got, want := d.CachedActions(), pipeline.MaxCacheActions/actions*actions; got != want {
		t.Errorf("actions in the cache after %d frames: got %d, want %d", frames, got, want)
	}
	d.PurgeCache()
	if got := d.CachedActions(); got != 0 {
		t.Errorf("actions in an empty cache: got %d, want 0", got)
	}
}
