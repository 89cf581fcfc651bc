// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/port"
)

const (
	payload      = 1200
	frameOverUDP = 14 + 20 + 8 // headers of Ethernet, IPv4 and UDP
)

// rateOf sends packets of UDP in the course of a second, or as fast as it may, and returns
// the rate in bit/s at which they come, after those that may come at once.
func rateOf(t *testing.T, from, to *netns.NS, addr string, packets, burst int) float64 {
	t.Helper()
	conn, listener := udp(t, from, to, addr)
	defer conn.Close()
	defer listener.Close()
	sent := make(chan error, 1)
	go func() {
		pace := time.NewTicker(time.Millisecond)
		defer pace.Stop()
		for begin, n := time.Now(), 0; n < packets; <-pace.C {
			for due := int(time.Since(begin).Seconds() * float64(packets)); n < min(due, packets); n++ {
				if _, err := conn.Write(make([]byte, payload)); err != nil {
					sent <- err
					return
				}
			}
		}
		sent <- nil
	}()
	buf := make([]byte, payload)
	var first, last time.Time
	came := 0
	for ; came < packets; came++ {
		// When those that were not dropped have come no other does.
		if err := listener.SetReadDeadline(time.Now().Add(500 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := listener.ReadFrom(buf); errors.Is(err, os.ErrDeadlineExceeded) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if last = time.Now(); came == burst {
			first = last
		}
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if came < burst+100 {
		t.Logf("%d of %d packets came", came, packets)
		return 0
	}
	return float64(came-1-burst) * (payload + frameOverUDP) * 8 / last.Sub(first).Seconds()
}

// expectRate wants packets to come at a rate within a fifth. A busy machine may need
// several attempts to keep it.
func expectRate(t *testing.T, from, to *netns.NS, rate float64, burst int) {
	t.Helper()
	const packets = 1200 // almost 12 Mbit
	expectWithin(t, rate, func() float64 { return rateOf(t, from, to, "10.0.0.3:9", packets, burst) })
}

// expectPacketRate is expectRate in packets per second.
func expectPacketRate(t *testing.T, from, to *netns.NS, rate float64, burst int) {
	t.Helper()
	const packets = 4000
	expectWithin(t, rate, func() float64 {
		return rateOf(t, from, to, "10.0.0.3:9", packets, burst) / 8 / (payload + frameOverUDP)
	})
}

func expectWithin(t *testing.T, rate float64, measure func() float64) {
	t.Helper()
	const attempts = 4
	var got []float64
	for range attempts {
		r := measure()
		if r > 0.8*rate && r < 1.2*rate {
			return
		}
		got = append(got, r)
	}
	t.Errorf("rates %.0f per second, want %.0f within a fifth", got, rate)
}

// TestQoSRate has the switch shape what it sends to a port.
func TestQoSRate(t *testing.T) {
	t.Parallel()
	const rate = 4e6
	l := newLab(t, bridge.Standalone)
	c, db := l.config(t, "db", "10.0.0.3/24")
	c.QoS = &port.QoS{MaxRate: rate, Queues: map[uint32]port.Queue{0: {MaxRate: rate}}}
	l.attach(t, c)
	_, web := l.endpoint(t, "web", "10.0.0.2/24")
	if err := ping(t, web, "10.0.0.3", "5"); err != nil {
		t.Fatal(err)
	}
	expectRate(t, web, db, rate, 10)
}

// TestPolicingRate limits what a port sends, and ends that.
func TestPolicingRate(t *testing.T) {
	t.Parallel()
	for _, kind := range []port.Kind{port.Veth, port.Internal} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			testPolicingRate(t, kind)
		})
	}
}

func testPolicingRate(t *testing.T, kind port.Kind) {
	l := newLab(t, bridge.Standalone)
	c, web := l.config(t, "web", "10.0.0.2/24")
	c.Kind = kind
	c.Policing = port.Policing{Rate: 4000, Burst: 400}
	l.attach(t, c)
	_, db := l.endpoint(t, "db", "10.0.0.3/24")
	if err := ping(t, web, "10.0.0.3", "5"); err != nil {
		t.Fatal(err)
	}
	expectRate(t, web, db, 4e6, 60)
	c.Policing = port.Policing{PacketRate: 1, PacketBurst: 1}
	l.attach(t, c)
	expectPacketRate(t, web, db, 1000, 1400)
	c.Policing = port.Policing{Rate: 2000, Burst: 400}
	l.attach(t, c)
	expectRate(t, web, db, 2e6, 60)
	if iface, _ := l.db.Interface("web"); iface.IngressPolicingRate != 2000 || iface.IngressPolicingBurst != 400 {
		t.Errorf("policing in the database: rate %d, burst %d", iface.IngressPolicingRate, iface.IngressPolicingBurst)
	}
	c.Policing = port.Policing{}
	l.attach(t, c)
	if got := rateOf(t, web, db, "10.0.0.3:9", 1200, 60); got < 2*2e6 {
		t.Errorf("%.0f bit/s without policing, as little as with", got)
	}
}

// TestNotPoliced has limits refused that nobody would keep, before anything is changed.
func TestNotPoliced(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Secure)
	m := l.manager(t, port.Options{})
	m.Hook(func(step string) error { return fmt.Errorf("step %q was taken", step) })
	veth, _ := l.config(t, "web", "10.0.0.2/24")
	veth.Policing = port.Policing{Rate: 1000, PacketRate: 1}
	internal := veth
	internal.Kind = port.Internal
	rate := port.Policing{Rate: 1000}
	for _, tt := range []struct {
		name, why string
		config    port.Config
	}{
		{"both limits of a veth port", "not both", veth},
		{"both limits of an internal port", "not both", internal},
		{"handed over", "moved", port.Config{Name: "web", Ifname: "in", HandOver: true, Policing: rate}},
		{"internal in the switch's namespace", "ovs-vswitchd", port.Config{Name: "in", Kind: port.Internal, Policing: rate}},
		{"device", "user space", port.Config{Name: node.Uplink, Kind: port.Device, Policing: rate}},
		{"AF_XDP", "user space", port.Config{Name: node.Uplink, Kind: port.Device, Type: "afxdp", Policing: rate}},
		{"packets of DPDK", "DPDK", port.Config{Name: "d", Kind: port.Device, Type: "dpdk", Policing: port.Policing{PacketRate: 1}}},
		{"tunnel", "tunnel", port.Config{Name: "t", Kind: port.Tunnel, Policing: rate,
			Tunnel: &port.TunnelConfig{Type: "vxlan", Remote: netip.MustParseAddr("192.0.2.1")}}},
	} {
		tt.config.Bridge = "br0"
		if _, err := m.Attach(testContext(t), tt.config); !errors.Is(err, port.ErrNotPoliced) || !strings.Contains(err.Error(), tt.why) {
			t.Errorf("%s: %v, want %v because of %q", tt.name, err, port.ErrNotPoliced, tt.why)
		}
	}
}
