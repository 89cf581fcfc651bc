// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"
)

// side is one of the two ways to do a piece of work.
type side struct {
	// run does it and is timed; n is different at every call.
	run func(n int) error
	// undo puts everything back as it was before run, untimed.
	undo func(n int) error
}

// comparison is a piece of work done in two ways. Its name, "work/peer", is what "make bench RUN=" selects by.
type comparison struct {
	name  string
	setup func(b *testing.B) (ours, peer side)
}

// ratios are the results by name, for the lines after Go's own output.
var ratios = map[string]float64{}

func BenchmarkCompare(b *testing.B) {
	for _, c := range []comparison{portAttach, flowsPublish} {
		b.Run(c.name, func(b *testing.B) {
			ours, peer := c.setup(b)
			warmUp(b, ours, peer)
			b.ResetTimer()
			var ourTimes, peerTimes []time.Duration
			var pairs []float64
			for n := 1; n <= b.N; n++ {
				first, second := ours, peer
				if n%2 == 0 {
					first, second = peer, ours
				}
				t1, t2 := clock(b, first, n), clock(b, second, n)
				if n%2 == 0 {
					t1, t2 = t2, t1
				}
				ourTimes, peerTimes = append(ourTimes, t1), append(peerTimes, t2)
				pairs = append(pairs, float64(t2)/float64(t1))
			}
			b.StopTimer()
			ratios[c.name] = median(pairs)
			b.ReportMetric(0, "ns/op") // the sum of both sides says nothing
			b.ReportMetric(float64(median(ourTimes))/1e6, "ovskit-ms")
			b.ReportMetric(float64(median(peerTimes))/1e6, "peer-ms")
			b.ReportMetric(ratios[c.name], "ratio")
		})
	}
}

// warmUp does each side's work once, so that what is only slow the first time is not measured.
func warmUp(b *testing.B, sides ...side) {
	for _, s := range sides {
		clock(b, s, 0)
	}
}

// clock times one run of a side, and undoes it.
func clock(b *testing.B, s side, n int) time.Duration {
	b.Helper()
	start := time.Now()
	err := s.run(n)
	took := time.Since(start)
	if err != nil {
		b.Fatal(err)
	}
	if err := s.undo(n); err != nil {
		b.Fatal(err)
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
	code := m.Run()
	names := make([]string, 0, len(ratios))
	for name := range ratios {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Printf("ratio %s %.2f\n", name, ratios[name])
	}
	os.Exit(code)
}
