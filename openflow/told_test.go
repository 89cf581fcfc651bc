// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	of "github.com/ovskit/ovskit/openflow"
)

// toldActions are actions that Open vSwitch takes and tells, and that are refused in requests here.
var toldActions = []struct{ name, hex string }{
	{"nat of neither source nor destination", "nx 0030 0023 0001 00000000 0000 ff 000000 0000" + "nx 0018 0024 0000 0000 0011 0a000001 0050 0000"},
	{"bundle by an unknown hash", "nx 0030 000d 0000 ff04 0000 00000002 0005 040f 00010004 00000000 0001 fffe 0003 0004 0005 000000000000"},
	{"bundle by an unknown algorithm", "nx 0030 000d 009d 0004 0000 00000002 0005 040f 00010004 00000000 0001 fffe 0003 0004 0005 000000000000"},
	{"learn with a result beyond its field", "nx 0078 002d 0001 0002 0009 0000000000000abc 0007 02 00 0003 0004 00000005 ff08 0000 00010e04" +
		"2010 0800 00000602 0000 2008 0006 00000c01 0000 2005 001f 00010204 0003 0010 00001202 0000 00001402 0000" +
		"2818 00123456 00010404 0008 0820 00010604 0000 80000408 0010 000000000000"},
	{"nat outside of ct", "ffff001000002320002400000000 0000"},
	{"output of 8 bytes", "0000000800000001"},
	{"a bad action in a clone", "ffff001800002320002a000000000000 0000000800000001"},
	{"set of no such field length", "0019001000010201ff00000000000000"},
}

// taken is how many of them, from the first on, Open vSwitch takes.
const taken = 4

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

// TestRealTold has a switch hold such actions, finds them told, and deletes them.
func TestRealTold(t *testing.T) {
	endpoint := actionSwitch(t)
	ctx := testContext(t)
	for _, v := range versions {
		c := dial(t, endpoint, v)
		for _, tc := range toldActions[:taken] {
			f := of.Flow{Match: matchTCP, Instructions: apply(of.RawAction{Bytes: unhex(t, tc.hex)})}
			settles(t, c, f)
			group := of.Group{ID: 1, Type: of.GroupTypeAll, Buckets: []of.Bucket{{Actions: f.Apply}}}
			if err := c.Apply(ctx, of.GroupMod{Command: of.GroupAdd, Group: group}); err != nil {
				t.Errorf("%v: group with %s: %v", v, tc.name, err)
				continue
			}
			groups, err := c.Groups(ctx)
			i := slices.IndexFunc(groups, func(g of.Group) bool { return g.ID == 1 })
			if err != nil || i < 0 {
				t.Errorf("%v: %s: groups are %v, error %v", v, tc.name, groups, err)
			} else if diff := cmp.Diff(group.Buckets, groups[i].Buckets, cmpOptions); diff != "" {
				t.Errorf("%v: %s: told (-want +got):\n%s", v, tc.name, diff)
			}
			if err := c.Apply(ctx, of.GroupMod{Command: of.GroupDelete, Group: of.Group{ID: 1}}); err != nil {
				t.Fatal(err)
			}
		}
	}
}
