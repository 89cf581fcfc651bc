// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package tier

import (
	"fmt"
	"runtime"
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
		var r recorder
		done := make(chan struct{})
		go func() {
			defer close(done)
			Need(&r, tt.tier)
		}()
		<-done
		if got := r.skipped != ""; got != tt.skips {
			t.Errorf("%s=%q: Need(%s) skipped: %q, want %v", Require, tt.require, tt.tier, r.skipped, tt.skips)
		}
		if got := r.failed != ""; got != tt.misses {
			t.Errorf("%s=%q: Need(%s) failed: %q, want %v", Require, tt.require, tt.tier, r.failed, tt.misses)
		}
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
