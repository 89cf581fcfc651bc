// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import "github.com/ovskit/ovskit/openflow"

// SetFailOpen lets the switch forward by itself in place of controllers that cannot be reached, or not any more. It then
// begins without flows, groups and meters, and does what NORMAL does with all packets before it looks at those that are added.
func (s *Bridge) SetFailOpen(open bool) {
	s.mu.Lock()
	was := s.failOpen != nil
	s.mu.Unlock()
	if was == open {
		return
	}
	if open {
		s.Flush()
	}
	s.Begin()
	defer s.End()
	s.failOpen = nil
	if open {
		s.failOpen = newFlow(openflow.Flow{
			Instructions: openflow.Instructions{Apply: []openflow.Action{openflow.Output{Port: openflow.PortNormal}}},
		}, nil, s.now, s.now)
	}
}
