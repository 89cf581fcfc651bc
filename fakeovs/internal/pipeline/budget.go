// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"sync/atomic"

	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/openflow"
)

// usualMemory is how many bytes the flows, groups, meters, flow monitors and open bundles of a datapath may take: a million
// ordinary flows of 1.1 kB, and a bundle that replaces all of them.
const usualMemory = 2 << 30

// Budget is a number of bytes and how many of them are taken, by what outlives the message that has brought it. Sizes are
// estimates; what is given back is exactly what was taken.
type Budget struct {
	limit int64
	taken atomic.Int64
}

// Taken is how many bytes are taken.
func (b *Budget) Taken() int64 { return b.taken.Load() }

// Memory is what controllers may take of the datapath's.
func (d *Datapath) Memory() *Budget { return d.memory }

func newBudget(limit int64) *Budget {
	if limit <= 0 {
		limit = usualMemory
	}
	return &Budget{limit: limit}
}

// fits reports whether there is room for so many bytes more. There always is for less than what is there.
func (b *Budget) fits(more int64) bool { return more <= 0 || b.taken.Load()+more <= b.limit }

// Take takes bytes, or reports that there is no room for them.
func (b *Budget) Take(n int64) bool {
	if b.taken.Add(n) > b.limit {
		b.taken.Add(-n)
		return false
	}
	return true
}

// GiveBack gives bytes back that were taken.
func (b *Budget) GiveBack(n int64) { b.taken.Add(-n) }

// Full refuses what there is no room for, with the code that Open vSwitch has for having no more of it.
func (b *Budget) Full(code openflow.ErrorCode) error {
	return flowcheck.Unsupported(code, "flows, groups, meters, flow monitors and bundles of more than %d bytes", b.limit)
}

// charge takes bytes of the datapath's memory for this bridge, for which there must be room, or, if negative, gives some
// back: what is taken back of a message may take more than there is.
func (t *flowTables) charge(n int64) {
	t.memory.taken.Add(n)
	t.charged += n
}

// chargeFlow charges a flow that came, or, by -1, went, and masks that no flow had before or has any more. The bridge's own
// flows cost nothing.
func (t *flowTables) chargeFlow(f *Flow, by int64, masks int) {
	if f.Table < flowcheck.VisibleTables {
		t.charge(by*f.weight + int64(masks)*maskWeight)
	}
}

// discharge gives all back that the bridge has taken, at its end. What happens to it then no longer counts.
func (t *flowTables) discharge() {
	t.memory.GiveBack(t.charged)
	t.memory, t.charged = newBudget(t.memory.limit), 0
}
