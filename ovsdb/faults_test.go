// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"flag"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/ovskit/ovskit/internal/dbtest"
)

var (
	schedules = flag.Int("schedules", 1000, "how many random schedules of faults to run on the fake; a fortieth of it on the real server")
	firstSeed = flag.Uint64("seed", 1, "the seed of the first random schedule of faults")
)

// Whatever fails while clients are at work: when it is over, their tables and
// the streams of events agree with the database, every call has returned, and
// what was said of its outcome is true.
func TestFaults(t *testing.T) {
	t.Run("fake", func(t *testing.T) {
		t.Parallel()
		testFaults(t, 2*runtime.GOMAXPROCS(0), *schedules, func(t testing.TB) *dbtest.Server { return dbtest.FakeWith(t, entrySchema) })
	})
	t.Run("real", func(t *testing.T) {
		t.Parallel()
		testFaults(t, 2, (*schedules+39)/40, func(t testing.TB) *dbtest.Server { return dbtest.RealWith(t, entrySchema) })
	})
}

// testFaults runs schedules on several servers at the same time.
func testFaults(t *testing.T, servers, n int, open func(testing.TB) *dbtest.Server) {
	var next atomic.Int64
	for i := range servers {
		t.Run(fmt.Sprint("server ", i), func(t *testing.T) {
			t.Parallel()
			s := open(t)
			empty := s.Save(t)
			for i := next.Add(1) - 1; i < int64(n) && !t.Failed(); i = next.Add(1) - 1 {
				seed := *firstSeed + uint64(i)
				t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { runWorld(t, s, empty, seed) })
			}
		})
	}
}
