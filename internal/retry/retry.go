// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package retry waits between attempts.
package retry

import (
	"context"
	"math/rand/v2"
	"time"
)

// Pause waits for a time that is shortened by up to a half at random, so that the clients of a server that was away do not
// come back all at once. It ends with the context, and then returns the context's error.
func Pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d - rand.N(d/2+1))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
