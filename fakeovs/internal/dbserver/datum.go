// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"slices"
	"sort"
	"strings"
)

// Datum is the value of a column: a set or a map, of which a scalar is the set with one member. Keys are distinct and
// sorted. A Datum is never changed once made; rows share them.
type Datum struct {
	keys   []atom
	values []atom // as long as keys in a map, else nil
}

// Value is a Datum with its type, for writing as JSON.
type Value struct {
	datum Datum
	typ   *Type
}

func defaultDatum(t *Type) Datum {
	if t.Min == 0 {
		return Datum{}
	}
	d := Datum{keys: []atom{defaultAtom(t.Key.Kind)}}
	if t.isMap() {
		d.values = []atom{defaultAtom(t.Value.Kind)}
	}
	return d
}

func (d Datum) isDefault(t *Type) bool { return d.equal(defaultDatum(t)) }

func (d Datum) equal(e Datum) bool {
	return slices.Equal(d.keys, e.keys) && slices.Equal(d.values, e.values)
}

// compare orders two values of one type: shorter ones first, then by keys, then by values.
func (d Datum) compare(e Datum, t *Type) int {
	if len(d.keys) != len(e.keys) {
		return len(d.keys) - len(e.keys)
	}
	for i := range d.keys {
		if c := compareAtoms(t.Key.Kind, d.keys[i], e.keys[i]); c != 0 {
			return c
		}
	}
	for i := range d.values {
		if c := compareAtoms(t.Value.Kind, d.values[i], e.values[i]); c != 0 {
			return c
		}
	}
	return 0
}

// find returns where a key is, or where it would have to be inserted.
func (d Datum) find(k Kind, key atom) (int, bool) {
	return sort.Find(len(d.keys), func(i int) int { return compareAtoms(k, key, d.keys[i]) })
}

// has reports whether d has pair or member i of e. If e has no values, keys suffice.
func (d Datum) has(t *Type, e Datum, i int) bool {
	at, ok := d.find(t.Key.Kind, e.keys[i])
	return ok && (e.values == nil || d.values == nil || d.values[at] == e.values[i])
}

func (d Datum) includesAll(t *Type, e Datum) bool {
	for i := range e.keys {
		if !d.has(t, e, i) {
			return false
		}
	}
	return true
}

func (d Datum) excludesAll(t *Type, e Datum) bool {
	for i := range e.keys {
		if d.has(t, e, i) {
			return false
		}
	}
	return true
}

// union returns d with those members of e whose keys d has not.
func (d Datum) union(t *Type, e Datum) Datum {
	isNew := func(i int) bool {
		_, found := d.find(t.Key.Kind, e.keys[i])
		return !found
	}
	return d.merge(t, e.filter(isNew))
}

// subtract returns d without the members of e.
func (d Datum) subtract(t *Type, e Datum) Datum {
	drop := map[int]bool{}
	for i := range e.keys {
		if at, ok := d.find(t.Key.Kind, e.keys[i]); ok && (e.values == nil || d.values[at] == e.values[i]) {
			drop[at] = true
		}
	}
	if len(drop) == 0 {
		return d
	}
	return d.filter(func(i int) bool { return !drop[i] })
}

// changes returns what is in e and not in d, and what is in d and not in e.
func (d Datum) changes(t *Type, e Datum) (added, removed Datum) {
	added = e.filter(func(i int) bool { return !d.has(t, e, i) })
	removed = d.filter(func(i int) bool { return !e.has(t, d, i) })
	return added, removed
}

// diff returns what an update2 notification says about a change from d to e: the members that are in one of them
// only, with the new value where a key stays; of a type with at most one member, the new value.
func (d Datum) diff(t *Type, e Datum) Datum {
	if t.Max == 1 {
		return e
	}
	added, removed := d.changes(t, e)
	gone := removed.filter(func(i int) bool {
		_, stays := e.find(t.Key.Kind, removed.keys[i])
		return !stays
	})
	return added.merge(t, gone)
}

func (d Datum) filter(keep func(i int) bool) Datum {
	var out Datum
	for i := range d.keys {
		if keep(i) {
			out.keys = append(out.keys, d.keys[i])
			if d.values != nil {
				out.values = append(out.values, d.values[i])
			}
		}
	}
	return out
}

// merge returns the members of d and e, which have no key in common.
func (d Datum) merge(t *Type, e Datum) Datum {
	if len(e.keys) == 0 {
		return d
	}
	if len(d.keys) == 0 {
		return e
	}
	out := Datum{keys: make([]atom, 0, len(d.keys)+len(e.keys))}
	if t.isMap() {
		out.values = make([]atom, 0, cap(out.keys))
	}
	take := func(from Datum, i, j int) {
		out.keys = append(out.keys, from.keys[i:j]...)
		if t.isMap() {
			out.values = append(out.values, from.values[i:j]...)
		}
	}
	at := 0
	for i := range e.keys {
		to, _ := d.find(t.Key.Kind, e.keys[i])
		take(d, at, to)
		take(e, i, i+1)
		at = to
	}
	take(d, at, len(d.keys))
	return out
}

// appendKey appends an encoding that equal values, and only these, share.
func (d Datum) appendKey(b []byte, t *Type) []byte { return append(d.appendJSON(b, t), 0) }

func (d Datum) appendJSON(b []byte, t *Type) []byte {
	if !t.isMap() && len(d.keys) == 1 {
		return d.keys[0].appendJSON(b, t.Key.Kind)
	}
	if t.isMap() {
		b = append(b, `["map",[`...)
	} else {
		b = append(b, `["set",[`...)
	}
	for i, k := range d.keys {
		if i > 0 {
			b = append(b, ',')
		}
		if t.isMap() {
			b = append(b, '[')
		}
		b = k.appendJSON(b, t.Key.Kind)
		if t.isMap() {
			b = append(b, ',')
			b = d.values[i].appendJSON(b, t.Value.Kind)
			b = append(b, ']')
		}
	}
	return append(b, "]]"...)
}

// text is the form of a value in the texts of errors.
func (d Datum) text(t *Type) string {
	var s strings.Builder
	open, end := "", ""
	if t.Max > 1 || len(d.keys) == 0 {
		open, end = "[", "]"
		if t.isMap() {
			open, end = "{", "}"
		}
	}
	s.WriteString(open)
	for i, k := range d.keys {
		if i > 0 {
			s.WriteString(", ")
		}
		s.WriteString(k.text(t.Key.Kind))
		if t.isMap() {
			s.WriteString("=" + d.values[i].text(t.Value.Kind))
		}
	}
	s.WriteString(end)
	return s.String()
}
