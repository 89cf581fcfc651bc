// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"fmt"
)

// Scope says which part of what a switch holds belongs to one program. The zero value is all flows, and no groups and no
// meters.
type Scope struct {
	// Cookie is what the cookies of the program's flows have in the bits of CookieMask.
	Cookie, CookieMask uint64
	// Others asks for the flows of other programs too, which a Plan then lists.
	Others bool
	// Groups and Meters are the numbers of the program's groups and meters, which have no cookies. A switch deletes with one
	// of them the flows that use it, whoever's they are.
	Groups, Meters IDRange
}

// IDRange is numbers of groups or meters, the first and the last of them included. The zero value is none.
type IDRange struct{ First, Last uint32 }

// has reports whether an ID is in the range.
func (r IDRange) has(id uint32) bool { return r != IDRange{} && id >= r.First && id <= r.Last }

// owns reports whether a flow with the cookie is in the scope.
func (s Scope) owns(cookie uint64) bool { return (cookie^s.Cookie)&s.CookieMask == 0 }

// Desired is what a switch should hold in a scope. It is not for several goroutines at once.
type Desired struct {
	scope  Scope
	index  map[string]int32 // position in flows by key
	flows  []desiredFlow
	buf    []byte
	groups map[uint32]Group
	meters map[uint32]MeterConfig
}

// desiredFlow is a flow with what a comparison needs of it.
type desiredFlow struct {
	flow         Flow
	key, content string
}

// NewDesired returns an empty state.
func NewDesired(scope Scope) *Desired {
	return &Desired{
		scope: scope, index: map[string]int32{}, groups: map[uint32]Group{}, meters: map[uint32]MeterConfig{},
	}
}

// Scope is the scope of the state.
func (d *Desired) Scope() Scope { return d.scope }

// Len is how many flows there are.
func (d *Desired) Len() int { return len(d.flows) }

// Add adds flows. One with the key of another takes its place. A flow whose cookie is outside of the scope is an error,
// with which nothing is added, and a match is that Validate refuses or that Open vSwitch would not report as it is: a
// *MatchError, which says why.
func (d *Desired) Add(flows ...Flow) error {
	for _, f := range flows {
		if !d.scope.owns(f.Cookie) {
			return fmt.Errorf("flow %v: the cookie is not %#x/%#x", f, d.scope.Cookie, d.scope.CookieMask)
		}
		if err := f.Match.checkReported(); err != nil {
			return fmt.Errorf("flow %v: %w", f, err)
		}
	}
	for _, f := range flows {
		d.buf = f.AppendKey(d.buf[:0])
		n := len(d.buf)
		d.buf = f.appendContent(d.buf)
		both := string(d.buf)
		e := desiredFlow{flow: f, key: both[:n], content: both[n:]}
		if i, there := d.index[e.key]; there {
			d.flows[i] = e
			continue
		}
		d.index[e.key] = int32(len(d.flows))
		d.flows = append(d.flows, e)
	}
	return nil
}

// Remove takes the flows with these keys out, of which only table, priority and match count. Those that are not there
// are passed over.
func (d *Desired) Remove(flows ...Flow) {
	for _, f := range flows {
		d.buf = f.AppendKey(d.buf[:0])
		i, there := d.index[string(d.buf)]
		if !there {
			continue
		}
		delete(d.index, d.flows[i].key)
		last := int32(len(d.flows) - 1)
		if i != last {
			d.flows[i] = d.flows[last]
			d.index[d.flows[i].key] = i
		}
		d.flows[last] = desiredFlow{}
		d.flows = d.flows[:last]
	}
}

// AddGroups adds groups. One with the ID of another takes its place. A group whose ID is outside of the scope is an error,
// with which nothing is added.
func (d *Desired) AddGroups(groups ...Group) error {
	return put(d.groups, "group", d.scope.Groups, groups, func(g Group) uint32 { return g.ID })
}

// RemoveGroups takes groups out. Those that are not there are passed over.
func (d *Desired) RemoveGroups(ids ...uint32) {
	for _, id := range ids {
		delete(d.groups, id)
	}
}

// AddMeters adds meters. One with the ID of another takes its place. A meter whose ID is outside of the scope is an error,
// with which nothing is added.
func (d *Desired) AddMeters(meters ...MeterConfig) error {
	return put(d.meters, "meter", d.scope.Meters, meters, func(m MeterConfig) uint32 { return m.ID })
}

// RemoveMeters takes meters out. Those that are not there are passed over.
func (d *Desired) RemoveMeters(ids ...uint32) {
	for _, id := range ids {
		delete(d.meters, id)
	}
}

// put adds things to those of their kind by their numbers, all of which must be in the scope.
func put[T any](to map[uint32]T, kind string, scope IDRange, things []T, id func(T) uint32) error {
	for _, t := range things {
		if !scope.has(id(t)) {
			return fmt.Errorf("%s %d is not one of %d to %d", kind, id(t), scope.First, scope.Last)
		}
	}
	for _, t := range things {
		to[id(t)] = t
	}
	return nil
}
