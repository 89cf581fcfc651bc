// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet_test

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// TestOptions compares the options of a key with those of a map of values, whatever is mapped, taken away, set and
// cleared.
func TestOptions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var o packet.Options
		var k packet.Key
		values := map[openflow.Field][]byte{}
		lengths := map[openflow.Field]int{}
		used := 0
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			i := rapid.IntRange(0, 63).Draw(t, "field")
			f := openflow.FieldTunMetadata0 + openflow.Field(i)
			switch rapid.IntRange(0, 4).Draw(t, "step") {
			case 0, 1:
				n := 4 * rapid.IntRange(1, 31).Draw(t, "words")
				want := lengths[f] == 0 && used+n <= 256
				if got := o.Add(openflow.TLVMap{Class: 5, Type: uint8(i), Length: uint8(n), Index: uint16(i)}); got != want {
					t.Fatalf("map %d bytes of %d to %v: got %v, want %v", n, used, f, got, want)
				}
				if want {
					lengths[f], used = n, used+n
				}
			case 2:
				o.Clear(&k, f)
				o.Remove(f)
				used -= lengths[f]
				delete(lengths, f)
				delete(values, f)
			case 3:
				v := rapid.SliceOfN(rapid.Byte(), lengths[f], lengths[f]).Draw(t, "value")
				if o.Set(&k, f, v); len(v) > 0 {
					values[f] = v
				}
			case 4:
				o.Clear(&k, f)
				delete(values, f)
			}
		}
		for i := range openflow.Field(64) {
			f := openflow.FieldTunMetadata0 + i
			v, ok := values[f]
			if k.Present(f) != ok || ok && !bytes.Equal(o.Value(&k, f), v) {
				t.Errorf("%v: got %v, %x, want %v, %x", f, k.Present(f), o.Value(&k, f), ok, v)
			}
			if got := o.Map(f).Length; int(got) != lengths[f] {
				t.Errorf("length of %v: got %d, want %d", f, got, lengths[f])
			}
			if got, ok := o.Field(5, uint8(i)); ok != (lengths[f] > 0) || ok && got != f {
				t.Errorf("field of option %d: got %v, %v", i, got, ok)
			}
		}
		if got := packet.OptionsOf(&k); len(got) != len(values) || !slices.IsSorted(got) {
			t.Errorf("options of the key: got %v, want %d in order", got, len(values))
		}
	})
}

func TestOptionsMatch(t *testing.T) {
	var o packet.Options
	o.Add(openflow.TLVMap{Class: 1, Type: 2, Length: 8, Index: 3})
	f := openflow.FieldTunMetadata0 + 3
	value, mask := packet.Match(nil)
	o.Match(openflow.Match{{Field: f, Value: []byte{0, 0, 0, 0, 0, 0, 0x12, 0x34}, Mask: []byte{0, 0, 0, 0, 0, 0, 0, 0xff}}}, &value, &mask)
	if got := o.Value(&value, f); !bytes.Equal(got, []byte{0, 0, 0, 0, 0, 0, 0, 0x34}) || !value.Present(f) {
		t.Errorf("value of the match: got %x, want that of the mask", got)
	}
	if got := o.Value(&mask, f); !bytes.Equal(got, []byte{0, 0, 0, 0, 0, 0, 0, 0xff}) || !mask.Present(f) {
		t.Errorf("mask of the match: got %x", got)
	}
	o.Set(&value, f, []byte{9})
	if got := o.Value(&value, f); !bytes.Equal(got, []byte{0, 0, 0, 0, 0, 0, 0, 9}) {
		t.Errorf("short value: got %x, want zeros before it", got)
	}
}
