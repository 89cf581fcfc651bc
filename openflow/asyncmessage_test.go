// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/tier"
	of "github.com/ovskit/ovskit/openflow"
)

// asyncMessage is a message that a switch sends of its own accord, or one of Nicira's or ONF's, in the versions that have
// it.
type asyncMessage struct {
	m     of.Message
	since of.Version // 0: all
	text  string     // parts of what ovs-ofctl prints, separated by "|"
}

func asyncMessages() []asyncMessage {
	table, zone := uint8(3), uint16(7)
	eviction := of.EvictionImportance
	match := of.Match{of.InPort(2), of.Reg(1, 5)}
	flow := of.Flow{Table: 4, Priority: 9, Cookie: 0x55, IdleTimeout: 10, HardTimeout: 20, Match: match,
		Instructions: apply(of.Output{Port: 3})}
	removed := of.FlowStats{Flow: flow, Duration: 3*time.Second + 7, Packets: 8, Bytes: 9}
	removed.Instructions = of.Instructions{}
	frame := make([]byte, 60)
	frame[12], frame[13] = 0x12, 0x34
	in := of.PacketIn{BufferID: of.NoBuffer, TotalLen: 60, Reason: of.PacketInAction, Table: 3, Cookie: 4, Match: match, Data: frame}
	nx, nx2, cut, whole, group := in, in, in, in, in
	nx.Format = of.PacketInNX
	nx2.Format, nx2.Cookie = of.PacketInNX2, ^uint64(0)
	cut.Format, cut.Data, cut.BufferID, cut.Userdata = of.PacketInNX2, frame[:20], 77, []byte("abc")
	whole.Format, whole.Userdata, whole.Continuation = of.PacketInNX2, []byte("12345678"), make([]byte, 8)
	copy(whole.Continuation, "\x80\x02\x00\x08\x00\x00\x00\x01") // NXCPT_MIRRORS
	group.Format, group.Reason = of.PacketInNX2, of.PacketInGroup
	resume := whole
	resume.Userdata = nil
	addr := netip.MustParseAddr
	monitor := of.FlowMonitor{ID: 5, Flags: of.MonitorInitial | of.MonitorAdded | of.MonitorOwn, Table: &table, Match: match, OutPort: 6}
	onGroup, modified := monitor, monitor
	onGroup.OutGroup = 8
	modified.Command, modified.Flags = of.MonitorModify, of.MonitorRemoved|of.MonitorModified|of.MonitorInstructions
	updates := []of.FlowUpdate{
		{Event: of.UpdateAdded, Flow: flow},
		{Event: of.UpdateRemoved, Flow: removed.Flow, Reason: of.FlowRemovedHard},
		{Event: of.UpdateModified, Flow: flow},
		{Event: of.UpdateAbbreviated, Xid: 0x1234},
	}
	maps := []of.TLVMap{{Class: 0xffff, Type: 1, Length: 4, Index: 2}, {Class: 3, Length: 124, Index: 63}}
	const v14, v15 = of.Version14, of.Version15
	return []asyncMessage{
		{m: in, text: "OFPT_PACKET_IN|table_id=3 cookie=0x4 total_len=60 reg1=0x5,in_port=2 (via action) data_len=60 (unbuffered)"},
		{m: nx, text: "NXT_PACKET_IN |table_id=3 cookie=0x4 total_len=60 reg1=0x5,in_port=2 (via action) data_len=60 (unbuffered)"},
		{m: nx2, text: "NXT_PACKET_IN2|table_id=3 total_len=60 reg1=0x5,in_port=2 (via action) data_len=60 (unbuffered)"},
		{m: cut, text: "NXT_PACKET_IN2|table_id=3 cookie=0x4 total_len=60 |data_len=20 buffer=0x0000004d|userdata=61.62.63"},
		{m: whole, text: "userdata=31.32.33.34.35.36.37.38|continuation.mirrors=0x1"},
		{m: group, since: v14, text: "(via group)"},
		{m: of.Resume{PacketIn: resume}, text: "NXT_RESUME|total_len=60 reg1=0x5,in_port=2|continuation.mirrors=0x1"},
		{m: of.SetPacketInFormat{Format: of.PacketInNX2}, text: "NXT_SET_PACKET_IN_FORMAT|format=nxt_packet_in2"},
		{m: of.SetControllerID{ID: 300}, text: "NXT_SET_CONTROLLER_ID|id=300"},
		{m: of.PacketOut{InPort: of.PortLocal, Actions: []of.Action{of.Output{Port: 3}}, Data: frame},
			text: "in_port=LOCAL actions=output:3 data_len=60"},
		{m: of.PacketOut{InPort: 2, Match: of.Match{of.Reg(1, 5)}, Data: frame}, since: v15, text: "reg1=0x5,in_port=2 actions=drop"},
		{m: of.FlowRemoved{Stats: removed, Reason: of.FlowRemovedDelete},
			text: "priority=9,reg1=0x5,in_port=2 reason=delete table_id=4 cookie:0x55 duration3.000000007s idle10 hard20 pkts8 bytes9"},
		{m: of.FlowRemoved{Stats: removed, Reason: of.FlowRemovedMeter}, since: v14, text: "reason=meter_delete"},
		{m: of.RoleStatus{Role: 3, Reason: of.RoleConfig, Generation: 9},
			text: "ROLE_STATUS|role=secondary generation_id=9 reason=configuration_changed"},
		{m: of.TableStatus{Reason: of.TableVacancyDown, Table: of.TableDesc{Table: 3, Config: 1<<2 | 1<<3, Eviction: &eviction,
			Vacancy: &of.TableVacancy{Down: 10, Up: 20, Current: 30}}}, since: v14,
			text: "OFPT_TABLE_STATUS|reason=VACANCY_DOWN|table 3|eviction=on|IMPORTANCE|vacancy=on|vacancy_down=10%|vacancy_up=20%|vacancy=30%"},
		{m: of.TableStatus{Reason: of.TableVacancyUp, Table: of.TableDesc{Table: 200}}, since: v14, text: "reason=VACANCY_UP|table 200"},
		{m: of.RequestForward{Request: of.MeterMod{Command: of.MeterAdd, MeterConfig: of.MeterConfig{ID: 9, Flags: of.MeterPacketsPerSecond,
			Bands: []of.MeterBand{{Type: of.BandDrop, Rate: 7}}}}, Xid: 0x17},
			text: "REQUESTFORWARD|reason=meter_mod ADD meter=9 pktps"},
		{m: of.RequestForward{Request: of.GroupMod{Command: of.GroupDelete, Group: of.Group{ID: of.GroupAll}}, Xid: 0x17},
			text: "REQUESTFORWARD|reason=group_mod|DEL group_id="},
		{m: of.FlowMonitorRequest{Monitors: []of.FlowMonitor{monitor, {ID: 6, Flags: of.MonitorModified | of.MonitorInstructions}}},
			text: "FLOW_MONITOR|id=5 flags=initial,add,own out_port=6 table=3 reg1=0x5,in_port=2|id=6 flags=modify,actions"},
		{m: of.FlowMonitorRequest{Monitors: []of.FlowMonitor{onGroup, modified, {ID: 9, Command: of.MonitorDelete}}}, since: v14,
			text: "out_port=6 out_group=8 table=3|id=5 flags=delete,modify,actions|id=9 command=delete"},
		{m: of.FlowMonitorRequest{Monitors: []of.FlowMonitor{{ID: 9, Command: of.MonitorDelete}}}, text: "FLOW_MONITOR"},
		{m: of.FlowUpdates{Updates: updates}, text: "event=ADDED table=4 idle_timeout=10 hard_timeout=20 cookie=0x55 reg1=0x5,in_port=2 actions=output:3|" +
			"event=DELETED reason=hard table=4|event=MODIFIED table=4|event=ABBREV xid=0x1234"},
		{m: of.FlowUpdates{More: true}, text: "flags=[more]"},
		{m: of.FlowUpdates{Updates: []of.FlowUpdate{{Event: of.UpdateInitial, Flow: flow}, {Event: of.UpdateResumed}}}, since: v14,
			text: "event=INITIAL table=4|event=RESUMED"},
		{m: of.FlowUpdates{Updates: []of.FlowUpdate{{Event: of.UpdatePaused}}}, text: "PAUSED"},
		{m: of.FlowUpdates{Updates: []of.FlowUpdate{{Event: of.UpdateResumed}}}, text: "RESUMED"},
		{m: of.CTFlush{}, text: "NXT_CT_FLUSH|zone=0"},
		{m: of.CTFlush{CTFilter: of.CTFilter{Zone: &zone, Proto: of.IPProtoTCP, Orig: of.CTTuple{Src: addr("10.0.0.1"), SrcPort: 1},
			Reply: of.CTTuple{Dst: addr("10.0.0.2"), DstPort: 80}}},
			text: "zone=7|'ct_nw_src=10.0.0.1,ct_nw_dst=::,ct_tp_src=1,ct_tp_dst=0,ct_nw_proto=6' 'ct_nw_src=::,ct_nw_dst=10.0.0.2,ct_tp_src=0,ct_tp_dst=80'"},
		{m: of.CTFlush{CTFilter: of.CTFilter{Proto: of.IPProtoICMPv6, Orig: of.CTTuple{Src: addr("fd00::1"), ICMPID: 3, ICMPType: 128, ICMPCode: 1}}},
			text: "'ct_ipv6_src=fd00::1,ct_ipv6_dst=::,icmp_id=3,icmp_type=128,icmp_code=1,ct_nw_proto=58'"},
		{m: of.TLVTableMod{Maps: maps}, text: "NXT_TLV_TABLE_MOD|ADD mapping table:|0xffff   0x1       4  tun_metadata2|   0x3     0     124  tun_metadata63"},
		{m: of.TLVTableMod{Command: of.TLVDelete, Maps: maps[:1]}, text: "DEL mapping table:"},
		{m: of.TLVTableMod{Command: of.TLVClear}, text: "CLEAR"},
		{m: of.TLVTableRequest{}, text: "NXT_TLV_TABLE_REQUEST"},
		{m: of.TLVTableReply{MaxSpace: 256, MaxFields: 64, Maps: maps}, text: "NXT_TLV_TABLE_REPLY|max option space=256 max fields=64|allocated option space=128"},
	}
}

// TestAsyncRoundTrip encodes and decodes the messages in each version that has them, and fails in the others.
func TestAsyncRoundTrip(t *testing.T) {
	for _, tc := range asyncMessages() {
		for _, v := range versions {
			_, err := of.Encode(v, tc.m, 0xfedcba98)
			if v < tc.since {
				// Some have a value that an old switch says something else for.
				switch tc.m.(type) {
				case of.PacketIn, of.FlowRemoved:
					continue
				}
				if err == nil {
					t.Errorf("%v encodes %+v", v, tc.m)
				}
				continue
			}
			roundTrip(t, v, tc.m)
		}
	}
}

// TestAsyncPrint has Open vSwitch say what the messages mean.
func TestAsyncPrint(t *testing.T) {
	t.Parallel()
	tier.Need(t, tier.Sandbox)
	for _, v := range versions {
		var told []asyncMessage
		var encoded [][]byte
		for _, tc := range asyncMessages() {
			if v < tc.since {
				continue
			}
			b, err := of.Encode(v, tc.m, uint32(len(encoded)+1))
			must(t, err)
			told, encoded = append(told, tc), append(encoded, b)
		}
		for i, text := range ofpPrintAll(t, encoded) {
			for _, want := range strings.Split(told[i].text, "|") {
				if !strings.Contains(text, want) {
					t.Errorf("%v: %q is not in what %T is printed as:\n%s", v, want, told[i].m, text)
				}
			}
		}
	}
}
