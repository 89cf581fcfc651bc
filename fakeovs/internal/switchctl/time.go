// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package switchctl

import (
	"errors"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/ctlserver"
)

// maxWarp is how far one command moves the clock, at most: some 300 years do not fit in a Duration.
const maxWarp = 1 << 40 // milliseconds

func (t Target) timeCommands() []ctlserver.Command {
	return []ctlserver.Command{
		{Name: "time/stop", Run: func([]string) (string, error) {
			t.Clock.Stop()
			return "", nil
		}},
		{Name: "time/warp", Usage: "[large_msecs] msecs", Min: 1, Max: 2, Run: t.warp},
	}
}

// warp moves the clock: by one step, or by so many as make up the first argument. After each, tracked connections are gone
// that have expired.
func (t Target) warp(args []string) (string, error) {
	step := atoi(args[len(args)-1])
	total := step
	if len(args) == 2 {
		total = atoi(args[0])
	}
	if step <= 0 || total < 0 {
		return "", errors.New("invalid MSECS")
	}
	total = max(step, min(total, maxWarp))
	step = max(min(step, maxWarp), total/maxSteps)
	for total > 0 {
		d := min(step, total)
		t.Clock.Advance(time.Duration(d) * time.Millisecond)
		t.Daemon.Tracker().Clean()
		total -= d
	}
	return "warped", nil
}

// maxSteps is how many steps one command makes, at most; fewer are longer.
const maxSteps = 100_000
