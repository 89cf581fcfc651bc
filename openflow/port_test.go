// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/internal/tier"
	of "github.com/ovskit/ovskit/openflow"
)

// TestRealPorts reads the ports in each version, changes one, and finds that all versions and ovs-ofctl say the same.
func TestRealPorts(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		ctx := testContext(t)
		c := dial(t, endpoint, v)
		// Before 1.5 a switch tells others than the one that makes a change.
		_, s := attend(t, endpoint, v)
		ports := func() map[uint32]of.PortDesc {
			all, err := c.Ports(ctx)
			must(t, err)
			ports := map[uint32]of.PortDesc{}
			for _, p := range all {
				ports[p.No] = p
			}
			return ports
		}
		want := ports()
		if len(want) != 3 || want[1].Name != "p1" || want[2].Name != "p2" || want[of.PortLocal].Name != "br0" {
			t.Fatalf("%v: ports are %v", v, want)
		}
		p := want[1]
		for _, flags := range []of.PortConfig{of.PortConfigNoForward | of.PortConfigNoPacketIn, 0} {
			mod := of.PortMod{Port: 1, HWAddr: p.HWAddr, Config: flags, Mask: of.PortConfigNoForward | of.PortConfigNoPacketIn | of.PortConfigNoReceive}
			must(t, c.Apply(ctx, mod))
			if m := nextOf[of.PortStatus](t, s); m.Reason != of.PortModified || m.Port.No != 1 || m.Port.Config != flags {
				t.Errorf("%v: the change of flags to %#x is told as %+v", v, flags, m)
			}
			p.Config = flags
			want[1] = p
			if diff := cmp.Diff(want, ports()); diff != "" {
				t.Errorf("%v: ports (-want +got):\n%s", v, diff)
			}
			shown := ofctl(t, v, "dump-ports-desc", endpoint, "1")
			if strings.Contains(shown, "NO_FWD NO_PACKET_IN") != (flags != 0) {
				t.Errorf("%v: with flags %#x ovs-ofctl prints\n%s", v, flags, shown)
			}
		}
		ofctl(t, v, "mod-port", endpoint, "1", "down")
		if got := ports()[1].Config; got != of.PortConfigDown {
			t.Errorf("%v: config of a port that is down is %#x", v, got)
		}
		ofctl(t, v, "mod-port", endpoint, "1", "up")
	})
	one := dialPeer(t, endpoint, of.Version15).ask(of.PortDescRequest{Port: 2})
	if m, ok := one[0].Message.(of.PortDescReply); !ok || len(m.Ports) != 1 || m.Ports[0].No != 2 {
		t.Errorf("port 2 is described by %v", one)
	}
}

// TestRealPortStats sends packets through a port and counts them in each version.
func TestRealPortStats(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	ctx := testContext(t)
	endpoint := ovs.Management("br0")
	c := dial(t, endpoint)
	packet := of.PacketOut{Actions: []of.Action{of.Output{Port: 1}}, Data: make([]byte, 60)}
	if err := c.Apply(ctx, packet, packet, packet); err != nil {
		t.Fatal(err)
	}
	got, err := c.PortStats(ctx, 1)
	if err != nil || len(got) != 1 || got[0].Port != 1 || got[0].TxPackets != 3 || got[0].TxBytes != 180 || got[0].Duration < 0 {
		t.Errorf("PortStats(1) = %+v, %v; want 3 packets and 180 bytes", got, err)
	}
	if all, err := c.PortStats(ctx, 0); err != nil || len(all) != 3 {
		t.Errorf("PortStats(0) = %+v, %v; want 3", all, err)
	}
	for _, v := range versions {
		p := dialPeer(t, endpoint, v)
		answer := p.ask(of.PortStatsRequest{Port: 1})
		m, ok := answer[0].Message.(of.PortStatsReply)
		if !ok || len(m.Ports) != 1 {
			t.Fatalf("%v: statistics of port 1 are %+v", v, answer)
		}
		s := m.Ports[0]
		if s.TxPackets != 3 || s.TxBytes != 180 || s.RxCRCErrors != of.CounterUnknown {
			t.Errorf("%v: statistics are %+v, want 3 packets and 180 bytes", v, s)
		}
		if v == of.Version13 {
			continue
		}
		if s.Sizes == nil || s.Sizes.Rx1To64 != of.CounterUnknown || len(s.Custom) == 0 || s.Custom[0].Name != "rx_custom_packets_1" {
			t.Errorf("%v: statistics are %+v %+v, want counters by size and of the driver", v, s, s.Sizes)
		}
		// Encoded again, it prints the same.
		again, err := of.Encode(v, m, p.xid)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := ofpPrint(t, again), ofpPrint(t, answer[0].bytes); got != want {
			t.Errorf("%v: written again as\n%s, was\n%s", v, got, want)
		}
	}
}

func TestRealPortModRefused(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	ctx := testContext(t)
	c := dial(t, ovs.Management("br0"))
	for want, m := range map[error]of.PortMod{
		of.ErrUnknownPort: {Port: 77, HWAddr: mac("0a:00:00:00:00:04")},
		of.ErrBadHWAddr:   {Port: 1, HWAddr: mac("0a:00:00:00:00:04")},
		of.ErrBadOutPort:  {Port: 0xfffff000, HWAddr: mac("0a:00:00:00:00:04")},
	} {
		if err := c.Apply(ctx, m); !errors.Is(err, want) {
			t.Errorf("%+v gives %v, want %v", m, err, want)
		}
	}
	if err := c.Apply(ctx, of.PortMod{Port: 1}); err == nil || !strings.Contains(err.Error(), "hardware address of 0 bytes") {
		t.Errorf("a port-mod without an address gives %v", err)
	}
}

// TestRealQueues reads the queues, of which a dummy port has one with nothing to say.
func TestRealQueues(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	ctx := testContext(t)
	endpoint := ovs.Management("br0")
	c := dial(t, endpoint)
	stats, err := c.QueueStats(ctx, 1, of.QueueAll)
	want := []of.QueueStats{{Port: 1, TxBytes: of.CounterUnknown, TxPackets: of.CounterUnknown, Errors: of.CounterUnknown, Duration: -1}}
	if diff := cmp.Diff(want, stats); err != nil || diff != "" {
		t.Errorf("QueueStats: error %v (-want +got):\n%s", err, diff)
	}
	if _, err := c.QueueStats(ctx, 77, of.QueueAll); !errors.Is(err, of.ErrUnknownQueuePort) {
		t.Errorf("queues of port 77: %v, want %v", err, of.ErrUnknownQueuePort)
	}
	if queues, err := c.Queues(ctx, 1); err != nil || !cmp.Equal(queues, []of.Queue{{Port: 1}}) {
		t.Errorf("Queues(1) = %+v, %v; want one", queues, err)
	}
	if queues, err := c.Queues(ctx, 0); err != nil || len(queues) != 3 {
		t.Errorf("Queues(0) = %+v, %v; want 3", queues, err)
	}
	for _, v := range versions {
		c := dial(t, endpoint, v)
		if got, err := c.QueueStats(ctx, 1, 0); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%v: statistics are %+v, error %v", v, got, err)
		}
		if got, err := c.Queues(ctx, 1); err != nil || !cmp.Equal(got, []of.Queue{{Port: 1}}) {
			t.Errorf("%v: queues are %+v, error %v", v, got, err)
		}
	}
}

// TestQueuePrint has ovs-ofctl read queues with rates.
func TestQueuePrint(t *testing.T) {
	t.Parallel()
	tier.Need(t, tier.Sandbox)
	for _, v := range versions {
		m := of.QueueDescReply{Port: 4, Queues: []of.Queue{{Port: 4, ID: 7, MinRate: ptr[uint16](105), MaxRate: ptr[uint16](1000)}, {Port: 4, ID: 8}}}
		b, err := of.Encode(v, m, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := ofpPrint(t, b); !strings.Contains(got, "queue 7: min_rate:10.5% max_rate:100.0%\nqueue 8:\n") {
			t.Errorf("%v: ovs-ofctl prints\n%s", v, got)
		}
	}
}
