// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
)

// Key identifies the flow among those of a switch: two flows have the same key if their table, priority and match are
// the same, so that adding one replaces the other. It is not meant to be read.
func (f Flow) Key() string {
	b := make([]byte, 0, 128)
	b = append(b, f.Table, byte(f.Priority>>8), byte(f.Priority))
	for _, mf := range f.Match.Canonical() {
		b = appendKey(b, mf)
	}
	return string(b)
}

// appendKey appends a field so that no other field appends the same, even as the beginning of something longer.
func appendKey(b []byte, mf MatchField) []byte {
	b = append(b, byte(mf.Field), byte(len(mf.Value)), byte(len(mf.Mask)))
	return append(append(b, mf.Value...), mf.Mask...)
}

// Equal reports whether two flows are the same to a switch: key, instructions, cookie, timeouts and flags. The flags
// that only concern the adding of a flow, FlowCheckOverlap and FlowResetCounts, do not count.
func (f Flow) Equal(g Flow) bool {
	const transient = FlowCheckOverlap | FlowResetCounts
	return f.Cookie == g.Cookie && f.IdleTimeout == g.IdleTimeout && f.HardTimeout == g.HardTimeout &&
		(f.Flags^g.Flags)&^transient == 0 && f.Key() == g.Key() && f.Instructions.Equal(g.Instructions)
}

// Equal reports whether two sets of instructions do the same in the same steps. Differences that come of the ways to
// encode an action do not count: a field that is set in several parts is the same as one set at once.
func (in Instructions) Equal(other Instructions) bool {
	var a, b [512]byte
	return bytes.Equal(in.appendKey(a[:0]), other.appendKey(b[:0]))
}

func (in Instructions) appendKey(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, in.Meter)
	b = appendActionsKey(b, in.Apply)
	if in.ClearActions {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	b = appendActionsKey(b, in.Write)
	b = binary.BigEndian.AppendUint64(b, in.Metadata&in.MetadataMask)
	b = binary.BigEndian.AppendUint64(b, in.MetadataMask)
	return append(b, in.Goto)
}

// appendActionsKey appends what tells lists of actions apart. Sets of one field that follow each other count as one.
func appendActionsKey(b []byte, actions []Action) []byte {
	for i := 0; i < len(actions); i++ {
		set, ok := actions[i].(SetField)
		if !ok {
			b = appendActionKey(b, actions[i])
			continue
		}
		for i+1 < len(actions) {
			next, ok := actions[i+1].(SetField)
			if !ok || next.Field != set.Field || !set.mergeable() || !next.mergeable() {
				break
			}
			set = set.then(next)
			i++
		}
		if mf, some := set.canonical(); some {
			b = appendKey(append(b, 's'), mf)
		}
	}
	return append(b, 0)
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

func appendActionKey(b []byte, a Action) []byte {
	switch a := a.(type) {
	case Output:
		b = binary.BigEndian.AppendUint32(append(b, 'o'), a.Port)
		if a.Port == PortController {
			b = binary.BigEndian.AppendUint16(b, a.MaxLen)
		}
	case Move:
		b = appendSubfieldKey(append(b, 'm'), a.Src)
		b = appendSubfieldKey(b, a.Dst)
	case Resubmit:
		b = binary.BigEndian.AppendUint32(append(b, 'r', a.Table), a.InPort)
	case DecTTL:
		b = append(b, 't')
	case CT:
		b = appendCTKey(append(b, 'c'), a)
	case CTClear:
		b = append(b, 'x')
	case RawAction:
		b = binary.BigEndian.AppendUint16(append(b, 'w'), uint16(len(a.Bytes)))
		b = append(b, a.Bytes...)
	}
	return b
}

func appendSubfieldKey(b []byte, s Subfield) []byte {
	b = binary.BigEndian.AppendUint16(append(b, byte(s.Field)), s.Offset)
	return binary.BigEndian.AppendUint16(b, s.Bits)
}

func appendCTKey(b []byte, c CT) []byte {
	b = append(b, bits(c.Commit, c.Force, c.Resume, c.ZoneFrom != nil, c.NAT != nil))
	if c.ZoneFrom != nil {
		b = appendSubfieldKey(b, *c.ZoneFrom)
	} else {
		b = binary.BigEndian.AppendUint16(b, c.Zone)
	}
	if c.Resume {
		b = append(b, c.Table)
	}
	if c.NAT != nil {
		n := c.NAT.canonical()
		b = append(b, byte(n.Type), bits(n.Persistent, n.Hash, n.Random))
		for _, a := range []netip.Addr{n.AddrMin, n.AddrMax} {
			b = append(append(b, byte(a.BitLen())), a.AsSlice()...)
		}
		b = binary.BigEndian.AppendUint16(b, n.PortMin)
		b = binary.BigEndian.AppendUint16(b, n.PortMax)
	}
	return appendActionsKey(b, c.Exec)
}

// canonical spells out a range of one as its only element.
func (n NAT) canonical() NAT {
	n.AddrMin, n.AddrMax = n.AddrMin.Unmap(), n.AddrMax.Unmap()
	if n.AddrMax == n.AddrMin {
		n.AddrMax = netip.Addr{}
	}
	if n.PortMax == n.PortMin {
		n.PortMax = 0
	}
	return n
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
