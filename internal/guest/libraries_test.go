// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestLibraries(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skipf("guests are for amd64, this is %s", runtime.GOARCH)
	}
	paths := map[string]bool{}
	if err := libraries("/bin/sh", paths); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for p := range paths {
		names[filepath.Base(p)] = true
		if _, err := os.Stat(p); err != nil {
			t.Error(err)
		}
	}
	for _, want := range []string{"libc.so.6", "ld-linux-x86-64.so.2"} {
		if !names[want] {
			t.Errorf("libraries %v: %s is missing", paths, want)
		}
	}
	if err := libraries("/etc/passwd", paths); err == nil {
		t.Error("libraries of what is no program: no error")
	}
}
