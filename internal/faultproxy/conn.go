// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package faultproxy

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"

	"github.com/ovskit/ovskit/internal/endpoint"
)

// A stream is a connection that can be closed one direction at a time.
type stream interface {
	net.Conn
	CloseRead() error
	CloseWrite() error
}

// A conn is a connection of a client and the one to the server that belongs to
// it. Its fields below the context are guarded by the proxy's mutex.
type conn struct {
	proxy  *Proxy
	client stream
	ctx    context.Context // ends when the connection is cut
	cancel context.CancelFunc

	server stream // nil until it is connected
	isCut  bool
	ended  int  // number of directions that are over
	last   bool // the last bytes have been taken, and the cut follows their delivery
}

func newConn(p *Proxy, client net.Conn) *conn {
	c := &conn{proxy: p, client: client.(stream)}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// cut ends the connection. The caller holds the mutex.
func (c *conn) cut() {
	if c.isCut {
		return
	}
	c.isCut = true
	c.cancel()
	c.client.Close()
	if c.server != nil {
		c.server.Close()
	}
	delete(c.proxy.conns, c)
	c.proxy.changed.Broadcast()
}

func (c *conn) lockAndCut() {
	c.proxy.mu.Lock()
	defer c.proxy.mu.Unlock()
	c.cut()
}

func (c *conn) run(target endpoint.Endpoint) {
	defer c.proxy.running.Done()
	defer c.lockAndCut()
	if !c.await() {
		return
	}
	server, err := target.Dial(c.ctx, nil)
	if err != nil || !c.join(server.(stream)) {
		return
	}
	var both sync.WaitGroup
	both.Add(2)
	go func() {
		defer both.Done()
		c.pump(toServer, c.client, c.server)
	}()
	go func() {
		defer both.Done()
		c.pump(toClient, c.server, c.client)
	}()
	both.Wait()
}

// join adds the connection to the server, unless it came too late.
func (c *conn) join(server stream) bool {
	c.proxy.mu.Lock()
	defer c.proxy.mu.Unlock()
	if c.isCut {
		server.Close()
		return false
	}
	c.server = server
	return true
}

// pump forwards one direction until it ends. The other one may go on.
func (c *conn) pump(direction int, from, to stream) {
	buf := make([]byte, 32<<10)
	for {
		n, readErr := from.Read(buf)
		for rest := buf[:n]; len(rest) > 0; {
			g, ok := c.take(direction, len(rest))
			if !ok {
				return
			}
			n, err := to.Write(rest[:g.bytes])
			c.giveBack(direction, g, n)
			switch {
			case g.last:
				c.lockAndCut()
				return
			case err != nil:
				// Nobody reads what comes from here: it is told so, as
				// soon as the socket is empty. What the other side sent
				// before may still be on its way.
				c.over()
				from.CloseRead()
				io.Copy(io.Discard, from)
				return
			}
			rest = rest[n:]
		}
		if readErr == nil {
			continue
		}
		if c.await() {
			if errors.Is(readErr, io.EOF) {
				to.CloseWrite()
				c.over()
			} else {
				c.lockAndCut() // reset
			}
		}
		return
	}
}

// over notes that nothing more goes in one of the directions. The connection
// ends with the second.
func (c *conn) over() {
	c.proxy.mu.Lock()
	defer c.proxy.mu.Unlock()
	if c.ended++; c.ended == 2 {
		c.cut()
	}
}

// await waits while the proxy is stalled. It reports whether the connection is
// still there.
func (c *conn) await() bool {
	c.proxy.mu.Lock()
	defer c.proxy.mu.Unlock()
	return c.wait()
}

// wait is await for callers that hold the mutex.
func (c *conn) wait() bool {
	for !c.isCut && (c.proxy.stalled || c.last) {
		c.proxy.changed.Wait()
	}
	return !c.isCut
}

// A grant is the permission to forward a number of bytes.
type grant struct {
	bytes int
	limit *limit // that they were taken from; nil: none
	last  bool   // the connection is to be cut when they are delivered
}

// take waits for the permission to forward at most n bytes; ok is false if the
// connection has been cut.
func (c *conn) take(direction, n int) (g grant, ok bool) {
	p := c.proxy
	p.mu.Lock()
	defer p.mu.Unlock()
	if !c.wait() {
		return grant{}, false
	}
	g.limit = p.limit
	if g.bytes, g.last = p.limit.take(direction, n); !g.last {
		return g, true
	}
	p.limit = nil
	if g.bytes == 0 {
		c.cut()
		return grant{}, false
	}
	c.last = true
	return g, true
}

// giveBack tells how many of the granted bytes went.
func (c *conn) giveBack(direction int, g grant, went int) {
	c.proxy.mu.Lock()
	defer c.proxy.mu.Unlock()
	g.limit.giveBack(direction, g.bytes-went)
}
