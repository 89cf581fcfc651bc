// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"bytes"
	"fmt"
	"slices"
)

// Key identifies the flow among those of a switch: two flows have the same key if their table, priority and match are
// the same, so that adding one replaces the other. It is not meant to be read.
func (f Flow) Key() string { return string(f.AppendKey(make([]byte, 0, 128))) }

// AppendKey appends the flow's key to b.
func (f *Flow) AppendKey(b []byte) []byte {
	b = append(b, f.Table, byte(f.Priority>>8), byte(f.Priority))
	for _, mf := range f.Match.Canonical() {
		b = appendKey(b, mf)
	}
	return b
}

// appendKey appends a field so that no other field appends the same, even as the beginning of something longer.
func appendKey(b []byte, mf MatchField) []byte {
	b = append(b, byte(mf.Field), byte(len(mf.Value)), byte(len(mf.Mask)))
	return append(append(b, mf.Value...), mf.Mask...)
}

// Equal reports whether two flows are the same to a switch: key, instructions, cookie, timeouts and flags. The flags
// that only concern the adding of a flow, FlowCheckOverlap and FlowResetCounts, do not count.
func (f Flow) Equal(g Flow) bool { return f.Key() == g.Key() && f.EqualContent(g) }

// EqualContent is Equal for flows that are known to have the same key.
func (f Flow) EqualContent(g Flow) bool {
	if f.Cookie == g.Cookie && f.IdleTimeout == g.IdleTimeout && f.HardTimeout == g.HardTimeout && f.Flags == g.Flags &&
		f.Importance == g.Importance && f.Instructions.alike(&g.Instructions) {
		return true
	}
	var a, b [512]byte
	return bytes.Equal(f.appendContent(a[:0]), g.appendContent(b[:0]))
}

// appendContent appends all that makes the flow the same as another one of its key.
func (f *Flow) appendContent(b []byte) []byte {
	const transient = FlowCheckOverlap | FlowResetCounts
	b = be.AppendUint64(b, f.Cookie)
	b = be.AppendUint16(b, f.IdleTimeout)
	b = be.AppendUint16(b, f.HardTimeout)
	b = be.AppendUint16(b, uint16(f.Flags&^transient))
	b = be.AppendUint16(b, f.Importance)
	return f.Instructions.appendKey(b)
}

// Equal reports whether two sets of instructions do the same in the same steps. Differences that come of the ways to
// encode an action do not count: a field that is set in several parts is the same as one set at once.
func (in Instructions) Equal(other Instructions) bool {
	var a, b [512]byte
	return bytes.Equal(in.appendKey(a[:0]), other.appendKey(b[:0]))
}

func (in Instructions) appendKey(b []byte) []byte {
	in.liftMeter()
	b = be.AppendUint32(b, in.Meter)
	b = appendActionsKey(b, in.Apply)
	if in.ClearActions {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	b = appendActionsKey(b, in.Write)
	b = be.AppendUint64(b, in.Metadata&in.MetadataMask)
	b = be.AppendUint64(b, in.MetadataMask)
	return append(append(b, in.Goto), in.Unknown...)
}

// appendActionsKey appends what tells lists of actions apart: their encoding, in which what is the same is the same. Sets of
// one field that follow each other count as one.
func appendActionsKey(b []byte, actions []Action) []byte {
	for i := 0; i < len(actions); i++ {
		a := actions[i]
		if set, ok := setOf(a); ok {
			merged := false
			for i+1 < len(actions) {
				next, ok := setOf(actions[i+1])
				if !ok || next.Field != set.Field || !set.mergeable() || !next.mergeable() {
					break
				}
				set, merged = set.then(next), true
				i++
			}
			if _, some := set.canonical(); !some {
				continue
			}
			if merged {
				a = set
			}
		}
		switch nest := a.(type) {
		case CT:
			nest.Exec = mergeSets(nest.Exec)
			a = nest
		case Clone:
			a = Clone{mergeSets(nest.Actions)}
		}
		encoded, err := appendActions(b, Version15, []Action{a})
		if err != nil {
			encoded = fmt.Append(b, a)
		}
		b = encoded
	}
	return append(b, 0)
}

// mergeSets makes one set of sets of one field that follow each other, in actions and in those that stand in them.
func mergeSets(actions []Action) []Action {
	var out []Action
	for _, a := range actions {
		switch a := a.(type) {
		case SetField:
			a, _ = setOf(a)
			if _, some := a.canonical(); !some {
				continue
			}
			if n := len(out) - 1; n >= 0 {
				if last, ok := setOf(out[n]); ok && last.Field == a.Field && last.mergeable() && a.mergeable() {
					out[n] = last.then(a)
					continue
				}
			}
		case Clone:
			out = append(out, Clone{mergeSets(a.Actions)})
			continue
		}
		out = append(out, a)
	}
	return out
}

// setOf returns an action that sets a field. The port the packet came in by is one of 16 bits then, as parts of it are.
func setOf(a Action) (SetField, bool) {
	s, ok := a.(SetField)
	if ok && s.Field == FieldInPort && s.Mask == nil && len(s.Value) == s.Field.Bytes() {
		if port, fits := port16(be.Uint32(s.Value)); fits {
			s.MatchField = Uint(FieldInPort16, uint64(port))
		}
	}
	return s, ok
}

func (s SetField) mergeable() bool {
	return s.Field != FieldUnknown && len(s.Value) == s.Field.Bytes() &&
		(s.Mask == nil || len(s.Mask) == len(s.Value))
}

// then is the one action that does what s and, after it, t do to the same field.
func (s SetField) then(t SetField) SetField {
	if t.Mask == nil {
		return t
	}
	value, mask := slices.Clone(s.Value), slices.Clone(s.Mask)
	for i, m := range t.Mask {
		value[i] = value[i]&^m | t.Value[i]&m
		if mask != nil {
			mask[i] |= m
		}
	}
	return SetField{MatchField{Field: s.Field, Value: value, Mask: mask}}
}

// bits packs flags into a byte, the first into its lowest bit.
func bits(flags ...bool) (b byte) {
	for i, f := range flags {
		if f {
			b |= 1 << i
		}
	}
	return b
}
