// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

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
