// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"errors"
	"testing"

	of "github.com/ovskit/ovskit/openflow"
)

// TestAsyncDecodeRefuses damages good messages and expects the code that a switch answers.
func TestAsyncDecodeRefuses(t *testing.T) {
	encode := func(v of.Version, m of.Message) []byte {
		t.Helper()
		b, err := of.Encode(v, m, 7)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	patch := func(b []byte, offset int, with ...byte) []byte {
		copy(b[offset:], with)
		return b
	}
	// cut shortens or lengthens a message to n bytes.
	cut := func(b []byte, n int) []byte {
		b = append(b, make([]byte, max(0, n-len(b)))...)[:n]
		return patch(b, 2, byte(n>>8), byte(n))
	}
	const v13, v14, v15 = of.Version13, of.Version14, of.Version15
	in := func(format of.PacketInFormat) []byte {
		return encode(v13, of.PacketIn{Format: format, BufferID: of.NoBuffer, TotalLen: 8, Data: make([]byte, 8)})
	}
	// The properties of a packet-in of 8 bytes: packet, table, cookie, reason, metadata.
	const packet, table, cookie, reason, metadata = 16, 32, 40, 56, 64
	out15 := func() []byte { return encode(v15, of.PacketOut{InPort: 1, Data: []byte("frame")}) }
	removed := func() []byte { return encode(v15, of.FlowRemoved{}) }
	monitor := of.FlowMonitorRequest{Monitors: []of.FlowMonitor{{ID: 1, Flags: of.MonitorAdded}}}
	updates := func(u of.FlowUpdate) of.FlowUpdates { return of.FlowUpdates{Updates: []of.FlowUpdate{u}} }
	flush := func() []byte {
		return encode(v13, of.CTFlush{CTFilter: of.CTFilter{Proto: of.IPProtoTCP, Orig: of.CTTuple{SrcPort: 1}}})
	}
	maps := of.TLVTableMod{Maps: []of.TLVMap{{Length: 4}}}
	status := of.TableStatus{Reason: of.TableVacancyUp, Table: of.TableDesc{Vacancy: &of.TableVacancy{}}}
	meter := of.RequestForward{Request: of.Raw{Type: 29, Body: make([]byte, 8)}}
	for _, tc := range []struct {
		name string
		b    []byte
		want of.ErrorCode
	}{
		{"short experimenter's message", cut(encode(v13, of.SetControllerID{}), 15), of.ErrBadRequestLen},
		{"short packet-in", cut(in(of.PacketInStandard), 20), of.ErrBadRequestLen},
		{"match of a packet-in cut off", cut(in(of.PacketInStandard), 30), of.ErrBadMatchLen},
		{"packet-in without padding", cut(in(of.PacketInStandard), 33), of.ErrBadRequestLen},
		{"match of a packet-in", patch(in(of.PacketInNX), 32, 0xff, 0xff), of.ErrBadRequestLen},
		{"packet-in without properties", cut(in(of.PacketInNX2), 16), of.ErrBadRequestLen},
		{"odd properties", cut(in(of.PacketInNX2), 33), of.ErrBadRequestLen},
		{"property of no length", patch(in(of.PacketInNX2), packet+2, 0, 0), of.ErrBadPropertyLen},
		{"property too long", patch(in(of.PacketInNX2), metadata+2, 0, 9), of.ErrBadPropertyLen},
		{"property of experimenter 0", patch(in(of.PacketInNX2), cookie, 0xff, 0xff), of.ErrBadPropertyExperimenter},
		{"no packet", patch(in(of.PacketInNX2), packet+1, 99), of.ErrBadRequestLen},
		{"table of no length", patch(in(of.PacketInNX2), table+3, 4), of.ErrBadPropertyLen},
		{"reason of no length", patch(in(of.PacketInNX2), reason+3, 4), of.ErrBadPropertyLen},
		{"cookie length", patch(in(of.PacketInNX2), cookie+3, 12), of.ErrBadPropertyLen},
		{"cut continuation", patch(in(of.PacketInNX2), table, 0, 8, 0, 6), of.ErrBadPropertyLen},
		{"cut metadata", patch(in(of.PacketInNX2), table, 0, 6, 0, 8, 0x80, 0, 0, 4), of.ErrBadMatchLen},
		{"packet of less bytes than there are", patch(in(of.PacketInNX2), reason, 0, 1, 0, 8, 0, 0, 0, 7), of.ErrBadRequestLen},
		{"unknown property to resume", patch(encode(v13, of.Resume{PacketIn: of.PacketIn{BufferID: of.NoBuffer, TotalLen: 8,
			Data: make([]byte, 8)}}), reason, 0, 99), of.ErrBadPropertyType},
		{"packet-in format", patch(encode(v13, of.SetPacketInFormat{}), 19, 3), of.ErrRequestPermission},
		{"long packet-in format", cut(encode(v13, of.SetPacketInFormat{}), 24), of.ErrBadRequestLen},
		{"controller id", patch(encode(v13, of.SetControllerID{}), 16, 1), of.ErrMustBeZero},
		{"match of a packet-out", patch(out15(), 18, 0, 3), of.ErrBadMatchLen},
		{"packet-out without port", patch(out15(), 18, 0, 4), of.ErrBadPort},
		{"packet-out of a reserved port", patch(out15(), 24, 0xff, 0xff, 0xff, 0xfb), of.ErrBadPort},
		{"packet-out of port 0x10000", patch(out15(), 25, 1), of.ErrBadPort},
		{"short packet-out", cut(out15(), 15), of.ErrBadRequestLen},
		{"actions of a packet-out", patch(out15(), 12, 0xff, 0xff), of.ErrBadRequestLen},
		{"short flow-removed", cut(removed(), 16), of.ErrBadRequestLen},
		{"statistics of no length", patch(removed(), 34, 0, 3), of.ErrBadMatchLen},
		{"statistics too long", patch(removed(), 34, 0, 200), of.ErrBadMatchLen},
		{"statistic too long", patch(removed(), 39, 0xff), of.ErrBadMatchLen},
		{"long flow-removed", cut(removed(), 88), of.ErrBadRequestLen},
		{"short role-status", cut(encode(v14, of.RoleStatus{}), 23), of.ErrBadRequestLen},
		{"role", patch(encode(v14, of.RoleStatus{}), 11, 4), of.ErrBadRole},
		{"role in 1.3", patch(encode(v13, of.RoleStatus{}), 19, 4), of.ErrBadRole},
		{"reason of a table-status", patch(encode(v14, status), 8, 5), of.ErrBadPropertyValue},
		{"length of a table-status", patch(encode(v14, status), 16, 0, 200), of.ErrBadRequestLen},
		{"short table-status", patch(encode(v14, status), 16, 0, 7), of.ErrBadRequestLen},
		{"vacancy of no length", patch(encode(v14, status), 26, 0, 4), of.ErrBadPropertyLen},
		{"nothing forwarded", cut(encode(v14, meter), 12), of.ErrBundleMsgLen},
		{"forward of a long message", patch(encode(v14, meter), 10, 1), of.ErrBundleMsgLen},
		{"forward of another version", patch(encode(v14, meter), 8, 4), of.ErrBadVersion},
		{"forward of another type", patch(encode(v14, meter), 9, 14), of.ErrBundleMsgUnsupported},
		{"forward in a bundle", encode(v14, of.BundleAdd{Message: of.Raw{Type: 32, Body: encode(v14, meter)[8:]}}), of.ErrBundleMsgUnsupported},
		{"monitor flags", patch(encode(v14, monitor), 28, 0, 1), of.ErrBadMonitorFlags},
		{"monitor flag of the standard", patch(encode(v14, monitor), 29, 2|1<<5), of.ErrBadMonitorFlags},
		{"unknown monitor flag", patch(encode(v14, monitor), 28, 1), of.ErrBadMonitorFlags},
		{"unknown monitor flag in 1.3", patch(encode(v13, monitor), 29, 2|1<<6), of.ErrBadMonitorFlags},
		{"monitor bits", patch(encode(v13, monitor), 39, 1), of.ErrMustBeZero},
		{"monitor command", patch(encode(v14, monitor), 31, 3), of.ErrBadMonitorCommand},
		{"monitor of port 0", patch(encode(v14, monitor), 20, 0, 0, 0, 0), of.ErrBadPort},
		{"short monitor", cut(encode(v14, monitor), 24), of.ErrBadRequestLen},
		{"short monitor in 1.3", cut(encode(v13, monitor), 32), of.ErrBadRequestLen},
		{"odd monitor", cut(encode(v14, monitor), 41), of.ErrBadRequestLen},
		{"monitor without match", cut(encode(v14, monitor), 32), of.ErrBadMatchLen},
		{"event", patch(encode(v14, updates(of.FlowUpdate{Event: of.UpdatePaused})), 19, 7), of.ErrBadUpdateEvent},
		{"event in 1.3", patch(encode(v13, updates(of.FlowUpdate{Event: of.UpdateAbbreviated})), 27, 4), of.ErrBadUpdateEvent},
		{"update of no length", patch(encode(v14, updates(of.FlowUpdate{})), 16, 0, 0), of.ErrBadRequestLen},
		{"odd update", patch(encode(v14, updates(of.FlowUpdate{})), 16, 0, 31), of.ErrBadRequestLen},
		{"short update", patch(encode(v14, updates(of.FlowUpdate{})), 16, 0, 16), of.ErrBadRequestLen},
		{"long update", patch(encode(v14, updates(of.FlowUpdate{})), 16, 1, 0), of.ErrBadRequestLen},
		{"abbreviated at length", patch(encode(v14, updates(of.FlowUpdate{})), 18, 0, 4), of.ErrBadRequestLen},
		{"update without match", patch(encode(v14, updates(of.FlowUpdate{})), 16, 0, 24), of.ErrBadMatchLen},
		{"long end of a monitor", cut(encode(v13, of.FlowMonitorRequest{Monitors: []of.FlowMonitor{{Command: of.MonitorDelete}}}), 24), of.ErrBadRequestLen},
		{"ct-flush bits", patch(flush(), 17, 1), of.ErrMustBeZero},
		{"odd ct-flush", cut(flush(), 41), of.ErrBadRequestLen},
		{"tuple of no length", patch(flush(), 26, 0, 4), of.ErrBadPropertyLen},
		{"long port in a tuple", patch(flush(), 34, 0, 9), of.ErrBadPropertyLen},
		{"address in a tuple", patch(flush(), 32, 0, 0), of.ErrBadPropertyLen},
		{"zone of no length", patch(flush(), 24, 0, 2, 0, 4), of.ErrBadPropertyLen},
		{"tlv command", patch(encode(v13, maps), 17, 3), of.ErrBadTLVCommand},
		{"tlv length", patch(encode(v13, maps), 27, 5), of.ErrBadTLVLen},
		{"long tlv", patch(encode(v13, maps), 27, 128), of.ErrBadTLVLen},
		{"tlv field", patch(encode(v13, maps), 29, 64), of.ErrBadTLVField},
		{"odd tlv-table-mod", cut(encode(v13, maps), 30), of.ErrBadRequestLen},
		{"short tlv-table reply", cut(encode(v13, of.TLVTableReply{}), 31), of.ErrBadRequestLen},
		{"tlv field of a reply", encode(v13, of.TLVTableReply{MaxFields: 5, Maps: []of.TLVMap{{Index: 5}}}), of.ErrBadTLVField},
		{"long tlv-table request", cut(encode(v13, of.TLVTableRequest{}), 24), of.ErrBadRequestLen},
	} {
		m, xid, err := of.Decode(tc.b)
		var refused *of.DecodeError
		if !errors.As(err, &refused) || refused.Code != tc.want || xid != 7 {
			t.Errorf("%s: transaction %d, %+v, error %v; want %v", tc.name, xid, m, err, tc.want)
		}
	}
}

// TestAsyncEncodeRefuses has messages that cannot be expressed.
func TestAsyncEncodeRefuses(t *testing.T) {
	group := of.FlowMonitor{Flags: of.MonitorAdded, OutGroup: 3}
	end := of.FlowMonitor{Command: of.MonitorDelete}
	paused := of.FlowUpdate{Event: of.UpdatePaused}
	for _, tc := range []struct {
		name string
		v    of.Version
		m    of.Message
	}{
		{"userdata in a standard packet-in", of.Version15, of.PacketIn{Userdata: []byte{1}}},
		{"continuation in nxt_packet_in", of.Version15, of.PacketIn{Format: of.PacketInNX, Continuation: []byte{1}}},
		{"packet-in format", of.Version13, of.PacketIn{Format: 3}},
		{"metadata in a packet-out", of.Version14, of.PacketOut{Match: of.Match{of.Reg(0, 1)}}},
		{"two ports in a packet-out", of.Version15, of.PacketOut{Match: of.Match{of.InPort(1)}}},
		{"long data of a packet-in", of.Version13, of.PacketIn{Format: of.PacketInNX2, Data: make([]byte, 65535)}},
		{"role", of.Version14, of.RoleStatus{Role: 4}},
		{"table-status", of.Version13, of.TableStatus{Reason: of.TableVacancyUp}},
		{"reason of a table-status", of.Version14, of.TableStatus{}},
		{"forward of nothing", of.Version14, of.RequestForward{}},
		{"forward of a barrier", of.Version14, of.RequestForward{Request: of.BarrierRequest{}}},
		{"monitor of a group", of.Version13, of.FlowMonitorRequest{Monitors: []of.FlowMonitor{group}}},
		{"changed monitor", of.Version13, of.FlowMonitorRequest{Monitors: []of.FlowMonitor{{Command: of.MonitorModify}}}},
		{"end of two monitors", of.Version13, of.FlowMonitorRequest{Monitors: []of.FlowMonitor{end, end}}},
		{"monitor command", of.Version14, of.FlowMonitorRequest{Monitors: []of.FlowMonitor{{Command: 3}}}},
		{"pause among others", of.Version13, of.FlowUpdates{Updates: []of.FlowUpdate{{}, paused}}},
		{"event", of.Version15, of.FlowUpdates{Updates: []of.FlowUpdate{{Event: 7}}}},
	} {
		if b, err := of.Encode(tc.v, tc.m, 1); err == nil {
			t.Errorf("%s is encoded in %v as % x", tc.name, tc.v, b)
		}
	}
}
