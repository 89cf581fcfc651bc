// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package killtest has a test run a part of itself as a program of its own, which
// kills itself before one of its steps: as if it had been killed there by chance. It
// also has an operation of the test itself fail at each of its steps.
package killtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// variable has in the environment what the executable is to do in place of the
// tests: a [Program] in JSON.
const variable = "OVSKIT_KILLTEST_PROGRAM"

// patience is how long a program may run.
const patience = 30 * time.Second

// A Step is called by a program before each of its steps. It returns nil, or never.
// It may be called by several goroutines.
type Step = func(name string) error

// A Program does a job and is killed before one of its steps.
type Program[Job any] struct {
	// Job is what it is to do. It must survive JSON.
	Job Job
	// KillBefore is the number of the step, from 0.
	KillBefore int
	// KillAt is the step's name, instead of its number.
	KillAt string
	// Stride has [Program.Each] leave steps out: it kills before the first of as
	// many. 0 means that it leaves out none.
	Stride int
}

// Main makes TestMain that of programs: where the executable is to be one it runs
// the job and ends the process, else it returns. It is the first thing in TestMain.
func Main[Job any](run func(context.Context, Job, Step) error) {
	text := os.Getenv(variable)
	if text == "" {
		return
	}
	if err := runProgram(text, run); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func runProgram[Job any](text string, run func(context.Context, Job, Step) error) error {
	var p Program[Job]
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return run(ctx, p.Job, onStep(p.isLast, func(name string) error {
		fmt.Println(name)
		unix.Kill(os.Getpid(), unix.SIGKILL)
		select {}
	}))
}

// isLast reports whether a program is killed before a step.
func (p Program[Job]) isLast(number int, name string) bool {
	if p.KillAt != "" {
		return name == p.KillAt
	}
	return number == p.KillBefore
}

// onStep makes a Step that does something at one of the steps only.
func onStep(is func(number int, name string) bool, do func(name string) error) Step {
	var mu sync.Mutex
	next := 0
	return func(name string) error {
		mu.Lock()
		defer mu.Unlock()
		number := next
		next++
		if !is(number, name) {
			return nil
		}
		return do(name)
	}
}

// Run runs the program. It returns the name of the step before which it was killed;
// killed is false when it got through. A program that fails ends the test.
func (p Program[Job]) Run(t testing.TB) (step string, killed bool) {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	// The race detector would have the program wait for a second at its end.
	cmd.Env = append(os.Environ(), variable+"="+string(text), "GORACE=atexit_sleep_ms=0")
	out, err := cmd.CombinedOutput()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		if status, ok := ended.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() == unix.SIGKILL {
			return string(out[:max(len(out)-1, 0)]), true
		}
	}
	if err != nil {
		t.Fatalf("%+v: %v: %s", p, err, out)
	}
	return "", false
}

// Each runs the program again and again, killed before its first step, its second
// and so on, until it gets through, and calls after each kill. It returns the
// names of the steps before which it was killed.
func (p Program[Job]) Each(t testing.TB, after func(when string)) (steps []string) {
	t.Helper()
	for p.KillBefore = 0; ; p.KillBefore += max(p.Stride, 1) {
		step, killed := p.Run(t)
		if !killed {
			return steps
		}
		steps = append(steps, step)
		after(fmt.Sprintf("killed before step %d, %q", p.KillBefore, step))
		if t.Failed() {
			t.FailNow()
		}
	}
}
