// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
)

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
	err := c.collectPrepared(ctx, FlowStatsRequest{FlowFilter: filter}, want.compare, func(m Message, prepared any) bool {
		part, ok := m.(FlowStatsReply)
		if !ok {
			return false
		}
		for i, v := range prepared.([]verdict) {
			s := &part.Flows[i]
			switch {
			case v.others:
				if want.scope.Others {
					p.Others = append(p.Others, *s)
				}
				continue
			case v.index < 0:
				p.Flows.Delete = append(p.Flows.Delete, s.Flow)
				continue
			case v.same:
				p.Flows.Unchanged++
			default:
				p.Flows.Replace = append(p.Flows.Replace, want.flows[v.index].flow)
			}
			seen[v.index] = true
		}
		return true
	})
	for i, there := range seen {
		if !there {
			p.Flows.Add = append(p.Flows.Add, want.flows[i].flow)
		}
	}
	return err
}

// verdict is what a flow of a switch is to the state that it should have.
type verdict struct {
	others bool  // outside of the scope
	index  int32 // in the flows of the state; negative: nothing asks for it
	same   bool  // with the same content
}

// compare judges the flows in a part of a dump. It may be called for several parts at once.
func (d *Desired) compare(m Message) any {
	part, ok := m.(FlowStatsReply)
	if !ok {
		return nil
	}
	verdicts := make([]verdict, len(part.Flows))
	var buf []byte
	for i := range part.Flows {
		s, v := &part.Flows[i], &verdicts[i]
		if v.others = !d.scope.owns(s.Cookie); v.others {
			continue
		}
		buf = s.AppendKey(buf[:0])
		var wanted bool
		if v.index, wanted = d.index[string(buf)]; !wanted {
			v.index = -1
			continue
		}
		buf = s.appendContent(buf[:0])
		v.same = string(buf) == d.flows[v.index].content
	}
	return verdicts
}

func (c *Conn) diffGroups(ctx context.Context, want *Desired) (Changes[Group], error) {
	groups, err := c.Groups(ctx)
	if err != nil {
		return Changes[Group]{}, err
	}
	return changes(want.groups, groups, want.scope.Groups, func(g Group) uint32 { return g.ID }, func(a, b Group) bool {
		if c.version < Version15 {
			a, b = a.before15(), b.before15()
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
			c.Replace = append(c.Replace, w)
		}
	}
	c.Add = slices.SortedFunc(maps.Values(missing), func(a, b T) int { return cmp.Compare(id(a), id(b)) })
	return c
}
