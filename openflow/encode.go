// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/ovskit/ovskit/internal/ofwire"
)

func encodeFlowMod(xid uint32, m FlowMod) ([]byte, error) {
	if m.Command > FlowDeleteStrict {
		return nil, fmt.Errorf("flow-mod command %d does not exist", m.Command)
	}
	if err := m.Match.Validate(); err != nil {
		return nil, err
	}
	match, err := wireMatch(m.Match)
	if err != nil {
		return nil, err
	}
	w := ofwire.FlowMod{
		Cookie: m.Cookie, CookieMask: m.CookieMask, Table: m.Table, Command: uint8(m.Command),
		IdleTimeout: m.IdleTimeout, HardTimeout: m.HardTimeout, Priority: m.Priority,
		OutPort: orAny(m.OutPort), OutGroup: orAny(m.OutGroup), Flags: uint16(m.Flags), Match: match,
	}
	if m.Command != FlowDelete && m.Command != FlowDeleteStrict {
		if w.Instructions, err = wireInstructions(m.Instructions); err != nil {
			return nil, err
		}
	}
	return w.Encode(xid)
}

// orAny is the wire's value for a restriction to a port or group, where 0 stands for none.
func orAny(n uint32) uint32 {
	if n == 0 {
		return PortAny // OFPG_ANY is the same number
	}
	return n
}

func encodeFlowStatsRequest(xid uint32, f FlowFilter, aggregate bool) ([]byte, error) {
	if err := f.Match.Validate(); err != nil {
		return nil, err
	}
	match, err := wireMatch(f.Match)
	if err != nil {
		return nil, err
	}
	table := AllTables
	if f.Table != nil {
		table = *f.Table
	}
	return ofwire.FlowStatsRequest{
		Aggregate: aggregate, Table: table, OutPort: orAny(f.OutPort), OutGroup: orAny(f.OutGroup),
		Cookie: f.Cookie, CookieMask: f.CookieMask, Match: match,
	}.Encode(xid)
}

func encodePacketOut(xid uint32, m PacketOut) ([]byte, error) {
	actions, err := wireActions(m.Actions)
	if err != nil {
		return nil, err
	}
	if m.InPort == 0 {
		m.InPort = PortController
	}
	return ofwire.PacketOut(xid, m.InPort, actions, m.Data)
}

// wireMatch is the match's canonical form, whose order puts each field behind its prerequisites.
func wireMatch(m Match) ([]ofwire.TLV, error) {
	m = m.Canonical()
	out := make([]ofwire.TLV, len(m))
	for i, mf := range m {
		if i > 0 && mf.Field == m[i-1].Field && mf.Field != FieldUnknown {
			return nil, fmt.Errorf("match has two conditions on %v", mf.Field)
		}
		var err error
		if out[i], err = wireField(mf); err != nil {
			return nil, fmt.Errorf("match: %w", err)
		}
	}
	return out, nil
}

func wireField(mf MatchField) (ofwire.TLV, error) {
	b, err := appendField(nil, mf)
	if err != nil {
		return ofwire.TLV{}, err
	}
	return wireUnknownField(MatchField{Field: FieldUnknown, Value: b})
}

func wireHeader(f Field) (ofwire.Field, error) {
	if f == FieldInvalid || f >= FieldUnknown {
		return ofwire.Field{}, fmt.Errorf("field %d does not exist", f)
	}
	info := f.info()
	if info.class == classExperimenter {
		return ofwire.Field{}, fmt.Errorf("%v has a header of 64 bits", f)
	}
	return ofwire.Field{Class: info.class, Number: info.number, Bytes: uint8(f.Bytes())}, nil
}

// wireUnknownField takes a field's wire form apart. The bytes after a header with a mask are a value and a mask.
func wireUnknownField(mf MatchField) (ofwire.TLV, error) {
	r := &reader{b: mf.Value}
	class, number, length := r.u16(), r.u8(), int(r.u8())
	payload := r.rest()
	masked := number&1 == 1
	if mf.Mask != nil || len(mf.Value) < 4 || len(payload) != length || length == 0 || masked && length%2 == 1 {
		return ofwire.TLV{}, fmt.Errorf("unknown field of %d bytes is not in wire form", len(mf.Value))
	}
	t := ofwire.TLV{Field: ofwire.Field{Class: class, Number: number >> 1, Bytes: uint8(length)}, Value: payload}
	if masked {
		half := length / 2
		t.Bytes, t.Value, t.Mask = uint8(half), payload[:half:half], payload[half:]
	}
	return t, nil
}

func wireInstructions(in Instructions) (ofwire.Instructions, error) {
	w := ofwire.Instructions{
		Meter: in.Meter, ClearActions: in.ClearActions,
		Metadata: in.Metadata, MetadataMask: in.MetadataMask, Goto: in.Goto,
	}
	var err error
	if w.Apply, err = wireActions(in.Apply); err != nil {
		return w, err
	}
	w.Write, err = wireActions(in.Write)
	return w, err
}

func wireActions(actions []Action) ([][]byte, error) {
	out := make([][]byte, len(actions))
	for i, a := range actions {
		var err error
		if out[i], err = wireAction(a); err != nil {
			return nil, fmt.Errorf("action %d (%v): %w", i, a, err)
		}
	}
	return out, nil
}

func wireAction(a Action) ([]byte, error) {
	switch a := a.(type) {
	case Output:
		if a.Port != PortController {
			a.MaxLen = 0
		}
		return ofwire.Output(a.Port, a.MaxLen)
	case SetField:
		return wireSetField(a)
	case Move:
		src, srcErr := wireSubfield(a.Src)
		dst, dstErr := wireSubfield(a.Dst)
		if err := errors.Join(srcErr, dstErr); err != nil {
			return nil, err
		}
		if src.Bits != dst.Bits {
			return nil, fmt.Errorf("%d bits do not fit into %d", src.Bits, dst.Bits)
		}
		return ofwire.Move(src, dst)
	case Resubmit:
		port, ok := port16(a.InPort)
		if !ok {
			return nil, fmt.Errorf("port %d does not fit into 16 bits", a.InPort)
		}
		return ofwire.Resubmit(port, a.Table)
	case DecTTL:
		return ofwire.DecTTL()
	case CT:
		return wireCT(a)
	case CTClear:
		return ofwire.CTClear()
	case RawAction:
		r := &reader{b: a.Bytes}
		r.skip(2)
		if length := int(r.u16()); length != len(a.Bytes) || length < 8 || length%8 != 0 {
			return nil, fmt.Errorf("raw action of %d bytes has the length %d in its header", len(a.Bytes), length)
		}
		return a.Bytes, nil
	}
	return nil, fmt.Errorf("unknown type %T", a)
}

func wireSetField(a SetField) ([]byte, error) {
	mf, some := a.canonical()
	if !some {
		return nil, errors.New("sets no bit")
	}
	t, err := wireField(mf)
	if err != nil {
		return nil, err
	}
	if mf.Field == FieldInPort {
		// Open vSwitch takes 0, which lets the packet leave by the port it came in by, in the field of 16 bits only.
		port, ok := port16(uint32(beUint(mf.Value)))
		if !ok || mf.Mask != nil {
			return nil, errors.New("in_port is set as a whole, to a port of 16 bits")
		}
		t = ofwire.TLV{
			Field: ofwire.Field{Class: classNXM0, Number: 0, Bytes: 2},
			Value: binary.BigEndian.AppendUint16(nil, port),
		}
	}
	return ofwire.SetField(t)
}

func wireSubfield(s Subfield) (ofwire.Subfield, error) {
	header, err := wireHeader(s.Field)
	if err == nil && (s.Bits == 0 || int(s.Offset)+int(s.Bits) > s.Field.Bits()) {
		err = fmt.Errorf("%v has no %d bits from bit %d on", s.Field, s.Bits, s.Offset)
	}
	return ofwire.Subfield{Field: header, Offset: s.Offset, Bits: s.Bits}, err
}

// port16 is a port as 16-bit fields have it, where the reserved numbers begin at 0xff00.
func port16(port uint32) (uint16, bool) {
	return uint16(port), port < 0xff00 || port >= PortMax
}

// port32 is the opposite of port16.
func port32(port uint16) uint32 {
	if port >= 0xff00 {
		return 0xffff0000 | uint32(port)
	}
	return uint32(port)
}

func wireCT(a CT) ([]byte, error) {
	w := ofwire.CT{Commit: a.Commit, Force: a.Force, Zone: a.Zone, Table: ofwire.NoTable}
	if a.Resume {
		if a.Table == ofwire.NoTable {
			return nil, fmt.Errorf("table %d cannot be resumed in", a.Table)
		}
		w.Table = a.Table
	}
	if a.ZoneFrom != nil {
		zone, err := wireSubfield(*a.ZoneFrom)
		if err == nil && zone.Bits != 16 {
			err = fmt.Errorf("%d bits are not a zone", zone.Bits)
		}
		if err != nil {
			return nil, fmt.Errorf("zone: %w", err)
		}
		w.ZoneFrom = &zone
	}
	if a.NAT != nil {
		nat, err := wireNAT(*a.NAT)
		if err != nil {
			return nil, err
		}
		w.Actions = append(w.Actions, nat)
	}
	exec, err := wireActions(a.Exec)
	if err != nil {
		return nil, fmt.Errorf("exec: %w", err)
	}
	w.Actions = append(w.Actions, exec...)
	return w.Encode()
}

func wireNAT(n NAT) ([]byte, error) {
	n = n.canonical()
	switch {
	case n.Type > NATDestination:
		return nil, fmt.Errorf("NAT type %d does not exist", n.Type)
	case n.Type == NATExisting && (n != NAT{}):
		return nil, errors.New("NAT as committed has no parameters")
	case n.AddrMax.IsValid() && (n.AddrMin.BitLen() != n.AddrMax.BitLen() || n.AddrMax.Less(n.AddrMin)):
		return nil, fmt.Errorf("NAT range from %v to %v", n.AddrMin, n.AddrMax)
	case n.PortMin != 0 && !n.AddrMin.IsValid():
		return nil, errors.New("NAT to a port needs an address")
	case n.PortMax != 0 && n.PortMax < n.PortMin || n.PortMin == 0 && n.PortMax != 0:
		return nil, fmt.Errorf("NAT range from port %d to %d", n.PortMin, n.PortMax)
	}
	return ofwire.NAT{
		Source: n.Type == NATSource, Destination: n.Type == NATDestination,
		Persistent: n.Persistent, Hash: n.Hash, Random: n.Random,
		AddrMin: n.AddrMin, AddrMax: n.AddrMax, PortMin: n.PortMin, PortMax: n.PortMax,
	}.Encode()
}
