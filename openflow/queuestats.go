// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"context"
	"time"
)

// QueueStats are the counters of a queue.
type QueueStats struct {
	Port, Queue                uint32
	TxBytes, TxPackets, Errors uint64
	// Duration is how long the queue has existed; negative is not known.
	Duration time.Duration
}

// QueueStatsRequest asks for the counters of a queue (OpenFlow 1.3.5, 7.3.5.7.1). Port 0 is every port, and QueueAll every
// queue.
type QueueStatsRequest struct{ Port, Queue uint32 }

// QueueStatsReply is one part of the answer to a QueueStatsRequest.
type QueueStatsReply struct {
	Queues []QueueStats
	// More says that another part follows.
	More bool
}

// QueueStats returns the counters of a queue of a port; port 0 is every port, and QueueAll every queue.
func (c *Conn) QueueStats(ctx context.Context, port, queue uint32) ([]QueueStats, error) {
	return gather(ctx, c, QueueStatsRequest{port, queue}, func(m QueueStatsReply) []QueueStats { return m.Queues })
}

func (QueueStatsRequest) describe() string { return "queue statistics request" }
func (QueueStatsReply) describe() string   { return "queue statistics reply" }

func (m QueueStatsRequest) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	b = be.AppendUint32(appendMultipart(b, multipartQueue, false), orAny(m.Port))
	return be.AppendUint32(b, m.Queue), typeMultipartRequest, nil
}

func decodeQueueStatsRequest(r *reader) (Message, error) {
	port, err := decodePortOrAny(r)
	if err != nil {
		return nil, err
	}
	return ended(r, QueueStatsRequest{port, r.u32()})
}

// queueStatsLen is the length of a queue's counters in OpenFlow 1.3; later versions have 8 bytes before and properties
// after them.
const queueStatsLen = 40

func (m QueueStatsReply) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	b = appendMultipart(b, multipartQueue, m.More)
	for _, s := range m.Queues {
		if v >= Version14 {
			b = pad(be.AppendUint16(b, queueStatsLen+8), 6)
		}
		b = be.AppendUint32(be.AppendUint32(b, s.Port), s.Queue)
		for _, n := range []uint64{s.TxBytes, s.TxPackets, s.Errors} {
			b = be.AppendUint64(b, n)
		}
		b = appendAge(b, s.Duration)
	}
	return b, typeMultipartReply, nil
}

func decodeQueueStatsReply(r *reader, v Version, more bool) (Message, error) {
	m := QueueStatsReply{More: more}
	for len(r.b) > 0 {
		e := r
		if v >= Version14 {
			var err error
			if e, err = entry(r, 0, queueStatsLen+8, "queue statistics"); err != nil {
				return nil, err
			}
			e.skip(8)
		}
		m.Queues = append(m.Queues, QueueStats{
			Port: e.u32(), Queue: e.u32(), TxBytes: e.u64(), TxPackets: e.u64(), Errors: e.u64(), Duration: decodeAge(e),
		})
	}
	return checked(r, m)
}
