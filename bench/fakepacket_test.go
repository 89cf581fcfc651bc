// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/openflow"
)

// fakePackets sends packets through ten tables of the fake, of 100,000 flows and of 10,000 with the same masks: a look-up
// costs what there are masks, not flows.
var fakePackets = comparison{name: "fakeovs.packet100k/packet10k", setup: func(b *testing.B) (ours, peer side) {
	return packetSide(b, 100_000), packetSide(b, 10_000)
}}

func packetSide(b *testing.B, flows int) side {
	b.Helper()
	const tables, packets = 10, 5000
	ctx := context.Background()
	fake := fakeovs.New(b)
	br, err := bridge.Ensure(ctx, openSwitch(b, fake.DatabaseEndpoint()), bridge.Config{Name: "br0"})
	if err != nil {
		b.Fatal(err)
	}
	conn, err := openflow.Dial(ctx, br.Management(), openflow.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	mods := make([]openflow.Modification, flows)
	addr := func(n int) netip.Addr {
		var a [4]byte
		binary.BigEndian.PutUint32(a[:], 10<<24|uint32(n))
		return netip.AddrFrom4(a)
	}
	for i := range mods {
		f := openflow.Flow{Table: uint8(i % tables), Priority: 100, Match: openflow.Match{
			openflow.EthType(openflow.EthTypeIPv4), openflow.IPv4Dst(netip.PrefixFrom(addr(i/tables), 32)),
		}}
		if f.Table == tables-1 {
			f.Apply = []openflow.Action{openflow.Output{Port: openflow.PortInPort}}
		} else {
			f.Apply, f.Goto = []openflow.Action{openflow.SetField{MatchField: openflow.Reg(1, uint32(f.Table))}}, f.Table+1
		}
		mods[i] = openflow.Add(f)
	}
	if err := conn.Bundle(ctx, mods...); err != nil {
		b.Fatal(err)
	}
	frame := make([]byte, 60)
	binary.BigEndian.PutUint16(frame[12:], openflow.EthTypeIPv4)
	copy(frame[14:], []byte{0x45, 0, 0, 46, 0, 0, 0, 0, 64, openflow.IPProtoUDP, 0, 0, 10, 9, 9, 9})
	sw := fake.Bridge("br0")
	return side{run: func(int) error {
		for i := range packets {
			a := addr(i * 37 % (flows / tables)).As4()
			copy(frame[30:], a[:])
			if in := sw.Inject(openflow.PortLocal, frame); len(in.Outputs()) != 1 {
				return fmt.Errorf("a packet to %v leaves %d times: %s", a, len(in.Outputs()), in.Trace())
			}
		}
		return nil
	}}
}
