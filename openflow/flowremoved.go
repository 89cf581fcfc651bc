// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// FlowRemoved says that a flow with FlowSendRemoved is gone (OpenFlow 1.3.5, 7.4.2).
type FlowRemoved struct {
	// Stats has no Instructions and no Flags: the message does not carry them.
	Stats  FlowStats
	Reason FlowRemovedReason
}

// FlowRemovedReason says why a flow is gone.
type FlowRemovedReason uint8

// The reasons of a FlowRemoved.
const (
	FlowRemovedIdle FlowRemovedReason = iota
	FlowRemovedHard
	FlowRemovedDelete
	FlowRemovedGroup
)

func (FlowRemoved) describe() string { return "flow-removed" }

func (m FlowRemoved) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	s := m.Stats
	b = be.AppendUint64(b, s.Cookie)
	b = be.AppendUint16(b, s.Priority)
	b = append(b, byte(m.Reason), s.Table)
	b = appendDuration(b, s.Duration)
	b = be.AppendUint16(b, s.IdleTimeout)
	b = be.AppendUint16(b, s.HardTimeout)
	b = be.AppendUint64(b, s.Packets)
	b = be.AppendUint64(b, s.Bytes)
	b, err := appendMatch(b, s.Match)
	return b, typeFlowRemoved, err
}

func decodeFlowRemoved(r *reader, _ Version) (Message, error) {
	var m FlowRemoved
	m.Stats.Cookie, m.Stats.Priority = r.u64(), r.u16()
	m.Reason, m.Stats.Table = FlowRemovedReason(r.u8()), r.u8()
	m.Stats.Duration = decodeDuration(r)
	m.Stats.IdleTimeout, m.Stats.HardTimeout = r.u16(), r.u16()
	m.Stats.Packets, m.Stats.Bytes = r.u64(), r.u64()
	var err error
	if m.Stats.Match, err = decodeMatch(r); err != nil {
		return nil, err
	}
	return ended(r, m)
}
