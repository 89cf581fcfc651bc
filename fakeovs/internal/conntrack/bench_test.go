// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/conntrack"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// BenchmarkTrack is a pass of a packet of one of many connections, in a frame parsed before.
func BenchmarkTrack(b *testing.B) {
	nat := &openflow.NAT{Type: openflow.NATSource, AddrMin: netip.MustParseAddr("192.0.2.1"), AddrMax: netip.MustParseAddr("192.0.2.250")}
	for name, r := range map[string]conntrack.Request{
		"plain": {Commit: true}, "translated": {Commit: true, NAT: nat},
	} {
		for _, n := range []int{1, 1000, 100000} {
			b.Run(fmt.Sprintf("%s/connections=%d", name, n), func(b *testing.B) {
				now := time.Unix(1000, 0)
				tr := conntrack.New(func() time.Time { return now }, 0)
				packets, frames := make([]*packet.Packet, n), make([][]byte, n)
				for i := range packets {
					packets[i] = udp(port(host(false, i>>14), uint16(1000+i&0x3fff)), port(server, 53))
					frames[i] = packets[i].Clone().Bytes()
					tr.Track(packets[i].Clone(), new(conntrack.Meta), &r)
				}
				b.ReportAllocs()
				b.ResetTimer()
				for i := range b.N {
					if i%1000 == 0 {
						now = now.Add(time.Millisecond)
					}
					p := packets[i%n]
					copy(p.Bytes(), frames[i%n]) // as it was before it was translated
					var m conntrack.Meta
					tr.Track(p, &m, &r)
				}
			})
		}
	}
	b.Run("new", func(b *testing.B) {
		now := time.Unix(1000, 0)
		tr := conntrack.New(func() time.Time { return now }, 0)
		p := udp(port(client, 1000), port(server, 53))
		r := conntrack.Request{Commit: true}
		b.ReportAllocs()
		for i := range b.N {
			now = now.Add(100 * time.Microsecond)
			p.SetPort(false, uint16(1+i%65535))
			p.SetPort(true, uint16(1+i/65535))
			tr.Track(p, new(conntrack.Meta), &r)
		}
	})
}
