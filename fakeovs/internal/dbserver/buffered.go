// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

// buffer notes the size of the buffer that the session reads into. If that makes the buffers of all sessions too large
// together, the client with the largest is cut off, who may be this one.
func (s *session) buffer(size int) {
	if s.setBuffered(int64(size)) > int64(s.server.options.MaxBuffered) && size > 0 {
		s.server.cutLargest()
	}
}

// setBuffered returns the size of the buffers of all sessions.
func (s *session) setBuffered(size int64) int64 {
	return s.server.buffered.Add(size - s.buffered.Swap(size))
}

func (s *Server) cutLargest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	var largest *session
	for c := range s.sessions {
		if largest == nil || c.buffered.Load() > largest.buffered.Load() {
			largest = c
		}
	}
	if largest == nil {
		return
	}
	s.log.Warn("OVSDB client cut off: clients have too much of messages on the way", "limit", s.options.MaxBuffered)
	largest.setBuffered(0)
	largest.out.close()
}
