// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package hostport

import (
	"container/list"
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// maxDatagram is more than UDP carries.
const maxDatagram = 1 << 16

// clients are those whose answers are forwarded, of all ports.
type clients struct {
	max   int
	mu    sync.Mutex
	all   map[clientKey]*client
	order *list.List // of *client, the one that has sent last first
}

// clientKey is a client of a port.
type clientKey struct {
	port *forward
	addr netip.AddrPort
}

// client is somebody who sends datagrams to a port. It has a socket of its own, by which its answers are known.
type client struct {
	key    clientKey
	server *net.UDPConn
	place  *list.Element
}

func newClients(limit int) *clients {
	return &clients{max: limit, all: map[clientKey]*client{}, order: list.New()}
}

// get finds a client that has sent, or returns nil.
func (t *clients) get(key clientKey) *client {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.all[key]
	if c != nil {
		t.order.MoveToFront(c.place)
	}
	return c
}

// add adds a client. If there are too many, another has to go.
func (t *clients) add(c *client) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.all) >= t.max {
		t.forget(t.order.Back().Value.(*client))
	}
	t.all[c.key], c.place = c, t.order.PushFront(c)
}

// remove removes a client, if it is still there.
func (t *clients) remove(c *client) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all[c.key] == c {
		t.forget(c)
	}
}

// forget ends a client; the lock is held.
func (t *clients) forget(c *client) {
	delete(t.all, c.key)
	t.order.Remove(c.place)
	c.server.Close()
}

// datagrams forwards what arrives at a socket until it is closed.
func (f *forward) datagrams(at *net.UDPConn) {
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := at.ReadFromUDPAddrPort(buf)
		if err != nil {
			if !f.failed(err) {
				return
			}
			continue
		}
		from = unmap(from)
		if !f.serves(from.Addr()) {
			continue
		}
		c, err := f.client(at, from)
		if err != nil {
			f.log("leads nowhere", err)
			continue
		}
		c.server.SetReadDeadline(time.Now().Add(f.ports.o.ClientIdle))
		if _, err := c.server.Write(buf[:n]); err != nil {
			// What had become of an earlier one; a socket tells that in place of sending.
			if _, err = c.server.Write(buf[:n]); err != nil {
				f.log("cannot be written", err)
			}
		}
	}
}

// client finds or makes the client that has an address.
func (f *forward) client(at *net.UDPConn, from netip.AddrPort) (*client, error) {
	key := clientKey{f, from}
	if c := f.ports.clients.get(key); c != nil {
		return c, nil
	}
	conn, err := f.dial("udp")
	if err != nil {
		return nil, err
	}
	c := &client{key: key, server: conn.(*net.UDPConn)}
	c.server.SetReadDeadline(time.Now().Add(f.ports.o.ClientIdle))
	f.ports.clients.add(c)
	f.run(func() {
		cancel := context.AfterFunc(f.ctx, func() { c.server.Close() })
		defer cancel()
		defer f.ports.clients.remove(c)
		f.answers(at, c)
	})
	return c, nil
}

// answers forwards what the endpoint sends to a client until it has been silent for long enough.
func (f *forward) answers(at *net.UDPConn, c *client) {
	raw, err := c.server.SyscallConn()
	if err != nil {
		return
	}
	for {
		// A buffer is taken only when there is something to read: most clients wait.
		var buf *[]byte
		var n int
		var got error
		err := raw.Read(func(fd uintptr) bool {
			buf = f.ports.buffers.Get().(*[]byte)
			n, _, got = unix.Recvfrom(int(fd), *buf, unix.MSG_DONTWAIT)
			if got != nil {
				f.ports.buffers.Put(buf)
			}
			return !errors.Is(got, unix.EAGAIN) && !errors.Is(got, unix.EINTR)
		})
		switch {
		case err != nil: // closed, or silent
			return
		case errors.Is(got, unix.ECONNREFUSED): // nobody listens there yet
			continue
		case got != nil:
			f.log("is not answered", got)
			return
		}
		c.server.SetReadDeadline(time.Now().Add(f.ports.o.ClientIdle))
		_, err = at.WriteToUDPAddrPort((*buf)[:n], c.key.addr)
		f.ports.buffers.Put(buf)
		if err != nil {
			f.log("cannot answer", err)
		}
	}
}
