// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// FlowCommand says what a FlowMod does (OpenFlow 1.3.5, A.3.4.1).
type FlowCommand uint8

// The commands. Add replaces a flow of the same table, priority and match.
const (
	FlowAdd FlowCommand = iota
	FlowModify
	FlowModifyStrict
	FlowDelete
	FlowDeleteStrict
)

// FlowMod changes a flow table.
type FlowMod struct {
	Command FlowCommand
	Flow
	// CookieMask restricts modify and delete to flows whose cookie agrees with Cookie in these bits.
	CookieMask uint64
	// OutPort and OutGroup restrict deletes to flows that output there; 0 is no restriction.
	OutPort, OutGroup uint32
}

// AllTables stands for every table where a delete or a dump may name one.
const AllTables uint8 = 0xff

// Add is the FlowMod that adds f.
func Add(f Flow) FlowMod { return FlowMod{Command: FlowAdd, Flow: f} }

// DeleteStrict is the FlowMod that deletes the flow with f's table, priority and match.
func DeleteStrict(f Flow) FlowMod {
	return FlowMod{Command: FlowDeleteStrict, Flow: Flow{Table: f.Table, Priority: f.Priority, Match: f.Match}}
}

func (m FlowMod) describe() string { return m.String() }

func (m FlowMod) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	if m.Command > FlowDeleteStrict {
		return b, 0, fmt.Errorf("flow-mod command %d does not exist", m.Command)
	}
	match := m.Match.Canonical()
	if err := m.Match.validate(match); err != nil {
		return b, 0, err
	}
	b = be.AppendUint64(b, m.Cookie)
	b = be.AppendUint64(b, m.CookieMask)
	b = append(b, m.Table, byte(m.Command))
	b = be.AppendUint16(b, m.IdleTimeout)
	b = be.AppendUint16(b, m.HardTimeout)
	b = be.AppendUint16(b, m.Priority)
	b = be.AppendUint32(b, NoBuffer)
	b = be.AppendUint32(b, orAny(m.OutPort))
	b = be.AppendUint32(b, orAny(m.OutGroup))
	b = be.AppendUint16(b, uint16(m.Flags))
	if m.Importance != 0 && v < Version14 {
		return b, 0, errVersion(v, "importance of a flow")
	}
	b = be.AppendUint16(b, m.Importance)
	b, err := appendMatchIn(b, v, match)
	if err == nil && !m.deletes() {
		b, err = appendInstructions(b, v, m.Instructions)
	}
	return b, typeFlowMod, err
}

func (m FlowMod) deletes() bool { return m.Command == FlowDelete || m.Command == FlowDeleteStrict }

// allFlags are the flags of a flow-mod.
const allFlags = FlowSendRemoved | FlowCheckOverlap | FlowResetCounts | FlowNoPacketCounts | FlowNoByteCounts

func decodeFlowMod(r *reader, v Version) (Message, error) {
	var m FlowMod
	m.Cookie, m.CookieMask = r.u64(), r.u64()
	m.Table, m.Command = r.u8(), FlowCommand(r.u8())
	m.IdleTimeout, m.HardTimeout, m.Priority = r.u16(), r.u16(), r.u16()
	buffer := r.u32()
	m.OutPort, m.OutGroup = r.u32(), r.u32()
	m.Flags = FlowFlags(r.u16())
	importance := r.u16()
	deletes := m.deletes()
	switch {
	case r.short:
		return nil, malformed(ErrBadRequestLen, "flow-mod is too short")
	case m.Command > FlowDeleteStrict:
		return nil, malformed(ErrBadCommand, "flow-mod command %d", m.Command)
	case m.Flags&^allFlags != 0:
		return nil, malformed(ErrBadFlags, "flow-mod flags %#x", m.Flags)
	case buffer != NoBuffer && !deletes:
		return nil, malformed(ErrBufferUnknown, "flow-mod with packet buffer %#x", buffer)
	case deletes && (m.OutPort == 0 || m.OutGroup == 0):
		return nil, malformed(ErrBadPort, "delete of flows that output to port or group 0")
	}
	m.OutPort, m.OutGroup = fromAny(m.OutPort), fromAny(m.OutGroup)
	if !deletes {
		m.OutPort, m.OutGroup = 0, 0
	}
	var err error
	if m.Match, err = decodeRequestMatch(r); err != nil {
		return nil, err
	}
	in, err := decodeInstructions(r, v, false)
	if err != nil {
		return nil, err
	}
	if !deletes {
		m.Instructions = in
		if v >= Version14 {
			m.Importance = importance
		}
	}
	return m, nil
}
