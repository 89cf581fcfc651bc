// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package classifier_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/ovskit/ovskit/fakeovs/internal/classifier"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// listed is a rule in a list that is searched from end to end.
type listed struct {
	rule      *classifier.Rule[int]
	key, mask packet.Key
}

// testFields are fields of all stages.
var testFields = []openflow.Field{
	openflow.FieldInPort, openflow.FieldReg1, openflow.FieldEthDst, openflow.FieldIPv4Dst, openflow.FieldIPv4Src,
	openflow.FieldTCPSrc, openflow.FieldTCPDst,
}

// small is a value or mask of a field that others have as well: with its highest and lowest bits.
func small(t *rapid.T, f openflow.Field, name string) uint64 {
	v := rapid.Uint64Range(0, 15).Draw(t, name)
	return v>>2<<(f.Bits()-2) | v&3
}

func drawKey(t *rapid.T, name string) (k packet.Key) {
	k.SetUint(openflow.FieldEthType, openflow.EthTypeIPv4)
	for _, f := range testFields {
		k.SetUint(f, small(t, f, name+" "+f.String()))
	}
	return k
}

// drawMask is often a prefix, sometimes anything.
func drawMask(t *rapid.T) (m packet.Key) {
	m.SetUint(openflow.FieldEthType, 0xffff)
	for _, f := range testFields {
		all := ^uint64(0) >> (64 - f.Bits())
		switch rapid.IntRange(0, 4).Draw(t, "mask of "+f.String()) {
		case 0:
			m.SetUint(f, all)
		case 1:
			m.SetUint(f, all&^(all>>rapid.IntRange(1, 3).Draw(t, "prefix")))
		case 2:
			m.SetUint(f, small(t, f, "bits"))
		}
	}
	return m
}

func (l *listed) matches(k *packet.Key) bool {
	for i := range k {
		if k[i]&l.mask[i] != l.key[i] {
			return false
		}
	}
	return true
}

// TestClassifier compares the classifier with a list of rules that is searched from end to end, and looks whether
// a packet that has the bits that a look-up depended on finds the same rule.
func TestClassifier(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := classifier.New[int](rapid.Uint64().Draw(t, "seed")|1, classifier.Prefixes()...)
		var list []*listed
		find := func(key, mask *packet.Key, priority int) *classifier.Rule[int] {
			for _, l := range list {
				if l.key == *key && l.mask == *mask && l.rule.Priority == priority {
					return l.rule
				}
			}
			return nil
		}
		best := func(k *packet.Key) int {
			best := -1
			for _, l := range list {
				if l.matches(k) {
					best = max(best, l.rule.Priority)
				}
			}
			return best
		}
		t.Repeat(map[string]func(*rapid.T){
			"insert": func(t *rapid.T) {
				l := &listed{key: drawKey(t, "rule"), mask: drawMask(t)}
				for i := range l.key {
					l.key[i] &= l.mask[i]
				}
				l.rule = &classifier.Rule[int]{Priority: rapid.IntRange(0, 4).Draw(t, "priority")}
				old := find(&l.key, &l.mask, l.rule.Priority)
				if got := c.Find(&l.key, &l.mask, l.rule.Priority); got != old {
					t.Fatalf("Find: got %v, want %v", got, old)
				}
				overlaps := false
				for _, o := range list {
					same := o.rule.Priority == l.rule.Priority
					for i := range o.key {
						same = same && (o.key[i]^l.key[i])&o.mask[i]&l.mask[i] == 0
					}
					overlaps = overlaps || same
				}
				if got := c.Overlaps(&l.key, &l.mask, l.rule.Priority); got != overlaps {
					t.Fatalf("Overlaps: got %v, want %v", got, overlaps)
				}
				if old == nil {
					c.Insert(l.rule, &l.key, &l.mask)
					list = append(list, l)
				}
			},
			"remove": func(t *rapid.T) {
				if len(list) == 0 {
					t.Skip("no rules")
				}
				i := rapid.IntRange(0, len(list)-1).Draw(t, "index")
				c.Remove(list[i].rule)
				list = append(list[:i], list[i+1:]...)
			},
			"prefixes": func(t *rapid.T) {
				c.SetPrefixes(rapid.SampledFrom([][]openflow.Field{
					nil, classifier.Prefixes(), {openflow.FieldIPv4Src}, {openflow.FieldIPv6Dst, openflow.FieldTunID},
				}).Draw(t, "prefixes")...)
			},
			"": func(t *rapid.T) {
				k, wc := drawKey(t, "packet"), packet.Key{}
				priority := func(k, wc *packet.Key) int {
					if r := c.Lookup(k, wc); r != nil {
						return r.Priority
					}
					return -1
				}
				want := best(&k)
				if got := priority(&k, &wc); got != want {
					t.Fatalf("Lookup: got a rule of priority %d, want %d", got, want)
				}
				other := drawKey(t, "other packet")
				for i := range other {
					other[i] = other[i]&^wc[i] | k[i]&wc[i]
				}
				if got := best(&other); got != want {
					t.Fatalf("a packet with the bits %v of another finds a rule of priority %d, the other one %d", wc, got, want)
				}
				n, covered := 0, 0
				c.Covered(new(packet.Key), new(packet.Key), func(*classifier.Rule[int]) bool { n++; return true })
				mask := drawMask(t)
				c.Covered(&k, &mask, func(*classifier.Rule[int]) bool { covered++; return true })
				for _, l := range list {
					is := true
					for i := range mask {
						is = is && mask[i]&^l.mask[i] == 0 && (l.key[i]^k[i])&mask[i] == 0
					}
					if is {
						covered--
					}
				}
				if n != len(list) || c.Len() != len(list) || covered != 0 {
					t.Fatalf("got %d rules, a Len of %d and %d too many covered ones, want %d", n, c.Len(), covered, len(list))
				}
			},
		})
	})
}
