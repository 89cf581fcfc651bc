// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"testing"
	"time"

	"github.com/ovskit/ovskit/openflow"
)

// TestMeterAdmits: a bucket holds a burst, is emptied by what passes and filled at the rate of the band; of several bands
// that have not enough left the one with the highest rate counts.
func TestMeterAdmits(t *testing.T) {
	start := time.Unix(1000, 0)
	m := newMeter(openflow.MeterConfig{
		ID: 1, Flags: openflow.MeterPacketsPerSecond, Bands: []openflow.MeterBand{
			{Type: openflow.BandDrop, Rate: 1, BurstSize: 2}, {Type: openflow.BandDrop, Rate: 10, BurstSize: 4},
		},
	}, start)
	for i, c := range []struct {
		after time.Duration
		drop  bool
	}{
		{0, false}, {0, false}, {0, true}, {0, true},
		{0, true},
		{100 * time.Millisecond, true}, // the second band lets one pass, the first does not
		{1500 * time.Millisecond, false},
		{1500 * time.Millisecond, true},
		{time.Hour, false}, {time.Hour, false}, {time.Hour, true},
	} {
		if got := m.admit(start.Add(c.after), 100); got != c.drop {
			t.Errorf("packet %d: got drop %v, want %v", i, got, c.drop)
		}
	}
	s := m.stats(start)
	if s.Packets != 11 || s.Bytes != 1100 || s.Bands[0].Packets+s.Bands[1].Packets != 6 || s.Bands[1].Packets != 1 {
		t.Errorf("counters: got %+v", s)
	}
}

func TestMeterInBits(t *testing.T) {
	start := time.Unix(1000, 0)
	m := newMeter(openflow.MeterConfig{
		ID: 1, Flags: openflow.MeterKbps, Bands: []openflow.MeterBand{{Type: openflow.BandDrop, Rate: 8, BurstSize: 8}},
	}, start)
	for i, want := range []bool{false, true, false} {
		size := []int{600, 600, 400}[i]
		if got := m.admit(start, size); got != want {
			t.Errorf("packet %d of %d bytes: got drop %v, want %v", i, size, got, want)
		}
	}
}

// TestMembersLeave: the last flow takes the place of one that leaves.
func TestMembersLeave(t *testing.T) {
	m := newMembers()
	flows := []*Flow{{serial: 1}, {serial: 2}, {serial: 3}}
	for _, f := range flows {
		m.count(f, 1)
	}
	m.count(flows[0], 1)
	m.count(flows[0], -1)
	if len(m.list) != 3 || m.references != 3 {
		t.Errorf("one of two references gone: got %d flows, %d references, want 3 and 3", len(m.list), m.references)
	}
	m.count(flows[0], -1)
	m.count(flows[0], -1)
	if len(m.list) != 2 || m.list[0] != flows[2] || m.list[1] != flows[1] || m.references != 2 {
		t.Errorf("after the first has left: got %v, %d references", m.list, m.references)
	}
}

// TestLiveBuckets: a bucket is live if it watches nothing, a port that is up, or a group with a live bucket.
func TestLiveBuckets(t *testing.T) {
	s := NewDatapath(DatapathOptions{}).NewBridge(BridgeOptions{Name: "br0"})
	for no := uint32(1); no <= 2; no++ {
		if err := s.AddPort(Port{No: no, Name: string(rune('a' + no)), LinkDown: no == 2}); err != nil {
			t.Fatal(err)
		}
	}
	port := func(no uint32) openflow.Bucket { return openflow.Bucket{WatchPort: &no} }
	watch := func(id uint32) openflow.Bucket { return openflow.Bucket{WatchGroup: &id} }
	for _, g := range []openflow.Group{
		{ID: 1, Buckets: []openflow.Bucket{port(2), port(1)}},
		{ID: 2, Buckets: []openflow.Bucket{port(2), port(9), watch(2), watch(99), watch(1)}},
		{ID: 3, Buckets: []openflow.Bucket{watch(3), {}}},
		{ID: 4, Buckets: []openflow.Bucket{watch(4)}},
	} {
		if _, err := s.flows.applyGroup(&GroupMod{GroupMod: openflow.GroupMod{Group: g}}, s.dp.now()); err != nil {
			t.Fatal(err)
		}
	}
	for id, want := range map[uint32][]bool{1: {false, true}, 2: {false, false, true, false, true}, 3: {true, true}, 4: {false}} {
		for i, b := range s.group(id).buckets {
			if got := s.live(b); got != want[i] {
				t.Errorf("group %d, bucket %d: got live %v, want %v", id, i, got, want[i])
			}
		}
	}
}
