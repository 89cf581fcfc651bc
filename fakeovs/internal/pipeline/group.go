// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"reflect"
	"time"

	"github.com/ovskit/ovskit/openflow"
)

// group is an entry of the group table. A modified group is a new one; what refers to it goes over to it.
type group struct {
	id        uint32
	kind      openflow.GroupType
	selection openflow.Selection
	buckets   []*bucket
	created   time.Time
	// packets and bytes count what went through the group.
	packets, bytes uint64
	// flows are those whose actions send to the group.
	flows *members
	// weight is what the group takes of the datapath's memory.
	weight int64
}

// bucket is one of a group's lists of actions.
type bucket struct {
	openflow.Bucket
	// steps are what the bucket does, nil if that is its actions.
	steps          steps
	packets, bytes uint64
}

// do is the actions of the bucket as steps.
func (b *bucket) do() steps {
	if b.steps != nil {
		return b.steps
	}
	return actionSteps(b.Actions)
}

func newGroup(g *GroupMod, now time.Time) *group {
	made := &group{id: g.ID, kind: g.Type, selection: g.Selection, created: now, flows: newMembers()}
	unnumbered := len(g.Buckets) > 1
	for _, b := range g.Buckets {
		unnumbered = unnumbered && b.ID == 0
	}
	for i, b := range g.Buckets {
		if unnumbered {
			b.ID = uint32(i)
		}
		one := &bucket{Bucket: b}
		if g.steps != nil {
			one.steps = g.steps[i]
		}
		made.buckets = append(made.buckets, one)
	}
	return made
}

// weigh works out the weight.
func (g *group) weigh() {
	g.weight = groupWeight + weight(reflect.ValueOf(g.selection))
	for _, b := range g.buckets {
		g.weight += bucketWeight + actionsWeight(b.Actions) + weight(reflect.ValueOf(b.steps))
	}
}

// hit counts a packet that went to a bucket, or to all of them if that is nil.
func (g *group) hit(b *bucket, size int) {
	g.packets++
	g.bytes += uint64(size)
	for _, o := range g.buckets {
		if b == nil || o == b {
			o.packets++
			o.bytes += uint64(size)
		}
	}
}

// desc is the group as a controller of a version is told of it.
func (g *group) desc(v openflow.Version) openflow.Group {
	d := openflow.Group{ID: g.id, Type: g.kind, Selection: g.selection}
	for _, b := range g.buckets {
		one := b.Bucket
		if told := toldActions(b.steps, v); told != nil {
			one.Actions = told
		}
		d.Buckets = append(d.Buckets, one)
	}
	return d
}

func (g *group) stats(now time.Time) openflow.GroupStats {
	s := openflow.GroupStats{ID: g.id, Packets: g.packets, Bytes: g.bytes, Duration: now.Sub(g.created), References: g.flows.references}
	for _, b := range g.buckets {
		s.Buckets = append(s.Buckets, openflow.BucketStats{Packets: b.packets, Bytes: b.bytes})
	}
	return s
}

// find returns the place of the bucket with an ID, -1 if there is none.
func (g *group) find(id uint32) int {
	for i, b := range g.buckets {
		if b.ID == id {
			return i
		}
	}
	return -1
}

// group returns the group with an ID, nil if there is none. The bridge is locked.
func (s *Bridge) group(id uint32) *group { return s.flows.groups[id] }

// maxWatched is how deep groups are looked at that watch groups.
const maxWatched = 128

// live reports whether packets may be sent to a bucket: it watches nothing, or something that is live. The bridge is
// locked.
func (s *Bridge) live(b *bucket) bool { return s.liveBucket(b, 0) }

func (s *Bridge) liveBucket(b *bucket, depth int) bool {
	switch {
	case depth >= maxWatched:
		return false
	case b.WatchPort == nil && b.WatchGroup == nil:
		return true
	case b.WatchPort != nil && s.livePort(*b.WatchPort):
		return true
	case b.WatchGroup == nil || s.group(*b.WatchGroup) == nil:
		return false
	}
	for _, o := range s.group(*b.WatchGroup).buckets {
		if s.liveBucket(o, depth+1) {
			return true
		}
	}
	return false
}

// livePort reports whether a port is there and can send.
func (s *Bridge) livePort(no uint32) bool {
	p := s.ports[no]
	return p != nil && p.config&openflow.PortConfigDown == 0 && p.state&openflow.PortStateLinkDown == 0
}
