// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import "errors"

// MemoryTaken is how many bytes controllers have taken.
func (d *Datapath) MemoryTaken() int64 { return d.memory.taken.Load() }

// MaxTraced is how many translations a trace has.
const MaxTraced = maxTraced

// LacksSupport reports whether an error refuses what Open vSwitch can do.
func LacksSupport(err error) bool {
	var lack *unsupportedError
	return errors.As(err, &lack)
}

// MaxCacheActions is how many actions the flows in the cache may have.
const MaxCacheActions = maxCacheActions

// CachedActions is how many they have.
func (d *Datapath) CachedActions() int {
	d.tables.Lock()
	defer d.tables.Unlock()
	return d.cache.actions
}

// Waiting is how many bytes are made for controllers and not written.
func (d *Datapath) Waiting() int64 {
	d.backlog.mu.Lock()
	defer d.backlog.mu.Unlock()
	return d.backlog.bytes
}

// Connections is how many controllers are connected.
func (s *Switch) Connections() int {
	s.connMu.Lock()
	defer s.connMu.Unlock()
	return len(s.conns)
}
