// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/fakeovs"
)

// FuzzAskSwitch asks the switch whatever it likes but to exit.
func FuzzAskSwitch(f *testing.F) {
	text, err := os.ReadFile(filepath.Join("testdata", "appctl.txt"))
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if words, ok := strings.CutPrefix(strings.TrimSpace(line), "ovs-appctl "); ok && !strings.HasPrefix(words, "-t ") {
			f.Add(words)
		}
	}
	o, err := fakeovs.Start(fakeovs.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { o.Close() })
	if err := makeBridge(o.DatabaseEndpoint(), "br0", "p1", "p2"); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, line string) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "exit" {
			return
		}
		text, err := o.AskSwitch(words[0], words[1:]...)
		if err != nil && text != "" {
			t.Errorf("%q: got both %q and error %v", line, text, err)
		}
	})
}
