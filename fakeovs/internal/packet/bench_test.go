// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet_test

import (
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// TestInitAllocatesNothing: a packet is parsed in place.
func TestInitAllocatesNothing(t *testing.T) {
	var p packet.Packet
	for _, frame := range [][]byte{tcpFrame(t), udpFrame(t), icmpFrame(t), arpFrame(t), ipv6Frame(t), fragment(t)} {
		if n := testing.AllocsPerRun(10, func() { p.Init(frame, openflow.PacketEthernet, packet.MaxVLANs) }); n != 0 {
			t.Errorf("frame %x: got %v allocations, want none", frame, n)
		}
	}
}

func BenchmarkInit(b *testing.B) {
	for _, c := range []struct {
		name  string
		frame []byte
	}{{"TCP", tcpFrame(b)}, {"IPv6 UDP", ipv6Frame(b)}, {"ARP", arpFrame(b)}} {
		b.Run(c.name, func(b *testing.B) {
			var p packet.Packet
			b.ReportAllocs()
			for b.Loop() {
				p.Init(c.frame, openflow.PacketEthernet, 1)
			}
		})
	}
}

func BenchmarkSetIPv4(b *testing.B) {
	p := packet.Parse(tcpFrame(b))
	var values [2]packet.Key
	var mask packet.Key
	mask.Mask(openflow.FieldIPv4Dst, openflow.FieldIPTTL)
	for i := range values {
		values[i].SetUint(openflow.FieldIPv4Dst, uint64(0x0a000001+i))
		values[i].SetUint(openflow.FieldIPTTL, uint64(64-i))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p.SetIPv4(&values[i&1], &mask)
	}
}

func BenchmarkHashSymmetricL4(b *testing.B) {
	p := packet.Parse(tcpFrame(b))
	b.ReportAllocs()
	for b.Loop() {
		p.Key.HashSymmetricL4(0)
	}
}
