// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack

// Unsettled reports whether a connection has expired so lately that it may or may not have been swept, depending on when
// the sweeps are.
func (t *Tracker) Unsettled() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.tick()
	for _, c := range t.conns {
		if c.expires == 0 || c.expires <= now && c.expires+sweepEvery+1000 > now {
			return true
		}
	}
	return false
}

// Held is how many fragments wait.
func (t *Tracker) Held() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return int(t.frags.held)
}
