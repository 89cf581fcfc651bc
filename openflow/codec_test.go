// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"bytes"
	"errors"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	of "github.com/ovskit/ovskit/openflow"
)

// messages has each kind of message but FlowMod, which the generator draws.
func messages() []of.Message {
	table := uint8(3)
	match := of.Match{of.InPort(2), of.EthType(of.EthTypeIPv4)}
	filter := of.FlowFilter{Table: &table, Cookie: 1, CookieMask: 3, Match: match, OutPort: 7, OutGroup: 8}
	port := of.PortDesc{
		No: 4, HWAddr: mac("0a:00:00:00:00:04"), Name: "veth4", Config: of.PortConfigDown, State: of.PortStateLive,
		Current: 1, Advertised: 2, Supported: 3, Peer: 4, CurrentSpeed: 5, MaxSpeed: 6,
	}
	flow := of.FlowStats{
		Flow:     of.Flow{Table: 1, Priority: 9, Cookie: 5, Match: match, Instructions: of.Instructions{Meter: 3, Goto: 2}},
		Duration: 3*time.Second + 7, Packets: 8, Bytes: 9,
	}
	raw := of.RawAction{Bytes: []byte{0, 27, 0, 8, 0, 0, 0, 1}}
	return []of.Message{
		of.Hello{Version: 4, Bitmap: 1<<4 | 1<<1},
		of.Hello{Version: 1},
		of.Error{Code: of.ErrOverlap, Data: []byte("data")},
		of.Error{Code: of.ErrBundleMsgFailed, Data: []byte{}},
		of.EchoRequest{Data: []byte("x")},
		of.EchoReply{},
		of.FeaturesRequest{},
		of.FeaturesReply{DatapathID: 1, Buffers: 2, Tables: 254, AuxiliaryID: 3, Capabilities: of.CapFlowStats},
		of.GetConfigRequest{},
		of.GetConfigReply{SwitchConfig: of.SwitchConfig{Flags: 1, MissSendLen: 2}},
		of.SetConfig{SwitchConfig: of.SwitchConfig{Flags: 3, MissSendLen: 4}},
		of.BarrierRequest{},
		of.BarrierReply{},
		of.PacketOut{InPort: of.PortController, Actions: []of.Action{of.Output{Port: 1}, raw}, Data: []byte("frame")},
		of.PacketIn{BufferID: of.NoBuffer, TotalLen: 100, Reason: of.PacketInAction, Table: 3, Cookie: 4, Match: match, Data: []byte("f")},
		of.FlowRemoved{Stats: of.FlowStats{Flow: of.Flow{Table: 1, Cookie: 2, Match: match}, Packets: 3}, Reason: of.FlowRemovedHard},
		of.PortStatus{Reason: of.PortDeleted, Port: port},
		of.RoleRequest{Role: 2, Generation: 3},
		of.RoleReply{Role: 1, Generation: 2},
		of.GetAsyncRequest{},
		of.GetAsyncReply{AsyncConfig: of.AsyncConfig{Primary: of.AsyncMasks{PacketIn: 1, PortStatus: 2, FlowRemoved: 3}}},
		of.SetAsync{AsyncConfig: of.AsyncConfig{Secondary: of.AsyncMasks{PacketIn: 4, PortStatus: 5, FlowRemoved: 6}}},
		of.DescRequest{},
		of.DescReply{Manufacturer: "m", Hardware: "h", Software: "s", SerialNumber: "n", Datapath: "d"},
		of.PortDescRequest{},
		of.PortDescReply{Ports: []of.PortDesc{port, port}, More: true},
		of.FlowStatsRequest{},
		of.FlowStatsRequest{FlowFilter: filter},
		of.FlowStatsReply{Flows: []of.FlowStats{flow, {}}, More: true},
		of.AggregateRequest{FlowFilter: filter},
		of.AggregateReply{Packets: 1, Bytes: 2, Flows: 3},
		of.MultipartRequest{Type: 99, Body: []byte("body")},
		of.MultipartRequest{Type: 1, Body: []byte("body"), More: true},
		of.MultipartReply{Type: 99, Body: []byte("body"), More: true},
		of.BundleControl{ID: 1, Type: of.BundleCommitReply, Flags: of.BundleAtomic},
		of.BundleAdd{ID: 1, Flags: of.BundleOrdered, Message: of.PacketOut{InPort: 1, Data: []byte("frame")}},
		of.CTFlushZone{Zone: 0xfedc},
		of.Raw{Type: 35, Body: []byte("of later versions")},
		of.Experimenter{ID: 0x1234, Type: 5, Body: []byte("experimenter")},
		of.FlowMod{Command: of.FlowDelete, Flow: of.Flow{Table: of.AllTables}, CookieMask: 1, OutPort: 3, OutGroup: 4},
		of.FlowMod{Flow: of.Flow{Match: of.Match{
			of.EthType(of.EthTypeIPv6), {Field: of.FieldUnknown, Value: []byte("\x80\x00\xfb\x04ab\xff\xff")},
			{Field: of.FieldUnknown, Value: []byte("\xff\xff\x02\x08NSDNval1")},
		}}},
	}
}

func TestRoundTrip(t *testing.T) {
	for _, want := range messages() {
		b, err := of.Encode(of.Version13, want, 0xfedcba98)
		if err != nil {
			t.Errorf("Encode(%+v): %v", want, err)
			continue
		}
		got, xid, err := of.Decode(b)
		if err != nil || xid != 0xfedcba98 {
			t.Errorf("Decode(Encode(%+v)): transaction %#x, error %v", want, xid, err)
			continue
		}
		if diff := cmp.Diff(want, got, cmpOptions); diff != "" {
			t.Errorf("%T (-want +got):\n%s", want, diff)
		}
		clear(b)
		if diff := cmp.Diff(want, got, cmpOptions); diff != "" {
			t.Errorf("%T shares memory with what it was decoded from (-want +got):\n%s", want, diff)
		}
	}
}

// TestRoundTripFlows encodes random flows in all messages that hold them.
func TestRoundTripFlows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := genFlow(t)
		xid := rapid.Uint32().Draw(t, "xid")
		f.Match = f.Match.Canonical()
		mod := of.FlowMod{Command: of.FlowCommand(rapid.IntRange(0, 2).Draw(t, "command")), Flow: f, CookieMask: rapid.Uint64().Draw(t, "mask")}
		stats := of.FlowStats{Flow: f, Duration: time.Duration(rapid.Int64Range(0, math.MaxUint32*int64(time.Second)).Draw(t, "duration"))}
		for _, m := range []of.Message{
			mod,
			of.BundleAdd{ID: 5, Flags: of.BundleAtomic, Message: mod},
			of.FlowStatsReply{Flows: []of.FlowStats{stats, stats}},
		} {
			b, err := of.Encode(of.Version13, m, xid)
			if err != nil {
				t.Fatal(err)
			}
			got, gotXid, err := of.Decode(b)
			if err != nil || gotXid != xid {
				t.Fatalf("transaction %#x, error %v", gotXid, err)
			}
			again, err := of.Encode(of.Version13, got, xid)
			if err != nil || !bytes.Equal(again, b) {
				t.Errorf("encoded again, error %v\n% x, first\n% x", err, again, b)
			}
			switch got := got.(type) {
			case of.FlowMod:
				if !got.Flow.Equal(f) || got.Command != mod.Command || got.CookieMask != mod.CookieMask {
					t.Errorf("decoded %v, encoded %v", got, mod)
				}
			case of.BundleAdd:
				if !got.Message.(of.FlowMod).Flow.Equal(f) {
					t.Errorf("decoded %v, encoded %v", got, mod)
				}
			case of.FlowStatsReply:
				if s := got.Flows[1]; !s.Flow.Equal(f) || s.Duration != stats.Duration {
					t.Errorf("decoded %+v, encoded %+v", s, stats)
				}
			}
		}
	})
}

func TestEncodeRefuses(t *testing.T) {
	reg := func(n int) of.Match { return of.Match{{Field: of.FieldReg0, Value: make([]byte, n)}} }
	set := func(mf of.MatchField) of.Message {
		return of.Add(of.Flow{Instructions: apply(of.SetField{MatchField: mf})})
	}
	act := func(a of.Action) of.Message { return of.Add(of.Flow{Instructions: apply(a)}) }
	addr := netip.MustParseAddr
	many := make([]of.Action, 5000)
	for i := range many {
		many[i] = of.Output{Port: 1}
	}
	for _, tc := range []struct {
		m    of.Message
		want string
	}{
		{nil, "unknown type"},
		{of.Add(of.Flow{Match: reg(3)}), "reg0: value of 3 bytes, not 4"},
		{of.Add(of.Flow{Match: of.Match{{Field: of.FieldReg0, Value: make([]byte, 4), Mask: make([]byte, 5)}}}), "mask of 5 bytes"},
		{of.Add(of.Flow{Match: of.Match{of.InPort(1), of.InPort(2)}}), "two conditions on in_port"},
		{of.Add(of.Flow{Match: of.Match{{Field: of.FieldInvalid}}}), "does not exist"},
		{of.Add(of.Flow{Match: of.Match{{Field: 200}}}), "does not exist"},
		{of.Add(of.Flow{Match: of.Match{{Field: of.FieldUnknown, Value: []byte{1, 2, 3}}}}), "not in wire form"},
		{of.FlowMod{Command: 5}, "command 5 does not exist"},
		{set(of.UintMasked(of.FieldReg0, 0, 0)), "sets no bit"},
		{set(of.UintMasked(of.FieldInPort, 1, 1)), "in_port is set as a whole"},
		{set(of.InPort(0x10000)), "in_port is set as a whole"},
		{act(nil), "unknown type"},
		{act(of.Move{Src: of.Whole(of.FieldReg0), Dst: of.Whole(of.FieldEthSrc)}), "32 bits do not fit into 48"},
		{act(of.Move{Src: of.Subfield{Field: of.FieldReg0, Offset: 30, Bits: 4}, Dst: of.Subfield{Field: of.FieldReg0, Bits: 4}}), "reg0 has no 4 bits from bit 30 on"},
		{act(of.Resubmit{InPort: 0xff00}), "does not fit into 16 bits"},
		{act(of.CT{ZoneFrom: &of.Subfield{Field: of.FieldReg0, Bits: 8}}), "8 bits are not a zone"},
		{act(of.CT{Resume: true, Table: 255}), "cannot be resumed"},
		{act(of.CT{NAT: &of.NAT{Type: 3}}), "NAT type 3"},
		{act(of.CT{NAT: &of.NAT{Random: true}}), "no parameters"},
		{act(of.CT{NAT: &of.NAT{Type: of.NATSource, AddrMin: addr("1.2.3.4"), AddrMax: addr("::1")}}), "NAT range from 1.2.3.4 to ::1"},
		{act(of.CT{NAT: &of.NAT{Type: of.NATSource, AddrMin: addr("1.2.3.4"), AddrMax: addr("1.2.3.3")}}), "NAT range from 1.2.3.4 to 1.2.3.3"},
		{act(of.CT{NAT: &of.NAT{Type: of.NATSource, PortMin: 3}}), "needs an address"},
		{act(of.CT{NAT: &of.NAT{Type: of.NATSource, AddrMin: addr("1.2.3.4"), PortMin: 3, PortMax: 2}}), "NAT range from port 3 to 2"},
		{act(of.CT{Exec: []of.Action{of.SetField{MatchField: of.MatchField{Field: of.FieldCTMark}}}}), "exec: action 0"},
		{act(of.RawAction{Bytes: []byte{0, 0, 0, 9, 0, 0, 0, 0}}), "raw action of 8 bytes"},
		{of.Add(of.Flow{Instructions: apply(many...)}), "longer than 65535 bytes"},
		{act(of.CT{Exec: many}), "longer than 65535 bytes"},
		{of.BundleAdd{Message: of.PacketOut{Data: make([]byte, 65535-24)}}, "longer than 65535 bytes"},
		{of.PacketOut{Data: make([]byte, 65536)}, "longer than 65535 bytes"},
		{of.EchoRequest{Data: make([]byte, 65528)}, "longer than 65535 bytes"},
		{of.MultipartRequest{Body: make([]byte, 65528)}, "longer than 65535 bytes"},
		{of.PortStatus{}, "hardware address of 0 bytes"},
		{of.PortStatus{Port: of.PortDesc{HWAddr: make([]byte, 6), Name: "0123456789abcdef"}}, "longer than 15 bytes"},
		{of.DescReply{SerialNumber: strings.Repeat("x", 32)}, "longer than 31 bytes"},
	} {
		prefix := []byte("before")
		b, err := of.AppendMessage(prefix, of.Version13, tc.m, 1)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%.200v: error %.300v, want %q", tc.m, err, tc.want)
		}
		if string(b) != "before" {
			t.Errorf("%.200v: the buffer is changed", tc.m)
		}
	}
}

// TestDecodeRefuses damages good messages and expects the code that a switch answers.
func TestDecodeRefuses(t *testing.T) {
	good := func(m of.Message) []byte {
		b, err := of.Encode(of.Version13, m, 7)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	add := func(m of.Match, actions ...of.Action) []byte {
		return good(of.Add(of.Flow{Match: m, Instructions: apply(actions...)}))
	}
	// The offsets of parts of a flow-mod with an empty match.
	const buffer, flags, match, instruction, action = 32, 44, 48, 56, 64
	patch := func(b []byte, offset int, with ...byte) []byte {
		copy(b[offset:], with)
		return b
	}
	twoFields := add(of.Match{of.Reg(0, 1), of.Reg(1, 2)})
	for _, tc := range []struct {
		name string
		b    []byte
		want of.ErrorCode
	}{
		{"nothing", nil, of.ErrBadRequestLen},
		{"length", patch(good(of.EchoRequest{}), 2, 0, 9), of.ErrBadRequestLen},
		{"version", patch(good(of.EchoRequest{}), 0, 9), of.ErrBadVersion},
		{"long barrier", append(patch(good(of.BarrierRequest{}), 2, 0, 9), 0), of.ErrBadRequestLen},
		{"short flow-mod", patch(add(nil)[:40], 2, 0, 40), of.ErrBadRequestLen},
		{"command", patch(add(nil), 25, 5), of.ErrBadCommand},
		{"flags", patch(add(nil), flags, 0x80), of.ErrBadFlags},
		{"buffer", patch(add(nil), buffer, 0), of.ErrBufferUnknown},
		{"delete by port 0", patch(good(of.FlowMod{Command: of.FlowDelete}), 36, 0, 0, 0, 0), of.ErrBadPort},
		{"match type", patch(add(nil), match, 0, 0), of.ErrBadMatchType},
		{"match length", patch(add(nil), match+2, 0, 3), of.ErrBadMatchLen},
		{"long match", patch(add(nil), match+2, 1, 0), of.ErrBadMatchLen},
		{"field length", patch(add(of.Match{of.Reg(0, 1)}), match+7, 3), of.ErrBadField},
		{"field cut off", patch(add(of.Match{of.Reg(0, 1)}), match+7, 9), of.ErrBadMatchLen},
		{"value outside of mask", patch(add(of.Match{of.RegMasked(0, 1, 1)}), match+8, 1), of.ErrBadWildcards},
		{"field twice", patch(twoFields, match+14, 0), of.ErrDupField},
		{"prerequisite behind", patch(add(tcp()), match+4, 0x80, 0, 0x14, 1, 6, 0x80, 0, 0x0a, 2, 8, 0), of.ErrBadPrereq},
		{"instruction", patch(add(nil, of.DecTTL{}), instruction+1, 9), of.ErrUnknownInstruction},
		{"experimenter's instruction", patch(add(nil, of.DecTTL{}), instruction, 0xff, 0xff), of.ErrBadInstructionExperimenter},
		{"instruction length", patch(add(nil, of.DecTTL{}), instruction+3, 12), of.ErrBadInstructionLen},
		{"long instruction", patch(add(nil, of.DecTTL{}), instruction+3, 24), of.ErrBadInstructionLen},
		{"goto 0", patch(good(of.Add(of.Flow{Instructions: of.Instructions{Goto: 1}})), instruction+4, 0), of.ErrBadInstructionTable},
		{"meter 0", patch(good(of.Add(of.Flow{Instructions: of.Instructions{Meter: 1}})), instruction+7, 0), of.ErrInvalidMeter},
		{"instruction twice", patch(good(of.Add(of.Flow{Instructions: of.Instructions{Meter: 1, Goto: 1}})), instruction+8, 0, 6, 0, 8, 0, 0, 0, 1), of.ErrDupInstruction},
		{"action length", patch(add(nil, of.DecTTL{}), action+3, 4), of.ErrBadActionLen},
		{"long action", patch(add(nil, of.DecTTL{}), action+3, 16), of.ErrBadActionLen},
		{"port", patch(add(nil, of.Output{Port: 1}), action+4, 1), of.ErrBadOutPort},
		{"set-field length", patch(add(nil, of.SetField{MatchField: of.Reg(0, 1)}), action+7, 2), of.ErrBadSetLen},
		{"set-field with mask", patch(add(nil, of.SetField{MatchField: of.Uint(of.FieldMetadata, 1)}), action+4, 0, 1, 1), of.ErrBadSetType},
		{"move", patch(add(nil, of.Move{Src: of.Whole(of.FieldReg0), Dst: of.Whole(of.FieldReg1)}), action+11, 33), of.ErrBadSetLen},
		{"ct in ct", patch(add(nil, of.CT{NAT: &of.NAT{}}), action+24+9, 35), of.ErrBadActionArgument},
		{"nat outside of ct", patch(add(nil, of.CTClear{}), action+9, 36), of.ErrBadActionArgument},
		{"nat both ways", patch(add(nil, of.CT{NAT: &of.NAT{}}), action+24+13, 3), of.ErrBadActionArgument},
		{"nat parts missing", patch(add(nil, of.CT{NAT: &of.NAT{}}), action+24+13, 1, 0, 3), of.ErrBadActionLen},
		{"bundle in bundle", patch(good(of.BundleAdd{Message: of.Raw{Type: 4, Body: good(of.BundleControl{})[8:]}}), 0, 4), of.ErrBundleMsgUnsupported},
		{"other transaction in bundle", patch(good(of.BundleAdd{Message: of.BarrierRequest{}}), 31, 8), of.ErrBundleMsgXid},
		{"length in bundle", patch(good(of.BundleAdd{Message: of.BarrierRequest{}}), 27, 9), of.ErrBundleMsgLen},
		{"flow-mod in bundle", patch(good(of.BundleAdd{Message: of.FlowMod{}}), 24+25, 7), of.ErrBadCommand},
		{"long ct-flush-zone", append(patch(good(of.CTFlushZone{}), 2, 0, 32), make([]byte, 8)...), of.ErrBadRequestLen},
		{"ct-flush-zone", patch(good(of.CTFlushZone{}), 18, 1), of.ErrMustBeZero},
		{"packet-out port", patch(good(of.PacketOut{InPort: 1}), 12, 1), of.ErrBadPort},
		{"packet-out actions", patch(good(of.PacketOut{InPort: 1}), 16, 1), of.ErrBadRequestLen},
	} {
		m, xid, err := of.Decode(tc.b)
		var refused *of.DecodeError
		if !errors.As(err, &refused) || refused.Code != tc.want || !errors.Is(err, tc.want) {
			t.Errorf("%s: %+v, error %v; want %v", tc.name, m, err, tc.want)
		}
		if len(tc.b) >= of.HeaderLen && xid != 7 {
			t.Errorf("%s: transaction %d, want 7", tc.name, xid)
		}
	}
}

// FuzzDecode decodes anything, and encodes what comes out to what decodes to the same.
func FuzzDecode(f *testing.F) {
	for _, tc := range asyncMessages() {
		for _, v := range versions {
			// Versions that do not have it have nothing to add.
			if b, err := of.Encode(v, tc.m, 1); err == nil {
				f.Add(b)
			}
		}
	}
	for _, m := range messages() {
		b, err := of.Encode(of.Version13, m, 1)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, r := range legacyRequests() {
		for _, v := range r.versions {
			b, err := of.Encode(v, r.m, 1)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	for _, tc := range typical {
		for _, m := range []of.Message{tc.mod, of.FlowStatsReply{Flows: []of.FlowStats{{Flow: tc.mod.Flow}}}} {
			b, err := of.Encode(of.Version13, m, 1)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	for _, tc := range versioned() {
		for v := tc.from; v <= tc.to; v++ {
			b, err := of.Encode(v, tc.m, 1)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, xid, err := of.Decode(b)
		if err != nil {
			return
		}
		// Greetings and errors may be of any version.
		v := min(max(of.Version(b[0]), of.Version10), of.Version15)
		again, err := of.Encode(v, m, xid)
		if err != nil {
			t.Fatalf("Encode(%+v): %v", m, err)
		}
		m2, _, err := of.Decode(again)
		if err != nil {
			t.Fatalf("Decode of what was encoded: %v\n% x", err, again)
		}
		third, err := of.Encode(v, m2, xid)
		if err != nil || !bytes.Equal(again, third) {
			t.Fatalf("encoded a third time, error %v\n% x, second time\n% x", err, third, again)
		}
	})
}
