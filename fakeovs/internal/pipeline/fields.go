// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"encoding/hex"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// has reports whether the packet has a field, and looks at what tells.
func (x *translation) has(f openflow.Field) bool { return flowcheck.HasField(&x.flow, &x.wc, f) }

// setField writes a field if the packet has it.
func (x *translation) setField(a openflow.SetField) {
	if !x.has(a.Field) {
		x.report(nodeWarn, "unmet prerequisites for %v, set_field ignored", actionName(a.Field))
		return
	}
	if a.Field == openflow.FieldTunID || openflow.FieldTunID < a.Field && a.Field <= openflow.FieldTunMetadata63 {
		x.setTunnel(a)
		return
	}
	all := a.Mask
	if all == nil {
		all = onesOf(a.Value)
	}
	x.wc.SetMasked(a.Field, all, all)
	x.lookProtocol(a.Field)
	if a.Field == openflow.FieldVLANPCP {
		x.wc.AddBits(openflow.FieldVLANTCI, packet.TCIPresent)
		x.flow.AddBits(openflow.FieldVLANTCI, packet.TCIPresent)
	}
	x.flow.SetMasked(a.Field, a.Value, a.Mask)
	x.wrote(a.Field)
}

// setWorded is setField for an action in other words. Those of OpenFlow 1.0 do nothing if the packet has no such field.
func (x *translation) setWorded(a openflow.SetField, words string) {
	if strings.HasPrefix(words, "mod_") {
		if !x.has(a.Field) {
			return
		}
		if a.Field == openflow.FieldIPDSCP {
			x.wc.Mask(openflow.FieldIPProto)
		}
	}
	x.setField(a)
}

// lookProtocol looks at the protocol of a packet of which a field of the network layer is written: without a protocol
// Open vSwitch would not write it. It leaves out ip_dscp by mistake.
func (x *translation) lookProtocol(f openflow.Field) {
	switch f {
	case openflow.FieldIPv4Src, openflow.FieldIPv4Dst, openflow.FieldIPv6Src, openflow.FieldIPv6Dst, openflow.FieldIPv6Label,
		openflow.FieldIPToS, openflow.FieldIPECN, openflow.FieldIPTTL:
		if x.flow.IsIP() {
			x.wc.Mask(openflow.FieldIPProto)
		}
	case openflow.FieldARPOp, openflow.FieldARPSHA, openflow.FieldARPTHA, openflow.FieldARPSPA, openflow.FieldARPTPA:
		if x.flow.Uint(openflow.FieldEthType) == openflow.EthTypeARP {
			x.wc.Mask(openflow.FieldARPOp)
		}
	}
}

func (x *translation) setTunnel(a openflow.SetField) {
	all := a.Mask
	if all == nil {
		all = onesOf(a.Value)
	}
	if packet.IsOption(a.Field) {
		o := flowcheck.SettledOption(a.MatchField, x.options)
		if o.Mask == nil {
			all = packet.Whole()
		} else {
			all = o.Mask
		}
		x.options.Write(&x.wc, o.Field, all, all)
		x.options.Write(&x.flow, o.Field, o.Value, o.Mask)
		return
	}
	if packet.Known(a.Field) {
		x.wc.SetMasked(a.Field, all, all)
		x.flow.SetMasked(a.Field, a.Value, a.Mask)
	}
}

func actionName(f openflow.Field) string {
	if f == openflow.FieldInPort16 {
		return "in_port"
	}
	return f.String()
}

func onesOf(value []byte) []byte {
	b := make([]byte, len(value))
	for i := range b {
		b[i] = 0xff
	}
	return b
}

// wrote makes good what a write of a field has left undone.
func (x *translation) wrote(f openflow.Field) {
	switch f {
	case openflow.FieldInPort16:
		x.flow.SetUint(openflow.FieldInPort, uint64(port32(uint16(x.flow.Uint(f)))))
	case openflow.FieldVLANTCI, openflow.FieldVLANVID, openflow.FieldVLANPCP:
		x.flow.FixTagType()
	}
}

// setPort writes a port of the transport layer, whichever that is.
func (x *translation) setPort(dst bool, port uint16) {
	if !x.flow.IsIP() || x.flow.LaterFragment() {
		return
	}
	f := openflow.FieldTCPSrc
	if dst {
		f = openflow.FieldTCPDst
	}
	x.wc.Mask(openflow.FieldIPProto)
	x.wc.Mask(f)
	x.flow.SetUint(f, uint64(port))
}

// move copies bits if the packet has both fields.
func (x *translation) move(a openflow.Move) {
	if x.has(a.Dst.Field) && x.has(a.Src.Field) {
		x.look(a.Src)
		x.look(a.Dst)
		x.setBits(a.Dst, x.bits(a.Src))
		if a.Dst.Field == openflow.FieldVLANPCP {
			x.flow.AddBits(openflow.FieldVLANTCI, packet.TCIPresent)
		}
		x.wrote(a.Dst.Field)
	}
	x.reportField(a.Dst)
}

// bits is a part of a field of any width, the lowest 64 bits first.
func (x *translation) bits(s openflow.Subfield) (v []uint64) {
	for at := uint16(0); at < s.Bits; at += 64 {
		v = append(v, x.options.Bits(&x.flow, s.Field, s.Offset+at, min(64, s.Bits-at)))
	}
	return v
}

// setBits writes a part of a field of any width. Where v is shorter it writes zeros.
func (x *translation) setBits(s openflow.Subfield, v []uint64) {
	for at := uint16(0); at < s.Bits; at += 64 {
		word := uint64(0)
		if len(v) > 0 {
			word, v = v[0], v[1:]
		}
		x.options.SetBits(&x.flow, s.Field, s.Offset+at, min(64, s.Bits-at), word)
	}
}

// load writes a number to a part of a field.
func (x *translation) load(dst openflow.Subfield, v uint64) {
	x.look(dst)
	x.setBits(dst, []uint64{v})
	x.wrote(dst.Field)
}

// reportField says what a part of a field is.
func (x *translation) reportField(s openflow.Subfield) {
	if x.t == nil {
		return
	}
	var b []byte
	for left := int(s.Bits+7) / 8 * 8; left > 0; left -= 8 {
		at := uint16(left - 8)
		b = append(b, byte(x.options.Bits(&x.flow, s.Field, s.Offset+at, min(8, s.Bits-at))))
	}
	if s.Offset == 0 && int(s.Bits) >= flowcheck.FieldBits(s.Field, x.options) {
		text := openflow.SetField{MatchField: openflow.MatchField{Field: s.Field, Value: fieldBytes(s.Field, b)}}.String()
		text = strings.TrimPrefix(text, "set_field:")
		if end := strings.LastIndex(text, "->"); end >= 0 {
			text = text[:end]
		}
		x.report(nodeDetail, "%v is now %s", s, text)
		return
	}
	digits := strings.TrimLeft(hex.EncodeToString(b), "0")
	if digits == "" {
		digits = "0"
	} else {
		digits = "0x" + digits
	}
	x.report(nodeDetail, "%v is now %s", s, digits)
}

// fieldBytes makes a value as long as its field.
func fieldBytes(f openflow.Field, b []byte) []byte {
	for len(b) < f.Bytes() {
		b = append([]byte{0}, b...)
	}
	return b
}

// stacked is what was pushed on the stack, in as few bytes as its bits need.
type stacked struct {
	value []uint64
	bytes uint8
}

func (x *translation) stackBytes() (n int) {
	for _, s := range x.stack {
		n += int(s.bytes) + 1
	}
	return n
}

func (x *translation) push(src openflow.Subfield) {
	x.look(src)
	s := stacked{bytes: uint8((src.Bits + 7) / 8), value: x.bits(src)}
	x.stack = append(x.stack[:len(x.stack):len(x.stack)], s)
}

func (x *translation) pop(dst openflow.Subfield) {
	if len(x.stack) == 0 {
		x.report(nodeError, "stack underflow")
		return
	}
	s := x.stack[len(x.stack)-1]
	x.stack = x.stack[:len(x.stack)-1]
	x.look(dst)
	x.setBits(dst, s.value)
	x.wrote(dst.Field)
	x.reportField(dst)
}

// deleteField takes a tunnel's option away.
func (x *translation) deleteField(a openflow.DeleteField) {
	x.options.Clear(&x.flow, a.Field)
	x.report(nodeDetail, "delete %v", a.Field)
}

// decTTL returns true if the packet has lived too long.
func (x *translation) decTTL(a openflow.DecTTL) bool {
	x.wc.Mask(openflow.FieldIPTTL, openflow.FieldIPProto)
	if !x.flow.IsIP() {
		return false
	}
	if ttl := x.flow.Uint(openflow.FieldIPTTL); ttl > 1 {
		x.flow.SetUint(openflow.FieldIPTTL, ttl-1)
		return false
	}
	ids := a.Controllers
	if len(ids) == 0 {
		ids = []uint16{0}
	}
	for _, id := range ids {
		x.controller(openflow.Controller{MaxLen: openflow.WholePacket, Reason: openflow.PacketInInvalidTTL, ID: id})
	}
	version := 6
	if x.flow.Uint(openflow.FieldEthType) == openflow.EthTypeIPv4 {
		version = 4
	}
	x.report(nodeWarn, "IPv%d decrement TTL exception", version)
	return true
}

func (x *translation) decNSHTTL() bool {
	if x.flow.EthType() == openflow.EthTypeNSH || x.flow.Uint(openflow.FieldEthType) == openflow.EthTypeNSH {
		x.wc.Mask(openflow.FieldNSHTTL)
		if ttl := x.flow.Uint(openflow.FieldNSHTTL); ttl > 1 {
			x.flow.SetUint(openflow.FieldNSHTTL, ttl-1)
			return false
		}
		x.controller(openflow.Controller{MaxLen: openflow.WholePacket, Reason: openflow.PacketInInvalidTTL})
	}
	x.report(nodeWarn, "NSH decrement TTL exception")
	return true
}

func (x *translation) decMPLSTTL() bool {
	if packet.IsMPLS(uint16(x.flow.Uint(openflow.FieldEthType))) {
		x.wc.Mask(openflow.FieldMPLSTTL)
		if ttl := x.flow.Uint(openflow.FieldMPLSTTL); ttl > 1 {
			x.flow.SetUint(openflow.FieldMPLSTTL, ttl-1)
			return false
		}
		x.controller(openflow.Controller{MaxLen: openflow.WholePacket, Reason: openflow.PacketInInvalidTTL})
	}
	x.report(nodeWarn, "MPLS decrement TTL exception")
	return true
}

// popVLAN takes the outermost tag off.
func (x *translation) popVLAN() {
	n := x.flow.Tags()
	if n == 2 {
		x.wc.Mask(packet.InnerVLANTCI)
		x.flow.SetUint(openflow.FieldVLANTCI, x.flow.Uint(packet.InnerVLANTCI))
		x.flow.SetUint(packet.VLANTPID, x.flow.Uint(packet.InnerVLANTPID))
		x.flow.SetUint(packet.InnerVLANTCI, 0)
		x.flow.SetUint(packet.InnerVLANTPID, 0)
	} else if n == 1 {
		x.flow.SetUint(openflow.FieldVLANTCI, 0)
		x.flow.SetUint(packet.VLANTPID, 0)
	}
}

// pushVLAN gives the packet an empty tag.
func (x *translation) pushVLAN(a openflow.PushVLAN) {
	n := x.flow.Tags()
	if n > 0 {
		x.wc.Mask(openflow.FieldVLANTCI)
	}
	if n > 1 {
		x.wc.Mask(packet.InnerVLANTCI)
	}
	x.flow.SetUint(packet.InnerVLANTCI, x.flow.Uint(openflow.FieldVLANTCI))
	x.flow.SetUint(packet.InnerVLANTPID, x.flow.Uint(packet.VLANTPID))
	t := a.EthType
	if t == 0 {
		t = openflow.EthTypeVLAN
	}
	x.flow.SetUint(packet.VLANTPID, uint64(t))
	x.flow.SetUint(openflow.FieldVLANTCI, packet.TCIPresent)
}

// tciPriority are the bits of a VLAN tag that are its priority.
const tciPriority = 0xe000

// setTag writes bits of the VLAN tag, if there is one or push gives the packet one.
func (x *translation) setTag(push bool, bits, v uint64) {
	x.wc.AddBits(openflow.FieldVLANTCI, bits)
	if !push && x.flow.Tags() == 0 {
		return
	}
	x.flow.SetUint(openflow.FieldVLANTCI, x.flow.Uint(openflow.FieldVLANTCI)&^bits|v)
	x.flow.FixTagType()
}

// pushMPLS puts a label in front of the network layer.
func (x *translation) pushMPLS(a openflow.PushMPLS) {
	n := x.flow.Labels(&x.wc)
	if n == 0 {
		x.commit()
	} else if n >= packet.MaxLabels {
		x.failed = failedLabels
		if x.packet != nil {
			x.report(nodeError, "dropping packet on which an MPLS push action can't be performed as it would have "+
				"more MPLS LSEs than the %d supported.", packet.MaxLabels)
		}
		return
	}
	t := a.EthType
	if t == 0 {
		t = openflow.EthTypeMPLS
	}
	x.flow.PushLabel(&x.wc, n, t, true)
}

// popMPLS takes the outermost label off.
func (x *translation) popMPLS(a openflow.PopMPLS) {
	n := x.flow.Labels(&x.wc)
	if x.flow.PopLabel(&x.wc, n, a.EthType) {
		if !packet.IsMPLS(a.EthType) {
			x.wasMPLS = true
		}
		return
	}
	if n >= packet.MaxLabels {
		if x.packet != nil {
			x.report(nodeError, "dropping packet on which an MPLS pop action can't be performed as it has "+
				"more MPLS LSEs than the %d supported.", packet.MaxLabels)
		}
		x.failed = failedLabels
		x.actions = nil
	}
}
