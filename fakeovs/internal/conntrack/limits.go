// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack

import (
	"fmt"
	"slices"
	"strings"
)

// defaultMaxConns is how many connections Open vSwitch tracks unless told otherwise.
const defaultMaxConns = 3_000_000

// limit is how many connections a zone may have.
type limit struct{ max, count uint32 }

func (l *limit) full() bool { return l != nil && l.count >= l.max }

type limits struct {
	maxConns uint32
	zones    map[uint16]*limit
	// others counts the connections of all zones without a limit of their own together; nil is no limit.
	others *limit
}

func newLimits() limits { return limits{maxConns: defaultMaxConns, zones: make(map[uint16]*limit)} }

func (l *limits) of(zone uint16) *limit {
	if z := l.zones[zone]; z != nil {
		return z
	}
	return l.others
}

// MaxConns is how many connections there may be (dpctl/ct-get-maxconns).
func (t *Tracker) MaxConns() uint32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.limits.maxConns
}

// SetMaxConns says how many connections there may be; those that there are stay (dpctl/ct-set-maxconns).
func (t *Tracker) SetMaxConns(n uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.limits.maxConns = n
}

// SetZoneLimit says how many connections a zone may have. Only those count that are entered while it has a limit
// (dpctl/ct-set-limits).
func (t *Tracker) SetZoneLimit(zone uint16, n uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l := t.limits.zones[zone]; l != nil {
		l.max = n
		return
	}
	t.limits.zones[zone] = &limit{max: n}
}

// SetDefaultLimit says how many connections all zones without a limit of their own may have together. 0 lets none in: it
// is not the same as never to have had a limit.
func (t *Tracker) SetDefaultLimit(n uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.limits.others == nil {
		t.limits.others = new(limit)
	}
	t.limits.others.max = n
}

// DeleteZoneLimit takes a zone's limit away (dpctl/ct-del-limits).
func (t *Tracker) DeleteZoneLimit(zone uint16) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.limits.zones, zone)
}

// Limits is what dpctl/ct-get-limits prints, of these zones or of all that have a limit.
func (t *Tracker) Limits(zones ...uint16) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tick()
	if len(zones) == 0 {
		for z := range t.limits.zones {
			zones = append(zones, z)
		}
		slices.Sort(zones)
	}
	var none limit
	others := &none
	if t.limits.others != nil {
		others = t.limits.others
	}
	var b strings.Builder
	fmt.Fprintf(&b, "default limit=%d", others.max)
	for _, z := range zones {
		l := t.limits.zones[z]
		if l == nil {
			l = others
		}
		fmt.Fprintf(&b, "\nzone=%d,limit=%d,count=%d", z, l.max, l.count)
	}
	b.WriteByte('\n')
	return b.String()
}
