// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"encoding/binary"
	"time"
)

// The types of instructions (OpenFlow 1.3.5, 7.2.4).
const (
	instructionGoto         = 1
	instructionMetadata     = 2
	instructionWrite        = 3
	instructionApply        = 4
	instructionClear        = 5
	instructionMeter        = 6
	instructionExperimenter = 0xffff
)

// decodeInstructions reads instructions to the end of r.
func decodeInstructions(r *reader) (in Instructions, err error) {
	var seen uint8
	for len(r.b) > 0 {
		if len(r.b) < 8 {
			return in, malformed(ErrBadInstructionLen, "%d bytes after the last instruction", len(r.b))
		}
		typ, length := binary.BigEndian.Uint16(r.b), int(binary.BigEndian.Uint16(r.b[2:]))
		body := &reader{b: r.bytes(length)}
		if r.short || length < 8 || length%8 != 0 {
			return in, malformed(ErrBadInstructionLen, "instruction of %d bytes", length)
		}
		body.skip(4)
		fixed := 8
		switch typ {
		case instructionGoto:
			in.Goto = body.u8()
			if in.Goto == 0 {
				return in, malformed(ErrBadInstructionTable, "goto table 0")
			}
		case instructionMetadata:
			fixed = 24
			body.skip(4)
			in.Metadata, in.MetadataMask = body.u64(), body.u64()
			in.Metadata &= in.MetadataMask
		case instructionWrite, instructionApply:
			fixed = length
			body.skip(4)
			actions, err := decodeActions(body.rest())
			if err != nil {
				return in, err
			}
			if typ == instructionApply {
				in.Apply = actions
			} else {
				in.Write = actions
			}
		case instructionClear:
			in.ClearActions = true
		case instructionMeter:
			in.Meter = body.u32()
			if in.Meter == 0 {
				return in, malformed(ErrInvalidMeter, "meter 0")
			}
		case instructionExperimenter:
			return in, malformed(ErrBadInstructionExperimenter, "experimenter's instruction")
		default:
			return in, malformed(ErrUnknownInstruction, "instruction of type %d", typ)
		}
		if length != fixed {
			return in, malformed(ErrBadInstructionLen, "instruction of type %d with %d bytes", typ, length)
		}
		if seen>>typ&1 == 1 {
			return in, malformed(ErrDupInstruction, "two instructions of type %d", typ)
		}
		seen |= 1 << typ
	}
	return in, nil
}

// allFlags are the flags of a flow-mod.
const allFlags = FlowSendRemoved | FlowCheckOverlap | FlowResetCounts | FlowNoPacketCounts | FlowNoByteCounts

func decodeFlowMod(r *reader) (Message, error) {
	var m FlowMod
	m.Cookie, m.CookieMask = r.u64(), r.u64()
	m.Table, m.Command = r.u8(), FlowCommand(r.u8())
	m.IdleTimeout, m.HardTimeout, m.Priority = r.u16(), r.u16(), r.u16()
	buffer := r.u32()
	m.OutPort, m.OutGroup = r.u32(), r.u32()
	m.Flags = FlowFlags(r.u16())
	r.skip(2)
	deletes := m.Command == FlowDelete || m.Command == FlowDeleteStrict
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
	in, err := decodeInstructions(r)
	if err != nil {
		return nil, err
	}
	if !deletes {
		m.Instructions = in
	}
	return m, nil
}

// fromAny is the opposite of orAny.
func fromAny(n uint32) uint32 {
	if n == PortAny {
		return 0
	}
	return n
}

// decodeFlowStats reads one ofp_flow_stats.
func decodeFlowStats(r *reader) (s FlowStats, err error) {
	length := 0
	if len(r.b) >= 2 {
		length = int(binary.BigEndian.Uint16(r.b))
	}
	e := &reader{b: r.bytes(length)}
	e.skip(2)
	s.Table = e.u8()
	e.skip(1)
	s.Duration = decodeDuration(e)
	s.Priority, s.IdleTimeout, s.HardTimeout = e.u16(), e.u16(), e.u16()
	s.Flags = FlowFlags(e.u16())
	e.skip(4)
	s.Cookie, s.Packets, s.Bytes = e.u64(), e.u64(), e.u64()
	if r.short || e.short {
		return s, malformed(ErrBadRequestLen, "flow statistics of %d bytes", length)
	}
	if s.Match, err = decodeMatch(e); err != nil {
		return s, err
	}
	s.Instructions, err = decodeInstructions(e)
	return s, err
}

func decodeDuration(r *reader) time.Duration {
	return time.Duration(r.u32())*time.Second + time.Duration(r.u32())
}
