// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package killtest

import (
	"errors"
	"fmt"
	"testing"
)

// ErrStep is the error of a step that [FailEach] fails.
var ErrStep = errors.New("this step fails")

// FailEach has an operation done again and again in which the first step fails, the
// second and so on, until it succeeds, and calls after each failure. The operation
// must call step before each of its steps, and fail as step does. FailEach returns the
// names of the steps.
func FailEach(t testing.TB, operation func(step Step) error, after func(when string)) (steps []string) {
	t.Helper()
	for {
		n := len(steps)
		failed := ""
		err := operation(onStep(func(number int, _ string) bool { return number == n }, func(name string) error {
			failed = name
			return ErrStep
		}))
		if err == nil {
			return steps
		}
		steps = append(steps, failed)
		when := fmt.Sprintf("failed at step %d, %q", n, failed)
		if !errors.Is(err, ErrStep) {
			t.Fatalf("%s: %v", when, err)
		}
		after(when)
		if t.Failed() {
			t.FailNow()
		}
	}
}
