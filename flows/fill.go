// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	of "github.com/ovskit/ovskit/openflow"
)

// fillSize is how many flows a bundle has that is one of several. One of some 100,000 leaves the memory of ovs-vswitchd full
// of holes, with which every packet costs it half as much again for as long as it runs, and with the datapath in user space
// nothing is forwarded while it is carried out.
const fillSize = 2000

// divide gives a plan in several bundles if it is long and the switch lets nothing in: the first table has no flow of the owner's
// before the last bundle, so that all takes effect as a whole.
func (s *Switch) divide(p *of.Plan, left items) []*of.Plan {
	whole := []*of.Plan{p}
	if len(p.Flows.Add) <= fillSize || !onlyAdds(p.Flows) || !onlyAdds(p.Groups) || !onlyAdds(p.Meters) {
		return whole
	}
	var entrance, beyond []of.Flow
	missing := map[string]bool{}
	for _, f := range p.Flows.Add {
		if f.Table == tableClassify {
			entrance = append(entrance, f)
			missing[f.Key()] = true
		} else {
			beyond = append(beyond, f)
		}
	}
	for _, held := range []map[string]*of.Flow{s.book.flows, left.flows} {
		for key, f := range held {
			if f.Table == tableClassify && !missing[key] {
				return whole
			}
		}
	}
	var parts []*of.Plan
	for some := range slices.Chunk(beyond, fillSize) {
		parts = append(parts, &of.Plan{Flows: of.Changes[of.Flow]{Add: some}})
	}
	parts = append(parts, &of.Plan{Flows: of.Changes[of.Flow]{Add: entrance}})
	parts[0].Groups, parts[0].Meters = p.Groups, p.Meters // before the flows that use them
	return parts
}

func onlyAdds[T any](c of.Changes[T]) bool { return len(c.Replace)+len(c.Delete) == 0 }

// takeBack is how long it may take to take back parts of a change.
const takeBack = 5 * time.Second

// carryParts carries out a plan, or several that only add: all or none.
func carryParts(ctx context.Context, conn *of.Conn, parts []*of.Plan) error {
	for i, p := range parts {
		if err := conn.Carry(ctx, p); err != nil {
			return errors.Join(err, undo(ctx, conn, parts[:i]))
		}
	}
	return nil
}

// undo takes back plans that only add.
func undo(ctx context.Context, conn *of.Conn, parts []*of.Plan) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeBack)
	defer cancel()
	for _, p := range slices.Backward(parts) {
		back := &of.Plan{Flows: of.Changes[of.Flow]{Delete: p.Flows.Add}}
		back.Groups.Delete, back.Meters.Delete = p.Groups.Add, p.Meters.Add
		if err := conn.Carry(ctx, back); err != nil {
			return fmt.Errorf("take back a part of the change: %w: %w", err, of.ErrOutcomeUnknown)
		}
	}
	return nil
}
