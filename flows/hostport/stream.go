// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package hostport

import (
	"context"
	"io"
	"net"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// accept forwards the connections of a listener until it is closed.
func (f *forward) accept(l *net.TCPListener) {
	for {
		client, err := l.AcceptTCP()
		if err != nil {
			if !f.failed(err) {
				return
			}
			continue
		}
		if !f.serves(unmap(client.RemoteAddr().(*net.TCPAddr).AddrPort()).Addr()) {
			abort(client)
			continue
		}
		select {
		case f.ports.streams <- struct{}{}:
			f.run(func() {
				defer func() { <-f.ports.streams }()
				f.stream(client)
			})
		default:
			abort(client)
			f.log("has no room for another stream", nil)
		}
	}
}

// stream forwards a connection. When the endpoint is not reached, it is reset.
func (f *forward) stream(client *net.TCPConn) {
	c, err := f.dial("tcp")
	if err != nil {
		abort(client)
		f.log("leads nowhere", err)
		return
	}
	server := c.(*net.TCPConn)
	cancel := context.AfterFunc(f.ctx, func() { abort(client); abort(server) })
	defer cancel()
	copyBoth(client, server)
}

// abort resets a connection.
func abort(c *net.TCPConn) {
	c.SetLinger(0)
	c.Close()
}

// copyBoth copies between two connections until both directions have ended, each for itself, or either connection is reset;
// then the other is reset as well. It closes both.
func copyBoth(a, b *net.TCPConn) {
	var open atomic.Int32 // directions
	open.Store(2)
	done := make(chan struct{})
	go func() {
		defer close(done)
		copyOne(a, b, &open)
	}()
	copyOne(b, a, &open)
	<-done
	a.Close()
	b.Close()
}

// copyOne copies from src to dst. When src has ended its direction it waits for the other one: somebody who has gone away
// altogether has looked like that at first.
func copyOne(dst, src *net.TCPConn, open *atomic.Int32) {
	_, err := io.Copy(dst, src)
	last := open.Add(-1) == 0
	if err == nil {
		err = dst.CloseWrite()
	}
	switch {
	case err != nil:
		abort(dst)
		abort(src)
	case last:
		dst.Close() // who waits for its reset need not any more
	case isReset(src) && open.Load() != 0:
		abort(dst)
		abort(src)
	}
}

// The state of a connection that is no more (TCP_CLOSE of the kernel's enumeration).
const tcpClose = 7

// isReset waits, after the peer has ended its direction, until the connection is reset, or closed by ourselves.
func isReset(c *net.TCPConn) bool {
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	reset := false
	raw.Read(func(fd uintptr) bool {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		reset = err == nil && info.State == tcpClose
		return reset || err != nil
	})
	return reset
}
