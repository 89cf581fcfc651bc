// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package classifier

import "math/bits"

// prefix is up to 128 bits, the first one the highest of the first word.
type prefix [4]uint32

// bits32 is the 32 bits from an offset on; those past the end are zero.
func (p *prefix) bits32(off int) uint32 {
	w, s := off/32, off%32
	if w >= len(p) {
		return 0
	}
	v := p[w] << s
	if s > 0 && w+1 < len(p) {
		v |= p[w+1] >> (32 - s)
	}
	return v
}

func (p *prefix) bit(off int) int {
	if off >= 32*len(p) {
		return 0
	}
	return int(p[off/32] >> (31 - off%32) & 1)
}

func (p *prefix) set(off int) { p[off/32] |= 1 << (31 - off%32) }

// node is a node of a tree of prefixes: up to 32 bits, below which the prefixes go on with a 0 or a 1.
type node struct {
	bits  uint32
	n     int
	rules int
	edges [2]*node
}

const nodeBits = 32

func (t *node) leaf() bool { return t.edges[0] == nil && t.edges[1] == nil }

// common is how many of the first n bits are the same.
func common(a, b uint32, n int) int { return min(bits.LeadingZeros32(a^b), n) }

func branch(p *prefix, off, n, rules int) *node {
	t := &node{bits: p.bits32(off) &^ (1<<(32-min(n, nodeBits)) - 1), n: min(n, nodeBits)}
	if n <= nodeBits {
		t.rules = rules
		return t
	}
	sub := branch(p, off+nodeBits, n-nodeBits, rules)
	t.edges[sub.bits>>31] = sub
	return t
}

// insert adds a prefix of some length to a tree.
func insert(edge **node, p *prefix, length int) {
	off := 0
	for *edge != nil {
		t := *edge
		same := common(t.bits, p.bits32(off), min(t.n, length-off))
		off += same
		if same < t.n {
			old := t.bits >> (31 - same) & 1
			rules := 0
			if off == length {
				rules = 1
			}
			parent := branch(p, off-same, same, rules)
			t.bits <<= same
			t.n -= same
			parent.edges[old] = t
			if off < length {
				parent.edges[1-old] = branch(p, off, length-off, 1)
			}
			*edge = parent
			return
		}
		if off == length {
			t.rules++
			return
		}
		edge = &t.edges[p.bit(off)]
	}
	*edge = branch(p, off, length-off, 1)
}

// remove takes a prefix out of a tree.
func remove(root **node, p *prefix, length int) {
	path := make([]**node, 1, 8)
	path[0] = root
	for off := 0; ; {
		t := *path[len(path)-1]
		if t == nil {
			return
		}
		same := common(t.bits, p.bits32(off), min(t.n, length-off))
		if same < t.n {
			return
		}
		if off += same; off == length {
			if t.rules > 0 {
				t.rules--
				prune(path)
			}
			return
		}
		path = append(path, &t.edges[p.bit(off)])
	}
}

// prune removes nodes that stand for nothing, from the last of a path on.
func prune(path []**node) {
	for depth := len(path) - 1; depth >= 0; depth-- {
		t := *path[depth]
		if t.rules > 0 || t.edges[0] != nil && t.edges[1] != nil {
			return
		}
		next := t.edges[0]
		if next == nil {
			next = t.edges[1]
		}
		if next != nil {
			if t.n+next.n > nodeBits {
				return
			}
			next.bits = t.bits | next.bits>>t.n
			next.n += t.n
		}
		*path[depth] = next
		if next != nil {
			return
		}
	}
}

// lookup says which lengths of prefixes there are that a value of n bits begins with, a bit each, and how many bits of
// the value it takes to know that there are no others.
func lookup(root *node, value *prefix, n int) (lengths prefix, depends int) {
	var prev *node
	matched := 0
	for t := root; t != nil; {
		same := common(t.bits, value.bits32(matched), t.n)
		matched += same
		if same < t.n {
			return lengths, matched + 1
		}
		if t.rules > 0 {
			lengths.set(matched - 1)
		}
		if matched >= n {
			return lengths, n
		}
		prev, t = t, t.edges[value.bit(matched)]
	}
	if prev == nil || prev.leaf() {
		return lengths, matched
	}
	return lengths, matched + 1
}
