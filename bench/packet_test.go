// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"

	"github.com/ovskit/ovskit/fakeovs"
	of "github.com/ovskit/ovskit/openflow"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

const (
	// pipelineTables is how many tables a packet passes, each of which matches the destination; behind trackedTable it has
	// been through the connection tracker.
	pipelineTables = 10
	trackedTable   = 3
	// destinations is how many packets are sent in turn, each to another address.
	destinations = 512
)

// fakePacket sends a packet of a known connection through ten tables and the connection tracker of fakeovs with 100,000
// flows, beside the same with 10,000: what a packet costs is to depend on the masks, not on the flows. The time of a side is
// the median of many packets.
var fakePacket = comparison{name: "fakeovs.packet100k/packet10k", setup: func(b *testing.B) (ours, peer side) {
	return packetSide(b, 100_000), packetSide(b, 10_000)
}}

// packetSide sends packets through a pipeline of so many flows.
func packetSide(b *testing.B, flows int) side {
	fake := fakeovs.New(b)
	left := 0
	from, err := fake.AddDevice("p1", nil)
	if err == nil {
		_, err = fake.AddDevice("p2", func([]byte) { left++ })
	}
	if err != nil {
		b.Fatal(err)
	}
	row := &vswitch.Bridge{Name: "br0"}
	var ops []ovsdb.Operation
	for i, name := range []string{"p1", "p2"} {
		no := int64(i + 1)
		ops = append(ops,
			ovsdb.Insert(vswitch.TableInterface, &vswitch.Interface{Name: name, OFPortRequest: &no}).Named("i_"+name),
			ovsdb.Insert(vswitch.TablePort, &vswitch.Port{Name: name, Interfaces: []string{"i_" + name}}).Named(name))
		row.Ports = append(row.Ports, name)
	}
	ops = append(ops, ovsdb.Insert(vswitch.TableBridge, row).Named("bridge"), vswitch.AddBridges("bridge"))
	if _, err := openSwitch(b, fake.DatabaseEndpoint()).Apply(context.Background(), ops...); err != nil {
		b.Fatal(err)
	}
	mods := make([]of.Modification, flows)
	for i := range mods {
		mods[i] = of.Add(pipelineFlow(uint8(i%pipelineTables), i/pipelineTables))
	}
	if err := dialFlows(b, fake.Bridge("br0").Management()).Bundle(context.Background(), mods...); err != nil {
		b.Fatal(err)
	}
	frames := make([][]byte, destinations)
	for i := range frames {
		frames[i] = pipelineFrame(flows / pipelineTables / destinations * i)
	}
	sent := 0
	return side{clocked: medianOf(20*destinations, func() error {
		from.Send(frames[sent%destinations])
		if sent++; sent != left {
			return fmt.Errorf("%d packets left the switch, want %d", left, sent)
		}
		return nil
	})}
}

// pipelineAddr is one of the addresses that a table has flows for.
func pipelineAddr(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
}

// pipelineFlow is a table's flow for an address.
func pipelineFlow(table uint8, i int) of.Flow {
	f := of.Flow{Table: table, Priority: 100, Match: of.Match{
		of.EthType(of.EthTypeIPv4), of.IPv4Dst(netip.PrefixFrom(pipelineAddr(i), 32)),
	}}
	switch table {
	case trackedTable - 1:
		f.Apply = []of.Action{of.CT{Commit: true, Zone: 1, Resume: true, Table: trackedTable}}
	case pipelineTables - 1:
		f.Apply = []of.Action{of.DecTTL{}, of.Output{Port: 2}}
	default:
		f.Apply, f.Goto = []of.Action{of.SetField{MatchField: of.Reg(int(table), 1)}}, table+1
	}
	return f
}

// pipelineFrame is a UDP packet to an address.
func pipelineFrame(i int) []byte {
	frame := []byte{
		2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00, // Ethernet
		0x45, 0, 0, 46, 0, 0, 0x40, 0, 64, 17, 0, 0, 192, 0, 2, 1, // IPv4, up to the destination
	}
	frame = append(frame, pipelineAddr(i).AsSlice()...)
	sum := uint32(0)
	for at := 14; at < len(frame); at += 2 {
		sum += uint32(binary.BigEndian.Uint16(frame[at:]))
	}
	binary.BigEndian.PutUint16(frame[24:], ^uint16(sum+sum>>16))
	frame = binary.BigEndian.AppendUint16(frame, 1000)
	frame = binary.BigEndian.AppendUint16(frame, 2000)
	frame = append(frame, 0, 26, 0, 0) // its length, no checksum
	return append(frame, make([]byte, 18)...)
}
