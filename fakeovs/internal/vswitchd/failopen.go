// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import "time"

// failOpen lets a bridge that is not to be secure forward by itself once it has been without its controllers for as long
// as three probes take, until there is one. It returns when that will be; zero if it is not to be.
func (b *bridge) failOpen(now time.Time) (at time.Time) {
	var patience time.Duration
	var last time.Time
	primaries, connected := 0, false
	for _, r := range b.remotes {
		if !r.primary || r.listener != nil {
			continue
		}
		primaries++
		connected = connected || r.session != nil
		patience = max(patience, 3*r.probe)
		if r.admitted.After(last) {
			last = r.admitted
		}
	}
	if primaries == 0 || !b.standalone || connected {
		b.sw.SetFailOpen(false)
		return time.Time{}
	}
	at = last.Add(max(patience, time.Second))
	if !now.Before(at) {
		b.sw.SetFailOpen(true)
		return time.Time{}
	}
	return at
}
