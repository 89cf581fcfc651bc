// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

// SetBacklog sets how many bytes may wait for all controllers.
func (d *Datapath) SetBacklog(n int64) { d.backlog.limit = n }

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
