// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs_test

import (
	"net/netip"
	"testing"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/openflow"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// TestTunnels sends a frame into a tunnel, which tells where to, and lets one come out of it.
func TestTunnels(t *testing.T) {
	l, _ := manual(t)
	l.addPort("br0", vswitch.Interface{
		Name: "v", Type: "vxlan", Options: map[string]string{"remote_ip": "10.0.0.2", "key": "flow"},
	})
	c := l.openFlow()
	far := openflow.TunSrc(netip.MustParsePrefix("10.0.0.2/32"))
	err := c.Apply(l.ctx,
		openflow.Add(openflow.Flow{Match: openflow.Match{openflow.InPort(1)}, Instructions: openflow.Instructions{
			Apply: []openflow.Action{openflow.SetField{MatchField: openflow.TunID(7)}, openflow.Output{Port: 3}},
		}}),
		openflow.Add(openflow.Flow{Match: openflow.Match{openflow.InPort(3), openflow.TunID(9), far}, Instructions: openflow.Instructions{
			Apply: []openflow.Action{openflow.Output{Port: 2}},
		}}))
	if err != nil {
		t.Fatal(err)
	}
	br := l.Bridge("br0")
	sent := br.Inject(1, broadcast)
	sent.Expect(t, fakeovs.Output(3))
	if out := sent.Outputs(); len(out) == 1 {
		want := openflow.Match{openflow.TunID(7), openflow.TunDst(netip.MustParsePrefix("10.0.0.2/32"))}
		if got := out[0].Tunnel.String(); got != want.String() {
			t.Errorf("fields of the tunnel: got %s, want %s", got, want)
		}
	}
	through := func(id uint64) openflow.Match {
		return openflow.Match{openflow.TunID(id), far, openflow.TunDst(netip.MustParsePrefix("10.0.0.1/32"))}
	}
	br.InjectTunnel(3, through(9), broadcast).Expect(t, fakeovs.Output(2))
	br.InjectTunnel(3, through(8), broadcast).Expect(t)
}
