// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWords parses strings that are words, begin as ones, or are ones in other letters, as values and as names.
func TestWords(t *testing.T) {
	longest := ""
	for w := range words {
		if len(w) > len(longest) {
			longest = w
		}
	}
	if len(longest) != maxWord {
		t.Errorf("longest word: got %q, want one of %d characters", longest, maxWord)
	}
	for in, want := range map[string]string{
		`"op"`: "op", `"o"`: "o", `"opt"`: "opt", `""`: "", `"o\u0070"`: "op", `"op\""`: `op"`, `"\"op"`: `"op`, `"==="`: "===",
		`"` + longest + `"`: longest, `"` + longest + `s"`: longest + "s",
	} {
		for text, want := range map[string]any{
			in: want, `[` + in + `,"op"]`: []any{want, "op"}, `{` + in + `:` + in + `}`: map[string]any{want: want},
		} {
			got, err := parseJSON([]byte(text))
			if err != nil {
				t.Errorf("%s: %v", text, err)
			} else if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: want (-), got (+):\n%s", text, diff)
			}
		}
	}
	for _, in := range []string{`"op`, `"o`, `"op` + "\n" + `"`, `"` + longest} {
		if v, err := parseJSON([]byte(in)); err == nil {
			t.Errorf("%s: got %v, want an error", in, v)
		}
	}
}
