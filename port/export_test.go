// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"time"
)

// Hook has a manager that nobody uses yet tell of each step before it is taken. The
// hook's error fails the step.
func (m *Manager) Hook(hook func(step string) error) { m.hook = hook }

// GatherRemovals has a manager that nobody uses yet delete no device before a number of
// them are to go.
func (m *Manager) GatherRemovals(ctx context.Context, number int) {
	r := m.removals
	r.running = true
	queued := func() int {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.queue)
	}
	go func() {
		poll := time.NewTicker(time.Millisecond)
		defer poll.Stop()
		for queued() < number && ctx.Err() == nil {
			<-poll.C
		}
		r.run()
	}()
}
