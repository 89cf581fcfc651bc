// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/internal/tier"
	of "github.com/ovskit/ovskit/openflow"
)

// nxFlowRemoved is NXT_FLOW_REMOVED, which is read and never written.
var nxFlowRemoved = func() []byte {
	be := binary.BigEndian
	b := []byte{4, 4, 0, 64, 0, 0, 0, 7, 0, 0, 0x23, 0x20, 0, 0, 0, 14}
	b = be.AppendUint64(b, 0x55)                       // cookie
	b = append(b, 0, 9, 1, 5)                          // priority, reason, table + 1
	b = append(b, 0, 0, 0, 3, 0, 0, 0, 7, 0, 10, 0, 6) // duration, idle timeout, length of the match
	b = be.AppendUint64(be.AppendUint64(b, 8), 9)      // packets, bytes
	return append(b, 0, 0, 0, 2, 0, 2, 0, 0)           // NXM_OF_IN_PORT
}()

func TestNXFlowRemoved(t *testing.T) {
	b := slices.Clone(nxFlowRemoved)
	got, xid, err := of.Decode(b)
	want := of.FlowRemoved{Reason: of.FlowRemovedHard, Stats: of.FlowStats{Flow: of.Flow{Table: 4, Priority: 9, Cookie: 0x55,
		IdleTimeout: 10, Match: of.Match{of.InPort(2)}}, Duration: 3*time.Second + 7, Packets: 8, Bytes: 9}}
	if diff := cmp.Diff(want, got, cmpOptions); diff != "" || xid != 7 || err != nil {
		t.Errorf("transaction %d, error %v (-want +got):\n%s", xid, err, diff)
	}
	b[39] = 200 // the length of the match
	if m, _, err := of.Decode(b); err == nil {
		t.Errorf("a match that is cut off is %+v", m)
	}
}

// TestNXFlowRemovedPrint has Open vSwitch read the same.
func TestNXFlowRemovedPrint(t *testing.T) {
	t.Parallel()
	tier.Need(t, tier.Sandbox)
	out := ofpPrint(t, nxFlowRemoved)
	const want = "priority=9,in_port=2 reason=hard table_id=4 cookie:0x55 duration3.000000007s idle10 pkts8 bytes9"
	if !strings.Contains(out, want) {
		t.Errorf("printed\n%s, want %s", out, want)
	}
}

// TestOldSays has what OpenFlow 1.3 does not have go out as what a switch says there.
func TestOldSays(t *testing.T) {
	frame := make([]byte, 14)
	in := func(format of.PacketInFormat, reason of.PacketInReason) of.PacketIn {
		return of.PacketIn{Format: format, BufferID: of.NoBuffer, TotalLen: 14, Reason: reason, Data: frame}
	}
	update := func(e of.UpdateEvent, reason of.FlowRemovedReason) of.FlowUpdates {
		return of.FlowUpdates{Updates: []of.FlowUpdate{{Event: e, Reason: reason}}}
	}
	for _, tc := range []struct{ m, want of.Message }{
		{in(of.PacketInStandard, of.PacketInGroup), in(of.PacketInStandard, of.PacketInAction)},
		{in(of.PacketInNX, of.PacketInActionSet), in(of.PacketInNX, of.PacketInAction)},
		{in(of.PacketInNX2, of.PacketInPacketOut), in(of.PacketInNX2, of.PacketInAction)},
		{of.FlowRemoved{Reason: of.FlowRemovedMeter}, of.FlowRemoved{Reason: of.FlowRemovedDelete}},
		{update(of.UpdateInitial, 0), update(of.UpdateAdded, 0)},
		{update(of.UpdateRemoved, of.FlowRemovedMeter), update(of.UpdateRemoved, of.FlowRemovedDelete)},
	} {
		b, err := of.Encode(of.Version13, tc.m, 1)
		if err != nil {
			t.Error(err)
			continue
		}
		got, _, err := of.Decode(b)
		if diff := cmp.Diff(tc.want, got, cmpOptions); diff != "" || err != nil {
			t.Errorf("%+v: error %v (-want +got):\n%s", tc.m, err, diff)
		}
	}
}

// TestErrorsOfOldVersions decodes the errors by which Open vSwitch refuses a flow monitor.
func TestErrorsOfOldVersions(t *testing.T) {
	for _, tc := range []struct {
		hex  string
		want of.ErrorCode
	}{
		{"0101001400000000b0c2000000002320 00010206", of.ErrBadMonitorFlags},
		{"0101001c0000003fb0c2000000002320 00010205 000500080000003f", of.ErrMonitorExists},
		{"0101001400000009b0c2000000002320 00010207", of.ErrUnknownMonitor},
		{"0101001400000009b0c2000000002321 00010207", of.MakeErrorCode(0xb0c2, 0)},
		{"0401001400000009b0c2000000002320 00010207", of.MakeErrorCode(0xb0c2, 0)},
		{"0301001000000009ffff000800002320", of.ErrUnknownMonitor},
	} {
		b, err := hex.DecodeString(strings.ReplaceAll(tc.hex, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		m, _, err := of.Decode(b)
		if e, ok := m.(of.Error); !ok || e.Code != tc.want {
			t.Errorf("%s is %+v, error %v; want %v", tc.hex, m, err, tc.want)
		}
	}
	if m, _, err := of.Decode([]byte("\x01\x01\x00\x0e\x00\x00\x00\x00\xb0\xc2\x00\x00\x00\x00")); err == nil {
		t.Errorf("an error that is cut off is %+v", m)
	}
}

// TestPacketInPassesOver has a property that nobody knows yet.
func TestPacketInPassesOver(t *testing.T) {
	want := of.PacketIn{Format: of.PacketInNX2, BufferID: of.NoBuffer, TotalLen: 8, Data: []byte("12345678")}
	b, err := of.Encode(of.Version14, want, 1)
	if err != nil {
		t.Fatal(err)
	}
	b = append(b, 0, 99, 0, 5, 1, 0, 0, 0)
	b[3] = byte(len(b))
	got, _, err := of.Decode(b)
	if diff := cmp.Diff(want, got, cmpOptions); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
}

func TestAsyncText(t *testing.T) {
	for _, tc := range []struct{ got, want string }{
		{of.PacketInNX2.String(), "nxt_packet_in2"},
		{of.PacketInFormat(3).String(), "packet-in format 3"},
		{of.UpdateResumed.String(), "resumed"},
		{of.UpdateEvent(7).String(), "event 7"},
		{of.TLVMap{Class: 0xffff, Type: 1, Length: 4, Index: 2}.String(), "{class=0xffff,type=0x1,len=4}->tun_metadata2"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}
