// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"bytes"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// keys makes the value and the mask of a match, whose options are those of the switch.
func (t *flowTables) keys(m openflow.Match) (value, mask packet.Key) {
	t.keysInto(m, &value, &mask)
	return value, mask
}

// keysInto is keys for keys that are there.
func (t *flowTables) keysInto(m openflow.Match, value, mask *packet.Key) {
	packet.MatchInto(m, value, mask)
	t.options.Load().Match(m, value, mask)
}

// settled is a match with the options of tunnels as long as they are mapped, as a switch tells of them. The match itself
// stays as it is.
func settled(m openflow.Match, o *packet.Options) openflow.Match {
	copied := false
	for i, f := range m {
		if !packet.IsOption(f.Field) {
			continue
		}
		if !copied {
			m, copied = append(openflow.Match(nil), m...), true
		}
		m[i] = settledOption(f, o)
	}
	return m
}

// settledActions is settled for the actions that write options.
func settledActions(list []openflow.Action, o *packet.Options) []openflow.Action {
	copied := false
	for i, a := range list {
		switch s := a.(type) {
		case openflow.SetField:
			if !packet.IsOption(s.Field) {
				continue
			}
			a = openflow.SetField{MatchField: settledOption(s.MatchField, o)}
		case openflow.Clone:
			a = openflow.Clone{Actions: settledActions(s.Actions, o)}
		default:
			continue
		}
		if !copied {
			list, copied = append([]openflow.Action(nil), list...), true
		}
		list[i] = a
	}
	return list
}

// settledOption is the value of an option as long as that is mapped; of one that is mapped without a value a zero that is not
// looked at. Of a longer value the first bytes count.
func settledOption(f openflow.MatchField, o *packet.Options) openflow.MatchField {
	n := int(o.Map(f.Field).Length)
	if m := f.Mask; len(m) > 1 && m[0] == 0 && len(bytes.Trim(m[1:], "\xff")) == 0 {
		f.Value, f.Mask = f.Value[1:], m[1:] // so it is marked that the mask was there
	}
	fit := func(b []byte) []byte {
		if len(b) == int(headerLength) {
			b = b[len(b)-n:] // it is known to be as long as it can be
		}
		b = b[:min(len(b), n)]
		return append(make([]byte, n-len(b), n), b...)
	}
	if n == 0 {
		return openflow.MatchField{Field: f.Field, Value: []byte{0}, Mask: []byte{0}}
	}
	f.Value = fit(f.Value)
	if f.Mask != nil {
		f.Mask = fit(f.Mask)
		if len(bytes.Trim(f.Mask, "\xff")) == 0 {
			f.Mask = nil
		}
	}
	return f
}

// optionsIn are the options of tunnels that a match is on, bit n for tun_metadata n.
func optionsIn(m openflow.Match) (used uint64) {
	for _, f := range m {
		used |= optionBit(f.Field)
	}
	return used
}

// optionBit is the bit of a field that is an option, 0 of others.
func optionBit(f openflow.Field) uint64 {
	if !packet.IsOption(f) {
		return 0
	}
	return 1 << (f - openflow.FieldTunMetadata0)
}

// fieldBits is how many bits a field has, where that is an option those that it is mapped with.
func fieldBits(f openflow.Field, o *packet.Options) int {
	if packet.IsOption(f) {
		return 8 * int(o.Map(f).Length)
	}
	return f.Bits()
}

// headerLength is the length in the header of an option where a controller that does not know how long it is names a part of
// it, in hexadecimal 7c.
var headerLength = byte(openflow.FieldTunMetadata0.Bytes())

// lengthen returns an action of Nicira's that names parts of options with their lengths in it, as a switch tells of it; nil if
// it names none.
func lengthen(a openflow.Action, wire []byte, o *packet.Options) []byte {
	switch a.(type) {
	case openflow.Move, openflow.StackPush, openflow.StackPop, openflow.OutputField, openflow.Multipath, openflow.Members:
	default:
		return nil
	}
	if niciraSubtype(openflow.RawAction{Bytes: wire}) < 0 {
		return nil
	}
	var b []byte
	const firstOption = 40
	for i := 10; i+4 <= len(wire); i += 2 {
		h := wire[i : i+4]
		n := int(h[2]>>1) - firstOption
		if h[0] != 0 || h[1] != 1 || h[2]&1 != 0 || n < 0 || n > 63 || h[3] != headerLength {
			continue
		}
		if b == nil {
			b = bytes.Clone(wire)
		}
		b[i+3] = o.Map(openflow.FieldTunMetadata0 + openflow.Field(n)).Length
	}
	return b
}
