// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"context"
	"time"
)

// GroupStats are the counters of a group.
type GroupStats struct {
	ID uint32
	// References is how many flows and groups output to the group.
	References     uint32
	Packets, Bytes uint64
	// Duration is how long the group has existed.
	Duration time.Duration
	// Buckets are the counters of the buckets in their order.
	Buckets []BucketStats
}

// BucketStats are the counters of a bucket.
type BucketStats struct{ Packets, Bytes uint64 }

// GroupStatsRequest asks for the counters of a group (OpenFlow 1.3.5, 7.3.5.8). ID may be GroupAll.
type GroupStatsRequest struct{ ID uint32 }

// GroupStatsReply is one part of the answer to a GroupStatsRequest.
type GroupStatsReply struct {
	Groups []GroupStats
	// More says that another part follows.
	More bool
}

// GroupStats returns the counters of a group, or of all with GroupAll. A group that does not exist has none.
func (c *Conn) GroupStats(ctx context.Context, id uint32) ([]GroupStats, error) {
	return gather(ctx, c, GroupStatsRequest{id}, func(m GroupStatsReply) []GroupStats { return m.Groups })
}

func (GroupStatsRequest) describe() string { return "group statistics request" }
func (GroupStatsReply) describe() string   { return "group statistics reply" }

func (m GroupStatsRequest) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	return pad(be.AppendUint32(appendMultipart(b, multipartGroup, false), m.ID), 4), typeMultipartRequest, nil
}

func decodeGroupStatsRequest(r *reader) (Message, error) {
	m := GroupStatsRequest{ID: r.u32()}
	r.skip(4)
	return ended(r, m)
}

func (m GroupStatsReply) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	b = appendMultipart(b, multipartGroup, m.More)
	for _, g := range m.Groups {
		start := len(b)
		b = be.AppendUint32(pad(b, 4), g.ID)
		b = pad(be.AppendUint32(b, g.References), 4)
		b = be.AppendUint64(b, g.Packets)
		b = be.AppendUint64(b, g.Bytes)
		b = appendDuration(b, g.Duration)
		for _, s := range g.Buckets {
			b = be.AppendUint64(b, s.Packets)
			b = be.AppendUint64(b, s.Bytes)
		}
		var err error
		if b, err = putLength(b, start, 0); err != nil {
			return b, 0, err
		}
	}
	return b, typeMultipartReply, nil
}

func decodeGroupStatsReply(r *reader, more bool) (Message, error) {
	m := GroupStatsReply{More: more}
	for len(r.b) > 0 {
		e, err := entry(r, 0, 40, "group statistics")
		if err != nil {
			return nil, err
		}
		e.skip(4)
		g := GroupStats{ID: e.u32(), References: e.u32()}
		e.skip(4)
		g.Packets, g.Bytes, g.Duration = e.u64(), e.u64(), decodeDuration(e)
		for len(e.b) > 0 {
			g.Buckets = append(g.Buckets, BucketStats{Packets: e.u64(), Bytes: e.u64()})
		}
		if e.short {
			return nil, malformed(ErrBadRequestLen, "group statistics end within a bucket")
		}
		m.Groups = append(m.Groups, g)
	}
	return m, nil
}
