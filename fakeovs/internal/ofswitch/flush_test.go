// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/frametest"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline/pipelinetest"
	"github.com/ovskit/ovskit/openflow"
)

// TestFlushZone forgets a zone's connections and finds that only they are forgotten.
func TestFlushZone(t *testing.T) {
	b := newBed(t)
	for p := uint32(1); p <= ports; p++ {
		if err := b.AddPort(pipeline.Port{No: p, Name: fmt.Sprint(p)}); err != nil {
			t.Fatal(err)
		}
	}
	testFlushZone(t, b.ctx, b.dial(t), func(port uint32, frame []byte) (out []uint32) {
		return pipelinetest.OutPorts(b.Input(port, frame))
	})
	// A message in the wrong form, and one in a bundle.
	p := b.peer(t)
	p.write(raw(t, "0404000000000001"+"000023200000001d"+"0000000000010005"))
	p.wantError(openflow.ErrMustBeZero, 1)
	p.send(openflow.BundleAdd{ID: 1, Message: openflow.CTFlushZone{Zone: 5}}, 2)
	p.wantError(openflow.ErrBundleMsgUnsupported, 2)
}

func TestFlushZoneOfOpenVSwitch(t *testing.T) {
	r := startReal(t)
	testFlushZone(t, r.ctx, r.of, func(port uint32, frame []byte) (out []uint32) {
		outputs, alive := r.input(t, port, frame)
		if !alive {
			t.Fatal("Open vSwitch has crashed")
		}
		for p := uint32(1); p <= ports; p++ {
			for range outputs[p] {
				out = append(out, p)
			}
		}
		return out
	})
	if got := r.appctl(t, "dpctl/dump-conntrack"); strings.Contains(got, "zone=1") || !strings.Contains(got, "zone=2") {
		t.Errorf("connections at the end: got\n%swant those of zone 2 alone", got)
	}
}

func testFlushZone(t *testing.T, ctx context.Context, c *openflow.Conn, input func(port uint32, frame []byte) []uint32) {
	const known, unknown = 1, 2 // where packets leave
	ip := openflow.EthType(openflow.EthTypeIPv4)
	lookUp := func(zone uint16) openflow.Instructions {
		return pipelinetest.Apply(openflow.CT{Zone: zone, Resume: true, Table: 1})
	}
	nat := &openflow.NAT{Type: openflow.NATSource, AddrMin: frametest.Station(9).IP}
	sentinel := openflow.Match{openflow.EthType(sentinelType)}
	if err := c.Bundle(ctx,
		openflow.Add(openflow.Flow{Match: sentinel, Instructions: pipelinetest.Apply(openflow.Output{Port: openflow.PortAll}, openflow.Output{Port: openflow.PortInPort})}),
		openflow.Add(openflow.Flow{
			Match:        openflow.Match{openflow.InPort(1), ip},
			Instructions: pipelinetest.Apply(openflow.CT{Commit: true, Zone: 2}, openflow.CT{Commit: true, Zone: 1, NAT: nat}, openflow.Output{Port: 4}),
		}),
		openflow.Add(openflow.Flow{Match: openflow.Match{openflow.InPort(3), ip}, Instructions: lookUp(1)}),
		openflow.Add(openflow.Flow{Match: openflow.Match{openflow.InPort(4), ip}, Instructions: lookUp(2)}),
		openflow.Add(openflow.Flow{
			Table: 1, Match: openflow.Match{openflow.CTState(openflow.CTTracked|openflow.CTReply, 0), ip},
			Instructions: pipelinetest.Apply(openflow.Output{Port: known}),
		}),
		openflow.Add(openflow.Flow{
			Table: 1, Match: openflow.Match{openflow.CTState(openflow.CTTracked|openflow.CTNew, 0), ip},
			Instructions: pipelinetest.Apply(openflow.Output{Port: unknown}),
		}),
	); err != nil {
		t.Fatal(err)
	}
	check := func(what string, port uint32, frame []byte, want uint32) {
		t.Helper()
		if got := input(port, frame); len(got) != 1 || got[0] != want {
			t.Errorf("%s: got it out of ports %v, want %d", what, got, want)
		}
	}
	const sport, dport = 1000, 2000
	toPublic := frametest.UDP(frametest.Station(2), frametest.Station(9), dport, sport, "reply")
	toClient := frametest.UDP(frametest.Station(2), frametest.Station(1), dport, sport, "reply")
	check("first packet", 1, frametest.UDP(frametest.Station(1), frametest.Station(2), sport, dport, "x"), 4)
	check("reply in zone 1", 3, toPublic, known)
	check("reply in zone 2", 4, toClient, known)
	for _, zone := range []uint16{7, 1} {
		if err := c.FlushZone(ctx, zone); err != nil {
			t.Fatalf("flush zone %d: %v", zone, err)
		}
		want := uint32(known)
		if zone == 1 {
			want = unknown
		}
		check(fmt.Sprintf("reply in zone 1 after zone %d was flushed", zone), 3, toPublic, want)
		check(fmt.Sprintf("reply in zone 2 after zone %d was flushed", zone), 4, toClient, known)
	}
}
