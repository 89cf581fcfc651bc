// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// ladder is a piece of work whose time may grow with what is there already. It is done at each of several sizes, and beside
// it what the peer does for it and nothing else, so that the peer's own growth can be told from ours. Its name, like
// those of its ratios, is that of the time at the first size divided by that at the last.
type ladder struct {
	name string
	// bare and processor are the names of the same ratios of the peer's work, and of the processor time that this
	// process takes for ours. That of steps is the time of the steps of ours divided by that of ours, at the first size. What
	// has no name is not done.
	bare, processor, steps string
	sizes                  []int
	round                  time.Duration // for each size, in place of roundTime
	setup                  func(b *testing.B, size int) rung
}

// rung is a ladder's work at one size.
type rung struct {
	ours, bare side
	// steps does by itself what ours has others do, step by step, and notes the times in parts. What it takes less than
	// ours is ours alone.
	steps side
	parts *parts
}

// rungResult is what was measured at one size.
type rungResult struct {
	size              int
	begin             int // of the latest round in the values
	ours, bare, steps []time.Duration
	processor         []time.Duration // of ours
	// user is the part of processor that was not spent in the kernel, of all runs together.
	user  time.Duration
	parts *parts
}

// parts are the times of named steps, a value a run.
type parts struct {
	names []string
	times map[string][]time.Duration
}

func newParts(names ...string) *parts { return &parts{names, make(map[string][]time.Duration)} }

// add notes a step's time; with no names nothing is noted.
func (p *parts) add(name string, took time.Duration) {
	if len(p.names) > 0 {
		p.times[name] = append(p.times[name], took)
	}
}

// Within a pair the sizes are repeated in turn, each until it has taken roundTime, or the ladder's own, or has been done
// roundRepeats times: of what is short there are the more values, and a 99th percentile that is not the greatest of them.
const (
	roundTime    = time.Second
	roundRepeats = 50
)

func (l ladder) run(b *testing.B) {
	if isProbe(b) {
		return
	}
	if l.round == 0 {
		l.round = roundTime
	}
	results, rungs := make([]rungResult, len(l.sizes)), make([]rung, len(l.sizes))
	for i, size := range l.sizes {
		rungs[i] = l.setup(b, size)
		warmUp(b, rungs[i].ours, rungs[i].bare, rungs[i].steps)
		if rungs[i].parts == nil {
			rungs[i].parts = new(parts)
		}
		clear(rungs[i].parts.times)
		results[i] = rungResult{size: size, parts: rungs[i].parts}
	}
	b.ResetTimer()
	first, last := &results[0], &results[len(results)-1]
	quotients := map[string][]float64{}
	note := func(name string, a, b []time.Duration) {
		if name != "" {
			quotients[name] = append(quotients[name], float64(median(a))/float64(median(b)))
		}
	}
	for range b.N {
		l.climb(b, results, rungs)
		note(l.name, first.latest(first.ours), last.latest(last.ours))
		note(l.bare, first.latest(first.bare), last.latest(last.bare))
		note(l.processor, first.latest(first.processor), last.latest(last.processor))
		note(l.steps, first.latest(first.steps), first.latest(first.ours))
	}
	b.StopTimer()
	for name, values := range quotients {
		ratios[name] = median(values)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(milliseconds(median(last.ours)), "ovskit-ms")
	b.ReportMetric(milliseconds(median(first.ours)), "peer-ms")
	b.ReportMetric(ratios[l.name], "ratio")
	b.Log(table(results))
}

// climb does everything at all sizes in turn, at each as often as it is short.
func (l ladder) climb(b *testing.B, results []rungResult, rungs []rung) {
	for k := range results {
		results[k].begin = len(results[k].ours)
	}
	spent := make([]time.Duration, len(rungs))
	for n, again := 0, true; again; n++ {
		again = false
		for k := range rungs {
			if n%2 == 1 {
				k = len(rungs) - 1 - k
			}
			if n == 0 || n < roundRepeats && spent[k] < l.round {
				start := time.Now()
				results[k].measure(b, rungs[k], len(results[k].ours)+1)
				spent[k] += time.Since(start)
				again = true
			}
		}
	}
}

// latest are the values of the latest round; none of what is not done.
func (r *rungResult) latest(values []time.Duration) []time.Duration {
	return values[min(r.begin, len(values)):]
}

// measure does everything at one size once.
func (r *rungResult) measure(b *testing.B, at rung, n int) {
	ours := at.ours
	ours.clocked = func(n int) (time.Duration, error) {
		before, start := usage(), time.Now()
		err := at.ours.run(n)
		took, after := time.Since(start), usage()
		r.processor = append(r.processor, after.all-before.all)
		r.user += after.user - before.user
		return took, err
	}
	r.ours = append(r.ours, clock(b, ours, n))
	if at.bare.works() {
		r.bare = append(r.bare, clock(b, at.bare, n))
	}
	if at.steps.works() {
		r.steps = append(r.steps, clock(b, at.steps, n))
	}
}

// processorTime is what this process has used since it began. The kernel counts all of it exactly, but takes a sample every
// few milliseconds to tell whose it was: the user part says something only of many runs together.
type processorTime struct{ all, user time.Duration }

func usage() processorTime {
	var all unix.Timespec
	var r unix.Rusage
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &all); err != nil {
		panic(err)
	}
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		panic(err)
	}
	return processorTime{time.Duration(all.Nano()), time.Duration(r.Utime.Nano())}
}

// table is what was measured at the sizes, in milliseconds.
func table(results []rungResult) string {
	var text strings.Builder
	text.WriteString("in ms; own is the part of this process's processor time outside of the kernel, by samples\n")
	fmt.Fprintf(&text, "%8s %6s", "existing", "runs")
	for i, r := range results {
		columns := r.columns()
		if i == 0 {
			for _, c := range columns {
				fmt.Fprintf(&text, " %9s", c.name)
			}
		}
		fmt.Fprintf(&text, "\n%8d %6d", r.size, len(r.ours))
		for _, c := range columns {
			fmt.Fprintf(&text, " %9.2f", milliseconds(c.value))
		}
	}
	return text.String()
}

type column struct {
	name  string
	value time.Duration
}

// columns are what a row of the table says of a size.
func (r rungResult) columns() []column {
	all := []column{{"ours-p50", median(r.ours)}, {"ours-p99", percentile(r.ours, 99)}}
	if len(r.bare) > 0 {
		all = append(all, column{"bare-p50", median(r.bare)}, column{"bare-p99", percentile(r.bare, 99)})
	}
	if len(r.steps) > 0 {
		all = append(all, column{"steps-p50", median(r.steps)})
	}
	for _, name := range r.parts.names {
		all = append(all, column{name, median(r.parts.times[name])})
	}
	return append(all, column{"processor", median(r.processor)}, column{"own", r.user / time.Duration(len(r.ours))})
}

// percentile is the smallest of the values that p percent of them do not exceed: of few, the greatest.
func percentile(values []time.Duration, p float64) time.Duration {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(math.Ceil(float64(len(sorted))*p/100))-1]
}
