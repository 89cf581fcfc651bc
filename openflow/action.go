// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"encoding/hex"
	"fmt"
)

// Action is one step of what a switch does with a packet, in the terms of ovs-actions(7). The implementations are the
// action types of this package, by value. String is the action as ovs-ofctl(8) writes and reads it.
type Action interface {
	fmt.Stringer
	// appendTo appends the action as it goes over the wire, padded to a multiple of 8 bytes.
	appendTo(b []byte, v Version) ([]byte, error)
}

// RawAction is an action this package does not know, in its wire form with its header and padding.
type RawAction struct{ Bytes []byte }

// String is the action's bytes. ovs-ofctl(8) does not read it.
func (a RawAction) String() string { return "raw(" + hex.EncodeToString(a.Bytes) + ")" }

func (a RawAction) appendTo(b []byte, _ Version) ([]byte, error) {
	r := &reader{b: a.Bytes}
	r.skip(2)
	if length := int(r.u16()); length != len(a.Bytes) || length < 8 || length%8 != 0 {
		return b, fmt.Errorf("raw action of %d bytes has the length %d in its header", len(a.Bytes), length)
	}
	return append(b, a.Bytes...), nil
}

// The action types (OpenFlow 1.3.5, 7.2.5; the meter and masks of set-field are of OpenFlow 1.5) and Nicira's subtypes.
const (
	actionOutput       = 0
	actionSetTTL       = 23
	actionDecTTL       = 24
	actionSetField     = 25
	actionMeter        = 29
	actionExperimenter = 0xffff

	nxResubmit      = 1
	nxRegMove       = 6
	nxRegLoad       = 7
	nxResubmitTable = 14
	nxDecTTL        = 18
	nxRegLoad2      = 33
	nxCT            = 35
	nxNAT           = 36
	nxCTClear       = 43
)

// appendActions appends a list of actions.
func appendActions(b []byte, v Version, actions []Action) ([]byte, error) {
	for i, a := range actions {
		start := len(b)
		err := errNoSuchType
		if a != nil {
			b, err = a.appendTo(b, v)
		}
		if err == nil && len(b)-start > MaxMessage {
			err = errTooLong
		}
		if err != nil {
			return b, fmt.Errorf("action %d (%.200s): %w", i, fmt.Sprint(a), err)
		}
	}
	return b, nil
}

// appendAction appends the header of an action of a length that is known.
func appendAction(b []byte, typ, length uint16) []byte {
	return be.AppendUint16(be.AppendUint16(b, typ), length)
}

// appendNicira appends the header of an action of Nicira's, of a length that is known.
func appendNicira(b []byte, subtype, length uint16) []byte {
	b = be.AppendUint32(appendAction(b, actionExperimenter, length), experimenterNicira)
	return be.AppendUint16(b, subtype)
}

// decodeActions reads a list of actions that fills b.
func decodeActions(b []byte, v Version) ([]Action, error) {
	var actions []Action
	for len(b) > 0 {
		raw, rest, err := cutAction(b)
		if err != nil {
			return nil, err
		}
		a, err := decodeAction(raw, v)
		if err != nil {
			return nil, err
		}
		actions, b = append(actions, a), rest
	}
	return actions, nil
}

// cutAction splits the first action off b.
func cutAction(b []byte) (action, rest []byte, err error) {
	if len(b) < 8 {
		return nil, nil, malformed(ErrBadActionLen, "%d bytes after the last action", len(b))
	}
	n := int(be.Uint16(b[2:]))
	if n < 8 || n%8 != 0 || n > len(b) {
		return nil, nil, malformed(ErrBadActionLen, "action of %d bytes in a list with room for %d", n, len(b))
	}
	return b[:n:n], b[n:], nil
}

// decodeAction reads an action that fills b. What this package has no name for stays raw.
func decodeAction(b []byte, v Version) (Action, error) {
	r := &reader{b: b}
	typ := r.u16()
	r.skip(2)
	switch typ {
	case actionOutput:
		return decodeOutput(b, r)
	case actionSetTTL:
		return sized(b, 8, SetField{Uint(FieldIPTTL, uint64(r.u8()))})
	case actionDecTTL:
		return sized(b, 8, DecTTL{})
	case actionSetField:
		return decodeSetField(b, r, v >= Version15)
	case actionMeter:
		if v >= Version15 {
			return sized(b, 8, Meter{ID: r.u32()})
		}
	case actionExperimenter:
		if r.u32() == experimenterNicira {
			return decodeNicira(b, r, v)
		}
	}
	return RawAction{b}, nil
}

// sized returns a if its wire form has the length it must have.
func sized(b []byte, length int, a Action) (Action, error) {
	if len(b) != length {
		return nil, malformed(ErrBadActionLen, "%v action of %d bytes", a, len(b))
	}
	return a, nil
}

func decodeNicira(b []byte, r *reader, v Version) (Action, error) {
	switch r.u16() {
	case nxResubmit:
		return sized(b, 16, Resubmit{InPort: port32(r.u16()), Table: CurrentTable})
	case nxResubmitTable:
		return sized(b, 16, Resubmit{InPort: port32(r.u16()), Table: r.u8()})
	case nxRegMove:
		return decodeMove(b, r)
	case nxRegLoad:
		return decodeRegLoad(b, r)
	case nxRegLoad2:
		return decodeSetField(b, r, true)
	case nxDecTTL:
		return sized(b, 16, DecTTL{})
	case nxCT:
		return decodeCT(b, r, v)
	case nxNAT:
		return nil, malformed(ErrBadActionArgument, "nat outside of ct")
	case nxCTClear:
		return sized(b, 16, CTClear{})
	}
	return RawAction{b}, nil
}

// niciraSubtype is the subtype of an action of Nicira's, -1 of another.
func niciraSubtype(action []byte) int {
	r := &reader{b: action}
	if typ := r.u16(); typ != actionExperimenter || len(action) < 10 {
		return -1
	}
	r.skip(2)
	if r.u32() != experimenterNicira {
		return -1
	}
	return int(r.u16())
}
