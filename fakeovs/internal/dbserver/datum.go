// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import "strings"

// Datum is the value of a column: a set or a map, of which a scalar is the set with one member. Keys are distinct and
// sorted. A Datum is never changed once made; rows share them, and the versions of a large one share most of it.
type Datum struct{ root *node } // nil: empty

// Value is a Datum with its type, for writing as JSON.
type Value struct {
	datum Datum
	typ   *Type
}

func defaultDatum(t *Type) Datum {
	if t.Min == 0 {
		return Datum{}
	}
	d := &node{n: 1, keys: []atom{defaultAtom(t.Key.Kind)}}
	if t.isMap() {
		d.values = []atom{defaultAtom(t.Value.Kind)}
	}
	return Datum{d}
}

func (d Datum) isDefault(t *Type) bool {
	if t.Min == 0 {
		return d.Len() == 0
	}
	key, value := d.first()
	return d.Len() == 1 && key == defaultAtom(t.Key.Kind) && (!t.isMap() || value == defaultAtom(t.Value.Kind))
}

func (d Datum) equal(e Datum) bool {
	if d.root == e.root {
		return true
	}
	if d.Len() != e.Len() {
		return false
	}
	a, b := d.cursor(), e.cursor()
	for skipShared(&a, &b) {
		key, value := a.member()
		otherKey, otherValue := b.member()
		if key != otherKey || value != otherValue {
			return false
		}
		a.next()
		b.next()
	}
	return true
}

// compare orders two values of one type: shorter ones first, then by keys, then by values.
func (d Datum) compare(e Datum, t *Type) int {
	if n := d.Len() - e.Len(); n != 0 {
		return n
	}
	byValues := 0
	a, b := d.cursor(), e.cursor()
	for skipShared(&a, &b) {
		key, value := a.member()
		otherKey, otherValue := b.member()
		if c := compareAtoms(t.Key.Kind, key, otherKey); c != 0 {
			return c
		}
		if byValues == 0 && t.isMap() {
			byValues = compareAtoms(t.Value.Kind, value, otherValue)
		}
		a.next()
		b.next()
	}
	return byValues
}

// has reports whether d has a member of e. If one of them has no values, keys suffice.
func (d Datum) has(t *Type, e Datum, key, value atom) bool {
	own, ok := d.get(t.Key.Kind, key)
	return ok && (own == value || !e.hasValues() || !d.hasValues())
}

func (d Datum) includesAll(t *Type, e Datum) bool {
	for key, value := range e.all() {
		if !d.has(t, e, key, value) {
			return false
		}
	}
	return true
}

func (d Datum) excludesAll(t *Type, e Datum) bool {
	for key, value := range e.all() {
		if d.has(t, e, key, value) {
			return false
		}
	}
	return true
}

// union returns d with those members of e whose keys d has not.
func (d Datum) union(t *Type, e Datum) Datum {
	return d.merge(t, e.filter(func(key, _ atom) bool {
		_, found := d.get(t.Key.Kind, key)
		return !found
	}))
}

// subtract returns d without the members of e.
func (d Datum) subtract(t *Type, e Datum) Datum {
	keysSuffice := !e.hasValues()
	return d.inRange(t.Key.Kind, e, func(out []*node, l *node, keys, values []atom) []*node {
		drop := map[int]bool{}
		for i, k := range keys {
			if at, ok := l.find(t.Key.Kind, k); ok && (keysSuffice || l.values[at] == values[i]) {
				drop[at] = true
			}
		}
		if len(drop) == 0 {
			return append(out, l)
		}
		var left, leftValues []atom
		for i, k := range l.keys {
			if drop[i] {
				continue
			}
			left = append(left, k)
			if l.values != nil {
				leftValues = append(leftValues, l.values[i])
			}
		}
		return split(out, left, leftValues)
	})
}

// changes returns what is in e and not in d, and what is in d and not in e. A map's pair with a new value is in both.
func (d Datum) changes(t *Type, e Datum) (added, removed Datum) {
	var won, lost struct{ keys, values []atom }
	a, b := d.cursor(), e.cursor()
	for {
		both := skipShared(&a, &b)
		if a.done() && b.done() {
			break
		}
		order := 0
		switch {
		case both:
			key, value := a.member()
			otherKey, otherValue := b.member()
			if key == otherKey && value == otherValue {
				a.next()
				b.next()
				continue
			}
			order = compareAtoms(t.Key.Kind, key, otherKey)
		case a.done():
			order = 1
		default:
			order = -1
		}
		if order <= 0 {
			key, value := a.member()
			lost.keys = append(lost.keys, key)
			if t.isMap() {
				lost.values = append(lost.values, value)
			}
			a.next()
		}
		if order >= 0 {
			key, value := b.member()
			won.keys = append(won.keys, key)
			if t.isMap() {
				won.values = append(won.values, value)
			}
			b.next()
		}
	}
	return newDatum(won.keys, won.values), newDatum(lost.keys, lost.values)
}

// diff returns what an update2 notification says about a change from d to e: the members that are in one of them
// only, with the new value where a key stays; of a type with at most one member, the new value.
func (d Datum) diff(t *Type, e Datum) Datum {
	if t.Max == 1 {
		return e
	}
	added, removed := d.changes(t, e)
	gone := removed.filter(func(key, _ atom) bool {
		_, stays := e.get(t.Key.Kind, key)
		return !stays
	})
	return added.merge(t, gone)
}

// appendKey appends an encoding that equal values, and only these, share.
func (d Datum) appendKey(b []byte, t *Type) []byte { return append(d.appendJSON(b, t), 0) }

func (d Datum) appendJSON(b []byte, t *Type) []byte {
	if !t.isMap() && d.Len() == 1 {
		key, _ := d.first()
		return key.appendJSON(b, t.Key.Kind)
	}
	if t.isMap() {
		b = append(b, `["map",[`...)
	} else {
		b = append(b, `["set",[`...)
	}
	first := true
	for k, v := range d.all() {
		if !first {
			b = append(b, ',')
		}
		first = false
		if t.isMap() {
			b = append(b, '[')
		}
		b = k.appendJSON(b, t.Key.Kind)
		if t.isMap() {
			b = append(b, ',')
			b = v.appendJSON(b, t.Value.Kind)
			b = append(b, ']')
		}
	}
	return append(b, "]]"...)
}

// text is the form of a value in the texts of errors.
func (d Datum) text(t *Type) string {
	var s strings.Builder
	open, end := "", ""
	if t.Max > 1 || d.Len() == 0 {
		open, end = "[", "]"
		if t.isMap() {
			open, end = "{", "}"
		}
	}
	s.WriteString(open)
	first := true
	for k, v := range d.all() {
		if !first {
			s.WriteString(", ")
		}
		first = false
		s.WriteString(k.text(t.Key.Kind))
		if t.isMap() {
			s.WriteString("=" + v.text(t.Value.Kind))
		}
	}
	s.WriteString(end)
	return s.String()
}
