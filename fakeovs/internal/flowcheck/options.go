// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowcheck

import (
	"bytes"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// Settled is a match with the options of tunnels as long as they are mapped, as a switch tells of them. The match itself
// stays as it is.
func Settled(m openflow.Match, o *packet.Options) openflow.Match {
	copied := false
	for i, f := range m {
		if !packet.IsOption(f.Field) {
			continue
		}
		if !copied {
			m, copied = append(openflow.Match(nil), m...), true
		}
		m[i] = SettledOption(f, o)
	}
	return m
}

// SettledActions is settled for the actions that write options.
func SettledActions(list []openflow.Action, o *packet.Options) []openflow.Action {
	copied := false
	for i, a := range list {
		switch s := a.(type) {
		case openflow.SetField:
			if !packet.IsOption(s.Field) {
				continue
			}
			a = openflow.SetField{MatchField: SettledOption(s.MatchField, o)}
		case openflow.Clone:
			a = openflow.Clone{Actions: SettledActions(s.Actions, o)}
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

// SettledOption is the value of an option as long as that is mapped; of one that is mapped without a value a zero that is not
// looked at. Of a longer value the first bytes count.
func SettledOption(f openflow.MatchField, o *packet.Options) openflow.MatchField {
	n := int(o.Map(f.Field).Length)
	if m := f.Mask; len(m) > 1 && m[0] == 0 && len(bytes.Trim(m[1:], "\xff")) == 0 {
		f.Value, f.Mask = f.Value[1:], m[1:] // so it is marked that the mask was there
	}
	fit := func(b []byte) []byte {
		if len(b) == int(OptionHeaderLength) {
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

// OptionsIn are the options of tunnels that a match is on, bit n for tun_metadata n.
func OptionsIn(m openflow.Match) (used uint64) {
	for _, f := range m {
		used |= OptionBit(f.Field)
	}
	return used
}

// OptionBit is the bit of a field that is an option, 0 of others.
func OptionBit(f openflow.Field) uint64 {
	if !packet.IsOption(f) {
		return 0
	}
	return 1 << (f - openflow.FieldTunMetadata0)
}

// FieldBits is how many bits a field has, where that is an option those that it is mapped with.
func FieldBits(f openflow.Field, o *packet.Options) int {
	if packet.IsOption(f) {
		return 8 * int(o.Map(f).Length)
	}
	return f.Bits()
}

// OptionHeaderLength is the length in the header of an option where a controller that does not know how long it is names a
// part of it, in hexadecimal 7c.
var OptionHeaderLength = byte(openflow.FieldTunMetadata0.Bytes())
