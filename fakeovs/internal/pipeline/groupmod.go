// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"maps"
	"slices"
	"time"

	"github.com/ovskit/ovskit/openflow"
)

// applyGroup carries out a group-mod and returns what it changed, in order, so that it can be taken back.
func (t *flowTables) applyGroup(m *openflow.GroupMod, now time.Time) ([]Change, error) {
	old := t.groups[m.ID]
	switch m.Command {
	case openflow.GroupAdd:
		if old != nil {
			return nil, openflow.ErrGroupExists
		}
		return t.setGroup(nil, newGroup(&m.Group, now))
	case openflow.GroupAddOrModify:
		if old == nil {
			return t.setGroup(nil, newGroup(&m.Group, now))
		}
	case openflow.GroupDelete:
		return t.deleteGroups(m.ID), nil
	case openflow.GroupModify, openflow.GroupInsertBucket, openflow.GroupRemoveBucket:
	default:
		return nil, openflow.ErrBadGroupCommand
	}
	if old == nil {
		return nil, openflow.ErrUnknownGroup
	}
	g := newGroup(&m.Group, now)
	g.created, g.flows = old.created, old.flows
	var err error
	switch m.Command {
	case openflow.GroupInsertBucket:
		g.kind, g.selection = old.kind, old.selection
		g.buckets, err = old.insert(g.buckets, m.CommandBucket)
	case openflow.GroupRemoveBucket:
		g.kind, g.selection = old.kind, old.selection
		g.buckets, err = old.without(m.CommandBucket)
	}
	if err != nil {
		return nil, err
	}
	return t.setGroup(old, g)
}

// setGroup puts a group in the place of another, nil if there is none.
func (t *flowTables) setGroup(old, g *group) ([]Change, error) {
	if g.id > openflow.GroupMax {
		return nil, openflow.ErrInvalidGroup
	}
	if old == nil && len(t.groups) >= maxGroups {
		return nil, openflow.ErrOutOfGroups
	}
	g.weigh()
	more := g.weight
	if old != nil {
		more -= old.weight
	}
	if !t.memory.fits(more) {
		if len(g.buckets) == 0 {
			return nil, t.memory.Full(openflow.ErrOutOfGroups)
		}
		return nil, t.memory.Full(openflow.ErrOutOfBuckets)
	}
	t.putGroup(g)
	return []Change{{oldGroup: old, newGroup: g}}, nil
}

// putGroup puts a group in, in the place of one with its number.
func (t *flowTables) putGroup(g *group) {
	if t.groups == nil {
		t.groups = make(map[uint32]*group)
	}
	t.dropGroup(g.id)
	t.groups[g.id] = g
	t.charge(g.weight)
}

// dropGroup takes a group out, if it is there.
func (t *flowTables) dropGroup(id uint32) {
	if g := t.groups[id]; g != nil {
		t.charge(-g.weight)
		delete(t.groups, id)
	}
}

// maxGroups bounds the memory that controllers can take with groups.
const maxGroups = 1_000_000

// deleteGroups removes a group or all, and the flows that send to them.
func (t *flowTables) deleteGroups(id uint32) []Change {
	ids := []uint32{id}
	if id == openflow.GroupAll {
		ids = slices.Sorted(maps.Keys(t.groups))
	}
	var changes []Change
	for _, id := range ids {
		g := t.groups[id]
		if g == nil {
			continue
		}
		for _, f := range slices.Clone(g.flows.list) {
			t.remove(f)
			changes = append(changes, Change{Removed: f, Reason: openflow.FlowRemovedGroup})
		}
		t.dropGroup(id)
		changes = append(changes, Change{oldGroup: g})
	}
	return changes
}

// insert returns the buckets of the group with others behind the one with an ID, or first or last.
func (g *group) insert(more []*bucket, behind uint32) ([]*bucket, error) {
	at := 0
	switch {
	case behind <= openflow.BucketMax:
		if at = g.find(behind) + 1; at == 0 {
			return nil, openflow.ErrUnknownBucket
		}
	case behind == openflow.BucketLast:
		at = len(g.buckets)
	}
	for _, b := range more {
		if g.find(b.ID) >= 0 {
			return nil, openflow.ErrBucketExists
		}
	}
	return slices.Insert(g.fresh(), at, more...), nil
}

// without returns the buckets of the group but the one with an ID, the first, the last or all.
func (g *group) without(id uint32) ([]*bucket, error) {
	buckets := g.fresh()
	at := g.find(id)
	switch {
	case id == openflow.BucketAll:
		return nil, nil
	case id == openflow.BucketFirst:
		at = 0
	case id == openflow.BucketLast:
		at = len(buckets) - 1
	case at < 0:
		return nil, openflow.ErrUnknownBucket
	}
	if len(buckets) == 0 {
		return nil, nil
	}
	return slices.Delete(buckets, at, at+1), nil
}

// fresh is the buckets of the group with no packet counted: those that a modified group begins with.
func (g *group) fresh() []*bucket {
	buckets := make([]*bucket, len(g.buckets))
	for i, b := range g.buckets {
		buckets[i] = &bucket{Bucket: b.Bucket}
	}
	return buckets
}
