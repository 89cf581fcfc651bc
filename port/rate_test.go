// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"encoding/binary"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/port"
)

// A flood is what came of packets that were sent at a known rate.
type flood struct {
	sent, came int // packets
	// bits is what came in bits of frames, over how long it was sent.
	bits float64
	over time.Duration
}

// rate is in bit/s.
func (f flood) rate() float64 { return f.bits / f.over.Seconds() }

const (
	payload      = 1200
	frameOverUDP = 14 + 20 + 8
)

// send sends packets of UDP at a rate in bit/s for a while, and counts what comes.
// A packet of TCP after them tells that no more will come.
func sendUDP(t *testing.T, from, to *netns.NS, addr string, rate float64, over time.Duration) (f flood) {
	t.Helper()
	var listener net.PacketConn
	if err := to.Do(func() (err error) {
		listener, err = net.ListenPacket("udp4", addr)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if err := listener.(*net.UDPConn).SetReadBuffer(1 << 22); err != nil {
		t.Fatal(err)
	}
	var conn net.Conn
	if err := from.Do(func() (err error) {
		conn, err = net.Dial("udp4", addr)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	counted := make(chan int, 1)
	go func() {
		buf, n := make([]byte, payload), 0
		for {
			size, _, err := listener.ReadFrom(buf)
			if err != nil || size < payload { // the last one
				counted <- n
				return
			}
			n++
		}
	}()
	size := float64(payload+frameOverUDP) * 8
	total := int(rate * over.Seconds() / size)
	packet := make([]byte, payload)
	start := time.Now()
	for f.sent < total {
		due := min(total, int(time.Since(start).Seconds()*rate/size)+1)
		for ; f.sent < due; f.sent++ {
			binary.BigEndian.PutUint32(packet, uint32(f.sent))
			if _, err := conn.Write(packet); err != nil && !errors.Is(err, net.ErrClosed) {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Millisecond) // until the next are due
	}
	f.over = time.Since(start)
	// The limit lets a small one through sooner or later.
	for stop := time.NewTicker(20 * time.Millisecond); ; {
		select {
		case f.came = <-counted:
			stop.Stop()
			f.bits = float64(f.came) * size
			return f
		case <-stop.C:
			if _, err := conn.Write([]byte("end")); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestPolicing(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Standalone)
	c, web := l.config(t, "web", "10.0.0.2/24")
	c.Policing = port.Policing{Rate: 4000, Burst: 400}
	l.attach(t, c)
	_, db := l.endpoint(t, "db", "10.0.0.3/24")
	if err := ping(t, web, "10.0.0.3", "5"); err != nil {
		t.Fatal(err)
	}
	f := sendUDP(t, web, db, "10.0.0.3:9", 16e6, 2*time.Second)
	t.Logf("%d of %d packets in %v: %.0f kbit/s", f.came, f.sent, f.over, f.rate()/1e3)
}

func TestQoSRate(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Standalone)
	c, db := l.config(t, "db", "10.0.0.3/24")
	c.QoS = &port.QoS{MaxRate: 4e6, Queues: map[uint32]port.Queue{0: {MaxRate: 4e6}}}
	l.attach(t, c)
	_, web := l.endpoint(t, "web", "10.0.0.2/24")
	if err := ping(t, web, "10.0.0.3", "5"); err != nil {
		t.Fatal(err)
	}
	f := sendUDP(t, web, db, "10.0.0.3:9", 16e6, 2*time.Second)
	t.Logf("%d of %d packets in %v: %.0f kbit/s", f.came, f.sent, f.over, f.rate()/1e3)
}
