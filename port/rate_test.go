// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/port"
)

const (
	payload      = 1200
	frameOverUDP = 14 + 20 + 8 // headers of Ethernet, IPv4 and UDP
)

// rateOf sends packets of UDP in the course of a second and returns the rate in bit/s at
// which they come, after those that may come at once, and whether none was dropped.
func rateOf(t *testing.T, from, to *netns.NS, addr string, packets, burst int) (rate float64, all bool) {
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
		return 0, false
	}
	return float64(came-1-burst) * (payload + frameOverUDP) * 8 / last.Sub(first).Seconds(), came == packets
}

// expectRate wants packets to come at a rate within a fifth. A busy machine may need
// several attempts to keep it.
func expectRate(t *testing.T, from, to *netns.NS, rate float64, burst int) {
	t.Helper()
	const attempts, packets = 4, 1200 // almost 12 Mbit
	var got []float64
	for range attempts {
		r, _ := rateOf(t, from, to, "10.0.0.3:9", packets, burst)
		if r > 0.8*rate && r < 1.2*rate {
			return
		}
		got = append(got, r)
	}
	t.Errorf("rates in bit/s %.0f, want %.0f within a fifth", got, rate)
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
	l := newLab(t, bridge.Standalone)
	c, web := l.config(t, "web", "10.0.0.2/24")
	c.Policing = port.Policing{Rate: 4000, Burst: 400}
	l.attach(t, c)
	_, db := l.endpoint(t, "db", "10.0.0.3/24")
	if err := ping(t, web, "10.0.0.3", "5"); err != nil {
		t.Fatal(err)
	}
	expectRate(t, web, db, 4e6, 60)
	c.Policing.Rate = 2000
	l.attach(t, c)
	expectRate(t, web, db, 2e6, 60)
	if iface, _ := l.db.Interface("web"); iface.IngressPolicingRate != 2000 || iface.IngressPolicingBurst != 400 {
		t.Errorf("policing in the database: rate %d, burst %d", iface.IngressPolicingRate, iface.IngressPolicingBurst)
	}
	c.Policing = port.Policing{}
	l.attach(t, c)
	// All come, or nearly all where the machine is too busy to take them from a queue in time.
	if got, all := rateOf(t, web, db, "10.0.0.3:9", 1200, 60); !all && got < 8e6 {
		t.Errorf("%.0f bit/s without policing", got)
	}
}
