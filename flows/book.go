// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	of "github.com/ovskit/ovskit/openflow"
)

// output is what an object is compiled to.
type output struct {
	flows  []entry
	groups []of.Group
	meters []of.MeterConfig
	claims []claim
}

// entry is a flow with its key.
type entry struct {
	key  string
	flow of.Flow
}

// output compiles an object; one that is not declared gives nothing.
func (s *state) output(r ref) output {
	c := s.compile(r)
	own := len(c.flows)
	for _, shared := range c.clauses {
		c.flows = append(c.flows, entry{flow: shared.flow()})
	}
	addKeys(c.flows)
	for i := range c.flows[own:] {
		e := &c.flows[own+i]
		e.flow.Cookie = s.owner | objectCookie(ref{kindShared, e.key})
	}
	return output{flows: c.flows, groups: c.groups, meters: c.meters, claims: s.claims(r)}
}

// addKeys gives flows their keys, all of which are parts of one string.
func addKeys(flows []entry) {
	const usual = 48 // the length of a key
	var all strings.Builder
	all.Grow(usual * len(flows))
	var key [2 * usual]byte
	for i := range flows {
		begin := all.Len()
		all.Write(flows[i].flow.AppendKey(key[:0]))
		flows[i].key = all.String()[begin:]
	}
}

// outputs compiles what has to be compiled again.
func (s *state) outputs() map[ref]output {
	objects := make(map[ref]output, len(s.dirty))
	for r := range s.dirty {
		objects[r] = s.output(r)
	}
	return objects
}

// items are things that a switch holds: flows by key, groups and meters by number.
type items struct {
	flows  map[string]*of.Flow
	groups map[uint32]*of.Group
	meters map[uint32]*of.MeterConfig
}

func newItems() items {
	return items{map[string]*of.Flow{}, map[uint32]*of.Group{}, map[uint32]*of.MeterConfig{}}
}

// book is what the switch should hold, and which objects account for it.
type book struct {
	items
	objects map[ref]output
	// clauses are the flows that several objects may give, and one several times, which then hold the conjunctions of all.
	clauses map[string]map[ref][]of.Flow
}

func newBook() book {
	return book{newItems(), map[ref]output{}, map[string]map[ref][]of.Flow{}}
}

// edit is a change of the book: what objects are compiled to, and what each of the items that this concerns becomes. One
// that is nil goes.
type edit struct {
	objects map[ref]output
	flows   map[string]*of.Flow
	groups  map[uint32]*of.Group
	meters  map[uint32]*of.MeterConfig
	clauses map[string]map[ref][]of.Flow
}

// edit gives what changes in the book if objects are compiled to something else.
func (b *book) edit(objects map[ref]output) edit {
	flows := 0
	for r, out := range objects {
		flows += max(len(out.flows), len(b.objects[r].flows))
	}
	e := edit{
		objects, make(map[string]*of.Flow, flows), map[uint32]*of.Group{}, map[uint32]*of.MeterConfig{},
		map[string]map[ref][]of.Flow{},
	}
	givers := func(key string) map[ref][]of.Flow {
		if e.clauses[key] == nil {
			e.clauses[key] = map[ref][]of.Flow{}
			maps.Copy(e.clauses[key], b.clauses[key])
		}
		return e.clauses[key]
	}
	for r := range objects {
		old := b.objects[r]
		for i := range old.flows {
			if f := &old.flows[i]; isClause(&f.flow) {
				delete(givers(f.key), r)
			} else {
				e.flows[f.key] = nil
			}
		}
		for _, g := range old.groups {
			e.groups[g.ID] = nil
		}
		for _, m := range old.meters {
			e.meters[m.ID] = nil
		}
	}
	for r, out := range objects {
		for i := range out.flows {
			if f := &out.flows[i]; isClause(&f.flow) {
				g := givers(f.key)
				g[r] = append(g[r], f.flow)
			} else {
				e.flows[f.key] = &f.flow
			}
		}
		for i := range out.groups {
			e.groups[out.groups[i].ID] = &out.groups[i]
		}
		for i := range out.meters {
			e.meters[out.meters[i].ID] = &out.meters[i]
		}
	}
	for key, from := range e.clauses {
		e.flows[key] = merge(from)
	}
	return e
}

// isClause reports whether a flow does nothing but tell what conjunctions a packet fulfils a dimension of. Only such
// flows may come from several objects.
func isClause(f *of.Flow) bool {
	return len(f.Apply) > 0 && !slices.ContainsFunc(f.Apply, func(a of.Action) bool {
		_, ok := a.(of.Conjunction)
		return !ok
	})
}

// merge gives the flow with the conjunctions of all, each once and in one order; nil of none.
func merge(from map[ref][]of.Flow) *of.Flow {
	var all *of.Flow
	var conditions []of.Conjunction
	for _, flows := range from {
		for _, f := range flows {
			if all == nil {
				all = &f
			}
			for _, a := range f.Apply {
				conditions = append(conditions, a.(of.Conjunction))
			}
		}
	}
	if all == nil {
		return nil
	}
	slices.SortFunc(conditions, func(a, b of.Conjunction) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Clause, b.Clause))
	})
	conditions = slices.Compact(conditions)
	all.Apply = make([]of.Action, len(conditions))
	for i, c := range conditions {
		all.Apply[i] = c
	}
	return all
}

// apply makes the change.
func (b *book) apply(e edit) {
	b.items.apply(e)
	for key, from := range e.clauses {
		if len(from) == 0 {
			delete(b.clauses, key)
		} else {
			b.clauses[key] = from
		}
	}
	for r, out := range e.objects {
		if len(out.flows)+len(out.groups)+len(out.meters) == 0 {
			delete(b.objects, r)
		} else {
			b.objects[r] = out
		}
	}
}

func (h *items) apply(e edit) {
	patch(h.flows, e.flows)
	patch(h.groups, e.groups)
	patch(h.meters, e.meters)
}

// without takes out what is changed.
func (h *items) without(e edit) {
	for key := range e.flows {
		delete(h.flows, key)
	}
	for id := range e.groups {
		delete(h.groups, id)
	}
	for id := range e.meters {
		delete(h.meters, id)
	}
}

func patch[K comparable, T any](m, changes map[K]*T) {
	for k, v := range changes {
		if v == nil {
			delete(m, k)
		} else {
			m[k] = v
		}
	}
}
