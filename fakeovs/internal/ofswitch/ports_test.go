// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/openflow"
)

func TestPortChangesAreAnnounced(t *testing.T) {
	b := newBed(t)
	mac := net.HardwareAddr{2, 0, 0, 0, 0, 7}
	if err := b.AddPort(pipeline.Port{No: 7, Name: "p7", HWAddr: mac}); err != nil {
		t.Fatal(err)
	}
	p := b.peer(t)
	p.send(openflow.SetConfig{SwitchConfig: openflow.SwitchConfig{MissSendLen: 128}}, 0) // so that it gets any messages
	p.send(openflow.BarrierRequest{}, 1)
	want[openflow.BarrierReply](p, 1)
	b.ChangePort(7, func(p *pipeline.Port) {}) // no change, no message
	b.ChangePort(8, func(p *pipeline.Port) { t.Error("a port that is not there is changed") })
	b.ChangePort(7, func(p *pipeline.Port) {
		p.Down = true
	})
	got := want[openflow.PortStatus](p, 0)
	wanted := openflow.PortStatus{Reason: openflow.PortModified, Port: openflow.PortDesc{
		No: 7, Name: "p7", HWAddr: mac, Config: openflow.PortConfigDown, State: openflow.PortStateLinkDown,
	}}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("port status: want (-), got (+):\n%s", diff)
	}
}

func TestPortsCount(t *testing.T) {
	b := newBed(t)
	for no := range uint32(2) {
		if err := b.AddPort(pipeline.Port{No: no + 1, Name: string(rune('a' + no))}); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.AddFlow(openflow.Flow{Instructions: openflow.Instructions{
		Apply: []openflow.Action{openflow.Output{Port: 2}},
	}}); err != nil {
		t.Fatal(err)
	}
	b.clock.advance(3 * time.Second)
	b.Input(1, make([]byte, 60))
	b.Input(1, make([]byte, 100))
	if got, ok := b.PortStats(1); !ok || got.RxPackets != 2 || got.RxBytes != 160 || got.Duration != 3*time.Second {
		t.Errorf("port 1: got %+v, want 2 packets of 160 bytes in 3 s", got)
	}
	if got, ok := b.PortStats(2); !ok || got.TxPackets != 2 || got.TxBytes != 160 {
		t.Errorf("port 2: got %+v, want 2 packets of 160 bytes", got)
	}
	if got, ok := b.PortStats(9); ok {
		t.Errorf("got statistics %+v of a port that is not there", got)
	}
}
