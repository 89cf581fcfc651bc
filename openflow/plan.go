// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"context"
	"fmt"
)

// Plan is the difference between what a switch holds and what it should hold: what has to be done about it, or what was.
type Plan struct {
	// Add are flows that are missing; Replace are those that stand there with another cookie, timeout, flag or other
	// instructions; Delete are those that nothing asks for.
	Add, Replace, Delete []Flow
	// Unchanged is how many flows are as they should be.
	Unchanged int
	// Others are the flows outside of the scope, if its field Others asks for them.
	Others []FlowStats
}

// Empty reports whether nothing has to be done.
func (p *Plan) Empty() bool { return len(p.Add)+len(p.Replace)+len(p.Delete) == 0 }

// String says how much of what there is, such as "3 flows added, 1 replaced, 0 deleted, 20 unchanged".
func (p *Plan) String() string {
	return fmt.Sprintf("%d flows added, %d replaced, %d deleted, %d unchanged",
		len(p.Add), len(p.Replace), len(p.Delete), p.Unchanged)
}

// Diff compares what the switch holds with what it should hold, and changes nothing.
func (c *Conn) Diff(ctx context.Context, want *Desired) (*Plan, error) {
	filter := FlowFilter{Cookie: want.scope.Cookie, CookieMask: want.scope.CookieMask}
	if want.scope.Others {
		filter = FlowFilter{}
	}
	p := &Plan{}
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
			p.Delete = append(p.Delete, s.Flow)
			return
		}
		seen[i] = true
		if buf = s.appendContent(buf[:0]); string(buf) != want.flows[i].content {
			p.Replace = append(p.Replace, want.flows[i].flow)
			return
		}
		p.Unchanged++
	}
	err := c.collect(ctx, FlowStatsRequest{filter}, func(m Message) (more, ok bool) {
		part, ok := m.(FlowStatsReply)
		for i := range part.Flows {
			compare(&part.Flows[i])
		}
		return part.More, ok
	})
	if err != nil {
		return nil, fmt.Errorf("compare flows: %w", err)
	}
	for i, there := range seen {
		if !there {
			p.Add = append(p.Add, want.flows[i].flow)
		}
	}
	return p, nil
}

// Carry makes the changes of a plan in one bundle, new flows before those that go. It is all of them or, with an error,
// none: see [Conn.Bundle].
func (c *Conn) Carry(ctx context.Context, p *Plan) error {
	if p.Empty() {
		return nil
	}
	mods := make([]Modification, 0, len(p.Add)+len(p.Replace)+len(p.Delete))
	for _, flows := range [2][]Flow{p.Add, p.Replace} {
		for _, f := range flows {
			mods = append(mods, Add(f))
		}
	}
	for _, f := range p.Delete {
		m := DeleteStrict(f)
		m.Cookie, m.CookieMask = f.Cookie, ^uint64(0) // what somebody has put in its place since stays
		mods = append(mods, m)
	}
	return c.Bundle(ctx, mods...)
}

// Sync makes the switch hold what it should in the scope of the state, and says what it did. With nothing to do it sends
// nothing but the question. An error leaves the switch as it was; where it wraps ErrOutcomeUnknown, as it was or as it
// should be. The next Sync, on this connection or another, goes on from what it finds.
func (c *Conn) Sync(ctx context.Context, want *Desired) (*Plan, error) {
	p, err := c.Diff(ctx, want)
	if err == nil {
		err = c.Carry(ctx, p)
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}
