// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"cmp"
	"slices"
	"sync/atomic"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/classifier"
	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// maxFlows bounds the memory that controllers can take.
const maxFlows = 4_000_000

// flowTables are the flow tables of a switch, and the groups and meters that flows refer to.
type flowTables struct {
	seed   uint64
	tables [flowcheck.VisibleTables + 1]*classifier.Classifier[*Flow]
	counts [flowcheck.VisibleTables]tableCounts
	config [flowcheck.VisibleTables]tableConfig
	// key and mask are the match of the flow mod that is carried out.
	key, mask packet.Key
	// options are the tunnel's that are fields. They are replaced, not changed.
	options atomic.Pointer[packet.Options]
	groups  map[uint32]*group
	meters  map[uint32]*meter
	count   int
	serial  uint64
	// timed are the flows with a timeout; none of them expires before next.
	timed map[*Flow]struct{}
	next  time.Time
	// stepped are the flows of the tables whose steps were made last of their instructions; they may be gone.
	stepped [flowcheck.VisibleTables + 1]*Flow
	// room is room for changes.
	room []Change
	// deferred is as in classifier.Classifier.Defer, for all tables.
	deferred bool
	// learners is how many learn actions of flows there are that delete what they have learned.
	learners map[learnedFlows]int
	// memory is the datapath's, of which the bridge has charged some.
	memory  *Budget
	charged int64
}

// deferOrder begins or ends many changes of flows, between which there are no look-ups.
func (t *flowTables) deferOrder(begin bool) {
	t.deferred = begin
	for _, c := range t.tables {
		switch {
		case c == nil:
		case begin:
			c.Defer()
		default:
			c.Publish()
		}
	}
}

// tableCounts are the counters of a table.
type tableCounts struct{ lookups, matches uint64 }

// lookup finds the flow that a packet matches, and adds what that depends on to wc. It counts if count says so.
func (t *flowTables) lookup(table uint8, k, wc *packet.Key, count bool) *Flow {
	if table >= flowcheck.VisibleTables {
		return nil
	}
	var f *Flow
	if c := t.tables[table]; c != nil {
		f = found(c.Lookup(k, wc))
	}
	if count {
		t.counts[table].lookups++
		if f != nil {
			t.counts[table].matches++
		}
	}
	return f
}

// found is the flow of a rule, nil if there is none.
func found(r *classifier.Rule[*Flow]) *Flow {
	if r == nil {
		return nil
	}
	return r.Value
}

// insertNew puts in a flow that was not there before.
func (t *flowTables) insertNew(match func() (key, mask *packet.Key), f *Flow) {
	t.serial++
	f.serial = t.serial
	t.insert(match, f)
}

// insert puts a flow in, in the place that its serial number gives it.
func (t *flowTables) insert(match func() (key, mask *packet.Key), f *Flow) {
	c := t.tables[f.Table]
	if c == nil {
		prefixes := classifier.Prefixes()
		if f.Table < flowcheck.VisibleTables {
			prefixes = t.config[f.Table].options.prefixes()
		}
		c = classifier.New[*Flow](t.seed, prefixes...)
		if t.deferred {
			c.Defer()
		}
		t.tables[f.Table] = c
	}
	key, mask := match()
	f.told = f.Cookie
	masks := c.Masks()
	c.Insert(&f.rule, key, mask)
	t.chargeFlow(f, 1, c.Masks()-masks)
	t.count++
	t.refer(f, 1)
	t.countLearners(f, 1)
	if at, _, ok := f.expiry(); ok {
		if t.timed == nil {
			t.timed = make(map[*Flow]struct{})
		}
		if len(t.timed) == 0 || at.Before(t.next) {
			t.next = at
		}
		t.timed[f] = struct{}{}
	}
}

func (t *flowTables) remove(f *Flow) {
	c := t.tables[f.Table]
	masks := c.Masks()
	c.Remove(&f.rule)
	t.chargeFlow(f, -1, c.Masks()-masks)
	t.count--
	t.refer(f, -1)
	t.countLearners(f, -1)
	delete(t.timed, f)
}

// expired takes out the flows whose time is over, and says why.
func (t *flowTables) expired(now time.Time) []Change {
	if len(t.timed) == 0 || !now.After(t.next) {
		return nil
	}
	var gone []*Flow
	t.next = time.Time{}
	for f := range t.timed {
		switch at, _, _ := f.expiry(); {
		case now.After(at):
			gone = append(gone, f)
		case t.next.IsZero() || at.Before(t.next):
			t.next = at
		}
	}
	inOrder(gone)
	changes := make([]Change, len(gone))
	for i, f := range gone {
		_, reason, _ := f.expiry()
		t.remove(f)
		changes[i] = Change{Removed: f, Reason: reason}
	}
	return changes
}

// shorten lowers the timeouts of a flow, in seconds, to no more than these; 0 leaves a timeout alone.
func (t *flowTables) shorten(f *Flow, idle, hard uint16) {
	lower := func(timeout *uint16, limit uint16) {
		if limit != 0 && (*timeout == 0 || *timeout > limit) {
			*timeout = limit
		}
	}
	lower(&f.IdleTimeout, idle)
	lower(&f.HardTimeout, hard)
	at, _, ok := f.expiry()
	if !ok {
		return
	}
	if t.timed == nil {
		t.timed = make(map[*Flow]struct{})
	}
	if len(t.timed) == 0 || at.Before(t.next) {
		t.next = at
	}
	t.timed[f] = struct{}{}
}

// selected returns the flows of a selection, by table, then by mask as a look-up goes through them, and then in the order
// of their coming.
// Those of the switch itself are among them only if their table is named or, as in Open vSwitch, the cookie is.
func (t *flowTables) selected(s *Selection) []*Flow {
	if s.key == nil {
		s.key, s.mask = new(packet.Key), new(packet.Key)
	}
	var flows []*Flow
	for table, c := range t.tables {
		if c == nil || s.table == openflow.AllTables && table == flowcheck.VisibleTables && s.cookieMask != ^uint64(0) ||
			s.table != openflow.AllTables && int(s.table) != table {
			continue
		}
		if s.strict {
			if f := found(c.Find(s.key, s.mask, int(s.priority))); f != nil && s.wants(f) {
				flows = append(flows, f)
			}
			continue
		}
		start := len(flows)
		var last *Flow
		c.Covered(s.key, s.mask, func(r *classifier.Rule[*Flow]) bool {
			f := r.Value
			if last != nil && r.Mask() != last.rule.Mask() {
				bySerial(flows[start:])
				start = len(flows)
			}
			last = f
			if s.wants(f) {
				flows = append(flows, f)
			}
			return true
		})
		bySerial(flows[start:])
	}
	return flows
}

func bySerial(flows []*Flow) {
	slices.SortFunc(flows, func(a, b *Flow) int { return cmp.Compare(a.serial, b.serial) })
}

func inOrder(flows []*Flow) {
	slices.SortFunc(flows, func(a, b *Flow) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.serial, b.serial))
	})
}

// keys makes the value and the mask of a match, whose options are those of the switch.
func (t *flowTables) keys(m openflow.Match) (value, mask packet.Key) {
	t.keysInto(m, &value, &mask)
	return value, mask
}

// keysInto is keys for keys that are there.
func (t *flowTables) keysInto(m openflow.Match, value, mask *packet.Key) {
	packet.MatchInto(m, value, mask)
	t.options.Load().Match(m, value, mask)
}
