// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"context"
	"time"
)

// MeterStats are the counters of a meter.
type MeterStats struct {
	ID uint32
	// Flows is how many flows use the meter.
	Flows          uint32
	Packets, Bytes uint64
	// Duration is how long the meter has existed.
	Duration time.Duration
	// Bands are the counters of the bands in their order.
	Bands []MeterBandStats
}

// MeterBandStats are the packets and bytes that a band applied to.
type MeterBandStats struct{ Packets, Bytes uint64 }

// MeterStatsRequest asks for the counters of a meter (OpenFlow 1.3.5, 7.3.5.11). ID may be MeterAll.
type MeterStatsRequest struct{ ID uint32 }

// MeterStatsReply is one part of the answer to a MeterStatsRequest.
type MeterStatsReply struct {
	Meters []MeterStats
	// More says that another part follows.
	More bool
}

// MeterStats returns the counters of a meter, or of all with MeterAll.
func (c *Conn) MeterStats(ctx context.Context, id uint32) ([]MeterStats, error) {
	return gather(ctx, c, MeterStatsRequest{id}, func(m MeterStatsReply) []MeterStats { return m.Meters })
}

func (MeterStatsRequest) describe() string { return "meter statistics request" }
func (MeterStatsReply) describe() string   { return "meter statistics reply" }

func (m MeterStatsRequest) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	return pad(be.AppendUint32(appendMultipart(b, multipartMeter, false), m.ID), 4), typeMultipartRequest, nil
}

func decodeMeterStatsRequest(r *reader) (Message, error) {
	m := MeterStatsRequest{ID: r.u32()}
	r.skip(4)
	return ended(r, m)
}

func (m MeterStatsReply) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	b = appendMultipart(b, multipartMeter, m.More)
	for _, s := range m.Meters {
		start := len(b)
		b = pad(be.AppendUint32(b, s.ID), 8)
		b = be.AppendUint32(b, s.Flows)
		b = be.AppendUint64(b, s.Packets)
		b = be.AppendUint64(b, s.Bytes)
		b = appendDuration(b, s.Duration)
		for _, band := range s.Bands {
			b = be.AppendUint64(b, band.Packets)
			b = be.AppendUint64(b, band.Bytes)
		}
		var err error
		if b, err = putLength(b, start, 4); err != nil {
			return b, 0, err
		}
	}
	return b, typeMultipartReply, nil
}

func decodeMeterStatsReply(r *reader, more bool) (Message, error) {
	m := MeterStatsReply{More: more}
	for len(r.b) > 0 {
		e, err := entry(r, 4, 40, "meter statistics")
		if err != nil {
			return nil, err
		}
		s := MeterStats{ID: e.u32()}
		e.skip(8)
		s.Flows, s.Packets, s.Bytes, s.Duration = e.u32(), e.u64(), e.u64(), decodeDuration(e)
		for len(e.b) > 0 {
			s.Bands = append(s.Bands, MeterBandStats{Packets: e.u64(), Bytes: e.u64()})
		}
		if e.short {
			return nil, malformed(ErrBadRequestLen, "meter statistics end within a band")
		}
		m.Meters = append(m.Meters, s)
	}
	return m, nil
}
