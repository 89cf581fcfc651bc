// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"errors"
	"net"
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

// rateOf sends packets of UDP at once and returns the rate in bit/s at which they come.
func rateOf(t *testing.T, from, to *netns.NS, addr string, packets int) float64 {
	t.Helper()
	var listener *net.UDPConn
	if err := to.Do(func() error {
		l, err := net.ListenPacket("udp4", addr)
		listener, _ = l.(*net.UDPConn)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	var conn net.Conn
	if err := from.Do(func() (err error) {
		conn, err = net.Dial("udp4", addr)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for range packets {
		if _, err := conn.Write(make([]byte, payload)); err != nil {
			t.Fatal(err)
		}
	}
	buf := make([]byte, payload)
	var first, last time.Time
	came := 0
	for ; came < packets; came++ {
		// When the packets that were not dropped have come no other does.
		if err := listener.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := listener.ReadFrom(buf); errors.Is(err, os.ErrDeadlineExceeded) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if last = time.Now(); first.IsZero() {
			first = last
		}
	}
	if came < packets/10 {
		t.Fatalf("%d of %d packets came", came, packets)
	}
	return float64(came-1) * (payload + frameOverUDP) * 8 / last.Sub(first).Seconds()
}

// TestQoSRate has the switch shape what it sends to a port. A busy machine may need
// several attempts to keep a rate.
func TestQoSRate(t *testing.T) {
	t.Parallel()
	const rate, attempts = 4e6, 3
	l := newLab(t, bridge.Standalone)
	c, db := l.config(t, "db", "10.0.0.3/24")
	c.QoS = &port.QoS{MaxRate: rate, Queues: map[uint32]port.Queue{0: {MaxRate: rate}}}
	l.attach(t, c)
	_, web := l.endpoint(t, "web", "10.0.0.2/24")
	if err := ping(t, web, "10.0.0.3", "5"); err != nil {
		t.Fatal(err)
	}
	var got float64
	for range attempts {
		if got = rateOf(t, web, db, "10.0.0.3:9", 300); got > 0.8*rate && got < 1.2*rate {
			t.Logf("%.0f kbit/s", got/1e3)
			return
		}
	}
	t.Errorf("%.0f kbit/s, want 4000 within a fifth", got/1e3)
}
