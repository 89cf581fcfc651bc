// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package classifier

import (
	"math/bits"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
)

// portsWord is the word whose high half is the ports of the transport layer.
const portsWord = 49

// subtable is the rules with one mask.
type subtable[V any] struct {
	mask packet.Key
	// parts are the mask in the order of the stages; ends are where those end that have a part in it.
	parts []part
	ends  []int
	// counts says of all stages but the last how many matches have a hash up to there.
	counts []map[uint64]int32
	slots  slots[V]
	// keys is room for the keys of rules.
	keys []uint64
	// top is the highest priority of a rule, and tops how many have it; place is the priority that it stands by among the
	// subtables.
	top, tops, place int
	// plens are the lengths of the mask's prefixes in the classifier's fields for prefixes, 0 for none; at is in which of the
	// stages each is.
	plens, at []int
	ports     *node
	portsMask uint32
	portsLen  int
}

func newSubtable[V any](mask *packet.Key, tries []*trie) *subtable[V] {
	t := &subtable[V]{mask: *mask}
	for _, parts := range split(mask) {
		if len(parts) > 0 {
			t.parts = append(t.parts, parts...)
			t.ends = append(t.ends, len(t.parts))
		}
	}
	if len(t.ends) == 0 {
		t.ends = []int{0}
	}
	for range t.ends[1:] {
		t.counts = append(t.counts, make(map[uint64]int32))
	}
	t.portsMask = uint32(mask[portsWord] >> 32)
	if t.portsMask != 0 {
		t.portsLen = 32 - bits.TrailingZeros32(t.portsMask)
	}
	t.setTries(tries)
	return t
}

// setTries finds the mask's prefixes.
func (t *subtable[V]) setTries(tries []*trie) {
	t.plens, t.at = make([]int, len(tries)), make([]int, len(tries))
	for i, tr := range tries {
		t.plens[i] = tr.length(&t.mask)
		word := tr.word
		for stage, end := range t.ends {
			start := 0
			if stage > 0 {
				start = t.ends[stage-1]
			}
			for _, p := range t.parts[start:end] {
				if p.word == word {
					t.at[i] = stage
				}
			}
		}
	}
}

// covers reports whether the subtable's mask has all bits of another.
func (t *subtable[V]) covers(mask *packet.Key) bool {
	for i, m := range mask {
		if m&^t.mask[i] != 0 {
			return false
		}
	}
	return true
}

// stage is the parts of a stage.
func (t *subtable[V]) stage(i int) []part {
	if i == 0 {
		return t.parts[:t.ends[0]]
	}
	return t.parts[t.ends[i-1]:t.ends[i]]
}

func (t *subtable[V]) hash(seed uint64, k *packet.Key) uint64 { return mix(seed, t.parts, k) }

// heads yields the rules, of each match the one of the highest priority.
func (t *subtable[V]) heads(yield func(*Rule[V]) bool) {
	for i := range t.slots.list {
		if r := t.slots.list[i].rule; r != nil && !yield(r) {
			return
		}
	}
}

// keysTogether is how many keys are allocated at once.
const keysTogether = 16

// room is room for the key of one more rule.
func (t *subtable[V]) room(r *Rule[V]) []uint64 {
	n := len(t.parts)
	if n <= shortKey {
		return r.short[:n]
	}
	if len(t.keys) < n {
		t.keys = make([]uint64, min(t.slots.n+1, keysTogether)*n)
	}
	key := t.keys[:n:n]
	t.keys = t.keys[n:]
	return key
}

// match finds the rule of the highest priority in the subtable that a packet matches, and adds to wc what that depends
// on.
func (t *subtable[V]) match(seed uint64, k *packet.Key, tries []trieLookup, wc *packet.Key) *Rule[V] {
	// Where a rule matches the stages and tries would not have left the subtable out.
	if r := t.slots.find(t.hash(seed, k), k); r != nil {
		fold(wc, t.parts)
		return r
	}
	h := seed
	last := len(t.ends) - 1
	for i := range last {
		if t.skips(tries, i, k, wc) {
			fold(wc, t.parts[:t.start(i)])
			return nil
		}
		h = mix(h, t.stage(i), k)
		if t.counts[i][h] == 0 {
			fold(wc, t.parts[:t.ends[i]])
			return nil
		}
	}
	if t.skips(tries, last, k, wc) {
		fold(wc, t.parts[:t.start(last)])
		return nil
	}
	if t.portsLen > 0 {
		value := prefix{uint32(k[portsWord]>>32) & t.portsMask}
		_, depends := lookup(t.ports, &value, 32)
		// Of the ports only those bits have been looked at, and of all else what there is.
		ports := wc[portsWord]&^lowWord | uint64(t.portsMask&highBits(depends))<<32
		fold(wc, t.parts)
		wc[portsWord] = wc[portsWord]&lowWord | ports
		return nil
	}
	fold(wc, t.parts)
	return nil
}

// lowWord is the half of a word that the ports are not in.
const lowWord = 1<<32 - 1

func (t *subtable[V]) start(stage int) int {
	if stage == 0 {
		return 0
	}
	return t.ends[stage-1]
}

func highBits(n int) uint32 {
	if n >= 32 {
		return ^uint32(0)
	}
	return ^(1<<(32-n) - 1)
}

// skips reports whether a trie tells that no rule of the subtable matches, before the bits of a stage are looked at.
func (t *subtable[V]) skips(tries []trieLookup, stage int, k, wc *packet.Key) bool {
	for i, plen := range t.plens {
		if plen == 0 || t.at[i] != stage {
			continue
		}
		l := &tries[i]
		l.do(k)
		if l.lengths.bit(plen-1) == 1 {
			continue
		}
		// No more bits may be looked at than the mask has, unless they have been anyway.
		if l.depends <= plen {
			l.trie.look(wc, l.depends)
			return true
		}
		if l.trie.looked(wc, l.depends) {
			return true
		}
	}
	return false
}
