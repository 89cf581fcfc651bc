// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	of "github.com/ovskit/ovskit/openflow"
)

// genAnyCondition draws a condition of the right width on any field, whatever its bits are.
func genAnyCondition(t *rapid.T) of.MatchField {
	f := of.Field(rapid.IntRange(1, int(of.FieldUnknown)-1).Draw(t, "field"))
	bytes := func(name string) []byte {
		return rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom([]byte{0, 0xff}), rapid.Byte()), f.Bytes(), f.Bytes()).Draw(t, name)
	}
	mf := of.MatchField{Field: f, Value: bytes("value")}
	if rapid.Bool().Draw(t, "masked") {
		mf.Mask = bytes("mask")
	}
	return mf
}

// TestCanonicalOfCanonical finds nothing to do on a canonical match, and an action that is equal to what it is read as.
func TestCanonicalOfCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := of.Match(rapid.SliceOfN(rapid.Custom(genAnyCondition), 1, 4).Draw(t, "match"))
		once := m.Canonical()
		if diff := cmp.Diff(once, once.Canonical(), cmpOptions); diff != "" {
			t.Errorf("%+v (-once +twice):\n%s", m, diff)
		}
		for _, v := range versions {
			action := set(m[0])
			b, err := of.Encode(v, of.Add(of.Flow{Instructions: apply(action)}), 1)
			if err != nil {
				continue
			}
			read, _, err := of.Decode(b)
			if err != nil {
				continue // the switch would refuse it
			}
			again, err := of.Encode(v, read, 1)
			if err != nil || string(again) != string(b) {
				t.Errorf("%v: %v is read as %v, error %v", v, action, read, err)
			}
		}
	})
}
