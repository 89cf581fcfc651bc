// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	of "github.com/ovskit/ovskit/openflow"
)

func TestCanonical(t *testing.T) {
	for _, tc := range []struct {
		name    string
		m, want of.Match
	}{
		{"empty", nil, nil},
		{"order", of.Match{of.TCPDst(80), of.IPProto(6), of.EthType(0x800)}, of.Match{of.EthType(0x800), of.IPProto(6), of.TCPDst(80)}},
		{"full mask", of.Match{of.RegMasked(0, 5, 0xffffffff)}, of.Match{of.Reg(0, 5)}},
		{"full mask of 12 bits", of.Match{of.UintMasked(of.FieldTCPFlags, 2, 0xfff)}, of.Match{of.Uint(of.FieldTCPFlags, 2)}},
		{"empty mask", of.Match{of.RegMasked(0, 5, 0), of.InPort(1)}, of.Match{of.InPort(1)}},
		{"bits outside of the mask", of.Match{{Field: of.FieldCTZone, Value: []byte{0xff, 0xff}, Mask: []byte{0, 0xf}}},
			of.Match{of.UintMasked(of.FieldCTZone, 0xf, 0xf)}},
		{"no VLAN tag nor priority", of.Match{of.UintMasked(of.FieldVLANTCI, 0, 0xf7ff)}, of.Match{of.UintMasked(of.FieldVLANTCI, 0, 0x17ff)}},
		{"no tag nor priority", of.Match{of.UintMasked(of.FieldVLANTCI, 0, 0xf000)}, of.Match{of.UintMasked(of.FieldVLANTCI, 0, 0x1000)}},
		{"priority with tag", of.Match{of.UintMasked(of.FieldVLANTCI, 0x1000, 0xf000)}, of.Match{of.UintMasked(of.FieldVLANTCI, 0x1000, 0xf000)}},
		{"ct_state", of.Match{of.UintMasked(of.FieldCTState, 2, 0xf02)}, of.Match{of.UintMasked(of.FieldCTState, 2, 2)}},
		{"no bit of ct_state", of.Match{of.UintMasked(of.FieldCTState, 0, 0xf00)}, nil},
		{"ip_frag", of.Match{of.UintMasked(of.FieldIPFrag, 2, 0xae)}, of.Match{of.UintMasked(of.FieldIPFrag, 2, 2)}},
		{"tcp_flags, of which a switch keeps all bits of the mask", of.Match{of.UintMasked(of.FieldTCPFlags, 2, 0xf002)},
			of.Match{of.UintMasked(of.FieldTCPFlags, 2, 0xf002)}},
		{"value that is its mask", of.Match{of.UintMasked(of.FieldTunGTPUFlags, 5, 7)}, of.Match{of.Uint(of.FieldTunGTPUFlags, 5)}},
		{"option", of.Match{of.TunMetadata(0, []byte{0, 0, 1, 0})}, of.Match{of.TunMetadata(0, []byte{1, 0})}},
		{"option of zeros", of.Match{of.TunMetadata(0, []byte{0, 0})}, of.Match{of.TunMetadata(0, []byte{0})}},
		{"option in part", of.Match{of.BytesMasked(of.FieldTunMetadata0, []byte{0, 0, 1, 0}, []byte{0, 0, 3, 0xff})},
			of.Match{of.BytesMasked(of.FieldTunMetadata0, []byte{1, 0}, []byte{3, 0xff})}},
		{"last byte of an option", of.Match{of.BytesMasked(of.FieldTunMetadata0, []byte{0, 0, 0, 1}, []byte{0, 0, 0, 0xff})},
			of.Match{of.BytesMasked(of.FieldTunMetadata0, []byte{0, 1}, []byte{0, 0xff})}},
		{"option that is there", of.Match{of.BytesMasked(of.FieldTunMetadata0, make([]byte, 4), make([]byte, 4))},
			of.Match{of.BytesMasked(of.FieldTunMetadata0, []byte{0}, []byte{0})}},
		{"no VLAN tag", of.Match{of.Uint(of.FieldVLANTCI, 0)}, of.Match{of.UintMasked(of.FieldVLANTCI, 0, 0x1fff)}},
		{"prefix", of.Match{of.IPv4Src(netip.MustParsePrefix("10.1.2.3/8"))},
			of.Match{{Field: of.FieldIPv4Src, Value: []byte{10, 0, 0, 0}, Mask: []byte{255, 0, 0, 0}}}},
	} {
		if diff := cmp.Diff(tc.want, tc.m.Canonical(), cmpOptions); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

func TestKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := genFlow(t)
		same := f
		same.Cookie, same.IdleTimeout, same.Instructions = f.Cookie+1, 3, of.Instructions{Meter: 1}
		if len(f.Match) > 1 {
			same.Match = rapid.Permutation(f.Match).Draw(t, "order")
		}
		if f.Key() != same.Key() {
			t.Errorf("keys differ of\n%v\n%v", f, same)
		}
		same.Match = f.Match.Canonical()
		if f.Key() != same.Key() {
			t.Errorf("key of the canonical match differs: %v", f)
		}
		for _, other := range []of.Flow{
			{Table: f.Table + 1, Priority: f.Priority, Match: f.Match},
			{Table: f.Table, Priority: f.Priority + 1, Match: f.Match},
			{Table: f.Table, Priority: f.Priority, Match: f.Match.With(of.UintMasked(of.FieldReg4, 1, 1))},
		} {
			if f.Key() == other.Key() {
				t.Errorf("keys are the same of\n%v\n%v", f, other)
			}
		}
	})
}

func TestInstructionsEqual(t *testing.T) {
	set := func(reg int, value, mask uint32) of.Action {
		return of.SetField{MatchField: of.RegMasked(reg, value, mask)}
	}
	option := func(value, mask []byte) of.Action {
		return of.SetField{MatchField: of.MatchField{Field: of.FieldTunMetadata0, Value: value, Mask: mask}}
	}
	set16 := func(port uint64) of.Action { return of.SetField{MatchField: of.Uint(of.FieldInPort16, port)} }
	inPort := of.SetField{MatchField: of.InPort(2)}
	inPart := of.SetField{MatchField: of.UintMasked(of.FieldInPort16, 4, 4)}
	nat := func(n of.NAT) of.Action { return of.CT{Commit: true, NAT: &n} }
	low, high := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	for _, tc := range []struct {
		name string
		a, b of.Instructions
		want bool
	}{
		{"nothing and an empty list", of.Instructions{}, of.Instructions{Apply: []of.Action{}}, true},
		{"set as a whole and with a full mask", apply(set(0, 1, ^uint32(0))), apply(of.SetField{MatchField: of.Reg(0, 1)}), true},
		{"set in parts", apply(set(0, 1, 0xf), set(0, 0x20, 0xf0)), apply(set(0, 0x21, 0xff)), true},
		{"set in parts that overlap", apply(set(0, 0x11, 0xff), set(0, 0x20, 0xf0)), apply(set(0, 0x21, 0xff)), true},
		{"part of a whole", apply(of.SetField{MatchField: of.Reg(0, 1)}, set(0, 0x20, 0xf0)), apply(of.SetField{MatchField: of.Reg(0, 0x21)}), true},
		{"option in more bytes than it needs", apply(option([]byte{0, 0, 0, 1}, nil)), apply(option([]byte{1}, nil)), true},
		{"option of zeros", apply(option([]byte{0, 0, 0, 0}, nil)), apply(option([]byte{0}, nil)), true},
		{"bits of an option", apply(option([]byte{0, 0, 1}, []byte{0, 0, 3})), apply(option([]byte{1}, []byte{3})), true},
		{"last byte of an option", apply(option([]byte{0, 0, 1}, []byte{0, 0, 0xff})), apply(option([]byte{0, 1}, []byte{0, 0xff})), true},
		{"option as a whole and its last byte", apply(option([]byte{1}, nil)), apply(option([]byte{0, 1}, []byte{0, 0xff})), false},
		{"in_port in part and as a whole", apply(inPart, inPort), apply(inPort), true},
		{"in_port as a whole and in part", apply(inPort, inPart), apply(set16(6)), true},
		{"in_port in a clone", apply(of.Clone{Actions: []of.Action{inPort, inPart}}), apply(of.Clone{Actions: []of.Action{set16(6)}}), true},
		{"tag of no VLAN and priority", apply(of.SetField{MatchField: of.Uint(of.FieldVLANTCI, 0)}),
			apply(of.SetField{MatchField: of.UintMasked(of.FieldVLANTCI, 0, 0x1fff)}), false},
		{"meter among the actions", apply(of.Meter{ID: 6}, of.DecTTL{}), of.Instructions{Meter: 6, Apply: []of.Action{of.DecTTL{}}}, true},
		{"other meter among the actions", apply(of.Meter{ID: 6}), of.Instructions{Meter: 7}, false},
		{"second meter", of.Instructions{Meter: 6, Apply: []of.Action{of.Meter{ID: 6}}}, of.Instructions{Meter: 6}, false},
		{"set of nothing", apply(set(0, 1, 0)), apply(), true},
		{"other value", apply(set(0, 1, 3)), apply(set(0, 2, 3)), false},
		{"other mask", apply(set(0, 1, 3)), apply(set(0, 1, 1)), false},
		{"order of sets", apply(set(0, 1, 1), set(0, 0, 1)), apply(set(0, 0, 1), set(0, 1, 1)), false},
		{"order", apply(of.DecTTL{}, of.CTClear{}), apply(of.CTClear{}, of.DecTTL{}), false},
		{"max_len of a port", apply(of.Output{Port: 1, MaxLen: 5}), apply(of.Output{Port: 1}), true},
		{"max_len of the controller", apply(of.Output{Port: of.PortController, MaxLen: 5}), apply(of.Output{Port: of.PortController}), false},
		{"NAT ranges of one", apply(nat(of.NAT{Type: 1, AddrMin: low, AddrMax: low, PortMin: 5, PortMax: 5})),
			apply(nat(of.NAT{Type: 1, AddrMin: low, PortMin: 5})), true},
		{"NAT ranges", apply(nat(of.NAT{Type: 1, AddrMin: low, AddrMax: high})), apply(nat(of.NAT{Type: 1, AddrMin: low})), false},
		{"NAT or none", apply(of.CT{NAT: &of.NAT{}}), apply(of.CT{}), false},
		{"zone", apply(of.CT{Zone: 1}), apply(of.CT{Zone: 2}), false},
		{"zone from", apply(of.CT{Zone: 1}), apply(of.CT{ZoneFrom: &of.Subfield{Field: of.FieldReg0, Bits: 16}}), false},
		{"resume in table 0", apply(of.CT{Resume: true}), apply(of.CT{}), false},
		{"exec and after", apply(of.CT{Exec: []of.Action{of.CTClear{}}}), apply(of.CT{}, of.CTClear{}), false},
		{"write and apply", apply(of.DecTTL{}), of.Instructions{Write: []of.Action{of.DecTTL{}}}, false},
		{"clear", of.Instructions{ClearActions: true}, of.Instructions{}, false},
		{"goto", of.Instructions{Goto: 1}, of.Instructions{Goto: 2}, false},
		{"metadata outside of its mask", of.Instructions{Metadata: 7, MetadataMask: 3}, of.Instructions{Metadata: 3, MetadataMask: 3}, true},
		{"raw", apply(of.RawAction{Bytes: []byte{1}}), apply(of.RawAction{Bytes: []byte{2}}), false},
	} {
		if got := tc.a.Equal(tc.b); got != tc.want {
			t.Errorf("%s: %v and %v: equal is %t, want %t", tc.name, tc.a, tc.b, got, tc.want)
		}
		if got := tc.b.Equal(tc.a); got != tc.want {
			t.Errorf("%s: %v and %v: equal is %t, want %t", tc.name, tc.b, tc.a, got, tc.want)
		}
	}
}

func TestFlowEqual(t *testing.T) {
	f := numbered(1)
	for _, tc := range []struct {
		name   string
		change func(*of.Flow)
		want   bool
	}{
		{"nothing", func(*of.Flow) {}, true},
		{"cookie", func(f *of.Flow) { f.Cookie++ }, false},
		{"idle timeout", func(f *of.Flow) { f.IdleTimeout++ }, false},
		{"hard timeout", func(f *of.Flow) { f.HardTimeout++ }, false},
		{"flag", func(f *of.Flow) { f.Flags = of.FlowSendRemoved }, false},
		{"flags of adding", func(f *of.Flow) { f.Flags = of.FlowCheckOverlap | of.FlowResetCounts }, true},
		{"priority", func(f *of.Flow) { f.Priority++ }, false},
		{"instructions", func(f *of.Flow) { f.Goto = 9 }, false},
	} {
		g := f
		tc.change(&g)
		if got := f.Equal(g); got != tc.want {
			t.Errorf("%s changed: equal is %t, want %t", tc.name, got, tc.want)
		}
	}
}

// What is equal without being encoded is equal when it is encoded.
func TestAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := genFlow(t)
		others := []of.Flow{f, overTheWire(t, f)}
		if n := len(f.Apply); n > 0 {
			changed := f
			changed.Apply = slices.Clone(f.Apply)
			changed.Apply[rapid.IntRange(0, n-1).Draw(t, "at")] = genAction(t)
			others = append(others, changed)
		}
		for _, g := range others {
			if f.Alike(g.Instructions) && !f.Instructions.Equal(g.Instructions) {
				t.Errorf("%v and %v are alike, but not equal", f, g)
			}
		}
	})
	// What most flows consist of comes back from a switch in the form that it was given.
	f := of.Flow{Instructions: of.Instructions{Goto: 9, Apply: []of.Action{
		set(of.Reg(4, 1)), set(of.EthDst([]byte{2, 0, 0, 0, 0, 1})), of.DecTTL{}, of.Output{Port: 5}, of.OutputGroup{ID: 3},
		of.Move{Src: of.Whole(of.FieldEthSrc), Dst: of.Whole(of.FieldEthDst)},
		of.CT{Commit: true, Zone: 7, Resume: true, Table: 9, NAT: &of.NAT{Type: of.NATDestination, AddrMin: ip("10.1.0.2"), PortMin: 80}},
		of.CT{ZoneFrom: &of.Subfield{Field: of.FieldReg0, Bits: 16}, Resume: true, Table: 9, NAT: &of.NAT{}},
	}}}
	if g := overTheWire(t, f); !f.Alike(g.Instructions) {
		t.Errorf("%v is not alike when it comes back as %v", f, g)
	}
}

// overTheWire is the flow as the other side gets it.
func overTheWire(t rapid.TB, f of.Flow) of.Flow {
	b, err := of.Encode(of.Version13, of.Add(f), 1)
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := of.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return m.(of.FlowMod).Flow
}
