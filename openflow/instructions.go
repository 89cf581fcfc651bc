// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"encoding/hex"
	"errors"
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
	// Unknown is instructions that a switch has and this package does not know, in their wire form one behind the other.
	Unknown []byte
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
	if len(in.Unknown) > 0 {
		parts = append(parts, "raw("+hex.EncodeToString(in.Unknown)+")")
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
	for rest := in.Unknown; len(rest) > 0; {
		if _, rest, err = cutInstruction(rest); err != nil {
			return b, errors.New("unknown instructions are not in wire form")
		}
	}
	return append(b, in.Unknown...), nil
}

func appendInstruction(b []byte, typ, length uint16) []byte {
	return be.AppendUint16(be.AppendUint16(b, typ), length)
}

// cutInstruction splits the first instruction off b.
func cutInstruction(b []byte) (instruction, rest []byte, err error) {
	if len(b) < 8 {
		return nil, nil, malformed(ErrBadInstructionLen, "%d bytes after the last instruction", len(b))
	}
	n := int(be.Uint16(b[2:]))
	if n < 8 || n%8 != 0 || n > len(b) {
		return nil, nil, malformed(ErrBadInstructionLen, "instruction of %d bytes", n)
	}
	return b[:n:n], b[n:], nil
}

// decodeInstructions reads instructions to the end of r. Where it is loose, one that would be refused is an unknown one.
func decodeInstructions(r *reader, v Version, loose bool) (in Instructions, err error) {
	var seen uint8
	for b := r.rest(); len(b) > 0; {
		var raw []byte
		if raw, b, err = cutInstruction(b); err != nil {
			return in, err
		}
		next, typ := in, be.Uint16(raw)
		err := next.decode(raw, typ, v, loose)
		if err == nil && seen>>typ&1 == 1 {
			err = malformed(ErrDupInstruction, "two instructions of type %d", typ)
		}
		switch {
		case err == nil:
			in = next
			seen |= 1 << typ
		case loose:
			in.Unknown = append(in.Unknown, raw...)
		default:
			return in, err
		}
	}
	return in, nil
}

// decode adds one instruction, of a type.
func (in *Instructions) decode(raw []byte, typ uint16, v Version, loose bool) error {
	body := &reader{b: raw}
	body.skip(4)
	fixed := 8
	switch typ {
	case instructionGoto:
		in.Goto = body.u8()
		if in.Goto == 0 {
			return malformed(ErrBadInstructionTable, "goto table 0")
		}
	case instructionMetadata:
		fixed = 24
		body.skip(4)
		in.Metadata, in.MetadataMask = body.u64(), body.u64()
		in.Metadata &= in.MetadataMask
	case instructionWrite, instructionApply:
		fixed = len(raw)
		body.skip(4)
		actions, err := decodeActions(body.rest(), v, loose)
		if err != nil {
			return err
		}
		if typ == instructionWrite {
			in.Write = actions
			break
		}
		in.Apply = actions
		if v >= Version15 {
			in.liftMeter()
		}
	case instructionClear:
		in.ClearActions = true
	case instructionMeter:
		if v >= Version15 {
			return malformed(ErrUnknownInstruction, "%v has no meter among instructions", v)
		}
		in.Meter = body.u32()
		if in.Meter == 0 {
			return malformed(ErrInvalidMeter, "meter 0")
		}
	case instructionExperimenter:
		return malformed(ErrBadInstructionExperimenter, "experimenter's instruction")
	default:
		return malformed(ErrUnknownInstruction, "instruction of type %d", typ)
	}
	if len(raw) != fixed {
		return malformed(ErrBadInstructionLen, "instruction of type %d with %d bytes", typ, len(raw))
	}
	return nil
}

// liftMeter makes the meter that Apply begins with, which is what OpenFlow 1.5 has in place of the instruction, the one of
// the instructions, unless they have one.
func (in *Instructions) liftMeter() {
	if in.Meter != 0 || len(in.Apply) == 0 {
		return
	}
	if m, ok := in.Apply[0].(Meter); ok && m.ID != 0 {
		in.Meter, in.Apply = m.ID, in.Apply[1:]
	}
}
