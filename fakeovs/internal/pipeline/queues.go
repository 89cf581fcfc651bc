// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import "github.com/ovskit/ovskit/openflow"

// Queues are those of a port, or of every port if that is 0, with a number or, if that is openflow.QueueAll, with any.
func (s *Bridge) Queues(port, queue uint32) ([]openflow.Queue, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if port != 0 && s.ports[port] == nil {
		return nil, openflow.ErrUnknownQueuePort
	}
	found := []openflow.Queue{}
	for _, no := range s.portNos {
		if port != 0 && port != no {
			continue
		}
		for _, q := range s.ports[no].Queues {
			if queue == openflow.QueueAll || queue == q {
				found = append(found, openflow.Queue{Port: no, ID: q})
			}
		}
	}
	if len(found) == 0 && queue != openflow.QueueAll {
		return nil, openflow.ErrUnknownQueue
	}
	return found, nil
}
