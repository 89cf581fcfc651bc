// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/internal/tier"
	of "github.com/ovskit/ovskit/openflow"
)

// versionedMessage is a message that is decoded to itself in some versions and cannot be encoded in others.
type versionedMessage struct {
	from, to of.Version
	m        of.Message
}

// versioned has the messages that are not the same in all versions, and those that configure and count.
func versioned() (all []versionedMessage) {
	for _, group := range []struct {
		from, to of.Version
		messages []of.Message
	}{
		{of.Version13, of.Version15, groupMessages()},
		{of.Version13, of.Version15, meterMessages()},
		{of.Version13, of.Version15, portMessages()},
		{of.Version13, of.Version15, tableMessages()},
		{of.Version13, of.Version13, []of.Message{
			of.QueueDescReply{Port: 4, Queues: []of.Queue{{Port: 4, ID: 1, MaxRate: ptr[uint16](500)}}},
		}},
		{of.Version14, of.Version15, since14Messages()},
		{of.Version15, of.Version15, since15Messages()},
	} {
		for _, m := range group.messages {
			all = append(all, versionedMessage{group.from, group.to, m})
		}
	}
	return all
}

func groupMessages() []of.Message {
	out := func(port uint32) []of.Action { return []of.Action{of.Output{Port: port}} }
	buckets := []of.Bucket{{Weight: 100, Actions: out(1)}, {ID: 1, Actions: out(2)}, {ID: 2, Weight: 1}}
	failover := []of.Bucket{
		{WatchPort: ptr[uint32](1), Actions: out(1)}, {ID: 1, WatchGroup: ptr[uint32](0), Actions: out(2)},
	}
	return []of.Message{
		of.GroupMod{Group: of.Group{ID: 1, Type: of.GroupTypeSelect, Buckets: buckets}},
		of.GroupMod{Command: of.GroupModify, Group: of.Group{ID: 2, Type: of.GroupTypeFastFailover, Buckets: failover}},
		of.GroupMod{Command: of.GroupAddOrModify, Group: of.Group{Type: of.GroupTypeIndirect, Buckets: []of.Bucket{{}}}},
		of.GroupMod{Command: of.GroupDelete, Group: of.Group{ID: of.GroupAll}},
		of.BundleAdd{ID: 7, Message: of.GroupMod{Group: of.Group{ID: 1, Type: of.GroupTypeSelect, Buckets: buckets}}},
		of.GroupDescRequest{ID: of.GroupAll},
		of.GroupDescReply{Groups: []of.Group{{ID: 1, Type: of.GroupTypeSelect, Buckets: buckets}, {ID: 3}}, More: true},
		of.GroupStatsRequest{ID: 5},
		of.GroupStatsReply{Groups: []of.GroupStats{
			{ID: 1, References: 2, Packets: 3, Bytes: 4, Duration: 5 * time.Second, Buckets: []of.BucketStats{{6, 7}, {8, 9}}}, {ID: 2},
		}, More: true},
		of.GroupFeaturesRequest{},
		of.GroupFeaturesReply{Types: 0xf, Capabilities: of.GroupCapChaining, MaxGroups: [4]uint32{1, 2, 3, 4}, Actions: [4]uint32{5, 6, 7, 8}},
	}
}

func meterMessages() []of.Message {
	bands := []of.MeterBand{
		{Type: of.BandDrop, Rate: 100, BurstSize: 10},
		{Type: of.BandDSCPRemark, Rate: 200, BurstSize: 20, PrecLevel: 3},
		{Type: of.BandExperimenter, Rate: 300, BurstSize: 30, Data: []byte("\x00\x00\x23\x20own data")},
	}
	meter := of.MeterConfig{ID: 1, Flags: of.MeterPacketsPerSecond | of.MeterBurst | of.MeterStatistics, Bands: bands}
	return []of.Message{
		of.MeterMod{MeterConfig: meter},
		of.MeterMod{Command: of.MeterModify, MeterConfig: of.MeterConfig{ID: of.MeterController, Flags: of.MeterKbps}},
		of.MeterMod{Command: of.MeterDelete, MeterConfig: of.MeterConfig{ID: of.MeterAll}},
		of.MeterConfigRequest{ID: of.MeterAll},
		of.MeterConfigReply{Meters: []of.MeterConfig{meter, {ID: 2}}, More: true},
		of.MeterStatsRequest{ID: 3},
		of.MeterStatsReply{Meters: []of.MeterStats{
			{ID: 1, Flows: 2, Packets: 3, Bytes: 4, Duration: 5, Bands: []of.MeterBandStats{{6, 7}}}, {ID: 2},
		}, More: true},
		of.MeterFeaturesRequest{},
		of.MeterFeaturesReply{MaxMeters: 1, BandTypes: 2, Capabilities: 3, MaxBands: 4, MaxColor: 5},
	}
}

func portMessages() []of.Message {
	stats := of.PortStats{
		Port: 4, Duration: 3*time.Second + 7, RxPackets: 1, TxPackets: 2, RxBytes: 3, TxBytes: 4, RxDropped: 5, TxDropped: 6,
		RxErrors: 7, TxErrors: 8, RxFrameErrors: 9, RxOverErrors: 10, RxCRCErrors: 11, Collisions: of.CounterUnknown,
	}
	port := of.PortDesc{
		No: 4, HWAddr: mac("0a:00:00:00:00:04"), Name: "veth4", Config: of.PortConfigDown, State: of.PortStateLive,
		Current: 1, Advertised: 2, Supported: 3, Peer: 4, CurrentSpeed: 5, MaxSpeed: 6,
	}
	return []of.Message{
		of.PortMod{Port: 4, HWAddr: mac("0a:00:00:00:00:04"), Config: of.PortConfigDown, Mask: of.PortConfigDown | of.PortConfigNoForward},
		of.PortMod{Port: of.PortLocal, HWAddr: mac("0a:00:00:00:00:04"), Advertise: 0x820},
		of.PortDescRequest{},
		of.PortDescReply{Ports: []of.PortDesc{port, port}, More: true},
		of.PortStatus{Reason: of.PortModified, Port: port},
		of.PortStatsRequest{Port: 4},
		of.PortStatsRequest{},
		of.PortStatsReply{Ports: []of.PortStats{stats, {Port: 5, Duration: -1}}, More: true},
		of.QueueStatsRequest{Queue: of.QueueAll},
		of.QueueStatsRequest{Port: 4},
		of.QueueStatsReply{Queues: []of.QueueStats{
			{Port: 1, Queue: 2, TxBytes: 3, TxPackets: 4, Errors: 5, Duration: time.Second}, {Duration: -1},
		}, More: true},
		of.QueueDescRequest{Port: 4, Queue: of.QueueAll},
		of.QueueDescRequest{Queue: of.QueueAll},
		of.QueueDescReply{Queues: []of.Queue{{Port: 4, ID: 1, MinRate: ptr[uint16](0), MaxRate: ptr[uint16](500)}, {Port: 4}}},
	}
}

func tableMessages() []of.Message {
	hit := of.FlowAbilities{
		Instructions: []of.TypeNumber{{Type: 1}, {Type: 0xffff, Data: []byte("\x00\x00\x23\x20")}},
		Next:         []uint8{2, 3, 4},
		Write:        []of.TypeNumber{{Type: 0}},
		Apply:        []of.TypeNumber{{Type: 0}, {Type: 25}},
		WriteSet:     []of.FieldHeader{{Field: of.FieldEthDst}},
		ApplySet:     []of.FieldHeader{{Field: of.FieldReg3}, {Field: of.FieldUnknown, Raw: []byte("\xff\xff\x02\x08NSDN")}},
	}
	features := of.TableFeatures{
		Table: 1, Name: "classifier", MetadataMatch: 2, MetadataWrite: 3, Capabilities: of.TableEvicts, MaxEntries: 4,
		Abilities: &of.TableAbilities{
			Match:     []of.FieldHeader{{Field: of.FieldInPort}, {Field: of.FieldEthDst, Masked: true}, {Field: of.FieldUnknown, Raw: []byte{0x80, 0, 0x7f, 4}}},
			Wildcards: []of.FieldHeader{{Field: of.FieldInPort}},
			Hit:       hit, Miss: of.FlowAbilities{Next: []uint8{9}},
		},
	}
	return []of.Message{
		of.TableMod{Table: of.AllTables, Config: 3},
		of.TableStatsRequest{},
		of.TableStatsReply{Tables: []of.TableStats{{Table: 1, Active: 2, Lookups: 3, Matches: 4}, {Table: 2}}, More: true},
		of.TableFeaturesRequest{},
		of.TableFeaturesRequest{Tables: []of.TableFeatures{features}, More: true},
		of.TableFeaturesReply{Tables: []of.TableFeatures{features, features}, More: true},
		of.FlowStatsRequest{FlowFilter: of.FlowFilter{Table: ptr[uint8](3), Match: of.Match{of.InPort(2)}}},
		of.FlowStatsReply{Flows: []of.FlowStats{{
			Flow:     of.Flow{Table: 1, Priority: 9, Cookie: 5, Instructions: of.Instructions{Meter: 3, Goto: 2}},
			Duration: 3*time.Second + 7, Packets: 8, Bytes: of.CounterUnknown,
		}}, More: true},
		of.AggregateReply{Packets: 1, Bytes: of.CounterUnknown, Flows: 3},
	}
}

// since14Messages cannot be expressed before OpenFlow 1.4.
func since14Messages() []of.Message {
	eviction := of.EvictionImportance | of.EvictionLifetime
	return []of.Message{
		of.TableDescRequest{},
		of.TableDescReply{Tables: []of.TableDesc{
			{Table: 1, Config: of.TableEvicts, Eviction: &eviction, Vacancy: &of.TableVacancy{Down: 10, Up: 20, Current: 50}}, {Table: 2},
		}, More: true},
		of.TableMod{Table: 1, Config: of.TableVacancyEvents, Vacancy: &of.TableVacancy{Down: 10, Up: 20}},
		of.TableMod{Table: 1, Config: of.TableEvicts, Eviction: &eviction},
		of.QueueDescRequest{Port: 4, Queue: 5},
		of.QueueDescReply{Queues: []of.Queue{{Port: 4, ID: 1, MaxRate: ptr[uint16](500)}}, More: true},
		of.FlowMod{Flow: of.Flow{Importance: 7}},
	}
}

// since15Messages cannot be expressed before OpenFlow 1.5.
func since15Messages() []of.Message {
	selection := of.Selection{Method: "hash", Param: 7, Fields: []of.MatchField{
		{Field: of.FieldIPv4Src, Value: []byte{255, 255, 255, 0}}, {Field: of.FieldIPProto, Value: []byte{255}},
	}}
	return []of.Message{
		of.GroupMod{Group: of.Group{ID: 1, Type: of.GroupTypeSelect, Selection: selection, Buckets: []of.Bucket{{ID: 3}, {ID: 2}}}},
		of.GroupMod{Group: of.Group{ID: 1, Type: of.GroupTypeSelect, Selection: of.Selection{Method: "dp_hash"}}},
		of.GroupMod{Command: of.GroupInsertBucket, Group: of.Group{ID: 1, Buckets: []of.Bucket{{ID: 9, Weight: 3}}}, CommandBucket: of.BucketLast},
		of.GroupMod{Command: of.GroupInsertBucket, Group: of.Group{ID: 1, Buckets: []of.Bucket{{ID: 9}}}},
		of.GroupMod{Command: of.GroupRemoveBucket, Group: of.Group{ID: 1}, CommandBucket: of.BucketAll},
		of.GroupMod{Group: of.Group{ID: 1, Buckets: []of.Bucket{{ID: of.BucketMax}}}},
		of.GroupDescRequest{ID: 3},
		of.PortDescRequest{Port: 3},
		of.TableFeaturesRequest{Tables: []of.TableFeatures{{Table: 3, Command: of.TableFeaturesDisable}}},
		of.TableFeaturesRequest{Tables: []of.TableFeatures{{Table: 3}}},
	}
}

// roundTrip encodes and decodes a message in a version, and expects the same, which shares no memory with the bytes.
func roundTrip(t *testing.T, v of.Version, m of.Message) {
	t.Helper()
	b, err := of.Encode(v, m, 0xfedcba98)
	if err != nil {
		t.Errorf("%v: Encode(%+v): %v", v, m, err)
		return
	}
	got, xid, err := of.Decode(b)
	if err != nil || xid != 0xfedcba98 {
		t.Errorf("%v: Decode(Encode(%+v)): transaction %#x, error %v", v, m, xid, err)
		return
	}
	clear(b)
	if diff := cmp.Diff(m, got, cmpOptions); diff != "" {
		t.Errorf("%v: %T (-want +got):\n%s", v, m, diff)
	}
}

func TestRoundTripVersions(t *testing.T) {
	t.Parallel()
	for _, tc := range versioned() {
		for v := of.Version13; v <= of.Version15; v++ {
			_, err := of.Encode(v, tc.m, 0xfedcba98)
			if _, part := tc.m.(of.QueueDescReply); v > tc.to && part {
				continue // the port is left out
			}
			if v < tc.from || v > tc.to {
				if err == nil || !strings.Contains(err.Error(), v.String()+" has no ") {
					t.Errorf("%v: Encode(%+v): error %v, want that the version does not have it", v, tc.m, err)
				}
				continue
			}
			roundTrip(t, v, tc.m)
		}
	}
}

// TestRepliesLeaveOut encodes replies with what a version does not tell, and expects the rest.
func TestRepliesLeaveOut(t *testing.T) {
	flow := func(importance uint16, idle time.Duration) of.Message {
		return of.FlowStatsReply{Flows: []of.FlowStats{{Flow: of.Flow{Importance: importance}, Idle: idle}}}
	}
	group := func(id uint32, s of.Selection) of.Message {
		return of.GroupDescReply{Groups: []of.Group{{Type: of.GroupTypeSelect, Selection: s, Buckets: []of.Bucket{{ID: id}}}}}
	}
	hash := of.Selection{Method: "hash"}
	ports := func(sizes *of.PortSizeStats, custom ...of.CustomCounter) of.Message {
		return of.PortStatsReply{Ports: []of.PortStats{{Port: 1, Sizes: sizes, Custom: custom}}}
	}
	counter := of.CustomCounter{Name: "rx_missed", Value: 7}
	sizes := &of.PortSizeStats{Rx1To64: 1, RxJabber: of.CounterUnknown}
	for _, tc := range []struct {
		v       of.Version
		m, want of.Message
	}{
		{of.Version13, flow(7, time.Second), flow(0, 0)},
		{of.Version14, flow(7, time.Second), flow(7, 0)},
		{of.Version15, flow(7, time.Second), flow(7, time.Second)},
		{of.Version13, group(7, hash), group(0, of.Selection{})},
		{of.Version14, group(7, hash), group(0, of.Selection{})},
		{of.Version15, group(7, hash), group(7, hash)},
		{of.Version13, ports(sizes, counter), ports(nil)},
		{of.Version14, ports(sizes, counter, counter), ports(sizes, counter, counter)},
		{of.Version15, ports(sizes, counter), ports(sizes, counter)},
	} {
		b, err := of.Encode(tc.v, tc.m, 1)
		if err != nil {
			t.Errorf("%v: Encode(%+v): %v", tc.v, tc.m, err)
			continue
		}
		got, _, err := of.Decode(b)
		if err != nil {
			t.Errorf("%v: Decode: %v", tc.v, err)
		} else if diff := cmp.Diff(tc.want, got, cmpOptions); diff != "" {
			t.Errorf("%v (-want +got):\n%s", tc.v, diff)
		}
	}
}

// TestPrintVersions has ovs-ofctl read each message in each version that has it.
func TestPrintVersions(t *testing.T) {
	t.Parallel()
	tier.Need(t, tier.Sandbox)
	for _, v := range versions {
		var messages []of.Message
		var encoded [][]byte
		for _, tc := range versioned() {
			if v < tc.from || v > tc.to || unread(tc.m) {
				continue
			}
			b, err := of.Encode(v, tc.m, uint32(len(encoded)+1))
			must(t, err)
			messages, encoded = append(messages, tc.m), append(encoded, b)
		}
		for i, text := range ofpPrintAll(t, encoded) {
			if strings.Contains(text, "***") || !strings.HasPrefix(text, "OFPT_") && !strings.HasPrefix(text, "OFPST_") && !strings.HasPrefix(text, "ONF") {
				t.Errorf("%v: %+v is printed as\n%s", v, messages[i], text)
			}
		}
	}
}

// unread reports whether a message has what Open vSwitch does not read: experimenters' meter bands, and the eviction flags
// of a table-mod.
func unread(m of.Message) bool {
	own := func(meters ...of.MeterConfig) bool {
		return slices.ContainsFunc(meters, func(m of.MeterConfig) bool {
			return slices.ContainsFunc(m.Bands, func(b of.MeterBand) bool { return b.Type == of.BandExperimenter })
		})
	}
	switch m := m.(type) {
	case of.MeterMod:
		return own(m.MeterConfig)
	case of.MeterConfigReply:
		return own(m.Meters...)
	case of.TableMod:
		return m.Eviction != nil
	}
	return false
}
