// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
)

// Plan is the difference between what a switch holds and what it should hold: what has to be done about it, or what was.
type Plan struct {
	Flows  Changes[Flow]
	Groups Changes[Group]
	Meters Changes[MeterConfig]
	// Others are the flows outside of the scope, if its field Others asks for them.
	Others []FlowStats
}

// Changes are those of one kind of thing.
type Changes[T any] struct {
	// Add are missing; Replace stand there with other content; Delete are what nothing asks for.
	Add, Replace, Delete []T
	// Unchanged is how many are as they should be.
	Unchanged int

	replaced []T // what stands there in place of Replace
}

// Empty reports whether nothing has to be done.
func (c Changes[T]) Empty() bool { return len(c.Add)+len(c.Replace)+len(c.Delete) == 0 }

// String is the numbers, such as "3 added, 1 replaced, 0 deleted, 20 unchanged".
func (c Changes[T]) String() string {
	return fmt.Sprintf("%d added, %d replaced, %d deleted, %d unchanged", len(c.Add), len(c.Replace), len(c.Delete), c.Unchanged)
}

// Empty reports whether nothing has to be done.
func (p *Plan) Empty() bool { return p.Flows.Empty() && p.Groups.Empty() && p.Meters.Empty() }

// String is the numbers of each kind that there is, such as "flows: 3 added, 1 replaced, 0 deleted, 20 unchanged".
func (p *Plan) String() string {
	s := "flows: " + p.Flows.String()
	if !p.Groups.Empty() || p.Groups.Unchanged > 0 {
		s += "; groups: " + p.Groups.String()
	}
	if !p.Meters.Empty() || p.Meters.Unchanged > 0 {
		s += "; meters: " + p.Meters.String()
	}
	return s
}

// Diff compares what the switch holds with what it should hold, and changes nothing. Groups are compared by what all
// versions of the protocol know of them: over one before 1.5 a switch does not tell how a group selects its buckets.
func (c *Conn) Diff(ctx context.Context, want *Desired) (*Plan, error) {
	p := &Plan{}
	var err error
	if want.scope.Meters != (IDRange{}) {
		if p.Meters, err = c.diffMeters(ctx, want); err != nil {
			return nil, fmt.Errorf("compare meters: %w", err)
		}
	}
	if want.scope.Groups != (IDRange{}) {
		if p.Groups, err = c.diffGroups(ctx, want); err != nil {
			return nil, fmt.Errorf("compare groups: %w", err)
		}
	}
	if err := c.diffFlows(ctx, want, p); err != nil {
		return nil, fmt.Errorf("compare flows: %w", err)
	}
	return p, nil
}

func (c *Conn) diffFlows(ctx context.Context, want *Desired, p *Plan) error {
	filter := FlowFilter{Cookie: want.scope.Cookie, CookieMask: want.scope.CookieMask}
	if want.scope.Others {
		filter = FlowFilter{}
	}
	seen := make([]bool, len(want.flows))
	var buf []byte
	compare := func(s *FlowStats) {
		if !want.scope.owns(s.Cookie) {
			if want.scope.Others {
				p.Others = append(p.Others, *s)
			}
			return
		}
		buf = s.AppendKey(buf[:0])
		i, wanted := want.index[string(buf)]
		if !wanted {
			p.Flows.Delete = append(p.Flows.Delete, s.Flow)
			return
		}
		seen[i] = true
		if buf = s.appendContent(buf[:0]); string(buf) == want.flows[i].content {
			p.Flows.Unchanged++
			return
		}
		p.Flows.Replace = append(p.Flows.Replace, want.flows[i].flow)
		p.Flows.replaced = append(p.Flows.replaced, s.Flow)
	}
	err := c.collect(ctx, FlowStatsRequest{filter}, func(m Message) bool {
		part, ok := m.(FlowStatsReply)
		for i := range part.Flows {
			compare(&part.Flows[i])
		}
		return ok
	})
	for i, there := range seen {
		if !there {
			p.Flows.Add = append(p.Flows.Add, want.flows[i].flow)
		}
	}
	return err
}

func (c *Conn) diffGroups(ctx context.Context, want *Desired) (Changes[Group], error) {
	groups, err := c.Groups(ctx)
	if err != nil {
		return Changes[Group]{}, err
	}
	return changes(want.groups, groups, want.scope.Groups, func(g Group) uint32 { return g.ID }, func(a, b Group) bool {
		if c.version < Version15 {
			a.Selection, b.Selection = Selection{}, Selection{}
		}
		return a.Equal(b)
	}), nil
}

func (c *Conn) diffMeters(ctx context.Context, want *Desired) (Changes[MeterConfig], error) {
	meters, err := c.Meters(ctx)
	if err != nil {
		return Changes[MeterConfig]{}, err
	}
	return changes(want.meters, meters, want.scope.Meters, func(m MeterConfig) uint32 { return m.ID }, MeterConfig.Equal), nil
}

// changes compares what is wanted with what is there, in the order of the numbers.
func changes[T any](want map[uint32]T, there []T, scope IDRange, id func(T) uint32, equal func(a, b T) bool) (c Changes[T]) {
	missing := maps.Clone(want)
	for _, have := range there {
		w, wanted := want[id(have)]
		delete(missing, id(have))
		switch {
		case !scope.has(id(have)):
		case !wanted:
			c.Delete = append(c.Delete, have)
		case equal(w, have):
			c.Unchanged++
		default:
			c.Replace, c.replaced = append(c.Replace, w), append(c.replaced, have)
		}
	}
	c.Add = slices.SortedFunc(maps.Values(missing), func(a, b T) int { return cmp.Compare(id(a), id(b)) })
	return c
}

// Equal reports whether two groups are the same to a switch, whichever way their buckets' actions are encoded and the fields
// of their selection ordered.
func (g Group) Equal(h Group) bool {
	return equalEncoding(GroupMod{Group: g.canonical()}, GroupMod{Group: h.canonical()}) &&
		slices.EqualFunc(g.Buckets, h.Buckets, func(x, y Bucket) bool {
			return Instructions{Apply: x.Actions}.Equal(Instructions{Apply: y.Actions})
		})
}

// canonical is the group without the actions of its buckets, with the fields of its selection in order.
func (g Group) canonical() Group {
	g.Buckets = slices.Clone(g.Buckets)
	for i := range g.Buckets {
		g.Buckets[i].Actions = nil
	}
	g.Selection.Fields = slices.SortedFunc(slices.Values(g.Selection.Fields), func(a, b MatchField) int {
		return cmp.Or(cmp.Compare(a.Field, b.Field), bytes.Compare(a.Value, b.Value))
	})
	return g
}

// Equal reports whether two meters are the same to a switch, which takes no note of burst sizes without MeterBurst, and the
// rate for a burst size of 0.
func (m MeterConfig) Equal(n MeterConfig) bool {
	return equalEncoding(MeterMod{MeterConfig: m.canonical()}, MeterMod{MeterConfig: n.canonical()})
}

func (m MeterConfig) canonical() MeterConfig {
	m.Bands = slices.Clone(m.Bands)
	for i, b := range m.Bands {
		if m.Flags&MeterBurst == 0 || b.BurstSize == 0 {
			m.Bands[i].BurstSize = b.Rate
		}
	}
	return m
}

// equalEncoding reports whether two messages go over the wire as the same bytes. What cannot be encoded equals nothing.
func equalEncoding(a, b Message) bool {
	x, err := Encode(Version15, a, 0)
	if err != nil {
		return false
	}
	y, err := Encode(Version15, b, 0)
	return err == nil && bytes.Equal(x, y)
}
