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

// RawAction is an action this package does not know, in its wire form with its header and padding. In what a switch tells, it
// is one as well that this package would refuse in a request.
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

// The action types (OpenFlow 1.5.1, 7.2.6) besides those of actionset.go.
const (
	actionOutput       = 0
	actionDecMPLSTTL   = 16
	actionPushVLAN     = 17
	actionPopVLAN      = 18
	actionPushMPLS     = 19
	actionPopMPLS      = 20
	actionSetQueue     = 21
	actionGroup        = 22
	actionDecTTL       = 24
	actionSetField     = 25
	actionCopyField    = 28 // OpenFlow 1.5 on, as is the next
	actionMeter        = 29
	actionExperimenter = 0xffff
)

// onfCopyField is the type of the copy-field action that ONF defines for OpenFlow 1.3 (extension 320).
const onfCopyField = 3200

// maxNesting is how deep actions may stand in each other.
const maxNesting = 64

// appendActions appends a list of actions.
func appendActions(b []byte, v Version, actions []Action) ([]byte, error) {
	for i, a := range actions {
		start := len(b)
		err := errNoSuchType
		done := false
		if a != nil && v < Version13 {
			b, done, err = appendLegacyAction(b, v, a)
		}
		if a != nil && !done {
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

// appendBare appends an action of Nicira's that has nothing but its header.
func appendBare(b []byte, subtype uint16) []byte { return pad(appendNicira(b, subtype, 16), 6) }

// decodeActions reads a list of actions that fills b. Where it is loose, an action stays raw that would be refused.
func decodeActions(b []byte, v Version, loose bool) ([]Action, error) {
	return decodeList(b, v, 0, loose)
}

// decodeList reads a list of actions that fills b and stands in so many other actions.
func decodeList(b []byte, v Version, depth int, loose bool) ([]Action, error) {
	if depth > maxNesting {
		return nil, malformed(ErrBadActionArgument, "actions in more than %d others", maxNesting)
	}
	actions := listFor[Action](countActions(b))
	for len(b) > 0 {
		raw, rest, err := cutAction(b)
		if err != nil {
			return nil, err
		}
		a, err := decodeAction(raw, v, depth)
		switch {
		case err != nil && loose:
			a = RawAction{raw}
		case err != nil:
			return nil, err
		}
		actions, b = append(actions, a), rest
	}
	return actions, nil
}

// countActions is how many actions b has, as far as their headers say.
func countActions(b []byte) (n int) {
	for len(b) >= 8 {
		n++
		b = b[min(len(b), max(8, int(be.Uint16(b[2:])))):]
	}
	return n
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
func decodeAction(b []byte, v Version, depth int) (Action, error) {
	if v < Version13 {
		if a, err := decodeLegacyAction(b, v); a != nil || err != nil {
			return a, err
		}
	}
	r := &reader{b: b}
	typ := r.u16()
	r.skip(2)
	switch typ {
	case actionOutput:
		return decodeOutput(b, r)
	case actionDecMPLSTTL:
		return sized(b, 8, DecMPLSTTL{})
	case actionPushVLAN:
		return decodePushVLAN(b, r)
	case actionPopVLAN:
		return sized(b, 8, PopVLAN{})
	case actionPushMPLS:
		return decodePushMPLS(b, r)
	case actionPopMPLS:
		return sized(b, 8, PopMPLS{EthType: r.u16()})
	case actionSetQueue:
		return sized(b, 8, SetQueue{ID: r.u32()})
	case actionGroup:
		return sized(b, 8, OutputGroup{ID: r.u32()})
	case actionDecTTL:
		return sized(b, 8, DecTTL{})
	case actionSetField:
		a, err := decodeSetField(b, r, v >= Version15)
		if set, ok := a.(SetField); ok && set.leavesTag() {
			return nil, malformed(ErrBadSetArgument, "set-field action with %v, which is without the bit for a tag", set)
		}
		return a, err
	case actionCopyField:
		if v >= Version15 {
			return decodeMove(b, r, 2)
		}
	case actionMeter:
		if v >= Version15 {
			return decodeMeter(b, r)
		}
	case actionExperimenter:
		experimenter := r.u32()
		if len(b) < 16 && (experimenter == experimenterNicira || experimenter == experimenterONF) {
			return nil, malformed(ErrBadActionLen, "action of experimenter %#x with %d bytes", experimenter, len(b))
		}
		switch {
		case experimenter == experimenterNicira:
			return decodeNicira(b, r, v, depth)
		case experimenter == experimenterONF && v < Version15 && r.u16() == onfCopyField:
			r.skip(2)
			return decodeMove(b, r, 2)
		}
	default:
		return decodeSet(b, r, typ)
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

// filled returns a if all of its wire form has been read but for padding.
func filled(b []byte, r *reader, a Action) (Action, error) {
	if r.short || len(r.b) >= 8 {
		return nil, malformed(ErrBadActionLen, "%v action of %d bytes", a, len(b))
	}
	return a, nil
}
