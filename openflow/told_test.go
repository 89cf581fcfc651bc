// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	of "github.com/ovskit/ovskit/openflow"
)

// toldActions are actions that Open vSwitch takes and tells, and that are refused in requests here.
var toldActions = []struct{ name, hex string }{
	{"nat of neither source nor destination", "ffff002800002320002300010000000000 00ff000000 0000" + "ffff00100000232000240000" + "00000010"},
	{"bundle by an unknown hash", "ffff0028000023 20000c0001 ff04 0000 00000002 0002 0000 00000000 00000000 00010002 00000000"},
	{"bundle by an unknown algorithm", "ffff0028000023 20000c009d 0000 0000 00000002 0002 0000 00000000 00000000 00010002 00000000"},
	{"nat outside of ct", "ffff001000002320002400000000 0000"},
	{"output of 8 bytes", "0000000800000001"},
	{"a bad action in a clone", "ffff001800002320002a000000000000 0000000800000001"},
	{"set of no such field length", "0019001000010201ff00000000000000"},
}

// told has a message decoded and finds that it is the same, and that it is encoded to the same bytes again.
func told(t *testing.T, v of.Version, name string, m of.Message) {
	t.Helper()
	b, err := of.Encode(v, m, 7)
	if err != nil {
		t.Fatalf("%v: %s: %v", v, name, err)
	}
	got, _, err := of.Decode(b)
	if diff := cmp.Diff(m, got, cmpOptions); diff != "" || err != nil {
		t.Errorf("%v: %s: %T decoded with error %v (-want +got):\n%s", v, name, m, err, diff)
		return
	}
	if again, err := of.Encode(v, got, 7); err != nil || !bytes.Equal(again, b) {
		t.Errorf("%v: %s: encoded again as\n%x, error %v; want\n%x", v, name, again, err, b)
	}
}

// TestDecodeToldActions keeps such actions where a switch tells them, and refuses them in requests.
func TestDecodeToldActions(t *testing.T) {
	for _, v := range versions {
		for _, tc := range toldActions {
			list := []of.Action{of.DecTTL{}, of.RawAction{Bytes: unhex(t, tc.hex)}, of.Output{Port: 1}}
			f := of.Flow{Priority: 1, Match: of.Match{of.InPort(1)}, Instructions: of.Instructions{Apply: list, Write: list}}
			group := of.Group{ID: 1, Type: of.GroupTypeAll, Buckets: []of.Bucket{{Actions: list}}}
			told(t, v, tc.name, of.FlowStatsReply{Flows: []of.FlowStats{{Flow: f}}})
			told(t, v, tc.name, of.FlowUpdates{Updates: []of.FlowUpdate{{Event: of.UpdateAdded, Flow: f}}})
			told(t, v, tc.name, of.GroupDescReply{Groups: []of.Group{group}})
			told(t, v, tc.name, of.RequestForward{Xid: 3, Request: of.GroupMod{Group: group}})
			for _, m := range []of.Message{of.Add(f), of.GroupMod{Group: group}, of.PacketOut{Actions: list, InPort: of.PortController}} {
				b, err := of.Encode(v, m, 7)
				if err != nil {
					t.Fatal(err)
				}
				var refused *of.DecodeError
				if got, _, err := of.Decode(b); !errors.As(err, &refused) {
					t.Errorf("%v: %s: %T decoded as %+v, error %v; want a *DecodeError", v, tc.name, m, got, err)
				}
			}
		}
	}
}

// TestDecodeToldConditions does the same with conditions, and has such a flow deleted by what is told.
func TestDecodeToldConditions(t *testing.T) {
	for _, tc := range []struct {
		name, hex string
		want      of.ErrorCode
	}{
		{"value outside of its mask", "0001010800000003 00000001", of.ErrBadWildcards},
		{"length of another field", "000100021234", of.ErrBadField},
		{"no value", "00010000", of.ErrBadMatchLen},
		{"half a byte of mask", "00010103aabbcc", of.ErrBadMatchLen},
	} {
		f := of.Flow{Priority: 1, Match: of.Match{of.InPort(1), {Field: of.FieldUnknown, Value: unhex(t, tc.hex)}}}
		for _, v := range versions {
			told(t, v, tc.name, of.FlowStatsReply{Flows: []of.FlowStats{{Flow: f}}})
			told(t, v, tc.name, of.FlowUpdates{Updates: []of.FlowUpdate{{Event: of.UpdateModified, Flow: f}}})
			told(t, v, tc.name, of.FlowRemoved{Stats: of.FlowStats{Flow: of.Flow{Priority: 1, Match: f.Match}}})
			b, err := of.Encode(v, of.DeleteStrict(f), 7)
			if err != nil || !bytes.Contains(b, unhex(t, tc.hex)) {
				t.Errorf("%v: %s: deleted by %x, error %v", v, tc.name, b, err)
				continue
			}
			var refused *of.DecodeError
			if m, _, err := of.Decode(b); !errors.As(err, &refused) || refused.Code != tc.want {
				t.Errorf("%v: %s: request decoded as %+v, error %v; want %v", v, tc.name, m, err, tc.want)
			}
		}
	}
}

// TestDecodeToldInstructions does the same with instructions.
func TestDecodeToldInstructions(t *testing.T) {
	for _, tc := range []struct {
		name, hex string
		want      of.ErrorCode
	}{
		{"an experimenter's", "ffff001012345678aabbccddeeff0011", of.ErrBadInstructionExperimenter},
		{"a later one", "0009000800000000", of.ErrUnknownInstruction},
		{"two", "0009000800000000" + "ffff000812345678", of.ErrUnknownInstruction},
		{"a short one", "0002000800000000", of.ErrBadInstructionLen},
		{"actions that are cut off", "0003001000000000" + "0018000c00000000", of.ErrBadActionLen},
		{"goto again", "0001000806000000", of.ErrDupInstruction},
	} {
		f := of.Flow{Instructions: of.Instructions{Apply: []of.Action{of.Output{Port: 1}}, Goto: 5, Unknown: unhex(t, tc.hex)}}
		if known := (of.Instructions{Apply: f.Apply, Goto: 5}); known.Equal(f.Instructions) || known.String() == f.Instructions.String() {
			t.Errorf("%s: %v is the same as %v", tc.name, f.Instructions, known)
		}
		for _, v := range versions {
			told(t, v, tc.name, of.FlowStatsReply{Flows: []of.FlowStats{{Flow: f}}})
			told(t, v, tc.name, of.FlowUpdates{Updates: []of.FlowUpdate{{Event: of.UpdateAdded, Flow: f}}})
			b, err := of.Encode(v, of.Add(f), 7)
			if err != nil {
				t.Fatal(err)
			}
			var refused *of.DecodeError
			if m, _, err := of.Decode(b); !errors.As(err, &refused) || refused.Code != tc.want {
				t.Errorf("%v: %s: request decoded as %+v, error %v; want %v", v, tc.name, m, err, tc.want)
			}
		}
	}
	for _, bad := range []string{"00", "0009000400000000", "0009001000000000", "000900080000000000"} {
		f := of.Flow{Instructions: of.Instructions{Unknown: unhex(t, bad)}}
		if b, err := of.Encode(of.Version13, of.Add(f), 7); err == nil {
			t.Errorf("unknown instructions %s are encoded as %x", bad, b)
		}
	}
}

// TestDecodeToldFraming finds that what is not framed right is refused whoever says it.
func TestDecodeToldFraming(t *testing.T) {
	f := of.Flow{Match: of.Match{of.Reg(0, 1)}, Instructions: apply(of.DecTTL{})}
	good, err := of.Encode(of.Version13, of.FlowStatsReply{Flows: []of.FlowStats{{Flow: f}}}, 7)
	if err != nil {
		t.Fatal(err)
	}
	const match, instruction = 16 + 48, 16 + 48 + 16
	for _, tc := range []struct {
		name string
		at   int
		with byte
	}{
		{"match too long", match + 3, 0xff}, {"condition too long", match + 7, 9}, {"instruction too long", instruction + 3, 32},
		{"instruction of 0 bytes", instruction + 3, 0}, {"instruction of 12 bytes", instruction + 3, 12},
	} {
		b := bytes.Clone(good)
		b[tc.at] = tc.with
		if m, _, err := of.Decode(b); err == nil {
			t.Errorf("%s: decoded as %+v", tc.name, m)
		}
	}
}
