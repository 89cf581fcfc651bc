// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "time"

// FlowFilter selects flows. The zero value selects all flows of all tables.
type FlowFilter struct {
	// Table is the table; nil is every table.
	Table *uint8
	// Cookie is what a flow's cookie must be in the bits of CookieMask.
	Cookie, CookieMask uint64
	// Match selects the flows whose match is the same or more specific.
	Match Match
	// OutPort and OutGroup select flows that output there; 0 is no restriction.
	OutPort, OutGroup uint32
}

// FlowStatsRequest asks for the flows that a filter selects (OpenFlow 1.3.5, 7.3.5.2).
type FlowStatsRequest struct {
	FlowFilter
	// Plain is the form of OpenFlow 1.0 itself in place of Nicira's, which has room for every match; OpenFlow 1.0 only.
	Plain bool
}

// FlowStatsReply is one part of the answer to a FlowStatsRequest. What a version does not tell of a flow is left out.
type FlowStatsReply struct {
	Flows []FlowStats
	// More says that another part follows.
	More bool
	// Plain is as in FlowStatsRequest.
	Plain bool
}

// AggregateRequest asks for the sum over the flows that a filter selects (OpenFlow 1.3.5, 7.3.5.3).
type AggregateRequest struct {
	FlowFilter
	// Plain is as in FlowStatsRequest.
	Plain bool
}

// AggregateReply answers an AggregateRequest.
type AggregateReply struct {
	Packets, Bytes uint64
	Flows          uint32
	// Plain is as in FlowStatsRequest.
	Plain bool
}

func (FlowStatsRequest) describe() string { return "flow statistics request" }
func (FlowStatsReply) describe() string   { return "flow statistics reply" }
func (AggregateRequest) describe() string { return "aggregate statistics request" }
func (AggregateReply) describe() string   { return "aggregate statistics reply" }

func (m FlowStatsRequest) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	b, err := m.FlowFilter.append(appendMultipart(b, multipartFlow, false), v)
	return b, typeMultipartRequest, err
}

func (m AggregateRequest) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	b, err := m.FlowFilter.append(appendMultipart(b, multipartAggregate, false), v)
	return b, typeMultipartRequest, err
}

func (m FlowStatsReply) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	b = appendMultipart(b, multipartFlow, m.More)
	for _, s := range m.Flows {
		var err error
		if b, err = appendFlowStats(b, v, s); err != nil {
			return b, 0, err
		}
	}
	return b, typeMultipartReply, nil
}

func (m AggregateReply) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	b = appendMultipart(b, multipartAggregate, false)
	if v >= Version15 {
		return appendAggregate15(b, m), typeMultipartReply, nil
	}
	b = be.AppendUint64(b, m.Packets)
	b = be.AppendUint64(b, m.Bytes)
	return pad(be.AppendUint32(b, m.Flows), 4), typeMultipartReply, nil
}

func (f FlowFilter) append(b []byte, v Version) ([]byte, error) {
	table := AllTables
	if f.Table != nil {
		table = *f.Table
	}
	if err := f.Match.Validate(); err != nil {
		return b, err
	}
	b = pad(append(b, table), 3)
	b = be.AppendUint32(b, orAny(f.OutPort))
	b = pad(be.AppendUint32(b, orAny(f.OutGroup)), 4)
	b = be.AppendUint64(b, f.Cookie)
	b = be.AppendUint64(b, f.CookieMask)
	return appendMatchIn(b, v, f.Match)
}

func decodeFlowFilter(r *reader) (f FlowFilter, err error) {
	if table := r.u8(); table != AllTables {
		f.Table = &table
	}
	r.skip(3)
	f.OutPort, f.OutGroup = r.u32(), r.u32()
	r.skip(4)
	f.Cookie, f.CookieMask = r.u64(), r.u64()
	if r.short {
		return f, malformed(ErrBadRequestLen, "flow statistics request is too short")
	}
	if f.OutPort == 0 || f.OutGroup == 0 {
		return f, malformed(ErrBadPort, "flow statistics request for flows that output to port or group 0")
	}
	f.OutPort, f.OutGroup = fromAny(f.OutPort), fromAny(f.OutGroup)
	f.Match, err = decodeRequestMatch(r)
	return f, err
}

func decodeFlowStatsReply(r *reader, v Version, more bool) (Message, error) {
	m := FlowStatsReply{Flows: listFor[FlowStats](countEntries(r.b, 24)), More: more}
	for len(r.b) > 0 {
		m.Flows = append(m.Flows, FlowStats{})
		if err := m.Flows[len(m.Flows)-1].decode(r, v); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func decodeAggregateReply(r *reader, v Version) (Message, error) {
	if v >= Version15 {
		return decodeAggregate15(r)
	}
	m := AggregateReply{Packets: r.u64(), Bytes: r.u64(), Flows: r.u32()}
	r.skip(4)
	return ended(r, m)
}

func appendFlowStats(b []byte, v Version, s FlowStats) ([]byte, error) {
	if v >= Version15 {
		return appendFlowDesc(b, v, s)
	}
	start := len(b)
	b = append(b, 0, 0, s.Table, 0)
	b = appendDuration(b, s.Duration)
	b = be.AppendUint16(b, s.Priority)
	b = be.AppendUint16(b, s.IdleTimeout)
	b = be.AppendUint16(b, s.HardTimeout)
	b = be.AppendUint16(b, uint16(s.Flags))
	if v < Version14 {
		s.Importance = 0
	}
	b = pad(be.AppendUint16(b, s.Importance), 2)
	b = be.AppendUint64(b, s.Cookie)
	b = be.AppendUint64(b, s.Packets)
	b = be.AppendUint64(b, s.Bytes)
	b, err := appendMatch(b, s.Match) // in OpenFlow 1.1 too, as Open vSwitch tells of flows
	if err != nil {
		return b, err
	}
	if b, err = appendInstructions(b, v, s.Instructions); err != nil {
		return b, err
	}
	return putLength(b, start, 0)
}

// decode reads one ofp_flow_stats, or what OpenFlow 1.5 has in its place.
func (s *FlowStats) decode(r *reader, v Version) (err error) {
	if v >= Version15 {
		return s.decodeDesc(r, v)
	}
	length := 0
	if len(r.b) >= 2 {
		length = int(be.Uint16(r.b))
	}
	e := &reader{b: r.bytes(length)}
	e.skip(2)
	s.Table = e.u8()
	e.skip(1)
	s.Duration = decodeDuration(e)
	s.Priority, s.IdleTimeout, s.HardTimeout = e.u16(), e.u16(), e.u16()
	s.Flags = FlowFlags(e.u16())
	if s.Importance = e.u16(); v < Version14 {
		s.Importance = 0
	}
	e.skip(2)
	s.Cookie, s.Packets, s.Bytes = e.u64(), e.u64(), e.u64()
	if r.short || e.short {
		return malformed(ErrBadRequestLen, "flow statistics of %d bytes", length)
	}
	if s.Match, err = decodeToldMatch(e); err != nil {
		return err
	}
	s.Instructions, err = decodeInstructions(e, v, true)
	return err
}

func decodeDuration(r *reader) time.Duration {
	return time.Duration(r.u32())*time.Second + time.Duration(r.u32())
}
