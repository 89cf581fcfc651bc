// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"net"
	"net/netip"

	"github.com/ovskit/ovskit/openflow"
)

// worded is an action that a trace shows in other words than the package openflow has for it: there are several actions
// of the wire that write a field, and Open vSwitch remembers which it was.
type worded struct {
	openflow.Action
	words string
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
// actions.
func inWords(in openflow.Instructions, v openflow.Version, wire []byte) openflow.Instructions {
	if v == openflow.Version10 {
		in.Apply = actionWords(in.Apply, v, wire)
		return in
	}
	const write, apply = 3, 4
	for len(wire) >= 8 {
		n := int(binary.BigEndian.Uint16(wire[2:]))
		if n < 8 || n > len(wire) {
			break
		}
		switch binary.BigEndian.Uint16(wire) {
		case write:
			in.Write = actionWords(in.Write, v, wire[8:n])
		case apply:
			in.Apply = actionWords(in.Apply, v, wire[8:n])
		}
		wire = wire[n:]
	}
	return in
}

// Subtypes of actions of Nicira's.
const (
	niciraSetTunnel     = 2
	niciraLoad          = 7
	niciraSetTunnel64   = 9
	niciraWriteMetadata = 22
	niciraCT            = 35
	niciraNAT           = 36
	niciraClone         = 42
)

// actionWords are actions with the words of the ones of the wire that they came of. If those are others it leaves them.
func actionWords(list []openflow.Action, v openflow.Version, wire []byte) []openflow.Action {
	out, changed := make([]openflow.Action, 0, len(list)), false
	for len(wire) >= 8 {
		n := int(binary.BigEndian.Uint16(wire[2:]))
		if n < 8 || n > len(wire) {
			return list
		}
		one := openflow.RawAction{Bytes: wire[:n]}
		wire = wire[n:]
		switch sub := niciraSubtype(one); {
		case sub == niciraWriteMetadata || sub == niciraNAT:
			continue
		case len(out) == len(list):
			return list
		}
		a, differs := wordedAction(list[len(out)], v, one)
		changed = changed || differs
		out = append(out, a)
	}
	if !changed || len(out) != len(list) {
		return list
	}
	return out
}

func wordedAction(a openflow.Action, v openflow.Version, wire openflow.RawAction) (_ openflow.Action, differs bool) {
	b := wire.Bytes
	switch sub := niciraSubtype(wire); sub {
	case niciraClone:
		const head = 16
		if c, ok := a.(openflow.Clone); ok && len(b) >= head {
			return openflow.Clone{Actions: actionWords(c.Actions, v, b[head:])}, true
		}
	case niciraCT:
		const head = 24
		if c, ok := a.(openflow.CT); ok && len(b) >= head && len(c.Exec) > 0 {
			c.Exec = actionWords(c.Exec, v, b[head:])
			return c, true
		}
	case niciraSetTunnel, niciraSetTunnel64, niciraLoad:
		if s, ok := a.(openflow.SetField); ok {
			return worded{a, setWords(sub, s)}, true
		}
	}
	if words := oldWords(v, b); words != "" {
		return worded{a, words}, true
	}
	return a, false
}

// setWords are those of an action of Nicira's that writes a field.
func setWords(subtype int, s openflow.SetField) string {
	n := numberOf(s.Value)
	switch {
	case subtype == niciraSetTunnel64 || subtype == niciraSetTunnel && n > 0xffffffff:
		return "set_tunnel64:" + hexNumber(n)
	case subtype == niciraSetTunnel:
		return "set_tunnel:" + hexNumber(n)
	}
	dst := openflow.Whole(s.Field)
	hi, lo := uint64(0), numberOf(s.Value)
	if len(s.Value) > 8 {
		hi = numberOf(s.Value[:len(s.Value)-8])
	}
	if s.Mask != nil {
		mask := numberOf(s.Mask)
		if len(s.Mask) > 8 && mask == 0 {
			mask, lo = numberOf(s.Mask[:len(s.Mask)-8]), hi
			dst.Offset = 64
		} else if len(s.Mask) > 8 {
			if up := numberOf(s.Mask[:len(s.Mask)-8]); up != 0 {
				shift := bits.TrailingZeros64(mask)
				dst.Offset, dst.Bits = uint16(shift), uint16(64-shift+bits.OnesCount64(up))
				return fmt.Sprintf("load:%s->%v", hexNumber(lo>>shift|hi<<(64-shift)), dst)
			}
		}
		shift := bits.TrailingZeros64(mask)
		dst.Offset, dst.Bits = dst.Offset+uint16(shift), uint16(bits.OnesCount64(mask))
		lo >>= shift
	}
	return fmt.Sprintf("load:%s->%v", hexNumber(lo), dst)
}

// numberOf is the number that the last 8 bytes are.
func numberOf(b []byte) (n uint64) {
	for _, c := range b[max(0, len(b)-8):] {
		n = n<<8 | uint64(c)
	}
	return n
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
