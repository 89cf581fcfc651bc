// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/fakeovs/internal/frametest"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline/pipelinetest"
	"github.com/ovskit/ovskit/openflow"
)

func TestDescriptions(t *testing.T) {
	b := newBed(t)
	mac := net.HardwareAddr{2, 0, 0, 0, 0, 9}
	for _, p := range []pipeline.Port{{No: openflow.PortLocal, Name: "br0", HWAddr: mac}, {No: 3, Name: "p3", HWAddr: mac}} {
		if err := b.AddPort(p); err != nil {
			t.Fatal(err)
		}
	}
	c := b.dial(t)
	if got := c.Features(); got.DatapathID != 0x20000000042 || got.Tables != 254 {
		t.Errorf("features: got %+v", got)
	}
	d, err := c.Desc(b.ctx)
	if err != nil || d.Manufacturer != "Nicira, Inc." || d.Hardware != "Open vSwitch" || d.Software != "3.1.0" {
		t.Errorf("description: got %+v, %v", d, err)
	}
	descs, err := c.Ports(b.ctx)
	if err != nil || len(descs) != 2 || descs[0].No != 3 || descs[1].Name != "br0" {
		t.Errorf("ports: got %+v, %v", descs, err)
	}
	if err := b.AddPort(pipeline.Port{No: 3, Name: "other"}); err == nil {
		t.Error("a second port 3: got no error")
	}
	if err := b.AddPort(pipeline.Port{No: 0xff00, Name: "other"}); err == nil {
		t.Error("port 0xff00: got no error")
	}
}

func TestFlowsComeBack(t *testing.T) {
	b := newBed(t)
	c := b.dial(t)
	var mods []openflow.Modification
	for i := range 3000 {
		mods = append(mods, openflow.Add(openflow.Flow{
			Table: uint8(i % 3), Priority: uint16(i), Cookie: uint64(i % 10),
			Match:        openflow.Match{openflow.InPort(uint32(i%5 + 1))},
			Instructions: pipelinetest.Out(uint32(i%7 + 1)),
		}))
	}
	if err := c.Bundle(b.ctx, mods...); err != nil {
		t.Fatal(err)
	}
	flows, err := c.Flows(b.ctx, openflow.FlowFilter{})
	if err != nil || len(flows) != 3000 {
		t.Fatalf("flows: got %d, %v, want 3000", len(flows), err)
	}
	table := uint8(1)
	for _, q := range []struct {
		name   string
		filter openflow.FlowFilter
		want   int
	}{
		{"table", openflow.FlowFilter{Table: &table}, 1000},
		{"cookie", openflow.FlowFilter{Cookie: 3, CookieMask: ^uint64(0)}, 300},
		{"match", openflow.FlowFilter{Match: openflow.Match{openflow.InPort(2)}}, 600},
		{"port", openflow.FlowFilter{OutPort: 1}, 429},
	} {
		if flows, err := c.Flows(b.ctx, q.filter); err != nil || len(flows) != q.want {
			t.Errorf("flows by %s: got %d, %v, want %d", q.name, len(flows), err, q.want)
		}
	}
	if err := c.Apply(b.ctx, openflow.FlowMod{
		Command: openflow.FlowDelete, CookieMask: 1, Flow: openflow.Flow{Table: openflow.AllTables, Cookie: 1},
	}); err != nil {
		t.Fatal(err)
	}
	if flows, err := c.Flows(b.ctx, openflow.FlowFilter{}); err != nil || len(flows) != 1500 {
		t.Errorf("flows after the odd cookies are gone: got %d, %v, want 1500", len(flows), err)
	}
}

func TestBundleIsAllOrNothing(t *testing.T) {
	b := newBed(t)
	c := b.dial(t)
	old := openflow.Flow{Priority: 5, Match: openflow.Match{openflow.InPort(1)}, Instructions: pipelinetest.Out(2), Cookie: 7}
	if err := c.Apply(b.ctx, openflow.Add(old)); err != nil {
		t.Fatal(err)
	}
	replaced := old
	replaced.Instructions = pipelinetest.Out(9)
	overlapping := openflow.Flow{
		Priority: 6, Flags: openflow.FlowCheckOverlap, Match: openflow.Match{openflow.EthType(openflow.EthTypeARP)},
	}
	err := c.Bundle(b.ctx,
		openflow.Add(replaced),
		openflow.Add(openflow.Flow{Priority: 6, Match: openflow.Match{openflow.InPort(3)}}),
		openflow.DeleteStrict(old),
		openflow.Add(overlapping))
	var r *openflow.RequestError
	if !errors.Is(err, openflow.ErrOverlap) || !errors.As(err, &r) || r.Index != 3 {
		t.Errorf("a bundle whose last message overlaps: got %v, want OFPFMFC_OVERLAP of message 3", err)
	}
	flows, err := c.Flows(b.ctx, openflow.FlowFilter{})
	if err != nil || len(flows) != 1 || !flows[0].Equal(old) {
		t.Errorf("flows after the failed bundle: got %v, %v, want only %v", flows, err, old)
	}
}

func TestModifyKeepsCounters(t *testing.T) {
	b := newBed(t)
	for _, p := range []uint32{1, 2} {
		if err := b.AddPort(pipeline.Port{No: p, Name: string(rune('a' + p))}); err != nil {
			t.Fatal(err)
		}
	}
	c := b.dial(t)
	f := openflow.Flow{Priority: 5, Match: openflow.Match{openflow.InPort(1)}, Instructions: pipelinetest.Out(2), Cookie: 7}
	if err := c.Apply(b.ctx, openflow.Add(f)); err != nil {
		t.Fatal(err)
	}
	b.Input(1, frametest.ARP(frametest.Station(1), frametest.Station(2), 1))
	b.clock.advance(3 * time.Second)
	if err := c.Apply(b.ctx, openflow.FlowMod{Command: openflow.FlowModify, Flow: openflow.Flow{Instructions: pipelinetest.Out(1), Cookie: 8}}); err != nil {
		t.Fatal(err)
	}
	flows, err := c.Flows(b.ctx, openflow.FlowFilter{})
	if err != nil || len(flows) != 1 {
		t.Fatalf("flows: got %v, %v, want one", flows, err)
	}
	f.Instructions = pipelinetest.Out(1)
	if got := flows[0]; !got.Equal(f) || got.Packets != 1 || got.Duration != 3*time.Second {
		t.Errorf("modified flow: got %v with %d packets for %v, want %v with 1 for 3s", got, got.Packets, got.Duration, f)
	}
}

// raw is a message as bytes, the length filled in.
func raw(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	return b
}

func TestRefusals(t *testing.T) {
	b := newBed(t)
	p := b.peer(t)
	for _, c := range []struct {
		name    string
		message []byte
		want    openflow.ErrorCode
	}{
		{"version 1.0", raw(t, "0112000000000001"), openflow.ErrBadVersion},
		{"unknown type", raw(t, "0463000000000001"), openflow.ErrBadType},
		{"group of groups", raw(t, "040f000000000001"+"00000000ffffff01"), openflow.ErrInvalidGroup},
		{"change of a group", raw(t, "040f000000000001"+"0001000000000001"), openflow.ErrUnknownGroup},
		{"meter", raw(t, "041d000000000001"+"0000000100000000"), openflow.ErrInvalidMeter},
		{"counters of a meter", raw(t, "0412000000000001"+"0009000000000000"+"0000000100000000"), openflow.ErrUnknownMeter},
		{"features reply", raw(t, "0406000000000001"+"0000000000000001"+"00000000fe000000"+"0000000000000000"), openflow.ErrBadType},
		{"experimenter", raw(t, "0404000000000001"+"0badcafe00000001"), openflow.ErrBadExperimenter},
		{"Nicira's unknown", raw(t, "0404000000000001"+"000023207fffffff"), openflow.ErrBadExperimenterType},
		{"multipart type", raw(t, "041200000000000100ff000000000000"), openflow.ErrBadMultipart},
		{"cut flow mod", raw(t, "040e000000000001"+"00000000"), openflow.ErrBadRequestLen},
	} {
		p.write(c.message)
		m, xid := p.receive()
		if e, ok := m.(openflow.Error); !ok || e.Code != c.want || xid != 1 {
			t.Errorf("%s: got %#v to %d, want %v", c.name, m, xid, c.want)
		}
	}
	p.send(openflow.EchoRequest{Data: []byte("alive")}, 9)
	if got := want[openflow.EchoReply](p, 9); string(got.Data) != "alive" {
		t.Errorf("echo after the refusals: got %q", got.Data)
	}
}

func TestHello(t *testing.T) {
	b := newBed(t)
	b.SetVersions(1<<openflow.Version13 | 1<<openflow.Version14)
	p := b.silent(t)
	p.write(raw(t, "0700000000000005"+"000100080000"+"0080"))
	if m, _ := p.receive(); m != (openflow.Hello{Version: openflow.Version14, Bitmap: 1<<openflow.Version13 | 1<<openflow.Version14}) {
		t.Errorf("greeting: got %#v", m)
	}
	m, _ := p.receive()
	const text = "We support versions 0x04, 0x05, you support version 0x07, no common versions."
	if e, ok := m.(openflow.Error); !ok || e.Code != openflow.ErrIncompatible || string(e.Data) != text {
		t.Errorf("answer to a hello of other versions: got %#v, want OFPHFC_INCOMPATIBLE with %q", m, text)
	}
	if _, err := p.nc.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("after an incompatible hello: got %v, want the end", err)
	}
	p = b.silent(t)
	p.write(raw(t, "0402000000000005"))
	p.receive()
	if _, err := p.nc.Read(make([]byte, 1)); err == nil {
		t.Error("after an echo request instead of a hello: got an answer, want the end")
	}
}

func TestBundleControl(t *testing.T) {
	const id, flags = 5, openflow.BundleAtomic | openflow.BundleOrdered
	b := newBed(t)
	p := b.peer(t)
	control := func(typ openflow.BundleType, f openflow.BundleFlags) openflow.BundleControl {
		return openflow.BundleControl{ID: id, Type: typ, Flags: f}
	}
	add := openflow.BundleAdd{ID: id, Flags: flags, Message: openflow.Add(openflow.Flow{Priority: 1})}

	p.send(control(openflow.BundleCommitRequest, flags), 1)
	p.wantError(openflow.ErrBadBundle, 1)

	p.send(control(openflow.BundleOpenRequest, flags), 2)
	if got := want[openflow.BundleControl](p, 2); got.Type != openflow.BundleOpenReply || got.ID != id {
		t.Errorf("answer to open: got %+v", got)
	}
	p.send(control(openflow.BundleOpenRequest, flags), 3)
	p.wantError(openflow.ErrBadBundle, 3)

	p.send(add, 4) // opens it again
	p.send(openflow.BundleAdd{ID: id, Flags: openflow.BundleAtomic, Message: add.Message}, 5)
	p.wantError(openflow.ErrBadBundleFlags, 5)

	p.send(add, 6)
	p.send(control(openflow.BundleCloseRequest, flags), 7)
	want[openflow.BundleControl](p, 7)
	p.send(add, 8)
	p.wantError(openflow.ErrBundleClosed, 8)

	p.send(add, 9)
	p.send(control(openflow.BundleDiscardRequest, flags), 10)
	want[openflow.BundleControl](p, 10)

	p.send(openflow.BundleAdd{ID: id, Flags: flags, Message: openflow.BarrierRequest{}}, 11)
	p.wantError(openflow.ErrBundleMsgUnsupported, 11)

	p.send(add, 12)
	p.send(openflow.BarrierRequest{}, 13)
	want[openflow.BarrierReply](p, 13)
	b.clock.advance(10 * time.Second)
	p.send(openflow.BarrierRequest{}, 14)
	p.wantError(openflow.ErrBundleTimeout, 12)
	want[openflow.BarrierReply](p, 14)

	p.send(add, 15)
	p.send(control(openflow.BundleCommitRequest, flags), 16)
	if got := want[openflow.BundleControl](p, 16); got.Type != openflow.BundleCommitReply {
		t.Errorf("answer to commit: got %+v", got)
	}
	p.send(openflow.AggregateRequest{}, 17)
	if got := want[openflow.AggregateReply](p, 17); got.Flows != 1 {
		t.Errorf("flows at the end: got %d, want the one that was committed", got.Flows)
	}
}

func TestMessagesNobodyAskedFor(t *testing.T) {
	b := newBed(t)
	p, quiet := b.peer(t), b.peer(t)
	p.send(openflow.SetConfig{SwitchConfig: openflow.SwitchConfig{MissSendLen: 0xffff}}, 1)
	p.send(openflow.BarrierRequest{}, 2)
	want[openflow.BarrierReply](p, 2)

	if err := b.AddPort(pipeline.Port{No: 1, Name: "p1", HWAddr: frametest.Station(1).MAC}); err != nil {
		t.Fatal(err)
	}
	if got := want[openflow.PortStatus](p, 0); got.Reason != openflow.PortAdded || got.Port.Name != "p1" {
		t.Errorf("port status: got %+v", got)
	}
	if got := want[openflow.PortStatus](p, 0); got.Reason != openflow.PortModified || got.Port.State != openflow.PortStateLive {
		t.Errorf("status of a port that has come to be live: got %+v", got)
	}
	frame := frametest.ARP(frametest.Station(1), frametest.Station(2), 1)
	for _, f := range []openflow.Flow{
		{Priority: 1, Cookie: 77, Match: openflow.Match{openflow.InPort(1)}, Instructions: openflow.Instructions{Apply: []openflow.Action{
			openflow.SetField{MatchField: openflow.Reg(3, 5)}, openflow.Output{Port: openflow.PortController, MaxLen: 20},
		}}},
		{Priority: 2, IdleTimeout: 5, Flags: openflow.FlowSendRemoved, Match: openflow.Match{openflow.InPort(2)}},
	} {
		if err := b.AddFlow(f); err != nil {
			t.Fatal(err)
		}
	}
	b.Input(1, frame)
	got := want[openflow.PacketIn](p, 0)
	wantIn := openflow.PacketIn{
		BufferID: openflow.NoBuffer, TotalLen: uint16(len(frame)), Reason: openflow.PacketInAction, Cookie: 77,
		Match: openflow.Match{openflow.InPort(1), openflow.Reg(3, 5)}, Data: frame[:20],
	}
	if d := cmp.Diff(wantIn, got); d != "" {
		t.Errorf("packet-in (-want +got):\n%s", d)
	}
	b.clock.advance(6 * time.Second)
	b.Input(1, frame)
	if got := want[openflow.FlowRemoved](p, 0); got.Reason != openflow.FlowRemovedIdle || got.Stats.Priority != 2 {
		t.Errorf("flow removed: got %+v", got)
	}
	want[openflow.PacketIn](p, 0)
	b.RemovePort(1)
	if got := want[openflow.PortStatus](p, 0); got.Reason != openflow.PortDeleted {
		t.Errorf("port status: got %+v", got)
	}
	quiet.send(openflow.BarrierRequest{}, 3)
	want[openflow.BarrierReply](quiet, 3)
}

func TestPacketOut(t *testing.T) {
	b := newBed(t)
	received := make(chan []byte, 1)
	if err := b.AddPort(pipeline.Port{No: 1, Name: "p1", Receive: func(f []byte) { received <- f }}); err != nil {
		t.Fatal(err)
	}
	p := b.peer(t)
	frame := frametest.ARP(frametest.Station(1), frametest.Station(2), 1)
	p.send(openflow.PacketOut{InPort: openflow.PortController, Data: frame, Actions: []openflow.Action{openflow.Output{Port: 1}}}, 1)
	p.send(openflow.BarrierRequest{}, 2)
	want[openflow.BarrierReply](p, 2)
	if d := cmp.Diff(frame, <-received); d != "" {
		t.Errorf("frame (-want +got):\n%s", d)
	}
	p.send(openflow.PacketOut{InPort: openflow.PortFlood, Data: frame}, 3)
	p.wantError(openflow.ErrBadPort, 3)
	p.send(openflow.PacketOut{Data: frame, Actions: []openflow.Action{openflow.DecTTL{}}}, 4)
	p.wantError(openflow.ErrMatchInconsistent, 4)
}

func TestRoles(t *testing.T) {
	b := newBed(t)
	first, second := b.peer(t), b.peer(t)
	first.send(openflow.RoleRequest{}, 1)
	if got := want[openflow.RoleReply](first, 1); got.Role != openflow.RoleEqual {
		t.Errorf("role at first: got %v, want %v", got.Role, openflow.RoleEqual)
	}
	first.send(openflow.RoleRequest{Role: openflow.RolePrimary, Generation: 10}, 2)
	want[openflow.RoleReply](first, 2)
	second.send(openflow.RoleRequest{Role: openflow.RolePrimary, Generation: 9}, 3)
	second.wantError(openflow.ErrRoleStale, 3)
	second.send(openflow.RoleRequest{Role: openflow.RolePrimary, Generation: 11}, 4)
	want[openflow.RoleReply](second, 4)
	lost := openflow.RoleStatus{Role: uint32(openflow.RoleSecondary), Reason: openflow.RoleMasterRequest, Generation: 11}
	if got := want[openflow.RoleStatus](first, 0); got != lost {
		t.Errorf("news of the former primary: got %+v, want %+v", got, lost)
	}
	first.send(openflow.RoleRequest{}, 5)
	if got := want[openflow.RoleReply](first, 5); got.Role != openflow.RoleSecondary || got.Generation != 11 {
		t.Errorf("role of the former primary: got %+v, want %v", got, openflow.RoleSecondary)
	}
	for i, m := range []openflow.Message{
		openflow.Add(openflow.Flow{}), openflow.GroupMod{Command: openflow.GroupDelete, Group: openflow.Group{ID: openflow.GroupAll}},
		openflow.MeterMod{Command: openflow.MeterDelete, MeterConfig: openflow.MeterConfig{ID: openflow.MeterAll}},
	} {
		first.send(m, 6+uint32(i))
		first.wantError(openflow.ErrIsSlave, 6+uint32(i))
	}
	first.send(openflow.RoleRequest{Role: 4}, 9)
	first.wantError(openflow.ErrBadRole, 9)
}

// TestControllerThatNeverReads: its messages are dropped, and nobody waits for it.
func TestControllerThatNeverReads(t *testing.T) {
	b := newBed(t)
	p := b.peer(t)
	p.send(openflow.SetConfig{SwitchConfig: openflow.SwitchConfig{MissSendLen: 0xffff}}, 1)
	p.send(openflow.BarrierRequest{}, 2)
	want[openflow.BarrierReply](p, 2)
	if err := b.AddPort(pipeline.Port{No: 1, Name: "p1"}); err != nil {
		t.Fatal(err)
	}
	if err := b.AddFlow(openflow.Flow{Instructions: openflow.Instructions{Apply: []openflow.Action{
		openflow.Output{Port: openflow.PortController, MaxLen: openflow.WholePacket},
	}}}); err != nil {
		t.Fatal(err)
	}
	frame := frametest.UDP(frametest.Station(1), frametest.Station(2), 1, 2, string(make([]byte, 1400)))
	for range 10_000 {
		b.Input(1, frame)
	}
	// The switch answers others meanwhile.
	if err := b.dial(t).Barrier(b.ctx); err != nil {
		t.Errorf("barrier on another connection: %v", err)
	}
}
