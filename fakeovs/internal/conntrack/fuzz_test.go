// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack_test

import (
	"testing"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/conntrack"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// FuzzTrack sends any two frames through the tracker in all the ways that there are, back and forth.
func FuzzTrack(f *testing.F) {
	for seed := range uint64(5) {
		g := newGenerator(seed)
		for range 20 {
			f.Add(g.frame(), g.frame(), byte(seed))
		}
	}
	f.Fuzz(func(t *testing.T, one, two []byte, how byte) {
		now := time.Unix(1000, 0)
		tr := conntrack.New(func() time.Time { return now }, 100)
		var requests []*conntrack.Request
		for _, v6 := range []bool{false, true} {
			for _, nat := range []*openflow.NAT{
				nil, {}, {Type: openflow.NATSource, AddrMin: host(v6, 9), AddrMax: host(v6, 11), PortMin: 1, PortMax: 65535},
				{Type: openflow.NATDestination, AddrMin: host(v6, 9), PortMin: 80}, {Type: openflow.NATSource},
			} {
				requests = append(requests, &conntrack.Request{
					Commit: how&1 == 0, Force: how&2 != 0, NAT: nat, ALG: []uint16{0, openflow.ALGFTP, openflow.ALGTFTP}[how%3],
				})
			}
		}
		var m conntrack.Meta
		for i, r := range requests {
			for _, frame := range [][]byte{one, two, one} {
				if how&4 == 0 {
					m = conntrack.Meta{}
				}
				p := packet.Parse(append([]byte(nil), frame...))
				if p.IP() {
					_, released := tr.Track(p, &m, r)
					for _, f := range released {
						tr.Track(f.Packet, &f.Meta, requests[(i+1)%len(requests)])
					}
				}
			}
			now = now.Add(time.Duration(how) * time.Second)
		}
		if got := tr.Len(); got > 100 {
			t.Errorf("connections: got %d, want 100 at most", got)
		}
		tr.Dump(conntrack.DumpOptions{Verbose: true, Stats: true})
		tr.FragmentStatus(true)
	})
}
