// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package tier

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// recorder is a TB that notes what happens.
type recorder struct{ skipped, failed string }

func (r *recorder) Helper() {}

func (r *recorder) Skipf(format string, args ...any) {
	r.skipped = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failed = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// record notes what a test does.
func record(test func(TB)) recorder {
	var r recorder
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(&r)
	}()
	<-done
	return r
}

func TestNeed(t *testing.T) {
	for _, tt := range []struct {
		require       string
		tier          Tier
		skips, misses bool
	}{
		{"", Pure, false, false},
		{"all", Pure, false, false},
		{"", "moon", true, false},
		{"pure,sandbox", "moon", true, false},
		{"pure,moon", "moon", false, true},
		{"pure, moon", "moon", false, true},
		{"all", "moon", false, true},
	} {
		t.Setenv(Require, tt.require)
		r := record(func(t TB) { Need(t, tt.tier) })
		if got := r.skipped != ""; got != tt.skips {
			t.Errorf("%s=%q: Need(%s) skipped: %q, want %v", Require, tt.require, tt.tier, r.skipped, tt.skips)
		}
		if got := r.failed != ""; got != tt.misses {
			t.Errorf("%s=%q: Need(%s) failed: %q, want %v", Require, tt.require, tt.tier, r.failed, tt.misses)
		}
	}
}

func TestNeedFile(t *testing.T) {
	t.Setenv(Require, "sandbox")
	file := filepath.Join(t.TempDir(), "file")
	missing := record(func(t TB) { NeedFile(t, Sandbox, file, "it") })
	if want := file + ": no such file or directory (package it on Debian)"; !strings.HasSuffix(missing.failed, want) {
		t.Errorf("missing file of a required tier: failed with %q, want %q", missing.failed, want)
	}
	if r := record(func(t TB) { NeedFile(t, System, file, "it") }); r.skipped == "" || r.failed != "" {
		t.Errorf("missing file of another tier: got %+v, want it skipped", r)
	}
	if err := os.WriteFile(file, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	var got []byte
	r := record(func(t TB) { got = NeedFile(t, Sandbox, file, "it") })
	if r != (recorder{}) || string(got) != "text" {
		t.Errorf("file that is there: got %+v, %q", r, got)
	}
}

func TestWhy(t *testing.T) {
	if got, want := Why("moon"), `no such tier: "moon"`; got != want {
		t.Errorf("Why = %q, want %q", got, want)
	}
	if got := Why(Pure); got != "" {
		t.Errorf("Why(Pure) = %q, want nothing", got)
	}
}

func TestNeedFeature(t *testing.T) {
	t.Setenv(Require, "system")
	if r := record(func(t TB) { NeedFeature(t, System, true, "wings") }); r != (recorder{}) {
		t.Errorf("of a feature that is there: %+v, want nothing", r)
	}
	if r := record(func(t TB) { NeedFeature(t, System, false, "wings") }); !strings.Contains(r.failed, "wings") {
		t.Errorf("of one that is missing and required: %+v, want a failure that names it", r)
	}
	t.Setenv(Require, "")
	if r := record(func(t TB) { NeedFeature(t, System, false, "wings") }); !strings.Contains(r.skipped, "wings") {
		t.Errorf("of one that is missing: %+v, want a skip that names it", r)
	}
}
