// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"encoding/binary"
	"io"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline/pipelinetest"
	"github.com/ovskit/ovskit/openflow"
)

// FuzzConnection sends two messages of any kind, in any version, behind the greeting: the switch answers the echo request
// that follows them.
func FuzzConnection(f *testing.F) {
	for v := openflow.Version10; v <= openflow.Version15; v++ {
		for _, m := range fuzzSeeds() {
			if b, err := openflow.Encode(v, m, 1); err == nil {
				f.Add(uint8(v), b[1], b[8:], b[1], b[8:])
			}
		}
	}
	bed := fakeBridge(f)
	f.Fuzz(func(t *testing.T, version, type1 uint8, body1 []byte, type2 uint8, body2 []byte) {
		v := openflow.Version10 + openflow.Version(version)%6
		p := bed.silent(t)
		defer func() { _ = p.nc.Close() }()
		message := func(typ uint8, xid uint32, body []byte) {
			b := []byte{byte(v), typ, 0, 0}
			b = append(binary.BigEndian.AppendUint32(b, xid), body...)
			binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
			p.write(b)
		}
		if len(body1) > 60_000 || len(body2) > 60_000 {
			return
		}
		const typeHello, typeEchoRequest, typeEchoReply, last = 0, 2, 3, 0xfedcba98
		message(typeHello, 0, binary.BigEndian.AppendUint32([]byte{0, 1, 0, 8}, 1<<v))
		message(type1, 1, body1)
		message(type2, 2, body2)
		message(typeEchoRequest, last, nil)
		for {
			head := make([]byte, openflow.HeaderLen)
			if _, err := io.ReadFull(p.nc, head); err != nil {
				t.Fatalf("no answer to an echo request after messages of type %d and %d: %v", type1, type2, err)
			}
			n := int64(binary.BigEndian.Uint16(head[2:])) - openflow.HeaderLen
			if _, err := io.CopyN(io.Discard, p.nc, n); err != nil {
				t.Fatal(err)
			}
			if head[1] == typeEchoReply && binary.BigEndian.Uint32(head[4:]) == last {
				return
			}
		}
	})
}

// fuzzSeeds are messages of many kinds.
func fuzzSeeds() []openflow.Message {
	flow := openflow.Flow{Priority: 1, Match: openflow.Match{openflow.InPort(1)}, Instructions: pipelinetest.Out(2)}
	group := openflow.Group{ID: 1, Type: openflow.GroupTypeSelect, Buckets: []openflow.Bucket{{Weight: 1, Actions: flow.Apply}}}
	table := uint8(1)
	return []openflow.Message{
		openflow.EchoRequest{Data: []byte("x")}, openflow.FeaturesRequest{}, openflow.GetConfigRequest{}, openflow.BarrierRequest{},
		openflow.SetConfig{SwitchConfig: openflow.SwitchConfig{MissSendLen: 100}},
		openflow.Add(flow), openflow.DeleteStrict(flow),
		openflow.FlowMod{Command: openflow.FlowModify, Flow: flow},
		openflow.PacketOut{InPort: openflow.PortController, Data: make([]byte, 60), Actions: flow.Apply},
		openflow.GroupMod{Group: group}, openflow.GroupMod{Command: openflow.GroupDelete, Group: openflow.Group{ID: openflow.GroupAll}},
		openflow.GroupMod{Command: openflow.GroupInsertBucket, Group: group, CommandBucket: openflow.BucketLast},
		openflow.MeterMod{MeterConfig: openflow.MeterConfig{
			ID: 1, Flags: openflow.MeterPacketsPerSecond, Bands: []openflow.MeterBand{{Type: openflow.BandDrop, Rate: 1}},
		}},
		openflow.PortMod{Port: 1, HWAddr: []byte{0xaa, 0x55, 0xaa, 0x55, 0, 0x11}, Mask: openflow.PortConfigDown},
		openflow.TableMod{Table: 1, Config: openflow.TableEvicts},
		openflow.RoleRequest{Role: openflow.RolePrimary, Generation: 1},
		openflow.SetAsync{AsyncConfig: openflow.AsyncConfig{Primary: openflow.AsyncMasks{PacketIn: 7}}}, openflow.GetAsyncRequest{},
		openflow.SetPacketInFormat{Format: openflow.PacketInNX2}, openflow.SetControllerID{ID: 3},
		openflow.TLVTableMod{Maps: []openflow.TLVMap{{Class: 1, Length: 4}}}, openflow.TLVTableRequest{},
		openflow.CTFlushZone{Zone: 1}, openflow.CTFlush{},
		openflow.Resume{PacketIn: openflow.PacketIn{Data: make([]byte, 60), Continuation: []byte{1, 2, 3, 4}}},
		openflow.DescRequest{}, openflow.PortDescRequest{}, openflow.PortStatsRequest{}, openflow.QueueStatsRequest{},
		openflow.QueueDescRequest{Port: 1, Queue: openflow.QueueAll}, openflow.FlowStatsRequest{}, openflow.AggregateRequest{},
		openflow.TableStatsRequest{}, openflow.TableFeaturesRequest{}, openflow.TableDescRequest{},
		openflow.TableFeaturesRequest{More: true, Tables: []openflow.TableFeatures{{Table: 1, Name: "one"}}},
		openflow.GroupStatsRequest{ID: openflow.GroupAll}, openflow.GroupDescRequest{ID: openflow.GroupAll},
		openflow.GroupFeaturesRequest{}, openflow.MeterStatsRequest{ID: openflow.MeterAll},
		openflow.MeterConfigRequest{ID: openflow.MeterAll}, openflow.MeterFeaturesRequest{},
		openflow.FlowMonitorRequest{Monitors: []openflow.FlowMonitor{{
			ID: 1, Flags: openflow.MonitorInitial | openflow.MonitorAdded | openflow.MonitorInstructions, Table: &table,
		}}},
		openflow.BundleAdd{ID: 1, Message: openflow.Add(flow)}, openflow.BundleAdd{ID: 1, Message: openflow.GroupMod{Group: group}},
		openflow.BundleControl{ID: 1, Type: openflow.BundleCommitRequest},
	}
}
