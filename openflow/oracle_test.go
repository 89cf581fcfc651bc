// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"encoding/binary"
	"strings"
	"testing"

	lib "github.com/contiv/libOpenflow/openflow13"
	"github.com/contiv/libOpenflow/util"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	of "github.com/ovskit/ovskit/openflow"
)

// TestLibOpenflow encodes random flow-mods as libOpenflow does, byte for byte. What that gets wrong is put right where it
// is built below.
func TestLibOpenflow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := of.FlowMod{
			Command: of.FlowCommand(rapid.IntRange(0, 4).Draw(t, "command")), Flow: genFlow(t),
			CookieMask: rapid.Uint64().Draw(t, "cookie mask"), OutPort: rapid.Uint32Range(0, 9).Draw(t, "out_port"),
		}
		for _, a := range m.Apply {
			if ct, ok := a.(of.CT); ok && ct.NAT != nil && ct.NAT.PortMin != 0 {
				// libOpenflow cannot write a first port without a last one.
				ct.NAT.PortMax = max(ct.NAT.PortMax, ct.NAT.PortMin+1)
			}
		}
		xid := rapid.Uint32().Draw(t, "xid")
		got, err := of.Encode(of.Version13, m, xid)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(libFlowMod(t, m, xid), got); diff != "" {
			t.Errorf("%v: encoded (-libOpenflow +got):\n%s", m, diff)
		}
	})
}

func libFlowMod(t *rapid.T, m of.FlowMod, xid uint32) []byte {
	f := lib.NewFlowMod()
	f.Xid = xid
	f.Cookie, f.CookieMask, f.TableId, f.Command = m.Cookie, m.CookieMask, m.Table, uint8(m.Command)
	f.IdleTimeout, f.HardTimeout, f.Priority, f.Flags = m.IdleTimeout, m.HardTimeout, m.Priority, uint16(m.Flags)
	if f.OutPort = m.OutPort; m.OutPort == 0 {
		f.OutPort = of.PortAny
	}
	for _, mf := range m.Match.Canonical() {
		f.Match.AddField(*libField(t, mf))
	}
	// libOpenflow writes the instructions of a delete but does not count them.
	if m.Command < of.FlowDelete {
		f.Instructions = libInstructions(t, m.Instructions)
	}
	b := libMarshal(t, f)
	// libOpenflow writes out_port in the place of out_group.
	binary.BigEndian.PutUint32(b[40:], of.PortAny)
	return b
}

func libInstructions(t *rapid.T, in of.Instructions) (list []lib.Instruction) {
	if in.Meter != 0 {
		list = append(list, lib.NewInstrMeter(in.Meter))
	}
	if len(in.Apply) > 0 {
		list = append(list, libActions(t, lib.NewInstrApplyActions(), in.Apply))
	}
	if in.ClearActions {
		i := lib.NewInstrWriteActions()
		i.Type = lib.InstrType_CLEAR_ACTIONS
		list = append(list, i)
	}
	if len(in.Write) > 0 {
		list = append(list, libActions(t, lib.NewInstrWriteActions(), in.Write))
	}
	if in.MetadataMask != 0 {
		list = append(list, lib.NewInstrWriteMetadata(in.Metadata, in.MetadataMask))
	}
	if in.Goto != 0 {
		list = append(list, lib.NewInstrGotoTable(in.Goto))
	}
	return list
}

func libActions(t *rapid.T, list *lib.InstrActions, actions []of.Action) *lib.InstrActions {
	for _, a := range actions {
		list.Actions = append(list.Actions, libAction(t, a)...)
	}
	list.Length = list.Len()
	return list
}

// libAction is an action, or the several that write parts of a field which takes no mask.
func libAction(t *rapid.T, a of.Action) []lib.Action {
	switch a := a.(type) {
	case of.Output:
		out := lib.NewActionOutput(a.Port)
		if out.MaxLen = 0; a.Port == of.PortController {
			out.MaxLen = a.MaxLen
		}
		return []lib.Action{out}
	case of.SetField:
		switch {
		case a.Field == of.FieldInPort:
			port := lib.NewInPortField(0)
			port.Class, port.Field, port.Length = lib.OXM_CLASS_NXM_0, 0, 2
			port.Value = util.NewBuffer(a.Value[2:])
			return []lib.Action{lib.NewActionSetField(*port)}
		case a.Mask != nil && !a.Field.Maskable():
			return libLoads(t, a)
		case a.Mask != nil:
			f := libField(t, a.MatchField)
			name := libNXM(t, a.Field)
			f.Class, f.Field = name.Class, name.Field
			return []lib.Action{lib.NewNXActionRegLoad2(f)}
		}
		return []lib.Action{lib.NewActionSetField(*libField(t, a.MatchField))}
	case of.Move:
		src, dst := libNXM(t, a.Src.Field), libNXM(t, a.Dst.Field)
		return []lib.Action{lib.NewNXActionRegMove(a.Src.Bits, a.Src.Offset, a.Dst.Offset, src, dst)}
	case of.Resubmit:
		return []lib.Action{lib.NewNXActionResubmitTableAction(uint16(a.InPort), a.Table)}
	case of.DecTTL:
		return []lib.Action{lib.NewActionDecNwTtl()}
	case of.CT:
		return []lib.Action{libCT(t, a)}
	case of.CTClear:
		return []lib.Action{libRaw{util.NewBuffer([]byte{0xff, 0xff, 0, 16, 0, 0, 0x23, 0x20, 0, 43, 15: 0})}}
	}
	t.Fatalf("no way to build %v", a)
	return nil
}

// libLoads is a load action for each run of bits in the mask of a field of one byte, from the lowest bit on.
func libLoads(t *rapid.T, a of.SetField) (loads []lib.Action) {
	if len(a.Mask) != 1 {
		t.Fatalf("no way to build %v", a)
	}
	for from := 0; from < 8; from++ {
		to := from
		for to < 8 && a.Mask[0]>>to&1 == 1 {
			to++
		}
		if to > from {
			value := a.Value[0] >> from & (1<<(to-from) - 1)
			bits := lib.NewNXRangeByOfsNBits(from, to-from).ToOfsBits()
			loads = append(loads, lib.NewNXActionRegLoad(bits, libNXM(t, a.Field), uint64(value)))
			from = to
		}
	}
	return loads
}

// libRaw is an action that libOpenflow does not have.
type libRaw struct{ *util.Buffer }

func (libRaw) Header() *lib.ActionHeader { return nil }

func libCT(t *rapid.T, a of.CT) lib.Action {
	ct := lib.NewNXActionConnTrack().ZoneImm(a.Zone)
	if a.ZoneFrom != nil {
		ct.ZoneRange(libNXM(t, a.ZoneFrom.Field), lib.NewNXRangeByOfsNBits(int(a.ZoneFrom.Offset), int(a.ZoneFrom.Bits)))
	}
	if a.Commit {
		ct.Commit()
	}
	if a.Force {
		ct.Force()
	}
	if a.Resume {
		ct.Table(a.Table)
	}
	if a.NAT != nil {
		ct.AddAction(libNAT(*a.NAT))
	}
	for _, inner := range a.Exec {
		for _, one := range libAction(t, inner) {
			ct.AddAction(one)
		}
	}
	return ct
}

func libNAT(n of.NAT) lib.Action {
	nat := lib.NewNXActionCTNAT()
	for flag, set := range map[uint16]bool{
		lib.NX_NAT_F_SRC: n.Type == of.NATSource, lib.NX_NAT_F_DST: n.Type == of.NATDestination,
		lib.NX_NAT_F_PERSISTENT: n.Persistent, lib.NX_NAT_F_PROTO_HASH: n.Hash, lib.NX_NAT_F_PROTO_RANDOM: n.Random,
	} {
		if set {
			nat.Flags |= flag
		}
	}
	if n.AddrMin.IsValid() {
		nat.SetRangeIPv4Min(n.AddrMin.AsSlice())
	}
	if n.AddrMax.IsValid() {
		nat.SetRangeIPv4Max(n.AddrMax.AsSlice())
	}
	if n.PortMin != 0 {
		nat.SetRangeProtoMin(&n.PortMin)
		nat.SetRangeProtoMax(&n.PortMax)
	}
	return nat
}

// libNXM finds a field by the name that Nicira's actions have for it.
func libNXM(t *rapid.T, f of.Field) *lib.MatchField {
	h, err := lib.FindFieldHeaderByName(f.OXMName(), false)
	if err != nil {
		t.Fatalf("libOpenflow has no %s", f.OXMName())
	}
	return h
}

// libHeader finds a field by its name in the standard or, where that has no such field, in Nicira's extensions.
func libHeader(t *rapid.T, f of.Field) *lib.MatchField {
	name := f.OXMName()
	if standard, ok := map[of.Field]string{
		of.FieldIPProto: "IP_PROTO", of.FieldIPv4Src: "IPV4_SRC", of.FieldIPv4Dst: "IPV4_DST", of.FieldInPort: "IN_PORT",
		of.FieldICMPv4Type: "ICMPV4_TYPE", of.FieldICMPv4Code: "ICMPV4_CODE",
	}[f]; ok {
		name = "OXM_OF_" + standard
	}
	if _, bare, ok := strings.Cut(strings.TrimPrefix(name, "NXM_"), "_"); ok {
		if h, err := lib.FindFieldHeaderByName("OXM_OF_"+bare, false); err == nil {
			return h
		}
	}
	h, err := lib.FindFieldHeaderByName(name, false)
	if err != nil {
		t.Fatalf("libOpenflow has no field %v", f)
	}
	return h
}

func libField(t *rapid.T, mf of.MatchField) *lib.MatchField {
	h := *libHeader(t, mf.Field)
	h.Value = util.NewBuffer(mf.Value)
	if h.Length = uint8(len(mf.Value)); mf.Mask != nil {
		h.HasMask, h.Length, h.Mask = true, 2*h.Length, util.NewBuffer(mf.Mask)
	}
	return &h
}

func libMarshal(t *rapid.T, m util.Message) []byte {
	b, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}
