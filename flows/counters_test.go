// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/flows"
)

func TestCounters(t *testing.T) {
	l := newLab(t)
	f := packet("udp", l.web2, l.web3, 1000, 53)
	size := uint64(len(f.bytes(t)))
	for range 3 {
		l.send(l.web2, f, delivery{l.web3, f})
	}
	l.send(l.web3, f.reply(), delivery{l.web2, f.reply()})
	l.restart()
	l.mustSet(l.objects()...)
	got, err := l.sw.Counters(l.ctx, flows.Endpoint{Name: "web2"}, flows.Network{Name: "web"}, flows.Endpoint{Name: "nobody"})
	if err != nil {
		t.Fatal(err)
	}
	three, one := flows.Count{Packets: 3, Bytes: 3 * size}, flows.Count{Packets: 1, Bytes: size}
	if len(got) != 3 || got[0].Sent != three || got[0].Received != one || got[0].Matched.Packets < 4 {
		t.Errorf("got the counters %+v, want web2 to have sent %+v and been sent %+v", got, three, one)
	}
	if c := got[1]; c.Matched.Packets != 4 || c.Sent != (flows.Count{}) {
		t.Errorf("got the counters %+v, want 4 packets through the network", c)
	}
	if diff := cmp.Diff(flows.Counters{Object: flows.Endpoint{Name: "nobody"}}, got[2]); diff != "" {
		t.Errorf("counters of nobody (-want +got):\n%s", diff)
	}
}
