// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline/pipelinetest"
	"github.com/ovskit/ovskit/openflow"
)

const smallMemory = 1 << 20

func newSmallBed(t *testing.T) *bed {
	return newBedWith(t, pipeline.DatapathOptions{Memory: smallMemory})
}

func (b *bed) wantTaken(t *testing.T, when string, want int64) {
	t.Helper()
	if got := b.Datapath().Memory().Taken(); got != want {
		t.Errorf("memory taken %s: got %d bytes, want %d", when, got, want)
	}
}

// hugeFlow is a flow with some 4,000 actions.
func hugeFlow(priority uint16) openflow.Flow {
	return openflow.Flow{Priority: priority, Instructions: pipelinetest.Apply(slices.Repeat([]openflow.Action{openflow.Output{Port: 2}}, 4000)...)}
}

// fill calls add with numbers from 1 on until it fails, which it must soon, and returns how often it did not.
func fill(t *testing.T, want openflow.ErrorCode, add func(n uint32) error) int {
	t.Helper()
	for n := uint32(1); n < 10_000; n++ {
		if err := add(n); err != nil {
			if !errors.Is(err, want) {
				t.Errorf("no room any more: got %v, want %v", err, want)
			}
			return int(n) - 1
		}
	}
	t.Fatal("there is room for everything")
	return 0
}

func TestMemoryOfFlows(t *testing.T) {
	b := newSmallBed(t)
	add := func(n uint32) error { return b.AddFlow(hugeFlow(uint16(n))) }
	n := fill(t, openflow.ErrTableFull, add)
	if n < 4 || n > 10 {
		t.Errorf("flows of 4000 actions in a megabyte: got %d, want 4 to 10", n)
	}
	if err := add(1); err != nil {
		t.Errorf("replace a flow by one as large: %v", err)
	}
	b.ClearFlows()
	b.wantTaken(t, "without flows", 0)
	if again := fill(t, openflow.ErrTableFull, add); again != n {
		t.Errorf("flows the second time: got %d, want %d", again, n)
	}
	b.ClearFlows()

	timed := openflow.Flow{HardTimeout: 5, Match: openflow.Match{openflow.InPort(1)}, Instructions: pipelinetest.Apply(openflow.Output{Port: 2})}
	if err := b.AddFlow(timed); err != nil {
		t.Fatal(err)
	}
	b.clock.advance(6 * time.Second)
	b.Expire()
	b.wantTaken(t, "after a timeout", 0)
}

// A flow mod that would make many flows large changes none of them.
func TestMemoryOfModifiedFlows(t *testing.T) {
	b := newSmallBed(t)
	for n := range 100 {
		if err := b.AddFlow(openflow.Flow{Priority: uint16(n), Instructions: pipelinetest.Apply(openflow.Output{Port: 2})}); err != nil {
			t.Fatal(err)
		}
	}
	before := b.Datapath().Memory().Taken()
	p := b.peer(t)
	p.send(openflow.FlowMod{Command: openflow.FlowModify, Flow: hugeFlow(0)}, 1)
	p.wantError(openflow.ErrTableFull, 1)
	b.wantTaken(t, "after a modification that failed", before)
	p.send(openflow.FlowMod{Command: openflow.FlowModify, Flow: openflow.Flow{}}, 2)
	p.send(openflow.BarrierRequest{}, 3)
	want[openflow.BarrierReply](p, 3)
	if got := b.Datapath().Memory().Taken(); got >= before {
		t.Errorf("memory taken by flows without actions: got %d bytes, want less than %d", got, before)
	}
	b.ClearFlows()
	b.wantTaken(t, "without flows", 0)
}

func TestMemoryOfMasks(t *testing.T) {
	b := newSmallBed(t)
	n := fill(t, openflow.ErrTableFull, func(n uint32) error {
		return b.AddFlow(openflow.Flow{Match: openflow.Match{openflow.Metadata(0, uint64(n))}})
	})
	if n > smallMemory/2048 {
		t.Errorf("flows with a mask each in a megabyte: got %d, want fewer", n)
	}
	b.ClearFlows()
	b.wantTaken(t, "without flows", 0)
}

func TestMemoryOfGroups(t *testing.T) {
	b := newSmallBed(t)
	p := b.peer(t)
	buckets := make([]openflow.Bucket, 2000)
	for i := range buckets {
		buckets[i] = openflow.Bucket{ID: uint32(i), Weight: 1}
	}
	change := func(command openflow.GroupCommand, g openflow.Group) error {
		p.send(openflow.GroupMod{Command: command, Group: g}, 1)
		p.send(openflow.BarrierRequest{}, 2)
		m, _ := p.receive()
		if e, ok := m.(openflow.Error); ok {
			want[openflow.BarrierReply](p, 2)
			return e.Code
		}
		return nil
	}
	add := func(n uint32) error {
		return change(openflow.GroupAdd, openflow.Group{ID: n, Type: openflow.GroupTypeSelect, Buckets: buckets})
	}
	n := fill(t, openflow.ErrOutOfBuckets, add)
	if n < 2 || n > 10 {
		t.Errorf("groups of 2000 buckets in a megabyte: got %d, want 2 to 10", n)
	}
	small := fill(t, openflow.ErrOutOfGroups, func(n uint32) error {
		return change(openflow.GroupAdd, openflow.Group{ID: 1000 + n, Type: openflow.GroupTypeAll})
	})
	if err := change(openflow.GroupModify, openflow.Group{ID: 1, Type: openflow.GroupTypeAll}); err != nil {
		t.Errorf("modify a group to have no buckets: %v", err)
	}
	if err := add(uint32(n + 1)); !errors.Is(err, openflow.ErrOutOfBuckets) && small > 0 {
		t.Errorf("a group in the place of another's buckets and more: got %v", err)
	}
	if err := change(openflow.GroupModify, openflow.Group{ID: 1, Type: openflow.GroupTypeSelect, Buckets: buckets}); err != nil {
		t.Errorf("modify a group to have its buckets again: %v", err)
	}
	p.send(openflow.GroupMod{Command: openflow.GroupDelete, Group: openflow.Group{ID: openflow.GroupAll}}, 3)
	p.send(openflow.BarrierRequest{}, 4)
	want[openflow.BarrierReply](p, 4)
	b.wantTaken(t, "without groups", 0)
}

func TestMemoryOfMeters(t *testing.T) {
	b := newBedWith(t, pipeline.DatapathOptions{Memory: 16 << 10})
	p := b.peer(t)
	n := fill(t, openflow.ErrOutOfMeters, func(n uint32) error {
		p.send(openflow.MeterMod{Command: openflow.MeterAdd, MeterConfig: openflow.MeterConfig{
			ID: n, Flags: openflow.MeterKbps, Bands: slices.Repeat([]openflow.MeterBand{{Type: openflow.BandDrop, Rate: 1}}, 8),
		}}, 1)
		p.send(openflow.BarrierRequest{}, 2)
		m, _ := p.receive()
		if e, ok := m.(openflow.Error); ok {
			want[openflow.BarrierReply](p, 2)
			return e.Code
		}
		return nil
	})
	if n < 8 {
		t.Errorf("meters in 16 kB: got %d, want 8 or more", n)
	}
	p.send(openflow.MeterMod{Command: openflow.MeterModify, MeterConfig: openflow.MeterConfig{
		ID: 1, Flags: openflow.MeterKbps, Bands: []openflow.MeterBand{{Type: openflow.BandDrop, Rate: 1}},
	}}, 3)
	p.send(openflow.MeterMod{Command: openflow.MeterDelete, MeterConfig: openflow.MeterConfig{ID: openflow.MeterAll}}, 4)
	p.send(openflow.BarrierRequest{}, 5)
	want[openflow.BarrierReply](p, 5)
	b.wantTaken(t, "without meters", 0)
}

func TestMemoryOfBundles(t *testing.T) {
	const flags = openflow.BundleAtomic
	b := newSmallBed(t)
	p, other := b.peer(t), b.peer(t)
	add := func(id uint32) openflow.BundleAdd {
		f := hugeFlow(1)
		f.Apply = f.Apply[:3500] // one message takes a fifth of the room
		return openflow.BundleAdd{ID: id, Flags: flags, Message: openflow.Add(f)}
	}
	n := uint32(fill(t, openflow.ErrBundleTooMany, func(n uint32) error {
		p.send(add(1), n)
		p.send(openflow.BarrierRequest{}, 0)
		m, _ := p.receive()
		if e, ok := m.(openflow.Error); ok {
			want[openflow.BarrierReply](p, 0)
			return e.Code
		}
		return nil
	}))
	if n < 2 || n > 16 {
		t.Errorf("messages of a bundle in a megabyte: got %d, want 2 to 16", n)
	}
	fill(t, openflow.ErrOutOfBundles, func(n uint32) error {
		other.send(openflow.BundleControl{ID: n, Type: openflow.BundleOpenRequest, Flags: flags}, n)
		if e, ok := first(other.receive()).(openflow.Error); ok {
			return e.Code
		}
		return nil
	})
	_ = other.nc.Close()
	p.send(openflow.BundleControl{ID: 1, Type: openflow.BundleDiscardRequest, Flags: flags}, 1)
	want[openflow.BundleControl](p, 1)
	p.send(add(2), 2)
	p.send(openflow.BundleControl{ID: 2, Type: openflow.BundleCommitRequest, Flags: flags}, 3)
	want[openflow.BundleControl](p, 3)
	b.ClearFlows()
	p.send(add(3), 4)
	p.send(openflow.BarrierRequest{}, 5)
	want[openflow.BarrierReply](p, 5)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b.wantTaken(t, "after the connections ended", 0)
}

func first[A, B any](a A, _ B) A { return a }

// A bundle that fails for lack of memory leaves flows, groups and what they take as they were.
func TestMemoryOfFailedBundle(t *testing.T) {
	const flags = openflow.BundleAtomic
	b := newBedWith(t, pipeline.DatapathOptions{Memory: 200 << 10})
	if err := b.AddFlow(openflow.Flow{Match: openflow.Match{openflow.InPort(1)}, Instructions: pipelinetest.Apply(openflow.Output{Port: 2})}); err != nil {
		t.Fatal(err)
	}
	before := b.Datapath().Memory().Taken()
	p := b.peer(t)
	many := slices.Repeat([]openflow.Action{openflow.Output{Port: 2}}, 1200)
	xid := uint32(1)
	send := func(m openflow.Message) {
		p.send(openflow.BundleAdd{ID: 1, Flags: flags, Message: m}, xid)
		xid++
	}
	send(openflow.FlowMod{Command: openflow.FlowDelete, Flow: openflow.Flow{Table: openflow.AllTables}})
	send(openflow.GroupMod{Command: openflow.GroupAdd, Group: openflow.Group{ID: 1, Buckets: []openflow.Bucket{{Actions: many[:100]}}}})
	send(openflow.Add(openflow.Flow{Priority: 1, Table: 1, Instructions: pipelinetest.Apply(many...)}))
	for n := range 40 {
		send(openflow.FlowMod{Command: openflow.FlowAdd, Flow: openflow.Flow{Priority: uint16(2 + n), Match: openflow.Match{
			openflow.Metadata(0, uint64(1)<<n),
		}}})
	}
	send(openflow.FlowMod{Command: openflow.FlowModify, Flow: openflow.Flow{Instructions: pipelinetest.Apply(many[:200]...)}})
	p.send(openflow.BundleControl{ID: 1, Type: openflow.BundleCommitRequest, Flags: flags}, xid)
	p.wantError(openflow.ErrTableFull, xid-1)
	p.wantError(openflow.ErrBundleMsgFailed, xid)
	b.wantTaken(t, "after a bundle that failed", before)
	if got := len(b.Flows()); got != 1 {
		t.Errorf("flows after a bundle that failed: got %d, want 1", got)
	}
}

func TestMemoryOfMonitors(t *testing.T) {
	b := newBedWith(t, pipeline.DatapathOptions{Memory: 16 << 10})
	p := b.peer(t)
	n := fill(t, openflow.ErrMonitorUnknown, func(n uint32) error {
		p.send(openflow.FlowMonitorRequest{Monitors: []openflow.FlowMonitor{{ID: n, Flags: openflow.MonitorAdded}}}, n)
		if e, ok := first(p.receive()).(openflow.Error); ok {
			return e.Code
		}
		return nil
	})
	if n < 4 {
		t.Errorf("flow monitors in 16 kB: got %d, want 4 or more", n)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b.wantTaken(t, "after the connection ended", 0)
}

// The parts of a request for table features are kept until the last one, but not without end.
func TestMemoryOfTableFeatures(t *testing.T) {
	b := newBedWith(t, pipeline.DatapathOptions{Memory: 16 << 10})
	p := b.peer(t)
	part := openflow.TableFeaturesRequest{More: true, Tables: []openflow.TableFeatures{{
		Name: "one", Abilities: new(openflow.TableAbilities),
	}}}
	n := fill(t, openflow.ErrMultipartOverflow, func(n uint32) error {
		p.send(part, n)
		p.send(openflow.BarrierRequest{}, n)
		if e, ok := first(p.receive()).(openflow.Error); ok {
			want[openflow.BarrierReply](p, n)
			return e.Code
		}
		return nil
	})
	if n < 4 {
		t.Errorf("parts of a request in 16 kB: got %d, want 4 or more", n)
	}
	b.wantTaken(t, "after a request that was refused", 0)
	p.send(part, 1)
	p.send(openflow.BarrierRequest{}, 2)
	want[openflow.BarrierReply](p, 2)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b.wantTaken(t, "after the connection ended", 0)
}
