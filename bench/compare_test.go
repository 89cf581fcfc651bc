// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// side is one of the two ways to do a piece of work.
type side struct {
	// run does it and is timed; n is different at every call.
	run func(n int) error
	// clocked does it in place of run, and times itself: where one run is too
	// short to be timed, or happens in another process.
	clocked func(n int) (time.Duration, error)
	// undo puts everything back as it was before, untimed; nil if there is
	// nothing to undo.
	undo func(n int) error
}

// works reports whether there is anything to do.
func (s side) works() bool { return s.run != nil || s.clocked != nil }

// comparison is a piece of work done in two ways. Its name, "work/peer", is what "make bench RUN=" selects by.
type comparison struct {
	name  string
	setup func(b *testing.B) (ours, peer side)
	// pairs is how many pairs are run at most, for work that takes long; 0
	// means as many as asked for.
	pairs int
}

// ratios are the results by name, for the lines after Go's own output, and tables what is longer than Go prints of a benchmark.
var (
	ratios = map[string]float64{}
	tables []string
)

func BenchmarkCompare(b *testing.B) {
	for _, c := range slices.Concat(flowsComparisons, portComparisons, ovsdbComparisons, openflowComparisons, fakeComparisons) {
		b.Run(c.name, func(b *testing.B) {
			if isProbe(b) {
				return
			}
			ours, peer := c.setup(b)
			warmUp(b, ours, peer)
			b.ResetTimer()
			var ourTimes, peerTimes []time.Duration
			var quotients []float64
			pairs := b.N
			if c.pairs > 0 {
				pairs = min(pairs, c.pairs)
			}
			for n := 1; n <= pairs; n++ {
				first, second := ours, peer
				if n%2 == 0 {
					first, second = peer, ours
				}
				t1, t2 := clock(b, first, n), clock(b, second, n)
				if n%2 == 0 {
					t1, t2 = t2, t1
				}
				ourTimes, peerTimes = append(ourTimes, t1), append(peerTimes, t2)
				quotients = append(quotients, float64(t2)/float64(t1))
			}
			b.StopTimer()
			ratios[c.name] = median(quotients)
			b.ReportMetric(0, "ns/op") // the sum of both sides says nothing
			b.ReportMetric(milliseconds(median(ourTimes)), "ovskit-ms")
			b.ReportMetric(milliseconds(median(peerTimes)), "peer-ms")
			b.ReportMetric(ratios[c.name], "ratio")
		})
	}
	b.Run(pathLadder[0].ratio, runPaths)
	b.Run(outageRestart, runOutages)
	for _, l := range slices.Concat(flowsLadders, portLadders) {
		b.Run(l.name, l.run)
	}
}

// isProbe reports whether a benchmark runs once before it runs as often as asked for: that would set up everything twice.
func isProbe(b *testing.B) bool {
	times, ok := strings.CutSuffix(flag.Lookup("test.benchtime").Value.String(), "x")
	return ok && times != "1" && b.N == 1
}

// warmUp does each side's work once, so that what is only slow the first time is not measured.
func warmUp(b *testing.B, sides ...side) {
	for _, s := range sides {
		if s.works() {
			clock(b, s, 0)
		}
	}
}

// clock times one run of a side, and undoes it.
func clock(b *testing.B, s side, n int) time.Duration {
	b.Helper()
	clocked := s.clocked
	if clocked == nil {
		clocked = func(n int) (time.Duration, error) {
			start := time.Now()
			err := s.run(n)
			return time.Since(start), err
		}
	}
	took, err := clocked(n)
	if err != nil {
		b.Fatal(err)
	}
	if s.undo != nil {
		if err := s.undo(n); err != nil {
			b.Fatal(err)
		}
	}
	return took
}

func median[T float64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
	return sorted[middle]
}

func TestMain(m *testing.M) {
	if os.Getenv(keeperVariable) != "" {
		if err := keeperMain(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	for _, table := range tables {
		fmt.Printf("%s\n\n", table)
	}
	names := make([]string, 0, len(ratios))
	for name := range ratios {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Printf("ratio %s %.4f\n", name, ratios[name])
	}
	os.Exit(code)
}
