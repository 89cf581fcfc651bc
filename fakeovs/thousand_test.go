// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs_test

import (
	"os"
	"runtime"
	"testing"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/internal/dbcall"
)

// TestThousand runs a thousand fakes in this process, and has each of them used.
func TestThousand(t *testing.T) {
	const n = 1000
	descriptors, goroutines := openDescriptors(t), runtime.NumGoroutine()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fakes := make([]*fakeovs.OVS, n)
	for i := range fakes {
		o, err := fakeovs.Start(fakeovs.Options{})
		if err != nil {
			t.Fatalf("fake %d: %v", i, err)
		}
		defer o.Close()
		fakes[i] = o
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / n; each > 2<<20 {
		t.Errorf("bytes that the start of a fake allocates: got %d, want at most 2 MiB", each)
	}
	if each := (runtime.NumGoroutine() - goroutines) / n; each > 8 {
		t.Errorf("goroutines of an idle fake: got %d, want at most 8", each)
	}
	if each := (openDescriptors(t) - descriptors) / n; each > 5 {
		t.Errorf("file descriptors of an idle fake: got %d, want at most 5", each)
	}
	for i, o := range fakes {
		insert := map[string]any{"op": "insert", "table": "Open_vSwitch", "row": map[string]any{}}
		if _, err := dbcall.Transact(t.Context(), o.DatabaseEndpoint(), "Open_vSwitch", insert); err != nil {
			t.Fatalf("transaction of fake %d: %v", i, err)
		}
		if err := o.Close(); err != nil {
			t.Fatalf("close fake %d: %v", i, err)
		}
	}
	if left := openDescriptors(t) - descriptors; left > 10 {
		t.Errorf("file descriptors left after all fakes are closed: got %d, want none", left)
	}
}

// openDescriptors counts this process's; 0 where that cannot be told.
func openDescriptors(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if os.IsNotExist(err) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}
