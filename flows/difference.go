// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	of "github.com/ovskit/ovskit/openflow"
)

// Trouble says in what a switch differs from intents.
type Trouble string

// The kinds of trouble.
const (
	Missing Trouble = "missing" // nobody has it on the switch
	Changed Trouble = "changed" // it is there and does something else
	Surplus Trouble = "surplus" // it is the owner's, and no intent asks for it
	Foreign Trouble = "foreign" // it is in the owner's tables and another's
)

// Difference is a flow, group or meter in which a switch differs from intents.
type Difference struct {
	Trouble Trouble `json:"trouble"`
	// Object is who asks for it, such as endpoint "web0", or "rules" for what several rules share; empty if nobody does. Of a
	// foreign flow it is an object of that name that another owner has declared.
	Object string `json:"object"`
	// Item is the flow, group or meter, as it should be, or is if it should not be.
	Item string `json:"item"`
}

// Compare asks a switch in what it differs from the intents, by object. What was chosen for them is read from the switch.
// It changes nothing. Errors wrap [ErrInvalid], [ErrConflict] or [ErrNotFound] if the intents do not fit together.
func (i Intents) Compare(ctx context.Context, conn *of.Conn) ([]Difference, error) {
	owner := ownerCookie(i.Owner)
	held, err := diff(ctx, conn, owner, newItems())
	if err != nil {
		return nil, fmt.Errorf("compare with bridge %q: %w", i.Bridge, err)
	}
	there := map[string]*of.Flow{}
	for _, f := range held.Flows.Delete {
		there[f.Key()] = &f
	}
	s, err := i.state(chosenBefore(there))
	if err != nil {
		return nil, fmt.Errorf("intents: %w", err)
	}
	plan, err := diff(ctx, conn, owner, s.items())
	if err != nil {
		return nil, fmt.Errorf("compare with bridge %q: %w", i.Bridge, err)
	}
	c := comparison{refs: s.byCookie()}
	c.flows(Missing, plan.Flows.Add)
	c.flows(Changed, plan.Flows.Replace)
	c.flows(Surplus, plan.Flows.Delete)
	for _, f := range inTheWay(plan.Others) {
		d := Difference{Trouble: Foreign, Item: f.String()}
		if r, ok := c.refs[f.Cookie&^ownerMask]; ok {
			d.Object = r.String()
		}
		c.found = append(c.found, d)
	}
	list(&c, Missing, "group", plan.Groups.Add, s.groupOf)
	list(&c, Changed, "group", plan.Groups.Replace, s.groupOf)
	list(&c, Surplus, "group", plan.Groups.Delete, s.groupOf)
	list(&c, Missing, "meter", plan.Meters.Add, s.meterOf)
	list(&c, Changed, "meter", plan.Meters.Replace, s.meterOf)
	list(&c, Surplus, "meter", plan.Meters.Delete, s.meterOf)
	slices.SortFunc(c.found, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Object, b.Object), cmp.Compare(a.Trouble, b.Trouble), cmp.Compare(a.Item, b.Item))
	})
	return c.found, nil
}

// comparison collects differences.
type comparison struct {
	refs  map[uint64]ref
	found []Difference
}

func (c *comparison) flows(trouble Trouble, flows []of.Flow) {
	for _, f := range flows {
		d := Difference{Trouble: trouble, Item: f.String()}
		if r, ok := c.refs[f.Cookie&^ownerMask]; ok {
			d.Object = r.String()
		} else if isClause(&f) {
			d.Object = ref{kind: kindShared}.String()
		}
		c.found = append(c.found, d)
	}
}

// list notes groups or meters, which have no cookie: their numbers say whose they are.
func list[T fmt.Stringer](c *comparison, trouble Trouble, what string, found []T, whose func(T) string) {
	for _, item := range found {
		c.found = append(c.found, Difference{trouble, whose(item), what + " " + item.String()})
	}
}

// groupOf and meterOf are who has a group or a meter, empty if nobody does.
func (s *state) groupOf(g of.Group) string {
	for _, p := range s.balanced {
		if uint32(p.group) == g.ID {
			return p.ref().String()
		}
	}
	for _, n := range s.networks {
		if uint32(n.id) == g.ID && n.Multicast {
			return n.String()
		}
	}
	return ""
}

func (s *state) meterOf(m of.MeterConfig) string {
	if r, ok := s.ports[m.ID]; ok && s.endpoints[r.name] != nil && s.endpoints[r.name].Limit != nil {
		return r.String()
	}
	return ""
}
