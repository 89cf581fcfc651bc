// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "context"

// TableStats are the counters of a flow table.
type TableStats struct {
	Table uint8
	// Active is how many flows are in the table.
	Active uint32
	// Lookups is how many packets were looked up, and Matches how many of them matched a flow.
	Lookups, Matches uint64
	// Name is at most 31 bytes long, and MaxEntries is how many flows there is room for. Only OpenFlow 1.0 to 1.2 have them
	// here; later versions tell of them in TableFeatures.
	Name       string
	MaxEntries uint32
	// Config is how the table is configured, and Last says that its flows cannot send packets to other tables; OpenFlow 1.1
	// and 1.2 only.
	Config TableConfig
	Last   bool
}

// TableStatsRequest asks for the counters of the flow tables (OpenFlow 1.3.5, 7.3.5.4).
type TableStatsRequest struct{}

// TableStatsReply is one part of the answer to a TableStatsRequest.
type TableStatsReply struct {
	Tables []TableStats
	// More says that another part follows.
	More bool
}

// TableStats returns the counters of the flow tables.
func (c *Conn) TableStats(ctx context.Context) ([]TableStats, error) {
	return gather(ctx, c, TableStatsRequest{}, func(m TableStatsReply) []TableStats { return m.Tables })
}

func (TableStatsRequest) describe() string { return "table statistics request" }
func (TableStatsReply) describe() string   { return "table statistics reply" }

func (TableStatsRequest) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	return appendMultipart(b, multipartTable, false), typeMultipartRequest, nil
}

func (m TableStatsReply) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	b = appendMultipart(b, multipartTable, m.More)
	for _, t := range m.Tables {
		b = be.AppendUint32(append(b, t.Table, 0, 0, 0), t.Active)
		b = be.AppendUint64(be.AppendUint64(b, t.Lookups), t.Matches)
	}
	return b, typeMultipartReply, nil
}

func decodeTableStatsReply(r *reader, more bool) (Message, error) {
	m := TableStatsReply{More: more}
	for len(r.b) > 0 {
		t := TableStats{Table: r.u8()}
		r.skip(3)
		t.Active, t.Lookups, t.Matches = r.u32(), r.u64(), r.u64()
		m.Tables = append(m.Tables, t)
	}
	return checked(r, m)
}
