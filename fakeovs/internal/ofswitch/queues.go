// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"slices"

	"github.com/ovskit/ovskit/openflow"
)

// sendQueueStats answers with the counters of queues, which are not known.
func (c *conn) sendQueueStats(m openflow.QueueStatsRequest, xid uint32) error {
	queues, err := c.s.Queues(m.Port, m.Queue)
	if err != nil {
		return err
	}
	stats := make([]openflow.QueueStats, len(queues))
	for i, q := range queues {
		stats[i] = openflow.QueueStats{
			Port: q.Port, Queue: q.ID, TxBytes: openflow.CounterUnknown, TxPackets: openflow.CounterUnknown,
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
	list, err := c.s.Queues(m.Port, m.Queue)
	if err != nil {
		return err
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
