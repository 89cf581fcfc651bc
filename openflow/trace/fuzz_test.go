// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package trace_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/openflow/trace"
)

// FuzzParse reads texts that can be anything, beginning with real traces. What is parsed can be walked and written.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 20 {
		f.Fatalf("the traces in testdata: got %q, error %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := trace.Parse(text)
		if err != nil {
			return
		}
		if want := strings.Count(text, "Datapath actions: "); len(r.Passes) == 0 || len(r.Passes) > want {
			t.Errorf("got %d passes of %d", len(r.Passes), want)
		}
		visits := 0
		for _, p := range r.Passes {
			for depth, v := range p.All() {
				visits++
				if v.Kind == "" || depth < 0 {
					t.Errorf("got a visit of kind %q at depth %d", v.Kind, depth)
				}
			}
		}
		if lines := strings.Count(text, "\n") + 1; visits > lines || len(r.Tables()) > visits {
			t.Errorf("got %d visits, %d tables in %d lines", visits, len(r.Tables()), lines)
		}
		if r.Dropped() && len(r.Outputs())+len(r.Unresolved()) != 0 {
			t.Error("a dropped packet goes somewhere")
		}
		if _, err := json.Marshal(r); err != nil {
			t.Error(err)
		}
	})
}
