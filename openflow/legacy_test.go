// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"bytes"
	"encoding/hex"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/internal/tier"
	of "github.com/ovskit/ovskit/openflow"
)

var (
	legacyVersions = []of.Version{of.Version10, of.Version11, of.Version12}
	oldest         = legacyVersions[:1]
	extensible     = []of.Version{of.Version10, of.Version12} // those whose matches have room for every field

	legacyMatch = of.Match{
		of.InPort(3), of.VLANTag(5, 2), of.EthType(of.EthTypeIPv4), of.IPProto(of.IPProtoTCP), of.TCPDst(80),
	}.Canonical()
)

// legacyRequest is a message that a switch is sent in some old versions.
type legacyRequest struct {
	m        of.Message
	versions []of.Version
}

func legacyRequests() []legacyRequest {
	table := uint8(3)
	flow := of.Flow{Table: 2, Priority: 7, Cookie: 9, IdleTimeout: 1, HardTimeout: 2, Flags: of.FlowSendRemoved, Match: legacyMatch}
	acting := flow
	acting.Instructions.Apply = []of.Action{
		of.SetField{MatchField: of.EthSrc(net.HardwareAddr{2, 0, 0, 0, 0, 1})}, of.Resubmit{InPort: of.PortInPort, Table: 4},
		of.Output{Port: of.PortController, MaxLen: 100}, of.PopVLAN{}, of.OutputGroup{ID: 5}, of.SetQueue{ID: 6}, of.DecTTL{},
	}
	buckets := []of.Bucket{{Actions: []of.Action{of.Output{Port: 1}}}}
	return []legacyRequest{
		{of.BarrierRequest{}, legacyVersions},
		{of.BarrierReply{}, legacyVersions},
		{of.EchoRequest{}, legacyVersions},
		{of.FeaturesRequest{}, legacyVersions},
		{of.DescRequest{}, legacyVersions},
		{of.PortDescRequest{}, legacyVersions},
		{of.PortStatsRequest{}, legacyVersions},
		{of.PortStatsRequest{Port: of.PortLocal}, legacyVersions},
		{of.QueueStatsRequest{Port: 1, Queue: 2}, legacyVersions},
		{of.QueueStatsRequest{Queue: of.QueueAll}, legacyVersions},
		{of.QueueDescRequest{Port: 1, Queue: of.QueueAll}, legacyVersions},
		{of.TableStatsRequest{}, legacyVersions},
		{of.FlowStatsRequest{FlowFilter: of.FlowFilter{Table: &table, OutPort: 4}}, legacyVersions},
		{of.FlowStatsRequest{FlowFilter: of.FlowFilter{Match: legacyMatch}, Plain: true}, oldest},
		{of.FlowStatsRequest{FlowFilter: of.FlowFilter{Cookie: 4, CookieMask: 6}}, legacyVersions},
		{of.AggregateRequest{FlowFilter: of.FlowFilter{Match: legacyMatch}}, legacyVersions},
		{of.AggregateRequest{FlowFilter: of.FlowFilter{Match: of.Match{of.Reg(1, 2)}}}, extensible},
		{of.GroupStatsRequest{ID: 4}, legacyVersions},
		{of.GroupDescRequest{ID: of.GroupAll}, legacyVersions},
		{of.GroupFeaturesRequest{}, extensible},
		{of.RoleRequest{Role: of.RoleSecondary}, legacyVersions},
		{of.SetFlowFormat{NXM: true}, oldest},
		{of.FlowModTableID{Set: true}, oldest},
		{of.SetPacketInFormat{Format: of.PacketInNX2}, legacyVersions},
		{of.SetAsync{AsyncConfig: of.AsyncConfig{Primary: of.AsyncMasks{PacketIn: 1}}}, legacyVersions},
		{of.PortMod{Port: 1, HWAddr: make(net.HardwareAddr, 6), Config: 1, Mask: 1}, legacyVersions},
		{of.PacketOut{InPort: 1, Actions: []of.Action{of.Output{Port: 2}}, Data: []byte("f")}, legacyVersions},
		{of.FlowMonitorRequest{Monitors: []of.FlowMonitor{{ID: 1, Flags: of.MonitorInitial, Match: legacyMatch}}}, legacyVersions},
		{of.FlowMonitorRequest{Monitors: []of.FlowMonitor{{ID: 1, Command: of.MonitorDelete}}}, legacyVersions},
		{of.FlowMod{Flow: acting}, legacyVersions},
		{of.FlowMod{Command: of.FlowDeleteStrict, Flow: flow, OutPort: 5}, legacyVersions},
		{of.GroupMod{Command: of.GroupAdd, Group: of.Group{Type: of.GroupTypeAll, ID: 1, Buckets: buckets}}, legacyVersions},
		{of.GroupMod{Command: of.GroupDelete, Group: of.Group{ID: of.GroupAll}}, legacyVersions},
	}
}

func TestLegacyRoundTrip(t *testing.T) {
	for _, r := range legacyRequests() {
		for _, v := range r.versions {
			b, err := of.Encode(v, r.m, 0xfedcba98)
			if err != nil {
				t.Errorf("%v: Encode(%+v): %v", v, r.m, err)
				continue
			}
			got, xid, err := of.Decode(b)
			if err != nil || xid != 0xfedcba98 {
				t.Errorf("%v: Decode(Encode(%+v)): transaction %#x, error %v", v, r.m, xid, err)
				continue
			}
			if diff := cmp.Diff(r.m, got, cmpOptions); diff != "" {
				t.Errorf("%v: %T (-want +got):\n%s", v, r.m, diff)
			}
		}
	}
}

// TestLegacyActions has actions come back from a list of OpenFlow 1.0 as they went.
func TestLegacyActions(t *testing.T) {
	for _, a := range []of.Action{
		of.SetVLANVID{VID: 5, Push: true}, of.SetVLANPCP{PCP: 3, Push: true}, of.SetTransport{Dst: true, Port: 80},
		of.SetTransport{Port: 81}, of.EnqueueTo{Port: 1, Queue: 2}, of.DecMPLSTTL{}, of.PushMPLS{EthType: of.EthTypeMPLS},
		of.PopMPLS{EthType: of.EthTypeIPv4}, of.SetField{MatchField: of.TunID(1 << 40)}, of.SetField{MatchField: of.Reg(3, 4)},
		of.SetField{MatchField: of.Uint(of.FieldIPv4Dst, 0x0a000001)}, of.SetField{MatchField: of.IPDSCP(9)},
	} {
		m := of.PacketOut{InPort: 1, Actions: []of.Action{a}}
		b, err := of.Encode(of.Version10, m, 1)
		if err != nil {
			t.Errorf("Encode(%v): %v", a, err)
			continue
		}
		if got, _, err := of.Decode(b); err != nil || cmp.Diff(of.Message(m), got, cmpOptions) != "" {
			t.Errorf("%v: got %+v, error %v", a, got, err)
		}
	}
}

func TestLegacyErrors(t *testing.T) {
	for _, tc := range []struct {
		v    of.Version
		code of.ErrorCode
		want string // what follows the header
	}{
		{of.Version10, of.ErrTableFull, "00030000"},
		{of.Version12, of.ErrTableFull, "00050001"},
		{of.Version10, of.ErrDupField, "b0c20000" + "00002320" + "00010105"},
		{of.Version10, of.ErrMeterUnknown, "b0c20000" + "00002320" + "00010209"},
		{of.Version12, of.ErrDupField, "0004000a"},
	} {
		b, err := of.Encode(tc.v, of.Error{Code: tc.code}, 1)
		if got := hex.EncodeToString(b[of.HeaderLen:]); err != nil || got != tc.want {
			t.Errorf("%v in %v: got %s, error %v, want %s", tc.code, tc.v, got, err, tc.want)
		}
	}
}

// TestRealLegacy has ovs-ofctl read what a switch sends in old versions.
func TestRealLegacy(t *testing.T) {
	tier.Need(t, tier.Sandbox)
	port := of.PortDesc{No: 3, HWAddr: net.HardwareAddr{2, 0, 0, 0, 0, 3}, Name: "p3", Config: of.PortConfigDown}
	flow := of.FlowStats{Flow: of.Flow{Table: 1, Priority: 5, Cookie: 6, Match: legacyMatch, Instructions: of.Instructions{
		Apply: []of.Action{of.SetField{MatchField: of.Reg(1, 7)}, of.Output{Port: 2}},
	}}, Duration: 3 * time.Second, Idle: 2 * time.Second, Age: time.Second, Packets: 8, Bytes: 9}
	for _, tc := range []struct {
		m        of.Message
		versions []of.Version
		want     []string
	}{
		{of.FeaturesReply{DatapathID: 0xab, Tables: 254, Ports: []of.PortDesc{port}}, legacyVersions,
			[]string{"dpid:00000000000000ab", "3(p3): addr:02:00:00:00:00:03", "PORT_DOWN"}},
		{of.FlowStatsReply{Flows: []of.FlowStats{flow}}, oldest, []string{"NXST_FLOW", "cookie=0x6, duration=3s, table=1, " +
			"n_packets=8, n_bytes=9, idle_age=2, hard_age=1, priority=5,tcp,in_port=3,dl_vlan=5,dl_vlan_pcp=2,tp_dst=80",
			"load:0x7->NXM_NX_REG1[],output:2"}},
		{of.FlowStatsReply{Flows: []of.FlowStats{flow}, Plain: true}, oldest, []string{"OFPST_FLOW", "n_packets=8"}},
		{of.FlowStatsReply{Flows: []of.FlowStats{flow}}, legacyVersions[1:], []string{"priority=5,tcp,in_port=3,dl_vlan=5"}},
		{of.AggregateReply{Packets: 1, Bytes: 2, Flows: 3}, legacyVersions, []string{"packet_count=1 byte_count=2 flow_count=3"}},
		{of.PortStatsReply{Ports: []of.PortStats{{Port: 3, RxPackets: 4, TxDropped: 5}}}, legacyVersions,
			[]string{"port  3: rx pkts=4", "drop=5"}},
		{of.QueueStatsReply{Queues: []of.QueueStats{{Port: 1, Queue: 2, TxBytes: 3}}}, legacyVersions,
			[]string{"port 1 queue 2: bytes=3"}},
		{of.TableStatsReply{Tables: []of.TableStats{{Table: 0, Name: "t0", MaxEntries: 9, Active: 4}}}, legacyVersions,
			[]string{`table 0 ("t0")`, "active=4", "max_entries=9"}},
		{of.GroupStatsReply{Groups: []of.GroupStats{{ID: 7, References: 1, Packets: 2}}}, legacyVersions[1:],
			[]string{"group_id=7,ref_count=1,packet_count=2"}},
		{of.GroupStatsReply{Groups: []of.GroupStats{{ID: 7, References: 1, Packets: 2, Duration: 3 * time.Second}}}, oldest,
			[]string{"group_id=7,duration=3s,ref_count=1,packet_count=2"}},
		{of.FlowRemoved{Stats: flow, Reason: of.FlowRemovedHard}, legacyVersions, []string{"reason=hard", "tcp,in_port=3"}},
		{of.PortStatus{Reason: of.PortAdded, Port: port}, legacyVersions, []string{"ADD:", "3(p3)"}},
		{of.PacketIn{BufferID: of.NoBuffer, TotalLen: 60, Reason: of.PacketInAction, Match: of.Match{of.InPort(3)},
			Data: make([]byte, 60)}, legacyVersions, []string{"total_len=60", "in_port=3", "via action"}},
		{of.FlowUpdates{Updates: []of.FlowUpdate{{Event: of.UpdateAdded, Flow: flow.Flow}}}, legacyVersions,
			[]string{"event=ADDED table=1 cookie=0x6", "in_port=3"}},
	} {
		for _, v := range tc.versions {
			b, err := of.Encode(v, tc.m, 1)
			if err != nil {
				t.Errorf("%v: Encode(%+v): %v", v, tc.m, err)
				continue
			}
			text := ofpPrint(t, b)
			for _, want := range tc.want {
				if !strings.Contains(text, want) {
					t.Errorf("%v: %T: got\n%s\nwhich lacks %q", v, tc.m, text, want)
				}
			}
		}
	}
}

// TestLegacyFieldNames has the older names of fields in what OpenFlow 1.0 says of flows.
func TestLegacyFieldNames(t *testing.T) {
	m := of.Match{of.EthType(0x800), of.InPort(3), of.Untagged(), of.Uint(of.FieldIPDSCP, 4), of.Uint(of.FieldIPECN, 1)}
	b, err := of.Encode(of.Version10, of.FlowStatsReply{Flows: []of.FlowStats{{Flow: of.Flow{Match: m}}}}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		name  string
		field []byte
	}{
		{"NXM_OF_IN_PORT", []byte{0, 0, 0, 2, 0, 3}},
		{"NXM_OF_ETH_TYPE", []byte{0, 0, 6, 2, 8, 0}},
		{"NXM_OF_VLAN_TCI", []byte{0, 0, 8, 2, 0, 0}},
		{"NXM_OF_IP_TOS", []byte{0, 0, 10, 1, 16}},
		{"NXM_NX_IP_ECN", []byte{0, 1, 56, 1, 1}},
	} {
		if !bytes.Contains(b, want.field) {
			t.Errorf("%s: got\n% x\nwant in it % x", want.name, b, want.field)
		}
	}
}
