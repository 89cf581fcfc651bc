// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/fakeovs/internal/frametest"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline/pipelinetest"
	"github.com/ovskit/ovskit/openflow"
)

// peer speaks to the real switch message by message.
func (r *realSwitch) peer(t testing.TB) *peer {
	nc, err := net.Dial("unix", strings.TrimPrefix(r.ovs.Management("br0"), "unix:"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(30 * time.Second))
	p := &peer{t, nc}
	p.send(openflow.Hello{Version: openflow.Version13, Bitmap: 1 << openflow.Version13}, 0)
	p.receive()
	return p
}

// answer is the code of the error that a message is answered with, 0 if there is none.
func (p *peer) answer(m openflow.Message, xid uint32) (code openflow.ErrorCode) {
	p.t.Helper()
	p.send(m, xid)
	p.send(openflow.BarrierRequest{}, xid+1)
	for {
		got, _ := p.receive()
		switch got := got.(type) {
		case openflow.Error:
			code = got.Code
		case openflow.BarrierReply:
			return code
		}
	}
}

// notInBundles are messages that no bundle takes.
func notInBundles() []openflow.Message {
	return []openflow.Message{
		openflow.MeterMod{MeterConfig: openflow.MeterConfig{ID: 1}}, openflow.TableMod{}, openflow.TLVTableMod{},
		openflow.SetConfig{}, openflow.SetAsync{}, openflow.RoleRequest{}, openflow.EchoRequest{}, openflow.BarrierRequest{},
		openflow.FlowStatsRequest{}, openflow.SetControllerID{}, openflow.GetAsyncRequest{},
	}
}

func TestNotInBundles(t *testing.T) {
	for name, p := range map[string]*peer{"here": newBed(t).peer(t), "Open vSwitch": startReal(t).peer(t)} {
		for i, m := range notInBundles() {
			add := openflow.BundleAdd{ID: 1, Flags: openflow.BundleAtomic, Message: m}
			if got := p.answer(add, uint32(2*i)); got != openflow.ErrBundleMsgUnsupported {
				t.Errorf("%s: %T in a bundle: got %v, want OFPBFC_MSG_UNSUP", name, m, got)
			}
		}
	}
}

// TestAsyncSameAsOpenVSwitch compares which messages a connection gets at first and after it has said so.
func TestAsyncSameAsOpenVSwitch(t *testing.T) {
	b, r := newBed(t), startReal(t)
	fake := b.dial(t)
	compare := func(when string) {
		got, err := fake.Async(b.ctx)
		want, realErr := r.of.Async(r.ctx)
		if err != nil || realErr != nil {
			t.Fatalf("%s: %v, %v", when, err, realErr)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-Open vSwitch +this):\n%s", when, d)
		}
	}
	compare("at first")
	config := openflow.AsyncConfig{Primary: openflow.AsyncMasks{PacketIn: 1, PortStatus: 3, FlowRemoved: 5}}
	if err := fake.SetAsync(b.ctx, config); err != nil {
		t.Fatal(err)
	}
	if err := r.of.SetAsync(r.ctx, config); err != nil {
		t.Fatal(err)
	}
	compare("after it was set")
}

// TestControllersByID: a packet goes to the controllers with its ID, to each in its format.
func TestControllersByID(t *testing.T) {
	b := newBed(t)
	if err := b.AddPort(pipeline.Port{No: 1, Name: "p1"}); err != nil {
		t.Fatal(err)
	}
	const id = 7
	frame := frametest.UDP(frametest.Station(1), frametest.Station(2), 1, 2, "payload")
	if err := b.AddFlow(openflow.Flow{Cookie: 5, Instructions: pipelinetest.Apply(
		openflow.Controller{ID: id, MaxLen: 30, Reason: openflow.PacketInNoMatch, Userdata: []byte("data")},
		openflow.Output{Port: openflow.PortController, MaxLen: openflow.WholePacket},
	)}); err != nil {
		t.Fatal(err)
	}
	ask := openflow.SetAsync{AsyncConfig: openflow.AsyncConfig{Primary: openflow.AsyncMasks{PacketIn: 3}}}
	peers := map[openflow.PacketInFormat]*peer{}
	for format := range openflow.PacketInNX2 + 1 {
		p := b.peer(t)
		peers[format] = p
		for _, m := range []openflow.Message{ask, openflow.SetControllerID{ID: id}, openflow.SetPacketInFormat{Format: format}} {
			if code := p.answer(m, 1); code != 0 {
				t.Fatalf("%T: got %v", m, code)
			}
		}
	}
	other := b.peer(t)
	other.answer(ask, 1)
	b.Input(1, frame)
	for format, p := range peers {
		want := openflow.PacketIn{
			Format: format, BufferID: openflow.NoBuffer, TotalLen: uint16(len(frame)), Reason: openflow.PacketInNoMatch,
			Cookie: 5, Match: openflow.Match{openflow.InPort(1)}, Data: frame[:30],
		}
		if format == openflow.PacketInNX2 {
			want.Userdata = []byte("data")
		}
		if m, _ := p.receive(); !cmp.Equal(want, m) {
			t.Errorf("%v (-want +got):\n%s", format, cmp.Diff(fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", m)))
		}
	}
	if in := want[openflow.PacketIn](other, 0); in.Reason != openflow.PacketInNoMatch || len(in.Data) != len(frame) {
		t.Errorf("packet for controllers without an ID: got %+v", in)
	}
}

// TestUsedUpTTLGoesToControllers: dec_ttl names the controllers that get a packet.
func TestUsedUpTTLGoesToControllers(t *testing.T) {
	b := newBed(t)
	if err := b.AddPort(pipeline.Port{No: 1, Name: "p1"}); err != nil {
		t.Fatal(err)
	}
	if err := b.AddFlow(openflow.Flow{
		Match: openflow.Match{openflow.EthType(openflow.EthTypeIPv4)},
		Instructions: pipelinetest.Apply(openflow.SetField{MatchField: openflow.IPTTL(1)}, openflow.DecTTL{Controllers: []uint16{3}},
			openflow.Output{Port: openflow.PortController}),
	}); err != nil {
		t.Fatal(err)
	}
	p := b.peer(t)
	p.answer(openflow.SetAsync{AsyncConfig: openflow.AsyncConfig{Primary: openflow.AsyncMasks{PacketIn: 1 << openflow.PacketInInvalidTTL}}}, 1)
	p.answer(openflow.SetControllerID{ID: 3}, 3)
	b.Input(1, frametest.UDP(frametest.Station(1), frametest.Station(2), 1, 2, ""))
	if in := want[openflow.PacketIn](p, 0); in.Reason != openflow.PacketInInvalidTTL {
		t.Errorf("packet whose TTL is used up: got %+v", in)
	}
}

// TestTableFeatures: the tables list the fields that flows can match and write.
func TestTableFeatures(t *testing.T) {
	b := newBed(t)
	tables, err := b.dial(t).TableFeatures(b.ctx)
	if err != nil || len(tables) != 254 {
		t.Fatalf("table features: got %d, %v, want 254", len(tables), err)
	}
	a := tables[3].Abilities
	has := func(list []openflow.FieldHeader, f openflow.Field, masked bool) bool {
		for _, h := range list {
			if h.Field == f {
				return h.Masked == masked
			}
		}
		return false
	}
	if !has(a.Match, openflow.FieldIPv4Dst, true) || !has(a.Match, openflow.FieldEthType, false) ||
		!has(a.Hit.ApplySet, openflow.FieldTCPDst, false) || has(a.Hit.ApplySet, openflow.FieldEthType, false) ||
		!has(a.Match, openflow.FieldIPv6Dst, true) || a.Hit.Next[0] != 4 || len(a.Hit.Next) != 250 {
		t.Errorf("table 3: got %d fields, next tables %v", len(a.Match), a.Hit.Next)
	}
}
