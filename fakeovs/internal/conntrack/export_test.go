// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack

// Held is how many fragments wait.
func (t *Tracker) Held() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return int(t.frags.held)
}
