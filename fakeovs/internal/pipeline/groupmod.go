// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"encoding/binary"
	"maps"
	"reflect"
	"slices"
	"time"
	"unsafe"

	"github.com/ovskit/ovskit/openflow"
)

// GroupMod is a group-mod with what its wire form says of its actions.
type GroupMod struct {
	openflow.GroupMod
	// steps are what each bucket does, nil for its actions.
	steps []steps
}

// PrepareGroup makes a group-mod of one that came in a version of OpenFlow as the bytes of a message.
func (s *Bridge) PrepareGroup(m openflow.GroupMod, v openflow.Version, message []byte) *GroupMod {
	g := &GroupMod{GroupMod: m}
	for i, wire := range bucketActions(v, message) {
		if i >= len(m.Buckets) {
			break
		}
		if list, differs := actionWords(m.Buckets[i].Actions, v, wire, s.Options()); differs {
			if g.steps == nil {
				g.steps = make([]steps, len(m.Buckets))
			}
			g.steps[i] = actionSteps(list)
		}
	}
	return g
}

// Weight is about how many bytes the group-mod takes as long as it waits to be carried out.
func (m *GroupMod) Weight() int64 {
	n := int64(unsafe.Sizeof(*m)) + weight(reflect.ValueOf(m.steps))
	for i := range m.Buckets {
		n += bucketWeight + actionsWeight(m.Buckets[i].Actions)
	}
	return n
}

// bucketActions are the actions of each bucket of a group-mod in their wire form. In OpenFlow 1.0 its message is one of Nicira's
// and like that of OpenFlow 1.5.
func bucketActions(v openflow.Version, message []byte) (list [][]byte) {
	at, head := openflow.HeaderLen+8, 16
	switch {
	case v == openflow.Version10:
		at, head = openflow.HeaderLen+8+16, 8
	case v >= openflow.Version15:
		at, head = openflow.HeaderLen+16, 8
	}
	buckets := message[min(at, len(message)):]
	if head == 8 && len(message) >= at {
		buckets = buckets[:min(len(buckets), int(binary.BigEndian.Uint16(message[at-8:])))]
	}
	for len(buckets) >= head {
		n := int(binary.BigEndian.Uint16(buckets))
		if n < head || n > len(buckets) {
			break
		}
		actions := buckets[head:n]
		if head == 8 {
			actions = actions[:min(len(actions), int(binary.BigEndian.Uint16(buckets[2:])))]
		}
		list, buckets = append(list, actions), buckets[n:]
	}
	return list
}

// applyGroup carries out a group-mod and returns what it changed, in order, so that it can be taken back.
func (t *flowTables) applyGroup(m *GroupMod, now time.Time) ([]Change, error) {
	old := t.groups[m.ID]
	switch m.Command {
	case openflow.GroupAdd:
		if old != nil {
			return nil, openflow.ErrGroupExists
		}
		return t.setGroup(nil, newGroup(m, now))
	case openflow.GroupAddOrModify:
		if old == nil {
			return t.setGroup(nil, newGroup(m, now))
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
	g := newGroup(m, now)
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
		buckets[i] = &bucket{Bucket: b.Bucket, steps: b.steps}
	}
	return buckets
}
