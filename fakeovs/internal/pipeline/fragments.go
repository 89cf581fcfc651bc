// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

// Fragments is how fragments are handled: flags of an openflow.SwitchConfig.
func (s *Bridge) Fragments() uint16 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.frags
}

// SetFragments sets how fragments are handled.
func (s *Bridge) SetFragments(flags uint16) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frags = flags
}
