// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"net/netip"
	"testing"

	of "github.com/ovskit/ovskit/openflow"
)

func benchmarkFlow(b *testing.B) of.FlowMod {
	for _, tc := range typical {
		if tc.name == "published port" {
			return tc.mod
		}
	}
	b.Fatal("no such flow")
	return of.FlowMod{}
}

func BenchmarkEncodeFlowMod(b *testing.B) {
	mod := benchmarkFlow(b)
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		var err error
		if buf, err = of.AppendMessage(buf[:0], of.Version13, mod, 1); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBuildFlowMod makes a typical flow out of plain values, and encodes it.
func BenchmarkBuildFlowMod(b *testing.B) {
	b.ReportAllocs()
	var buf []byte
	for i := 0; b.Loop(); i++ {
		addr := netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)})
		mod := of.Add(of.Flow{
			Table: 3, Priority: 30, Cookie: 0xc0ffee,
			Match: tcp(of.CTState(of.CTTracked|of.CTNew, of.CTInvalid), of.Reg(2, uint32(i)), of.TCPDst(uint16(i))),
			Instructions: apply(of.CT{
				Commit: true, Zone: 4, Resume: true, Table: 4,
				NAT:  &of.NAT{Type: of.NATDestination, AddrMin: addr, PortMin: 80},
				Exec: []of.Action{of.SetField{MatchField: of.Uint(of.FieldCTMark, 5)}},
			}),
		})
		var err error
		if buf, err = of.AppendMessage(buf[:0], of.Version13, mod, 1); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeFlowMod(b *testing.B) {
	encoded, err := of.Encode(of.Version13, benchmarkFlow(b), 1)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := of.Decode(encoded); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecodeFlowStats decodes a part of a dump; the metric is per flow.
func BenchmarkDecodeFlowStats(b *testing.B) {
	reply := of.FlowStatsReply{Flows: make([]of.FlowStats, 200)}
	for i := range reply.Flows {
		reply.Flows[i].Flow = benchmarkFlow(b).Flow
	}
	encoded, err := of.Encode(of.Version13, reply, 1)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if _, _, err := of.Decode(encoded); err != nil {
			b.Fatal(err)
		}
		n += len(reply.Flows)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/flow")
}

func BenchmarkFlowKey(b *testing.B) {
	f := benchmarkFlow(b).Flow
	b.ReportAllocs()
	for b.Loop() {
		if f.Key() == "" {
			b.Fatal("no key")
		}
	}
}

func BenchmarkInstructionsEqual(b *testing.B) {
	f, g := benchmarkFlow(b).Flow, benchmarkFlow(b).Flow
	b.ReportAllocs()
	for b.Loop() {
		if !f.Instructions.Equal(g.Instructions) {
			b.Fatal("not equal")
		}
	}
}
