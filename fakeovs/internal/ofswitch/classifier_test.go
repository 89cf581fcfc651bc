// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// TestClassifier compares the classifier with a list of flows that is searched from end to end.
func TestClassifier(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		small := rapid.Uint64Range(0, 3)
		key := func(name string) (k packet.Key) {
			k.SetUint(openflow.FieldInPort, small.Draw(t, name+" in_port"))
			k.SetUint(openflow.FieldReg1, small.Draw(t, name+" reg1"))
			k.SetUint(openflow.FieldIPv4Dst, small.Draw(t, name+" ip_dst"))
			return k
		}
		c := newClassifier(rapid.Uint64().Draw(t, "seed") | 1)
		var list []*flow
		find := func(key, mask *packet.Key, priority uint16) *flow {
			for _, f := range list {
				if f.key == *key && f.mask == *mask && f.Priority == priority {
					return f
				}
			}
			return nil
		}
		t.Repeat(map[string]func(*rapid.T){
			"insert": func(t *rapid.T) {
				f := &flow{key: key("flow"), mask: key("mask"), Flow: openflow.Flow{Priority: rapid.Uint16Range(1, 4).Draw(t, "priority")}}
				for i := range f.key {
					f.key[i] &= f.mask[i]
				}
				old := find(&f.key, &f.mask, f.Priority)
				if got := c.find(&f.key, &f.mask, f.Priority); got != old {
					t.Fatalf("find: got %v, want %v", got, old)
				}
				overlaps := false
				for _, g := range list {
					overlaps = overlaps || g.Priority == f.Priority && intersect(&g.key, &g.mask, &f.key, &f.mask)
				}
				if got := c.overlaps(&f.key, &f.mask, f.Priority); got != overlaps {
					t.Fatalf("overlaps: got %v, want %v", got, overlaps)
				}
				if old == nil {
					c.insert(f)
					list = append(list, f)
				}
			},
			"remove": func(t *rapid.T) {
				if len(list) == 0 {
					t.Skip("no flows")
				}
				i := rapid.IntRange(0, len(list)-1).Draw(t, "index")
				c.remove(list[i])
				list = append(list[:i], list[i+1:]...)
			},
			"": func(t *rapid.T) {
				k := key("packet")
				best := -1
				for _, f := range list {
					match := true
					for i := range k {
						match = match && k[i]&f.mask[i] == f.key[i]
					}
					if match && int(f.Priority) > best {
						best = int(f.Priority)
					}
				}
				got := -1
				if f := c.lookup(&k); f != nil {
					got = int(f.Priority)
				}
				if got != best {
					t.Fatalf("lookup: got a flow of priority %d, want %d", got, best)
				}
				n := 0
				c.all(func(*flow) bool { n++; return true })
				if n != len(list) || c.count != len(list) {
					t.Fatalf("flows: got %d and a count of %d, want %d", n, c.count, len(list))
				}
			},
		})
	})
}
