// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import "runtime"

// AwaitWaiting returns when so many changes wait for their turn.
func (s *Switch) AwaitWaiting(n int) {
	for {
		s.queue.mu.Lock()
		waiting := len(s.queue.waiting)
		s.queue.mu.Unlock()
		if waiting == n {
			return
		}
		runtime.Gosched()
	}
}
