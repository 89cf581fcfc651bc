// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"encoding/hex"
	"slices"
	"strings"
)

// ParseMatch reads a match in the syntax of ovs-ofctl(8) and ovs-fields(7), such as "tcp,nw_dst=10.0.0.0/8,tp_dst=80". The
// result is canonical. Of two conditions on a field the second counts. A field that goes by the protocol (tp_src, nw_src,
// nw_proto, icmp_type and their kin) becomes the one of the match's protocol. What lacks a prerequisite is an error, where
// ovs-ofctl(8) leaves it out. Errors are of type *SyntaxError.
func ParseMatch(text string, names *Names) (Match, error) {
	p, err := whole(text)
	if err != nil {
		return nil, err
	}
	m := matchParser{names: names}
	for {
		key, value, ok := p.pair()
		if !ok {
			break
		}
		known, err := m.condition(key, value)
		if err == nil && !known {
			err = key.errorf("no field %q", key)
		}
		if err != nil {
			return nil, within(text, err)
		}
	}
	match, err := m.finish()
	return match, within(text, err)
}

// matchParser gathers the conditions of a match.
type matchParser struct {
	names *Names
	match Match
}

// condition reads a condition. It reports false if the key is none that a match has.
func (m *matchParser) condition(key, value piece) (known bool, err error) {
	for _, p := range protocols {
		if p.name == key.s {
			m.set(EthType(p.ethType))
			if p.ipProto != 0 {
				m.set(IPProto(p.ipProto))
			}
			return true, nil
		}
	}
	switch key.s {
	case "eth":
		m.set(Uint(FieldPacketType, 0))
		return true, nil
	case "dl_vlan", "dl_vlan_pcp", "vlan_vid", "vlan_pcp":
		return true, m.tag(key, value)
	case "unknown":
		b, err := hex.DecodeString(strings.TrimPrefix(value.s, "0x"))
		if mf := (MatchField{Field: FieldUnknown, Value: b}); err == nil && mf.isWireForm() {
			m.match = append(m.match, mf)
			return true, nil
		}
		return true, value.errorf("%q is not a field in wire form", value)
	case "skb_priority", "tun_tos", "tun_ttl":
		return true, key.errorf("field %q has no place in a message", key)
	}
	if strings.Contains(key.s, "[") {
		return true, m.bits(key, value)
	}
	f, err := fieldNamed(key)
	if err != nil {
		return false, nil
	}
	if value.empty() {
		value.s = "0/0" // asks of an option that it be there, and nothing of other fields
	}
	mf, err := f.parseValue(value, m.names)
	if err != nil {
		return true, err
	}
	if mf.Mask != nil && !f.Maskable() && !allZero(mf.Mask) {
		return true, value.errorf("field %q takes no mask", key)
	}
	if mf.Mask == nil && f.masksItself() {
		mf.Mask = mf.Value
	}
	m.set(mf)
	return true, nil
}

// set puts a condition in place of those on the same field.
func (m *matchParser) set(f MatchField) {
	for _, part := range f.appendCanonical(nil) {
		i := slices.IndexFunc(m.match, func(have MatchField) bool { return have.Field == part.Field })
		if i < 0 {
			m.match = append(m.match, part)
		} else {
			m.match[i] = part
		}
	}
}

// tag reads a condition on the VLAN identifier or priority, and adds it to what there is on the tag.
func (m *matchParser) tag(key, value piece) error {
	var id uint16
	mask := uint16(vlanPresent | vlanIDMask)
	v, maskText, masked := value.cut("/")
	err := num(v, &id)
	switch {
	case err != nil:
	case masked && key.s != "vlan_vid":
		return value.errorf("field %q takes no mask", key)
	case masked:
		err = num(maskText, &mask)
		mask &= vlanPresent | vlanIDMask
	}
	if err != nil {
		return err
	}
	switch {
	case key.s == "dl_vlan" && id == 0xffff:
		m.drop(FieldVLANTCI)
		m.set(Untagged())
		return nil
	case key.s == "dl_vlan" && id <= vlanIDMask:
		id |= vlanPresent
	case key.s == "vlan_vid" && id <= vlanPresent|vlanIDMask:
	case (key.s == "dl_vlan_pcp" || key.s == "vlan_pcp") && id <= 7:
		id, mask = id<<13|vlanPresent, vlanPCPMask|vlanPresent
	default:
		return value.errorf("%q is out of range for %q", value, key)
	}
	m.merge(UintMasked(FieldVLANTCI, uint64(id), uint64(mask)))
	return nil
}

// bits reads a condition on a part of a field, such as reg0[0..7]=5, and adds it to what there is on the field.
func (m *matchParser) bits(key, value piece) error {
	s, err := parseSubfield(key, false)
	if err != nil {
		return err
	}
	b, err := value.bytes(s.Field.Bytes())
	if err != nil {
		return err
	}
	mf, ok := s.place(b)
	if !ok {
		return value.errorf("value %q does not fit into %d bits", value, s.Bits)
	}
	if mf.Mask != nil && !s.Field.Maskable() {
		return key.errorf("field %q takes no mask", s.Field)
	}
	for _, part := range mf.appendCanonical(nil) {
		m.merge(part)
	}
	return nil
}

// merge sets the bits of a condition that its mask has, and leaves others as they are.
func (m *matchParser) merge(f MatchField) {
	have, ok := m.match.Get(f.Field)
	if !ok || f.Mask == nil || len(have.Value) != len(f.Value) {
		m.set(f)
		return
	}
	joined := SetField{have}.then(SetField{f}).MatchField
	m.drop(f.Field)
	m.set(joined)
}

func (m *matchParser) drop(f Field) {
	m.match = slices.DeleteFunc(m.match, func(have MatchField) bool { return have.Field == f })
}

// finish makes the match, with the fields of its protocol.
func (m *matchParser) finish() (Match, error) {
	p := m.match.protocol()
	for i := range m.match {
		f := &m.match[i]
		to := p.field(f.Field)
		if to == f.Field {
			continue
		}
		if m.match.has(to) {
			return nil, piece{}.errorf("match has two conditions on %v", to)
		}
		moved, ok := f.moved(to)
		if !ok {
			return nil, piece{}.errorf("%v is no condition on %v", f, to)
		}
		*f = moved
	}
	match := m.match.Canonical()
	if err := match.Validate(); err != nil {
		return nil, piece{}.errorf("%v", err)
	}
	return match, nil
}

func (m Match) has(f Field) bool {
	_, ok := m.Get(f)
	return ok
}

// moved is the condition on another field, of another width, that has the same value.
func (f MatchField) moved(to Field) (MatchField, bool) {
	n, old := to.Bytes(), len(f.Value)
	resize := func(b []byte) []byte {
		if n >= old {
			return append(make([]byte, n-old), b...)
		}
		return b[old-n:]
	}
	if n < old && (!allZero(f.Value[:old-n]) || f.Mask != nil && !allZero(f.Mask[:old-n])) {
		return f, false
	}
	out := MatchField{Field: to, Value: resize(f.Value)}
	if f.Mask != nil {
		out.Mask = resize(f.Mask)
	}
	return out, true
}

// protocol is what of a match decides which field a name means.
type protocol struct {
	ethType uint16
	ipProto uint8
	tagged  bool
}

func (m Match) protocol() (p protocol) {
	if f, ok := m.Get(FieldEthType); ok && f.Mask == nil && len(f.Value) == 2 {
		p.ethType = be.Uint16(f.Value)
	}
	if f, ok := m.Get(FieldPacketType); ok && len(f.Value) == 4 && be.Uint16(f.Value) == packetTypeEthertype {
		p.ethType = be.Uint16(f.Value[2:])
	}
	if f, ok := m.Get(FieldIPProto); ok && f.Mask == nil && len(f.Value) == 1 {
		p.ipProto = f.Value[0]
	}
	for _, f := range m {
		for _, tci := range f.appendCanonical(nil) {
			if tci.Field == FieldVLANTCI && len(tci.Value) == 2 {
				p.tagged = tci.Value[0]&(vlanPresent>>8) != 0
			}
		}
	}
	return p
}

// field is the field that one of its kin is in packets of the protocol.
func (p protocol) field(f Field) Field {
	kin := -1
	for i, fields := range transportFields {
		if slices.Contains(fields[:], f) {
			kin = i
		}
	}
	switch {
	case p.ethType == EthTypeARP || p.ethType == EthTypeRARP:
		switch f {
		case FieldIPv4Src:
			return FieldARPSPA
		case FieldIPv4Dst:
			return FieldARPTPA
		case FieldIPProto:
			return FieldARPOp
		}
	case kin < 0 || p.ethType != EthTypeIPv4 && p.ethType != EthTypeIPv6:
	case p.ipProto == IPProtoTCP:
		return transportFields[kin][0]
	case p.ipProto == IPProtoUDP:
		return transportFields[kin][1]
	case p.ipProto == IPProtoSCTP:
		return transportFields[kin][2]
	case p.ethType == EthTypeIPv4 && p.ipProto == IPProtoICMP:
		return transportFields[kin][3]
	case p.ethType == EthTypeIPv6 && p.ipProto == IPProtoICMPv6:
		return transportFields[kin][4]
	}
	return f
}

// transportFields are the fields that take each other's place, one for each protocol.
var transportFields = [2][5]Field{
	{FieldTCPSrc, FieldUDPSrc, FieldSCTPSrc, FieldICMPv4Type, FieldICMPv6Type},
	{FieldTCPDst, FieldUDPDst, FieldSCTPDst, FieldICMPv4Code, FieldICMPv6Code},
}
