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
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/internal/testbed"
)

const (
	// window is how many datagrams are under way at once: fewer than a device's queue holds.
	window = 64
	// farHosts are how many addresses outside are sent to; all but the first drop what they get.
	farHosts = 16
)

// A stream is datagrams of as many connections as a window has.
type stream struct {
	name string
	from []net.PacketConn
	to   []netip.AddrPort // somebody listens at the first
	sink sink
}

// A sink has the numbers of the windows whose last datagram has arrived.
type sink chan uint64

// windowsSent counts the windows of all streams.
var windowsSent uint64

// send sends a window and returns when all of it has passed the switch. What is lost does not matter, but for the last one,
// which is sent again.
func (s *stream) send() error {
	for i, from := range s.from {
		if _, err := from.WriteTo(make([]byte, 22), net.UDPAddrFromAddrPort(s.to[i%len(s.to)])); err != nil {
			return err
		}
	}
	windowsSent++
	number, to := windowsSent, net.UDPAddrFromAddrPort(s.to[0])
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for range 100 {
		if _, err := s.from[0].WriteTo(binary.BigEndian.AppendUint64(nil, number), to); err != nil {
			return err
		}
		for waiting := true; waiting; {
			select {
			case n := <-s.sink:
				if n == number {
					return nil
				}
			case <-again.C:
				waiting = false
			}
		}
	}
	return fmt.Errorf("nothing arrives at %v", to)
}

// newSink reads what arrives until the socket is closed.
func newSink(c net.PacketConn) sink {
	s := make(sink, 1)
	go func() {
		b := make([]byte, 64)
		for {
			n, _, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			if n == 8 {
				s <- binary.BigEndian.Uint64(b)
			}
		}
	}()
	return s
}

// A dialer makes TCP connections, which the other side ends.
type dialer struct {
	name string
	from testbed.Station
	to   netip.AddrPort
}

// dial makes a connection and waits for its end.
func (d *dialer) dial() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c, err := d.from.DialTCP(ctx, netip.AddrPort{}, d.to)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		return fmt.Errorf("got error %v, want the connection's end", err)
	}
	return nil
}

// hangUp accepts connections and ends them.
func hangUp(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		c.Close()
	}
}

// traffic opens the sockets of one family.
func (s *flowsSite) traffic(b *testing.B, family int) (streams []*stream, dialers []*dialer) {
	ctx := context.Background()
	host := []netip.Addr{node.HostAddr.Addr(), node.HostAddr6.Addr()}[family]
	beyond := []netip.Addr{node.BeyondAddr.Addr(), node.BeyondAddr6.Addr()}[family]
	inside, peer := siteAddrs(0)[family], siteAddrs(1)[family]
	open := func(at testbed.Station, addr netip.Addr, port uint16) net.PacketConn {
		c, err := at.ListenUDP(ctx, netip.AddrPortFrom(addr, port))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { c.Close() })
		return c
	}
	serve := func(at testbed.Station, addr netip.Addr) sink {
		l, err := at.ListenTCP(ctx, netip.AddrPortFrom(addr, sitePort))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { l.Close() })
		go hangUp(l)
		return newSink(open(at, addr, sitePort))
	}
	var within, without []net.PacketConn
	for range window {
		within = append(within, open(s.a.Station, inside, 0))
		without = append(without, open(s.Outside(), beyond, 0))
	}
	atPeer, atBeyond := serve(s.b.Station, peer), serve(s.Outside(), beyond)
	published := netip.AddrPortFrom(host, sitePort)
	var far []netip.AddrPort
	for a := beyond; len(far) < farHosts; a = a.Next() {
		far = append(far, netip.AddrPortFrom(a, sitePort))
	}
	ip := [...]string{"IPv4", "IPv6"}[family]
	return []*stream{
			{ip + ", endpoint to endpoint", within, []netip.AddrPort{netip.AddrPortFrom(peer, sitePort)}, atPeer},
			{ip + ", endpoint to outside", within, far[:1], atBeyond},
			{fmt.Sprintf("%s, endpoint to %d hosts outside", ip, farHosts), within, far, atBeyond},
			{ip + ", outside to published port", without, []netip.AddrPort{published}, atPeer},
		}, []*dialer{
			{ip + ", endpoint to outside", s.a.Station, far[0]},
			{ip + ", outside to published port", s.Outside(), published},
		}
}
