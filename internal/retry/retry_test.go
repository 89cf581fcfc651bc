// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestPause ends pauses by their time and by their context.
func TestPause(t *testing.T) {
	start := time.Now()
	const short = 2 * time.Millisecond
	if err := Pause(t.Context(), short); err != nil || time.Since(start) < short/2 {
		t.Errorf("a pause of %v ends after %v with %v", short, time.Since(start), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := Pause(ctx, 0); err != nil {
		t.Errorf("no pause ends with %v", err)
	}
	ended := make(chan error)
	go func() { ended <- Pause(ctx, time.Hour) }()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("a pause whose context is cancelled ends with %v", err)
	}
	for _, d := range []time.Duration{0, -1} {
		if err := Pause(ctx, d); !errors.Is(err, context.Canceled) {
			t.Errorf("a pause of %v in a cancelled context ends with %v", d, err)
		}
	}
}
