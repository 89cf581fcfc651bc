// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"context"
	"maps"
	"slices"

	of "github.com/ovskit/ovskit/openflow"
)

// ownNumbers are the numbers of groups and of meters that belong to the owner of the tables: neither has a cookie.
var ownNumbers = of.IDRange{First: 1, Last: 1<<16 - 1}

// step is the change from what the switch is known to hold, and the keys of the flows that it is to hold anew.
func (s *Switch) step(e edit) (p *of.Plan, written map[string]bool) {
	p, written = &of.Plan{}, map[string]bool{}
	p.Flows = changes(e.flows, s.book.flows, s.left.flows, of.Flow.EqualContent, written)
	p.Groups = changes(e.groups, s.book.groups, s.left.groups, of.Group.Equal, nil)
	p.Meters = changes(e.meters, s.book.meters, s.left.meters, of.MeterConfig.Equal, nil)
	return p, written
}

func changes[K comparable, T any](
	edit, book, left map[K]*T, equal func(a, b T) bool, written map[K]bool,
) (c of.Changes[T]) {
	for key, want := range edit {
		old, there := book[key]
		if !there {
			old, there = left[key]
		}
		switch {
		case want == nil && there:
			c.Delete = append(c.Delete, *old)
		case want == nil:
		case !there:
			c.Add = append(c.Add, *want)
		case !equal(*old, *want):
			c.Replace = append(c.Replace, *want)
		default:
			c.Unchanged++
			continue
		}
		if want != nil && written != nil {
			written[key] = true
		}
	}
	return c
}

// compare is the change from what the switch turns out to hold, and what is left there of an earlier run, which stays
// unless it is changed or everything is pruned. A flow of another owner in the owner's tables goes.
func (s *Switch) compare(ctx context.Context, conn *of.Conn, e edit, prune bool) (*of.Plan, items, error) {
	wanted := items{maps.Clone(s.book.flows), maps.Clone(s.book.groups), maps.Clone(s.book.meters)}
	wanted.apply(e)
	p, err := diff(ctx, conn, s.owner, wanted)
	if err != nil {
		return nil, items{}, err
	}
	left := newItems()
	if !prune {
		p.Flows.Delete = keep(p.Flows.Delete, s.left.flows, left.flows, e.flows, of.Flow.Key)
		p.Groups.Delete = keep(p.Groups.Delete, s.left.groups, left.groups, e.groups, groupID)
		p.Meters.Delete = keep(p.Meters.Delete, s.left.meters, left.meters, e.meters, meterID)
	}
	p.Flows.Delete = append(p.Flows.Delete, inTheWay(p.Others)...)
	return p, left, nil
}

// keep moves what was left, and is not changed, from what is to be deleted to what is left now.
func keep[K comparable, T any](gone []T, was, is, edit map[K]*T, key func(T) K) []T {
	return slices.DeleteFunc(gone, func(item T) bool {
		k := key(item)
		_, stays := was[k]
		if _, changed := edit[k]; changed || !stays {
			return false
		}
		is[k] = &item
		return true
	})
}

func groupID(g of.Group) uint32       { return g.ID }
func meterID(m of.MeterConfig) uint32 { return m.ID }

// diff compares what the owner with that part of a cookie should have with what the switch holds.
func diff(ctx context.Context, conn *of.Conn, owner uint64, want items) (*of.Plan, error) {
	d := of.NewDesired(of.Scope{
		Cookie: owner, CookieMask: ownerMask, Others: true, Groups: ownNumbers, Meters: ownNumbers,
	})
	for _, f := range want.flows {
		if err := d.Add(*f); err != nil {
			return nil, err
		}
	}
	for _, g := range want.groups {
		if err := d.AddGroups(*g); err != nil {
			return nil, err
		}
	}
	for _, m := range want.meters {
		if err := d.AddMeters(*m); err != nil {
			return nil, err
		}
	}
	return conn.Diff(ctx, d)
}

// inTheWay returns those of the flows that are in the owner's tables.
func inTheWay(others []of.FlowStats) (flows []of.Flow) {
	for i := range others {
		if others[i].Table <= tableDeliver {
			flows = append(flows, others[i].Flow)
		}
	}
	return flows
}
