// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// appendFlowDesc appends a flow as OpenFlow 1.5 has it (OpenFlow 1.5.1, 7.3.5.2).
func appendFlowDesc(b []byte, v Version, s FlowStats) ([]byte, error) {
	start := len(b)
	b = append(b, 0, 0, 0, 0, s.Table, 0)
	for _, n := range []uint16{s.Priority, s.IdleTimeout, s.HardTimeout, uint16(s.Flags), s.Importance} {
		b = be.AppendUint16(b, n)
	}
	b = be.AppendUint64(b, s.Cookie)
	b, err := appendMatch(b, s.Match)
	if err != nil {
		return b, err
	}
	b = appendStats(b, stats{duration: &s.Duration, idle: &s.Idle, packets: known(s.Packets), bytes: known(s.Bytes)})
	if b, err = appendInstructions(b, v, s.Instructions); err != nil {
		return b, err
	}
	return putLength(b, start, 0)
}

func (s *FlowStats) decodeDesc(r *reader, v Version) error {
	e, err := entry(r, 0, 24, "flow")
	if err != nil {
		return err
	}
	e.skip(4)
	s.Table = e.u8()
	e.skip(1)
	s.Priority, s.IdleTimeout, s.HardTimeout = e.u16(), e.u16(), e.u16()
	s.Flags, s.Importance, s.Cookie = FlowFlags(e.u16()), e.u16(), e.u64()
	if s.Match, err = decodeToldMatch(e); err != nil {
		return err
	}
	st, err := decodeStats(e)
	if err != nil {
		return err
	}
	if st.duration != nil {
		s.Duration = *st.duration
	}
	if st.idle != nil {
		s.Idle = *st.idle
	}
	s.Packets, s.Bytes = orUnknown(st.packets), orUnknown(st.bytes)
	s.Instructions, err = decodeInstructions(e, v, true)
	return err
}

func appendAggregate15(b []byte, m AggregateReply) []byte {
	return appendStats(b, stats{packets: known(m.Packets), bytes: known(m.Bytes), flows: &m.Flows})
}

func decodeAggregate15(r *reader) (Message, error) {
	st, err := decodeStats(r)
	if err != nil {
		return nil, err
	}
	m := AggregateReply{Packets: orUnknown(st.packets), Bytes: orUnknown(st.bytes)}
	if st.flows != nil {
		m.Flows = *st.flows
	}
	return ended(r, m)
}

// known is a counter that the switch keeps, else nil.
func known(counter uint64) *uint64 {
	if counter == CounterUnknown {
		return nil
	}
	return &counter
}

// orUnknown is the opposite of known.
func orUnknown(counter *uint64) uint64 {
	if counter == nil {
		return CounterUnknown
	}
	return *counter
}
