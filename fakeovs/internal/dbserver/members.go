// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"iter"
	"sort"
)

// node holds members of a value: a leaf itself, a root of more than a leaf can hold in its leaves. Nodes never change, so
// that the versions of a large value share all leaves but those with a member that came or went: what a change costs
// depends on its own size, not on that of the value.
type node struct {
	n            int     // of members, below a root too
	keys, values []atom  // of a leaf; values is as long as keys in a map, else nil
	leaves       []*node // of a root, in order, none empty; nil in a leaf
}

// maxLeaf is how many members a leaf has at most.
const maxLeaf = 256

// newDatum makes a value of keys, which are distinct and in order, and in a map their values. It keeps the slices.
func newDatum(keys, values []atom) Datum { return join(split(nil, keys, values)) }

func scalar(a atom) Datum {
	one := &struct {
		node
		key [1]atom
	}{node{n: 1}, [1]atom{a}}
	one.keys = one.key[:]
	return Datum{&one.node}
}

// split appends leaves with the given members.
func split(leaves []*node, keys, values []atom) []*node {
	if len(keys) == 0 {
		return leaves
	}
	parts := (len(keys) + maxLeaf - 1) / maxLeaf
	size := (len(keys) + parts - 1) / parts
	for len(keys) > 0 {
		n := min(size, len(keys))
		leaf := &node{n: n, keys: keys[:n:n]}
		keys = keys[n:]
		if values != nil {
			leaf.values, values = values[:n:n], values[n:]
		}
		leaves = append(leaves, leaf)
	}
	return leaves
}

// join makes a value of leaves. Many small ones are made into fewer.
func join(leaves []*node) Datum {
	switch len(leaves) {
	case 0:
		return Datum{}
	case 1:
		return Datum{leaves[0]}
	}
	root := &node{leaves: leaves}
	for _, l := range leaves {
		root.n += l.n
	}
	d := Datum{root}
	if len(leaves) > 4+4*root.n/maxLeaf || root.n <= maxLeaf/2 {
		keys, values := make([]atom, 0, root.n), []atom(nil)
		for _, l := range leaves {
			keys, values = append(keys, l.keys...), append(values, l.values...)
		}
		return newDatum(keys, values)
	}
	return d
}

// leaves returns the leaves of a value in order.
func (d Datum) leaves() []*node {
	switch {
	case d.root == nil:
		return nil
	case d.root.leaves != nil:
		return d.root.leaves
	default:
		return []*node{d.root}
	}
}

// Len returns how many members the value has.
func (d Datum) Len() int {
	if d.root == nil {
		return 0
	}
	return d.root.n
}

// first returns the first key and its value; zero ones if the value is empty.
func (d Datum) first() (key, value atom) {
	for key, value := range d.all() {
		return key, value
	}
	return atom{}, atom{}
}

// hasValues reports whether it is a map with members.
func (d Datum) hasValues() bool { return d.root != nil && d.leaves()[0].values != nil }

// all gives the keys in order, and in a map their values.
func (d Datum) all() iter.Seq2[atom, atom] {
	return func(yield func(key, value atom) bool) {
		for _, l := range d.leaves() {
			for i, k := range l.keys {
				var v atom
				if l.values != nil {
					v = l.values[i]
				}
				if !yield(k, v) {
					return
				}
			}
		}
	}
}

// get returns the value of a key, and whether there is the key.
func (d Datum) get(k Kind, key atom) (value atom, ok bool) {
	leaves := d.leaves()
	if len(leaves) == 0 {
		return atom{}, false
	}
	after := sort.Search(len(leaves)-1, func(i int) bool { return compareAtoms(k, leaves[i+1].keys[0], key) > 0 })
	l := leaves[after]
	at, ok := l.find(k, key)
	if ok && l.values != nil {
		value = l.values[at]
	}
	return value, ok
}

// find returns where a key is in a leaf, or where it would have to be inserted.
func (n *node) find(k Kind, key atom) (int, bool) {
	return sort.Find(len(n.keys), func(i int) int { return compareAtoms(k, key, n.keys[i]) })
}

// filter returns the members that are to be kept.
func (d Datum) filter(keep func(key, value atom) bool) Datum {
	return d.replaceLeaves(func(out []*node, l *node) []*node {
		var keys, values []atom
		for i, k := range l.keys {
			var v atom
			if l.values != nil {
				v = l.values[i]
			}
			if keep(k, v) {
				keys = append(keys, k)
				if l.values != nil {
					values = append(values, v)
				}
			}
		}
		if len(keys) == len(l.keys) {
			return append(out, l)
		}
		return split(out, keys, values)
	})
}

// replaceLeaves makes a value of what f appends in place of each leaf; d itself if that is always the leaf.
func (d Datum) replaceLeaves(f func(out []*node, l *node) []*node) Datum {
	leaves := d.leaves()
	out := make([]*node, 0, len(leaves)+1)
	same := true
	for i, l := range leaves {
		out = f(out, l)
		same = same && len(out) == i+1 && out[i] == l
	}
	if same {
		return d
	}
	return join(out)
}

// inRange calls f for each leaf with those members of e that belong into the leaf's part of the order.
func (d Datum) inRange(k Kind, e Datum, f func(out []*node, l *node, keys, values []atom) []*node) Datum {
	leaves := d.leaves()
	rest := e.cursor()
	at := 0
	return d.replaceLeaves(func(out []*node, l *node) []*node {
		var keys, values []atom
		at++
		for !rest.done() {
			key, value := rest.member()
			if at < len(leaves) && compareAtoms(k, key, leaves[at].keys[0]) >= 0 {
				break
			}
			keys, values = append(keys, key), append(values, value)
			rest.next()
		}
		if len(keys) == 0 {
			return append(out, l)
		}
		return f(out, l, keys, values)
	})
}

// merge returns the members of d and e, which have no key in common.
func (d Datum) merge(t *Type, e Datum) Datum {
	if d.root == nil {
		return e
	}
	return d.inRange(t.Key.Kind, e, func(out []*node, l *node, keys, values []atom) []*node {
		mergedKeys := make([]atom, 0, len(l.keys)+len(keys))
		var mergedValues []atom
		take := func(fromKeys, fromValues []atom) {
			mergedKeys = append(mergedKeys, fromKeys...)
			if l.values != nil {
				mergedValues = append(mergedValues, fromValues...)
			}
		}
		part := func(from, to int) []atom {
			if l.values == nil {
				return nil
			}
			return l.values[from:to]
		}
		at := 0
		for i, k := range keys {
			to, _ := l.find(t.Key.Kind, k)
			take(l.keys[at:to], part(at, to))
			take(keys[i:i+1], values[i:i+1])
			at = to
		}
		take(l.keys[at:], part(at, len(l.keys)))
		return split(out, mergedKeys, mergedValues)
	})
}

// cursor is a place in the order of a value's members.
type cursor struct {
	leaves []*node
	at     int // in the first leaf
}

func (d Datum) cursor() cursor { return cursor{leaves: d.leaves()} }

func (c *cursor) done() bool { return len(c.leaves) == 0 }

func (c *cursor) member() (key, value atom) {
	l := c.leaves[0]
	if l.values != nil {
		value = l.values[c.at]
	}
	return l.keys[c.at], value
}

func (c *cursor) next() {
	if c.at++; c.at == len(c.leaves[0].keys) {
		c.leaves, c.at = c.leaves[1:], 0
	}
}

// skipShared passes over what two values share. It reports whether neither has come to its end.
func skipShared(a, b *cursor) bool {
	for !a.done() && !b.done() && a.at == 0 && b.at == 0 && a.leaves[0] == b.leaves[0] {
		a.leaves, b.leaves = a.leaves[1:], b.leaves[1:]
	}
	return !a.done() && !b.done()
}
