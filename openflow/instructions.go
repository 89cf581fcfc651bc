// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"fmt"
	"strings"
)

// Instructions are what happens to a packet that a flow matches, in the order of the fields (OpenFlow 1.3.5, 5.9).
// No instruction at all drops the packet.
type Instructions struct {
	// Meter is the meter the packet passes first; 0 is none.
	Meter uint32
	// Apply is done at once.
	Apply []Action
	// ClearActions empties the action set before Write is merged into it.
	ClearActions bool
	Write        []Action
	// Metadata replaces the bits of MetadataMask in the packet's metadata.
	Metadata, MetadataMask uint64
	// Goto is the table the packet goes on to; it is greater than the flow's own, so 0 is none.
	Goto uint8
}

// String is the instructions as ovs-ofctl(8) writes and reads them; none are "drop".
func (in Instructions) String() string { return in.Text(nil) }

// Text is String with the names of ports and tables that there are.
func (in Instructions) Text(names *Names) string {
	var parts []string
	if in.Meter != 0 {
		parts = append(parts, fmt.Sprintf("meter:%d", in.Meter))
	}
	parts = append(parts, actionTexts(in.Apply, names)...)
	if in.ClearActions {
		parts = append(parts, "clear_actions")
	}
	if len(in.Write) > 0 {
		parts = append(parts, "write_actions("+listText(in.Write, names)+")")
	}
	if in.MetadataMask != 0 {
		s := "write_metadata:" + hexNumber(in.Metadata&in.MetadataMask)
		if in.MetadataMask != 1<<64-1 {
			s += "/" + hexNumber(in.MetadataMask)
		}
		parts = append(parts, s)
	}
	if in.Goto != 0 {
		parts = append(parts, "goto_table:"+names.table(in.Goto))
	}
	if len(parts) == 0 {
		return "drop"
	}
	return strings.Join(parts, ",")
}

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

// appendInstructions appends the instructions in the order in which a switch carries them out.
func appendInstructions(b []byte, v Version, in Instructions) ([]byte, error) {
	var err error
	if in.Meter != 0 && v < Version15 {
		b = be.AppendUint32(appendInstruction(b, instructionMeter, 8), in.Meter)
	}
	if len(in.Apply) > 0 || in.Meter != 0 && v >= Version15 {
		start := len(b)
		b = pad(appendInstruction(b, instructionApply, 0), 4)
		if in.Meter != 0 && v >= Version15 {
			b = appendMeter(b, in.Meter)
		}
		if b, err = appendActions(b, v, in.Apply); err != nil {
			return b, err
		}
		if b, err = putLength(b, start, 2); err != nil {
			return b, err
		}
	}
	if in.ClearActions {
		b = pad(appendInstruction(b, instructionClear, 8), 4)
	}
	if len(in.Write) > 0 {
		start := len(b)
		b = pad(appendInstruction(b, instructionWrite, 0), 4)
		if b, err = appendActions(b, v, in.Write); err != nil {
			return b, err
		}
		if b, err = putLength(b, start, 2); err != nil {
			return b, err
		}
	}
	if in.MetadataMask != 0 {
		b = pad(appendInstruction(b, instructionMetadata, 24), 4)
		b = be.AppendUint64(b, in.Metadata&in.MetadataMask)
		b = be.AppendUint64(b, in.MetadataMask)
	}
	if in.Goto != 0 {
		b = append(appendInstruction(b, instructionGoto, 8), in.Goto, 0, 0, 0)
	}
	return b, nil
}

func appendInstruction(b []byte, typ, length uint16) []byte {
	return be.AppendUint16(be.AppendUint16(b, typ), length)
}

// decodeInstructions reads instructions to the end of r.
func decodeInstructions(r *reader, v Version) (in Instructions, err error) {
	var seen uint8
	for len(r.b) > 0 {
		if len(r.b) < 8 {
			return in, malformed(ErrBadInstructionLen, "%d bytes after the last instruction", len(r.b))
		}
		typ, length := be.Uint16(r.b), int(be.Uint16(r.b[2:]))
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
			actions, err := decodeActions(body.rest(), v)
			if err != nil {
				return in, err
			}
			if typ == instructionApply {
				in.Apply = actions
				if meter, ok := leadingMeter(actions, v); ok {
					in.Meter, in.Apply = meter, actions[1:]
				}
			} else {
				in.Write = actions
			}
		case instructionClear:
			in.ClearActions = true
		case instructionMeter:
			if v >= Version15 {
				return in, malformed(ErrUnknownInstruction, "%v has no meter among instructions", v)
			}
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

// leadingMeter is the meter that actions begin with: what OpenFlow 1.5 has in place of the instruction.
func leadingMeter(actions []Action, v Version) (meter uint32, ok bool) {
	if v < Version15 || len(actions) == 0 {
		return 0, false
	}
	m, ok := actions[0].(Meter)
	return m.ID, ok
}
