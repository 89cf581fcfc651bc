// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/frametest"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline/pipelinetest"
	"github.com/ovskit/ovskit/openflow"
)

// BenchmarkPacket sends the packets of established connections through ten tables and the connection tracker, the
// flows of each table having the same mask.
func BenchmarkPacket(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("flows=%d", n), func(b *testing.B) {
			s := pipeline.NewDatapath(pipeline.DatapathOptions{}).NewBridge(pipeline.BridgeOptions{Name: "br0"})
			for p := uint32(1); p <= 2; p++ {
				if err := s.AddPort(pipeline.Port{No: p, Name: fmt.Sprint(p)}); err != nil {
					b.Fatal(err)
				}
			}
			ip := openflow.EthType(openflow.EthTypeIPv4)
			const tables = 10
			for i := range n {
				table := uint8(i % tables)
				addr := netip.AddrFrom4([4]byte{10, byte(i / tables >> 16), byte(i / tables >> 8), byte(i / tables)})
				f := openflow.Flow{
					Table: table, Priority: 100,
					Match:        openflow.Match{ip, openflow.IPv4Dst(netip.PrefixFrom(addr, 32))},
					Instructions: openflow.Instructions{Goto: table + 1},
				}
				switch table {
				case 2:
					f.Instructions = pipelinetest.Apply(openflow.CT{Commit: true, Zone: 1, Resume: true, Table: 3})
				case tables - 1:
					f.Instructions = pipelinetest.Apply(openflow.DecTTL{}, openflow.Output{Port: 2})
				default:
					f.Apply = []openflow.Action{openflow.SetField{MatchField: openflow.Reg(int(table), 1)}}
				}
				if err := s.AddFlow(f); err != nil {
					b.Fatal(err)
				}
			}
			frames := make([][]byte, 512)
			for i := range frames {
				dst := n / tables / len(frames) * i
				to := frametest.Host{MAC: frametest.Station(2).MAC, IP: netip.AddrFrom4([4]byte{10, byte(dst >> 16), byte(dst >> 8), byte(dst)})}
				frames[i] = frametest.UDP(frametest.Station(1), to, 1000, 2000, "payload")
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if r := s.Input(1, frames[i%len(frames)]); len(r.Outputs) != 1 {
					b.Fatalf("outputs: got %d, want 1\n%s", len(r.Outputs), r.Trace())
				}
			}
		})
	}
}
