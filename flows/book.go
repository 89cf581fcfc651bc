// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import of "github.com/ovskit/ovskit/openflow"

// output is what an object is compiled to.
type output struct {
	flows  []entry
	groups []of.Group
	meters []of.MeterConfig
	ties   []tie
}

// entry is a flow with its key.
type entry struct {
	key  string
	flow of.Flow
}

// outputs compiles what has to be compiled again. An object that is not declared, or not any more, gives nothing.
func (s *state) outputs() map[ref]output {
	outputs := map[ref]output{}
	for r, flows := range s.compileDirty() {
		out := output{flows: make([]entry, len(flows)), ties: s.ties(r)}
		for i, f := range flows {
			out.flows[i] = entry{f.Key(), f}
		}
		outputs[r] = out
	}
	return outputs
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
}

func newBook() book { return book{newItems(), map[ref]output{}} }

// edit is a change of the book: what objects are compiled to, and what each of the items that this concerns becomes. One
// that is nil goes.
type edit struct {
	objects map[ref]output
	flows   map[string]*of.Flow
	groups  map[uint32]*of.Group
	meters  map[uint32]*of.MeterConfig
}

// edit gives what changes in the book if objects are compiled to something else.
func (b *book) edit(objects map[ref]output) edit {
	e := edit{objects, map[string]*of.Flow{}, map[uint32]*of.Group{}, map[uint32]*of.MeterConfig{}}
	for r := range objects {
		old := b.objects[r]
		for _, f := range old.flows {
			e.flows[f.key] = nil
		}
		for _, g := range old.groups {
			e.groups[g.ID] = nil
		}
		for _, m := range old.meters {
			e.meters[m.ID] = nil
		}
	}
	for _, out := range objects {
		for i := range out.flows {
			e.flows[out.flows[i].key] = &out.flows[i].flow
		}
		for i := range out.groups {
			e.groups[out.groups[i].ID] = &out.groups[i]
		}
		for i := range out.meters {
			e.meters[out.meters[i].ID] = &out.meters[i]
		}
	}
	return e
}

// apply makes the change.
func (b *book) apply(e edit) {
	b.items.apply(e)
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
