// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// setField reads "value->field" or "value/mask->field".
func (a *actionParser) setField(p piece) (SetField, error) {
	value, name, ok := p.cut("->")
	if !ok {
		return SetField{}, p.errorf("%q has no \"->\"", p)
	}
	f, err := fieldNamed(name)
	if err != nil {
		return SetField{}, err
	}
	if f == FieldInPort16 {
		f = FieldInPort
	}
	mf, err := f.parseValue(value, a.names)
	if err != nil {
		return SetField{}, err
	}
	return settable(p, mf)
}

// settable is the action that writes a field, unless the field cannot be written so.
func settable(p piece, mf MatchField) (SetField, error) {
	if !mf.Field.Writable() {
		return SetField{}, p.errorf("%v cannot be written", mf.Field)
	}
	if mf.Field == FieldInPort {
		if _, ok := port16(uint32(beUint(mf.Value))); ok && mf.Mask == nil {
			return SetField{mf}, nil
		}
	}
	if mf.Mask != nil && allZero(mf.Mask) {
		return SetField{}, p.errorf("%v is not set in any bit", mf.Field)
	}
	if !mf.valid() {
		return SetField{}, p.errorf("%v: no such value", mf)
	}
	return SetField{mf}, nil
}

// setTo makes a parser of an action that writes a field as a whole.
func setTo(f Field) func(a *actionParser, p piece) ([]Action, error) {
	return one(func(a *actionParser, p piece) (SetField, error) {
		mf, err := f.parseValue(p, a.names)
		if err == nil && mf.Mask != nil {
			err = p.errorf("%q: a mask may not stand here", p)
		}
		if err != nil {
			return SetField{}, err
		}
		return settable(p, mf)
	})
}

// load reads "number->field[bits]".
func (a *actionParser) load(p piece) (SetField, error) {
	value, name, ok := p.cut("->")
	if !ok {
		return SetField{}, p.errorf("%q has no \"->\"", p)
	}
	dst, err := parseSubfield(name, true)
	if err != nil {
		return SetField{}, err
	}
	b, err := value.bytes(dst.Field.Bytes())
	if err != nil {
		return SetField{}, err
	}
	mf, ok := dst.place(b)
	if !ok {
		return SetField{}, value.errorf("number %q does not fit into %d bits", value, dst.Bits)
	}
	if mf.Field == FieldInPort16 && mf.Mask == nil {
		mf = InPort(port32(be.Uint16(mf.Value)))
	}
	return settable(p, mf)
}

func parseMove(_ *actionParser, p piece) (m Move, err error) {
	src, dst, ok := p.cut("->")
	if !ok {
		return m, p.errorf("%q has no \"->\"", p)
	}
	if m.Src, err = parseSubfield(src, true); err != nil {
		return m, err
	}
	if m.Dst, err = parseSubfield(dst, true); err != nil {
		return m, err
	}
	switch {
	case m.Src.Bits != m.Dst.Bits:
		return m, p.errorf("%d bits do not fit into %d", m.Src.Bits, m.Dst.Bits)
	case !m.Dst.Field.Writable():
		return m, dst.errorf("%v cannot be written", m.Dst.Field)
	}
	return m, nil
}

func parsePush(_ *actionParser, p piece) (StackPush, error) {
	s, err := parseSubfield(p, true)
	return StackPush{s}, err
}

func parsePop(_ *actionParser, p piece) (StackPop, error) {
	s, err := parseSubfield(p, true)
	if err == nil && !s.Field.Writable() {
		err = p.errorf("%v cannot be written", s.Field)
	}
	return StackPop{s}, err
}

func parseDeleteField(_ *actionParser, p piece) (DeleteField, error) {
	f, err := fieldNamed(p)
	if err == nil && !f.isOption() {
		err = p.errorf("%v is not an option of tunnels", f)
	}
	return DeleteField{f}, err
}

// setVLAN sets the identifier of the tag that the packet has.
func (a *actionParser) setVLAN(p piece) ([]Action, error) { return a.vlan(p, false) }

// modVLAN adds a tag first if the packet has none.
func (a *actionParser) modVLAN(p piece) ([]Action, error) { return a.vlan(p, true) }

func (a *actionParser) vlan(p piece, push bool) ([]Action, error) {
	var id uint16
	if err := num(p, &id); err != nil {
		return nil, err
	}
	if id > vlanIDMask {
		return nil, p.errorf("VLAN %d is greater than %d", id, vlanIDMask)
	}
	return a.tagged(p, push, SetField{Uint(FieldVLANVID, uint64(id|vlanPresent))})
}

func (a *actionParser) setPCP(p piece) ([]Action, error) { return a.pcp(p, false) }

func (a *actionParser) modPCP(p piece) ([]Action, error) { return a.pcp(p, true) }

func (a *actionParser) pcp(p piece, push bool) ([]Action, error) {
	var pcp uint8
	if err := num(p, &pcp); err != nil {
		return nil, err
	}
	if pcp > 7 {
		return nil, p.errorf("priority %d is greater than 7", pcp)
	}
	return a.tagged(p, push, SetField{Uint(FieldVLANPCP, uint64(pcp))})
}

// tagged puts an action that needs a tag behind one that adds it, if there is none and it may.
func (a *actionParser) tagged(p piece, push bool, set Action) ([]Action, error) {
	switch {
	case a.protocol.tagged:
		return []Action{set}, nil
	case push:
		return []Action{PushVLAN{EthType: EthTypeVLAN}, set}, nil
	}
	return nil, p.errorf("packets have no VLAN tag to write to")
}

// parseModToS reads the eight bits that the code point has the upper six of.
func parseModToS(_ *actionParser, p piece) (SetField, error) {
	var tos uint8
	err := num(p, &tos)
	if err == nil && tos&3 != 0 {
		err = p.errorf("type of service %d has bits of the congestion notification", tos)
	}
	return SetField{IPDSCP(tos >> 2)}, err
}

func (a *actionParser) modTransportSrc(p piece) (SetField, error) { return a.transport(p, FieldTCPSrc) }

func (a *actionParser) modTransportDst(p piece) (SetField, error) { return a.transport(p, FieldTCPDst) }

// transport writes a port of the transport's protocol.
func (a *actionParser) transport(p piece, f Field) (SetField, error) {
	var port uint16
	if err := num(p, &port); err != nil {
		return SetField{}, err
	}
	if f == a.protocol.field(f) && a.protocol.ipProto != IPProtoTCP || a.protocol.field(f).Bytes() != 2 {
		return SetField{}, p.errorf("packets are not of TCP, UDP or SCTP, which have ports")
	}
	return SetField{Uint(a.protocol.field(f), uint64(port))}, nil
}
