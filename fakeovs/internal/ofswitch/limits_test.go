// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/ofswitch"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// Copies that come back and are copied again are only as many as the fake has time for, not 200 to the power of 7.
func TestCopiesThatMultiply(t *testing.T) {
	many := slices.Repeat([]openflow.Action{openflow.CT{Resume: true, Table: 0}}, 200)
	s := newSwitch(t, 2, openflow.Flow{
		Match: openflow.Match{openflow.EthType(openflow.EthTypeIPv4)}, Instructions: apply(append(many, openflow.Output{Port: 2})...),
	})
	r := s.Input(1, udpFrame(station(1), station(2), 1, 2, ""))
	if got := len(r.Outputs); got < 50 || got > 2048 {
		t.Errorf("frames that leave: got %d, want some dozens", got)
	}
	again := s.Input(1, udpFrame(station(1), station(2), 1, 2, ""))
	if len(again.Outputs) != len(r.Outputs) {
		t.Errorf("frames that leave the second time: got %d, want %d", len(again.Outputs), len(r.Outputs))
	}
}

// Large frames that leave many times take no more memory than there may be.
func TestFramesThatLeaveManyTimes(t *testing.T) {
	const size, times = 60_000, 4_000
	s := newSwitch(t, 2, openflow.Flow{Instructions: apply(slices.Repeat([]openflow.Action{openflow.Output{Port: 2}}, times)...)})
	r := s.Input(1, append(arpFrame(station(1), station(2), 1), make([]byte, size)...))
	if got := len(r.Outputs); got < 1000 || got > 1200 {
		t.Errorf("frames of %d bytes that leave: got %d, want what 64 MB have room for", size, got)
	}
}

func TestTraceThatNeverEnds(t *testing.T) {
	s := newSwitch(t, 1, openflow.Flow{
		Match: openflow.Match{openflow.EthType(openflow.EthTypeIPv4)}, Instructions: apply(openflow.CT{Resume: true, Table: 0},
			openflow.CT{Resume: true, Table: 0}),
	})
	p := packet.Parse(udpFrame(station(1), station(2), 1, 2, ""))
	p.Key.SetUint(openflow.FieldInPort, 1)
	text := s.Trace(&p.Key, ofswitch.TraceOptions{})
	if got := strings.Count(text, "\nrecirc("); got != ofswitch.MaxTraced-1 {
		t.Errorf("packets that come back: got %d, want %d", got, ofswitch.MaxTraced-1)
	}
}

// Flows of very many actions are in the cache only as long as there is room for these.
func TestCacheOfManyActions(t *testing.T) {
	const actions, frames = 8_000, 100
	many := slices.Repeat([]openflow.Action{openflow.Output{Port: 2}}, actions)
	s := newSwitch(t, 2, openflow.Flow{Instructions: apply(many...)},
		openflow.Flow{Priority: 1, Match: openflow.Match{openflow.Uint(openflow.FieldEthSrc, 0xffff)}})
	for n := range frames {
		s.Input(1, arpFrame(station(byte(n+1)), station(200), 1))
	}
	if got, want := s.Datapath().CachedActions(), ofswitch.MaxCacheActions/actions*actions; got != want {
		t.Errorf("actions in the cache after %d frames: got %d, want %d", frames, got, want)
	}
	s.ClearFlows()
	s.Input(1, arpFrame(station(1), station(200), 1))
	s.Datapath().PurgeCache()
	if got := s.Datapath().CachedActions(); got != 0 {
		t.Errorf("actions in an empty cache: got %d, want 0", got)
	}
}
