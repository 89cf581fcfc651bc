// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"maps"
	"slices"

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
	flows := s.compile(r)
	out := output{flows: make([]entry, len(flows)), claims: s.claims(r)}
	for i, f := range flows {
		out.flows[i] = entry{f.Key(), f}
	}
	return out
}

// items are things that a switch holds: flows by key, groups and meters by number.
type items struct {
	flows  map[string]of.Flow
	groups map[uint32]of.Group
	meters map[uint32]of.MeterConfig
}

func newItems() items {
	return items{map[string]of.Flow{}, map[uint32]of.Group{}, map[uint32]of.MeterConfig{}}
}

// book is what the switch should hold, and which objects account for it.
type book struct {
	items
	objects map[ref]output
	// clauses are the flows that several objects may give, which then hold the conjunctions of all of them.
	clauses map[string]map[ref]of.Flow
}

func newBook() book {
	return book{newItems(), map[ref]output{}, map[string]map[ref]of.Flow{}}
}

// edit is a change of the book: what objects are compiled to, and what each of the items that this concerns becomes. One
// that is nil goes.
type edit struct {
	objects map[ref]output
	flows   map[string]*of.Flow
	groups  map[uint32]*of.Group
	meters  map[uint32]*of.MeterConfig
	clauses map[string]map[ref]of.Flow
}

// edit gives what changes in the book if objects are compiled to something else.
func (b *book) edit(objects map[ref]output) edit {
	e := edit{
		objects, map[string]*of.Flow{}, map[uint32]*of.Group{}, map[uint32]*of.MeterConfig{}, map[string]map[ref]of.Flow{},
	}
	givers := func(key string) map[ref]of.Flow {
		if e.clauses[key] == nil {
			e.clauses[key] = map[ref]of.Flow{}
			maps.Copy(e.clauses[key], b.clauses[key])
		}
		return e.clauses[key]
	}
	for r := range objects {
		old := b.objects[r]
		for _, f := range old.flows {
			if isClause(f.flow) {
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
			if f := &out.flows[i]; isClause(f.flow) {
				givers(f.key)[r] = f.flow
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
func isClause(f of.Flow) bool {
	return len(f.Apply) > 0 && !slices.ContainsFunc(f.Apply, func(a of.Action) bool {
		_, ok := a.(of.Conjunction)
		return !ok
	})
}

// merge gives the flow with the conjunctions of all, in the order of the objects; nil of none.
func merge(from map[ref]of.Flow) *of.Flow {
	var all *of.Flow
	for _, r := range slices.SortedFunc(maps.Keys(from), ref.compare) {
		f := from[r]
		if all == nil {
			f.Apply = slices.Clip(f.Apply)
			all = &f
			continue
		}
		all.Apply = append(all.Apply, f.Apply...)
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

func patch[K comparable, T any](m map[K]T, changes map[K]*T) {
	for k, v := range changes {
		if v == nil {
			delete(m, k)
		} else {
			m[k] = *v
		}
	}
}
