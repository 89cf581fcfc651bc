// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"slices"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline/pipelinetest"

	"github.com/ovskit/ovskit/openflow"
)

// TestBundleRoom: messages in bundles take room as long as they are there.
func TestBundleRoom(t *testing.T) {
	const flags = openflow.BundleAtomic
	const room = 20_000
	b := newBed(t)
	b.Datapath().SetBundleRoom(room)
	p, other := b.peer(t), b.peer(t)
	add := openflow.BundleAdd{ID: 1, Flags: flags, Message: openflow.Add(openflow.Flow{Priority: 1, Instructions: pipelinetest.Apply(
		slices.Repeat([]openflow.Action{openflow.Output{Port: 2}}, 500)...)})}
	p.send(add, 1) // which opens the bundle, and is kept for that too
	p.send(add, 2)
	p.wantError(openflow.ErrBundleTooMany, 2)
	other.send(add, 3)
	other.wantError(openflow.ErrOutOfBundles, 3)
	p.send(openflow.BundleControl{ID: 1, Type: openflow.BundleDiscardRequest, Flags: flags}, 4)
	want[openflow.BundleControl](p, 4)
	if got := b.Datapath().BundleRoom(); got != room {
		t.Errorf("room after the bundle was discarded: got %d bytes, want %d", got, room)
	}
	p.send(add, 5)
	p.send(add, 6)
	p.wantError(openflow.ErrBundleTooMany, 6)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if got := b.Datapath().BundleRoom(); got != room {
		t.Errorf("room after the connections ended: got %d bytes, want %d", got, room)
	}
}
