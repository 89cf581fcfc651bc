// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseJSON(t *testing.T) {
	for in, want := range map[string]any{
		`null`: nil, `true`: true, ` false `: false, `[]`: []any{}, `{}`: map[string]any{},
		`0`: int64(0), `-0`: int64(0), `9223372036854775807`: int64(1<<63 - 1), `-9223372036854775808`: int64(-1 << 63),
		`9223372036854775808`: float64(1 << 63), `1.0`: int64(1), `1e3`: int64(1000), `0.5`: 0.5, `-2.5e-1`: -0.25,
		`"\u00e9\ud83d\ude00\n\/"`: "é😀\n/", `[1,[2,{"a":"b"}]]`: []any{int64(1), []any{int64(2), map[string]any{"a": "b"}}},
	} {
		got, err := parseJSON([]byte(in))
		if err != nil {
			t.Errorf("%s: %v", in, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: want (-), got (+):\n%s", in, diff)
		}
	}
	for _, in := range []string{
		``, ` `, `nul`, `01`, `1.`, `.5`, `+1`, `1e`, `-`, `[1,]`, `[1`, `[`, `{"a"}`, `{"a":1,}`, `{1:2}`, `{`, `"`, `"\x"`,
		`"\u12"`, `"\u0000"`, "\"\x01\"", `1 2`, `tru`, `{"a":1`, `"\`,
	} {
		if v, err := parseJSON([]byte(in)); err == nil {
			t.Errorf("%s: got %v, want an error", in, v)
		}
	}
}

func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,-2.5e3,"\u00e9\n",null,true]}`, `"\ud83d\ude00"`, `[[[[]]]]`, `1e999`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := parseJSON(in)
		if err != nil {
			return
		}
		out := appendJSON(nil, v)
		if !json.Valid(out) {
			t.Fatalf("parsed %q, wrote %q, which is not JSON", in, out)
		}
		again, err := parseJSON(out)
		if err != nil {
			t.Fatalf("parsed %q, wrote %q, which does not parse: %v", in, out, err)
		}
		if second := appendJSON(nil, again); string(second) != string(out) {
			t.Fatalf("wrote %q, then %q", out, second)
		}
	})
}
