// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"sync"
)

// A keyLock lets one at a time work on each name. The zero value is unlocked.
type keyLock struct {
	mu   sync.Mutex
	held map[string]chan struct{}
}

// lock waits until nobody works on the name.
func (l *keyLock) lock(ctx context.Context, name string) (unlock func(), err error) {
	for {
		l.mu.Lock()
		held, busy := l.held[name]
		if !busy {
			if l.held == nil {
				l.held = make(map[string]chan struct{})
			}
			done := make(chan struct{})
			l.held[name] = done
			l.mu.Unlock()
			return func() {
				l.mu.Lock()
				delete(l.held, name)
				l.mu.Unlock()
				close(done)
			}, nil
		}
		l.mu.Unlock()
		select {
		case <-held:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}
