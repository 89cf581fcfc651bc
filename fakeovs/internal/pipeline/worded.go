// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// worded is an action that a trace shows in other words than the package openflow has for it: there are several actions
// of the wire that write a field, and Open vSwitch remembers which it was.
type worded struct {
	openflow.Action
	words string
	// told is the wire form in which controllers are told of the action, where that is not the one it has by itself.
	told toldForms
}

func (w worded) String() string { return w.words }

// unworded is a step without its words.
func unworded(a any) any {
	if w, ok := a.(worded); ok {
		return w.Action
	}
	return a
}

// inWords are instructions with the words of the ones of the wire that they came of: instructions or, in OpenFlow 1.0,
// actions. Differs reports whether one has words of its own.
func inWords(in openflow.Instructions, v openflow.Version, wire []byte, o *packet.Options) (_ openflow.Instructions, differs bool) {
	if v == openflow.Version10 {
		in.Apply, differs = actionWords(in.Apply, v, wire, o)
		return in, differs
	}
	const write, apply = 3, 4
	for len(wire) >= 8 {
		n := int(binary.BigEndian.Uint16(wire[2:]))
		if n < 8 || n > len(wire) {
			break
		}
		var some bool
		switch binary.BigEndian.Uint16(wire) {
		case write:
			in.Write, some = actionWords(in.Write, v, wire[8:n], o)
		case apply:
			in.Apply, some = actionWords(in.Apply, v, wire[8:n], o)
		}
		differs = differs || some
		wire = wire[n:]
	}
	return in, differs
}

// Subtypes of actions of Nicira's.
const (
	niciraSetTunnel     = 2
	niciraLoad          = 7
	niciraSetTunnel64   = 9
	niciraWriteMetadata = 22
	niciraSetMPLSTTL    = 25
	niciraSetMPLSLabel  = 30
	niciraSetMPLSTC     = 31
	niciraCT            = 35
	niciraNAT           = 36
	niciraClone         = 42
)

// actionWords are actions with the words of the ones of the wire that they came of. If those are others it leaves them.
func actionWords(list []openflow.Action, v openflow.Version, wire []byte, o *packet.Options) (_ []openflow.Action, differs bool) {
	var out []openflow.Action
	at := 0
	for len(wire) >= 8 {
		n := int(binary.BigEndian.Uint16(wire[2:]))
		if n < 8 || n > len(wire) {
			return list, false
		}
		one := openflow.RawAction{Bytes: wire[:n]}
		wire = wire[n:]
		switch sub := flowcheck.NiciraSubtype(one); {
		case sub == niciraWriteMetadata || sub == niciraNAT:
			continue
		case at == len(list):
			return list, false
		}
		if a, differs := wordedAction(list[at], v, one, o); differs {
			if out == nil {
				out = slices.Clone(list)
			}
			out[at] = a
		}
		at++
	}
	if out == nil || at != len(list) {
		return list, false
	}
	return out, true
}

func wordedAction(a openflow.Action, v openflow.Version, wire openflow.RawAction, o *packet.Options) (_ openflow.Action, differs bool) {
	b := wire.Bytes
	switch sub := flowcheck.NiciraSubtype(wire); sub {
	case niciraClone:
		const head = 16
		if c, ok := a.(openflow.Clone); ok && len(b) >= head {
			list, differs := actionWords(c.Actions, v, b[head:], o)
			return openflow.Clone{Actions: list}, differs
		}
	case niciraCT:
		const head = 24
		if c, ok := a.(openflow.CT); ok && len(b) >= head && len(c.Exec) > 0 {
			if c.Exec, differs = actionWords(c.Exec, v, b[head:], o); differs {
				return c, true
			}
		}
	case niciraSetTunnel, niciraSetTunnel64, niciraLoad:
		if s, ok := a.(openflow.SetField); ok {
			w := worded{Action: a, words: setWords(sub, s, b)}
			if sub == niciraLoad {
				w.told = before15(bytes.Clone(b))
			}
			return w, true
		}
	}
	if told := lengthen(a, b, o); told != nil {
		return worded{Action: a, words: fmt.Sprint(a), told: before15(told)}, true
	}
	if words, told := labelWords(v, wire); words != "" {
		return worded{Action: a, words: words, told: told}, true
	}
	if words := oldWords(v, b); words != "" {
		return worded{Action: a, words: words}, true
	}
	return a, false
}

// setWords are those of an action of Nicira's that writes a field.
func setWords(subtype int, s openflow.SetField, b []byte) string {
	if subtype != niciraLoad {
		n := numberOf(s.Value)
		if subtype == niciraSetTunnel64 || n > 0xffffffff {
			return "set_tunnel64:" + hexNumber(n)
		}
		return "set_tunnel:" + hexNumber(n)
	}
	const length, inPort16 = 24, 0x00000002
	if len(b) < length {
		return s.String()
	}
	place := binary.BigEndian.Uint16(b[10:])
	dst := openflow.Subfield{Field: s.Field, Offset: place >> 6, Bits: place&0x3f + 1}
	if binary.BigEndian.Uint32(b[12:]) == inPort16 {
		dst.Field = openflow.FieldInPort16
	}
	return fmt.Sprintf("load:%s->%v", hexNumber(binary.BigEndian.Uint64(b[16:])), dst)
}

// numberOf is the number that the last 8 bytes are.
func numberOf(b []byte) (n uint64) {
	for _, c := range b[max(0, len(b)-8):] {
		n = n<<8 | uint64(c)
	}
	return n
}

// labelWords are those of an action that writes a part of an MPLS label or a TTL, empty for others.
func labelWords(v openflow.Version, wire openflow.RawAction) (string, toldForms) {
	b := wire.Bytes
	switch typ := binary.BigEndian.Uint16(b); {
	case v == openflow.Version10:
	case typ == setMPLSLabel && v == openflow.Version11:
		return fmt.Sprintf("set_mpls_label(%d)", binary.BigEndian.Uint32(b[4:])), mplsLabelForms(b[4:8])
	case typ == setMPLSTC && v == openflow.Version11:
		return fmt.Sprintf("set_mpls_tc(%d)", b[4]), mplsTCForms(b[4])
	case typ == setMPLSTTL:
		return fmt.Sprintf("set_mpls_ttl(%d)", b[4]), mplsTTLForms(b[4])
	case typ == setTTL:
		return fmt.Sprintf("mod_nw_ttl:%d", b[4]), ttlForms(b[4])
	}
	if len(b) < 16 {
		return "", toldForms{}
	}
	switch flowcheck.NiciraSubtype(wire) {
	case niciraSetMPLSTTL:
		return fmt.Sprintf("set_mpls_ttl(%d)", b[10]), mplsTTLForms(b[10])
	case niciraSetMPLSLabel:
		return fmt.Sprintf("set_mpls_label(%d)", binary.BigEndian.Uint32(b[12:])), mplsLabelForms(b[12:16])
	case niciraSetMPLSTC:
		return fmt.Sprintf("set_mpls_tc(%d)", b[10]), mplsTCForms(b[10])
	}
	return "", toldForms{}
}

// oldWords are those of an action that writes a field in OpenFlow 1.0 and 1.1, empty for others.
func oldWords(v openflow.Version, b []byte) string {
	typ := binary.BigEndian.Uint16(b)
	switch {
	case v == openflow.Version10:
		if typ > 3 {
			typ-- // OpenFlow 1.1 has no strip_vlan there
		}
	case v > openflow.Version11:
		return ""
	}
	ip := func() netip.Addr { a, _ := netip.AddrFromSlice(b[4:8]); return a }
	switch {
	case binary.BigEndian.Uint16(b) == 3 && len(b) == 8 && v == openflow.Version10:
		return "strip_vlan"
	case typ == 3 && len(b) >= 16:
		return "mod_dl_src:" + net.HardwareAddr(b[4:10]).String()
	case typ == 4 && len(b) >= 16:
		return "mod_dl_dst:" + net.HardwareAddr(b[4:10]).String()
	case typ == 5:
		return "mod_nw_src:" + ip().String()
	case typ == 6:
		return "mod_nw_dst:" + ip().String()
	case typ == 7 && v == openflow.Version10:
		return fmt.Sprintf("mod_nw_tos:%d", b[4])
	case typ == 7:
		return fmt.Sprintf("mod_nw_tos:%d", b[4]&^3)
	case typ == 8 && v == openflow.Version11:
		return fmt.Sprintf("mod_nw_ecn:%d", b[4])
	}
	return ""
}

// loadAction is a load of a number to a part of a field, which is of 64 bits at most.
func loadAction(dst openflow.Subfield, number []byte) openflow.Action {
	set := openflow.SetField{MatchField: flowcheck.Placed(dst, number)}
	header := fieldHeader(dst)
	if dst.Bits > 64 || header == nil {
		return set
	}
	n := numberOf(number)
	if dst.Bits < 64 {
		n &= 1<<dst.Bits - 1
	}
	b := []byte{0xff, 0xff, 0, 24, 0, 0, 0x23, 0x20, 0, niciraLoad}
	b = binary.BigEndian.AppendUint16(b, dst.Offset<<6|(dst.Bits-1))
	b = binary.BigEndian.AppendUint64(append(b, header...), n)
	return worded{Action: set, words: fmt.Sprintf("load:%s->%v", hexNumber(n), dst), told: before15(b)}
}

// fieldHeader is the header by which actions of Nicira's name a field, nil if there is none of 4 bytes.
func fieldHeader(s openflow.Subfield) []byte {
	const length, at = 24, 12
	b, err := openflow.Encode(openflow.Version13, openflow.PacketOut{
		InPort: openflow.PortController, Actions: []openflow.Action{openflow.StackPush{Src: s}},
	}, 0)
	if err != nil || len(b) < length || binary.BigEndian.Uint16(b[len(b)-length:]) != flowcheck.ActionExperimenter {
		return nil
	}
	return b[len(b)-length+at : len(b)-length+at+4]
}

// lengthen returns an action of Nicira's that names parts of options with their lengths in it, as a switch tells of it; nil if
// it names none.
func lengthen(a openflow.Action, wire []byte, o *packet.Options) []byte {
	switch a.(type) {
	case openflow.Move, openflow.StackPush, openflow.StackPop, openflow.OutputField, openflow.Multipath, openflow.Members:
	default:
		return nil
	}
	if flowcheck.NiciraSubtype(openflow.RawAction{Bytes: wire}) < 0 {
		return nil
	}
	var b []byte
	const firstOption = 40
	for i := 10; i+4 <= len(wire); i += 2 {
		h := wire[i : i+4]
		n := int(h[2]>>1) - firstOption
		if h[0] != 0 || h[1] != 1 || h[2]&1 != 0 || n < 0 || n > 63 || h[3] != flowcheck.OptionHeaderLength {
			continue
		}
		if b == nil {
			b = bytes.Clone(wire)
		}
		b[i+3] = o.Map(openflow.FieldTunMetadata0 + openflow.Field(n)).Length
	}
	return b
}
