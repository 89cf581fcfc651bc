// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"fmt"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/frametest"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline/pipelinetest"
	"github.com/ovskit/ovskit/openflow"
)

// TestResume pauses a packet, changes a register, and has the switch go on where it stopped: behind the pause, in the table
// and the tables before.
func TestResume(t *testing.T) {
	b := newBed(t)
	for no := uint32(1); no <= 4; no++ {
		if err := b.AddPort(pipeline.Port{No: no, Name: fmt.Sprint(no)}); err != nil {
			t.Fatal(err)
		}
	}
	reg := openflow.OutputField{Src: openflow.Whole(openflow.FieldReg0)}
	for _, f := range []openflow.Flow{
		{Instructions: pipelinetest.Apply(openflow.Resubmit{InPort: openflow.PortInPort, Table: 1}, openflow.Output{Port: 4})},
		{Table: 1, Cookie: 5, Instructions: pipelinetest.Apply(
			openflow.SetField{MatchField: openflow.Reg(0, 2)},
			openflow.StackPush{Src: openflow.Whole(openflow.FieldReg0)},
			openflow.Controller{Pause: true, MaxLen: openflow.WholePacket, Userdata: []byte{7}, Reason: openflow.PacketInAction},
			reg,
			openflow.StackPop{Dst: openflow.Whole(openflow.FieldReg0)},
			reg,
		)},
	} {
		if err := b.AddFlow(f); err != nil {
			t.Fatal(err)
		}
	}
	p := b.peer(t)
	ask := openflow.SetAsync{AsyncConfig: openflow.AsyncConfig{Primary: openflow.AsyncMasks{PacketIn: 3}}}
	for _, m := range []openflow.Message{ask, openflow.SetPacketInFormat{Format: openflow.PacketInNX2}} {
		if code := p.answer(m, 1); code != 0 {
			t.Fatalf("%T: got %v", m, code)
		}
	}
	r := b.Input(1, frametest.UDP(frametest.Station(1), frametest.Station(2), 1, 2, "payload"))
	if len(r.Outputs) != 0 {
		t.Fatalf("outputs of a paused packet: got %v", r.Outputs)
	}
	in := want[openflow.PacketIn](p, 0)
	if len(in.Continuation) == 0 || string(in.Userdata) != "\x07" || in.Table != 0 {
		t.Fatalf("paused packet: got %+v", in)
	}
	for i, f := range in.Match {
		if f.Field == openflow.FieldReg0 {
			in.Match[i] = openflow.Reg(0, 3)
		}
	}
	sent := func() (packets [5]uint64) {
		for no := range packets {
			if c, ok := b.PortStats(uint32(no)); ok {
				packets[no] = c.TxPackets
			}
		}
		return packets
	}
	if code := p.answer(openflow.Resume{PacketIn: in}, 2); code != 0 {
		t.Fatalf("resume: got %v", code)
	}
	if got, want := sent(), [5]uint64{2: 1, 3: 1, 4: 1}; got != want {
		t.Errorf("packets sent by port: got %v, want %v", got, want)
	}
	in.Continuation[19]++ // the end of what the switch knows it by
	if code := p.answer(openflow.Resume{PacketIn: in}, 3); code != openflow.ErrResumeStale {
		t.Errorf("resume of another continuation: got %v, want %v", code, openflow.ErrResumeStale)
	}
}
