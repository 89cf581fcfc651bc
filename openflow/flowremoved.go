// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// FlowRemoved says that a flow with FlowSendRemoved is gone (OpenFlow 1.3.5, 7.4.2).
type FlowRemoved struct {
	// Stats has no Instructions and no Flags: the message does not carry them. A counter that the switch does not have
	// is CounterUnknown.
	Stats  FlowStats
	Reason FlowRemovedReason
}

// FlowRemovedReason says why a flow is gone.
type FlowRemovedReason uint8

// The reasons of a FlowRemoved. The last two are of OpenFlow 1.4; before, a switch says FlowRemovedDelete for
// FlowRemovedMeter.
const (
	FlowRemovedIdle FlowRemovedReason = iota
	FlowRemovedHard
	FlowRemovedDelete
	FlowRemovedGroup
	FlowRemovedMeter
	FlowRemovedEviction
)

// in is the reason as a version has it.
func (r FlowRemovedReason) in(v Version) FlowRemovedReason {
	if r == FlowRemovedMeter && v < Version14 {
		return FlowRemovedDelete
	}
	return r
}

func (FlowRemoved) describe() string { return "flow-removed" }

func (m FlowRemoved) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	s := m.Stats
	if v >= Version15 {
		b = append(b, s.Table, byte(m.Reason))
		b = be.AppendUint16(b, s.Priority)
		b = be.AppendUint16(b, s.IdleTimeout)
		b = be.AppendUint16(b, s.HardTimeout)
		b = be.AppendUint64(b, s.Cookie)
		b, err := appendMatch(b, s.Match)
		if err != nil {
			return b, 0, err
		}
		counts := stats{duration: &s.Duration}
		if s.Packets != CounterUnknown {
			counts.packets = &s.Packets
		}
		if s.Bytes != CounterUnknown {
			counts.bytes = &s.Bytes
		}
		return appendStats(b, counts), typeFlowRemoved, nil
	}
	b = be.AppendUint64(b, s.Cookie)
	b = be.AppendUint16(b, s.Priority)
	b = append(b, byte(m.Reason.in(v)), s.Table)
	b = appendDuration(b, s.Duration)
	b = be.AppendUint16(b, s.IdleTimeout)
	b = be.AppendUint16(b, s.HardTimeout)
	b = be.AppendUint64(b, s.Packets)
	b = be.AppendUint64(b, s.Bytes)
	b, err := appendMatchIn(b, v, s.Match)
	return b, typeFlowRemoved, err
}

func decodeFlowRemoved(r *reader, v Version) (Message, error) {
	var m FlowRemoved
	s := &m.Stats
	var err error
	if v >= Version15 {
		s.Table, m.Reason, s.Priority = r.u8(), FlowRemovedReason(r.u8()), r.u16()
		s.IdleTimeout, s.HardTimeout, s.Cookie = r.u16(), r.u16(), r.u64()
		if r.short {
			return nil, malformed(ErrBadRequestLen, "flow-removed is too short")
		}
		if s.Match, err = decodeToldMatch(r); err != nil {
			return nil, err
		}
		counts, err := decodeStats(r)
		if err != nil {
			return nil, err
		}
		s.Packets, s.Bytes = CounterUnknown, CounterUnknown
		if counts.duration != nil {
			s.Duration = *counts.duration
		}
		if counts.packets != nil {
			s.Packets = *counts.packets
		}
		if counts.bytes != nil {
			s.Bytes = *counts.bytes
		}
		return ended(r, m)
	}
	s.Cookie, s.Priority = r.u64(), r.u16()
	m.Reason, s.Table = FlowRemovedReason(r.u8()), r.u8()
	s.Duration = decodeDuration(r)
	s.IdleTimeout, s.HardTimeout = r.u16(), r.u16()
	s.Packets, s.Bytes = r.u64(), r.u64()
	if r.short {
		return nil, malformed(ErrBadRequestLen, "flow-removed is too short")
	}
	if s.Match, err = decodeToldMatch(r); err != nil {
		return nil, err
	}
	return ended(r, m)
}

// decodeNXFlowRemoved reads NXT_FLOW_REMOVED, which has no hard timeout. It is written as the standard's message.
func decodeNXFlowRemoved(r *reader) (Message, error) {
	var m FlowRemoved
	s := &m.Stats
	s.Cookie, s.Priority = r.u64(), r.u16()
	// A table of 0 is none, others are one too high.
	m.Reason, s.Table = FlowRemovedReason(r.u8()), r.u8()-1
	s.Duration = decodeDuration(r)
	s.IdleTimeout = r.u16()
	n := int(r.u16())
	s.Packets, s.Bytes = r.u64(), r.u64()
	match := r.bytes(n)
	r.skip((8 - n%8) % 8)
	if r.short {
		return nil, malformed(ErrBadRequestLen, "flow-removed with a match of %d bytes is too short", n)
	}
	var err error
	if s.Match, err = decodeBareMatch(match); err != nil {
		return nil, err
	}
	return ended(r, m)
}
