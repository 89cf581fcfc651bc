// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"sync/atomic"

	"github.com/ovskit/ovskit/openflow"
)

// usualMemory is how many bytes the flows, groups, meters, flow monitors and open bundles of a datapath may take: a million
// ordinary flows of 1.1 kB, and a bundle that replaces all of them.
const usualMemory = 2 << 30

// budget is a number of bytes and how many of them are taken, by what outlives the message that has brought it. Sizes are
// estimates; what is given back is exactly what was taken.
type budget struct {
	limit int64
	taken atomic.Int64
}

func newBudget(limit int64) *budget {
	if limit <= 0 {
		limit = usualMemory
	}
	return &budget{limit: limit}
}

// fits reports whether there is room for so many bytes more. There always is for less than what is there.
func (b *budget) fits(more int64) bool { return more <= 0 || b.taken.Load()+more <= b.limit }

// take takes bytes, or reports that there is no room for them.
func (b *budget) take(n int64) bool {
	if b.taken.Add(n) > b.limit {
		b.taken.Add(-n)
		return false
	}
	return true
}

func (b *budget) giveBack(n int64) { b.taken.Add(-n) }

// full refuses what there is no room for, with the code that Open vSwitch has for having no more of it.
func (b *budget) full(code openflow.ErrorCode) error {
	return unsupported(code, "flows, groups, meters, flow monitors and bundles of more than %d bytes", b.limit)
}

// charge takes bytes of the datapath's memory for this switch, for which there must be room, or, if negative, gives some
// back: what is taken back of a message may take more than there is.
func (t *flowTables) charge(n int64) {
	t.memory.taken.Add(n)
	t.charged += n
}

// chargeFlow charges a flow that came, or, by -1, went, and masks that no flow had before or has any more. The switch's own
// flows cost nothing.
func (t *flowTables) chargeFlow(f *flow, by int64, masks int) {
	if f.Table < visibleTables {
		t.charge(by*f.weight + int64(masks)*maskWeight)
	}
}

// discharge gives all back that the switch has taken, at its end. What happens to it then no longer counts.
func (t *flowTables) discharge() {
	t.memory.giveBack(t.charged)
	t.memory, t.charged = newBudget(t.memory.limit), 0
}
