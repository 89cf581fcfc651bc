// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/testbed"
)

// witnessPause is the pause between two things that a witness sends.
const witnessPause = 2 * time.Millisecond

// A witness sends without an end, and notes when what of it arrived.
type witness struct {
	name string
	stop func()

	mu      sync.Mutex
	sent    uint64
	arrived map[uint64]time.Time
	err     error
	changed chan struct{}
}

func newWitness(name string) *witness {
	return &witness{name: name, arrived: map[uint64]time.Time{}, changed: make(chan struct{})}
}

// next is the number of what is sent next.
func (w *witness) next() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent++
	return w.sent
}

// note notes that number n has arrived, or that nothing more will.
func (w *witness) note(n uint64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.err = errors.Join(w.err, err)
	} else if _, twice := w.arrived[n]; !twice {
		w.arrived[n] = time.Now()
	}
	close(w.changed)
	w.changed = make(chan struct{})
}

// now is the number of the last thing that was sent.
func (w *witness) now() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent
}

// after waits until something has arrived that was sent after number n, and returns the first such.
func (w *witness) after(ctx context.Context, n uint64) (uint64, error) {
	for {
		w.mu.Lock()
		sent, err, changed := w.sent, w.err, w.changed
		for k := n + 1; k <= sent; k++ {
			if _, ok := w.arrived[k]; ok {
				w.mu.Unlock()
				return k, err
			}
		}
		w.mu.Unlock()
		if err != nil {
			return 0, fmt.Errorf("%s: %w", w.name, err)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, fmt.Errorf("%s: nothing of what was sent after number %d arrives", w.name, n)
		}
	}
}

// between is how many of those from first to last did not arrive, and the longest time for which none arrived.
func (w *witness) between(first, last uint64) (lost int, gap time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var before time.Time
	for n := first; n <= last; n++ {
		at, ok := w.arrived[n]
		if !ok {
			lost++
			continue
		}
		if !before.IsZero() {
			gap = max(gap, at.Sub(before))
		}
		before = at
	}
	return lost, gap
}

// sendUntil sends numbers until the context ends or it fails.
func (w *witness) sendUntil(ctx context.Context, send func(n uint64) error) {
	tick := time.NewTicker(witnessPause)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if err := send(w.next()); err != nil {
			return
		}
	}
}

// newPinger sends echo requests from an endpoint, whose answers arrive.
func newPinger(name string, from *testbed.Attached, own, to netip.Addr) (*witness, error) {
	ns, err := netns.Open(from.Port.Netns)
	if err != nil {
		return nil, err
	}
	defer ns.Close()
	network, protocol, request, reply := "ip4:icmp", 1, icmp.Type(ipv4.ICMPTypeEcho), icmp.Type(ipv4.ICMPTypeEchoReply)
	if to.Is6() {
		network, protocol, request, reply = "ip6:ipv6-icmp", 58, ipv6.ICMPTypeEchoRequest, ipv6.ICMPTypeEchoReply
	}
	var conn *icmp.PacketConn
	err = ns.Do(func() (err error) {
		conn, err = icmp.ListenPacket(network, own.String())
		return err
	})
	if err != nil {
		return nil, err
	}
	w := newWitness(name)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Add(2)
	go func() {
		defer wg.Done()
		w.sendUntil(ctx, func(n uint64) error {
			m := icmp.Message{Type: request, Body: &icmp.Echo{ID: 77, Seq: int(uint16(n)), Data: binary.BigEndian.AppendUint64(nil, n)}}
			b, err := m.Marshal(nil)
			if err == nil {
				// While there is no route the kernel says so.
				_, _ = conn.WriteTo(b, &net.IPAddr{IP: to.AsSlice()})
			}
			return err
		})
	}()
	go func() {
		defer wg.Done()
		b := make([]byte, 1500)
		for {
			n, _, err := conn.ReadFrom(b)
			if err != nil {
				w.note(0, err)
				return
			}
			m, err := icmp.ParseMessage(protocol, b[:n])
			if err != nil || m.Type != reply {
				continue
			}
			if e, ok := m.Body.(*icmp.Echo); ok && len(e.Data) == 8 {
				w.note(binary.BigEndian.Uint64(e.Data), nil)
			}
		}
	}()
	w.stop = func() {
		cancel()
		conn.Close()
		wg.Wait()
	}
	return w, nil
}

// newTalker sends numbers over a TCP connection, which must come one after the other.
func newTalker(ctx context.Context, name string, from testbed.Station, to netip.AddrPort, at testbed.Station, local netip.AddrPort) (
	*witness, error,
) {
	l, err := at.ListenTCP(ctx, local)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	conn, err := from.DialTCP(ctx, netip.AddrPort{}, to)
	if err != nil {
		return nil, err
	}
	peer, err := l.Accept()
	if err != nil {
		conn.Close()
		return nil, err
	}
	w := newWitness(name)
	sending, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Add(2)
	go func() {
		defer wg.Done()
		w.sendUntil(sending, func(n uint64) error {
			_, err := conn.Write(binary.BigEndian.AppendUint64(nil, n))
			return err
		})
	}()
	go func() {
		defer wg.Done()
		b := make([]byte, 8)
		for n := uint64(1); ; n++ {
			_, err := io.ReadFull(peer, b)
			if got := binary.BigEndian.Uint64(b); err == nil && got != n {
				err = fmt.Errorf("got number %d, want %d", got, n)
			}
			w.note(n, err)
			if err != nil {
				return
			}
		}
	}()
	w.stop = func() {
		cancel()
		conn.Close()
		peer.Close()
		wg.Wait()
	}
	return w, nil
}
