// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"path/filepath"
	"testing"

	"pgregory.net/rapid"
)

// TestRandomTransactionsInFile makes random transactions and compares the content with what ovsdb-tool and another server
// make of the file.
func TestRandomTransactionsInFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	s := startFileServer(t, file)
	rapid.Check(t, func(rt *rapid.T) {
		c := connect(t, s)
		c.t = rt
		for range rapid.IntRange(1, 6).Draw(rt, "transactions") {
			c.call("transact", append([]any{"test"}, transaction(rt)...)...)
		}
		want := content(c.transact(selectAll))
		if rapid.IntRange(0, 4).Draw(rt, "tool") == 0 {
			if got := contentByTool(t, file); got != want {
				rt.Fatalf("content as ovsdb-tool has it: got\n%s\nwant\n%s", got, want)
			}
		}
		stop(t, s)
		s = startFileServer(t, file)
		if got := contentOf(t, s); got != want {
			rt.Fatalf("content of the file: got\n%s\nwant\n%s", got, want)
		}
		if rapid.IntRange(0, 9).Draw(rt, "compact") == 0 {
			if err := s.databases["test"].Compact(); err != nil {
				rt.Fatal(err)
			}
		}
	})
}
