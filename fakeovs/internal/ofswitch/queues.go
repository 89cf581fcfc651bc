// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"slices"

	"github.com/ovskit/ovskit/openflow"
)

// portQueue is a queue of a port.
type portQueue struct{ port, queue uint32 }

// queues are those of a port, or of every port if that is 0, with a number or, if that is openflow.QueueAll, with any.
func (s *Switch) queues(port, queue uint32) ([]portQueue, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if port != 0 && s.ports[port] == nil {
		return nil, openflow.ErrUnknownQueuePort
	}
	var found []portQueue
	for _, no := range s.portNos {
		if port != 0 && port != no {
			continue
		}
		for _, q := range s.ports[no].Queues {
			if queue == openflow.QueueAll || queue == q {
				found = append(found, portQueue{no, q})
			}
		}
	}
	if len(found) == 0 && queue != openflow.QueueAll {
		return nil, openflow.ErrUnknownQueue
	}
	return found, nil
}

// sendQueueStats answers with the counters of queues, which are not known.
func (c *conn) sendQueueStats(m openflow.QueueStatsRequest, xid uint32) error {
	queues, err := c.s.queues(m.Port, m.Queue)
	if err != nil {
		return err
	}
	stats := make([]openflow.QueueStats, len(queues))
	for i, q := range queues {
		stats[i] = openflow.QueueStats{
			Port: q.port, Queue: q.queue, TxBytes: openflow.CounterUnknown, TxPackets: openflow.CounterUnknown,
			Errors: openflow.CounterUnknown, Duration: -1,
		}
	}
	sendList(c, xid, stats, func(part []openflow.QueueStats, more bool) openflow.Message {
		return openflow.QueueStatsReply{Queues: part, More: more}
	})
	return nil
}

// sendQueues answers with the queues of ports. Before OpenFlow 1.4 the answer is one message.
func (c *conn) sendQueues(m openflow.QueueDescRequest, xid uint32) error {
	queues, err := c.s.queues(m.Port, m.Queue)
	if err != nil {
		return err
	}
	list := make([]openflow.Queue, len(queues))
	for i, q := range queues {
		list[i] = openflow.Queue{Port: q.port, ID: q.queue}
	}
	if c.version < openflow.Version14 {
		c.reply(openflow.QueueDescReply{Port: m.Port, Queues: list[:min(len(list), maxQueues13)]}, xid)
		return nil
	}
	sendList(c, xid, slices.Clip(list), func(part []openflow.Queue, more bool) openflow.Message {
		return openflow.QueueDescReply{Queues: part, More: more}
	})
	return nil
}

// maxQueues13 is how many queues fit into the message of OpenFlow 1.3.
const maxQueues13 = (openflow.MaxMessage - 16) / 48
