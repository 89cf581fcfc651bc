// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package faultproxy stands between a client and a server in tests and brings
// about what networks and servers do when they fail: connections that break,
// at a certain byte if need be, servers that are away, and servers that stand
// still.
//
// What the proxy lets through is never altered or reordered: each side gets a
// beginning of what the other one sent.
package faultproxy

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/ovskit/ovskit/internal/endpoint"
)

// A Proxy forwards the connections to its endpoint to a target. [New] makes
// one. Its methods may be called by several goroutines at any time.
type Proxy struct {
	t       testing.TB
	dir     string
	running sync.WaitGroup // the goroutines

	mu       sync.Mutex
	changed  sync.Cond // of what connections wait for
	target   endpoint.Endpoint
	listener net.Listener // nil while connections are refused
	sockets  int          // made so far
	accepted int
	conns    map[*conn]struct{}
	closed   bool
	stalled  bool
	limit    *limit // nil: none
}

// New starts a proxy in front of a server that listens on a unix or TCP
// socket. A connection is closed when the server cannot be connected to. The
// proxy is gone with the test.
func New(t testing.TB, target string) *Proxy {
	t.Helper()
	dir, err := os.MkdirTemp("", "faultproxy")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{t: t, dir: dir, conns: map[*conn]struct{}{}}
	p.changed.L = &p.mu
	t.Cleanup(p.close)
	p.SetTarget(target)
	p.Refuse(false)
	return p
}

// Endpoint is where the proxy listens, as in "unix:PATH". It stays the same.
func (p *Proxy) Endpoint() string { return "unix:" + p.path() }

// SetTarget changes the server for connections that are not accepted yet.
func (p *Proxy) SetTarget(target string) {
	p.t.Helper()
	e, err := endpoint.Parse(target, 0)
	if err == nil && e.Scheme == endpoint.SSL {
		err = fmt.Errorf("endpoint %q: the proxy cannot speak TLS to a server", target)
	}
	if err != nil {
		p.t.Errorf("target of the proxy: %v", err)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = e
}

// Cut closes every connection that was made before, on both sides, and drops
// what it held. New ones are accepted.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		// The old socket takes with it the connections that wait to be accepted.
		p.relisten()
	}
	p.cutAll()
}

// Refuse(true) cuts all connections and refuses new ones, as if the server had
// been killed, until Refuse(false).
func (p *Proxy) Refuse(refuse bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case refuse:
		p.unlisten()
		p.cutAll()
	case p.listener == nil:
		p.relisten()
	}
}

// Stall(true) lets nothing more through in either direction, the ends of
// connections included, until Stall(false) lets all that was held flow on. New
// connections are made meanwhile but reach the server only then: so does a
// server that was stopped. What is just being written is not called back.
func (p *Proxy) Stall(stall bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stalled = stall
	p.changed.Broadcast()
}

// CutAfter lets through that many more bytes in a direction, counted over all
// connections, and cuts the connection that carried the last of them once it
// was delivered; nothing goes in that connection's other direction any more. 0
// cuts in place of the next byte. A negative number is no limit. The limits
// are good for one cut and replace those of an earlier call.
func (p *Proxy) CutAfter(toServer, toClient int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limit = nil
	if toServer >= 0 || toClient >= 0 {
		p.limit = &limit{toServer, toClient}
	}
}

// Connections is the number of connections accepted so far.
func (p *Proxy) Connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.accepted
}

func (p *Proxy) path() string { return filepath.Join(p.dir, "s") }

// close ends everything and waits for it.
func (p *Proxy) close() {
	p.mu.Lock()
	p.closed = true
	p.unlisten()
	p.cutAll()
	p.mu.Unlock()
	p.running.Wait()
	os.RemoveAll(p.dir)
}

func (p *Proxy) cutAll() {
	for c := range p.conns {
		c.cut()
	}
}

// unlisten closes the socket but leaves its file, which refuses connections.
func (p *Proxy) unlisten() {
	if p.listener != nil {
		p.listener.Close()
		p.listener = nil
	}
}

// relisten puts a new socket in place of the old one, if there is any. At no
// time are connections refused in between.
func (p *Proxy) relisten() {
	if p.closed {
		return
	}
	p.sockets++
	path := filepath.Join(p.dir, fmt.Sprint(p.sockets))
	l, err := net.Listen("unix", path)
	if err != nil {
		p.t.Errorf("proxy: %v", err)
		return
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := os.Rename(path, p.path()); err != nil {
		p.t.Errorf("proxy: %v", err)
	}
	p.unlisten()
	p.listener = l
	p.running.Add(1)
	go p.accept(l)
}

func (p *Proxy) accept(l net.Listener) {
	defer p.running.Done()
	for {
		client, err := l.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				p.t.Errorf("proxy: %v", err)
			}
			return
		}
		p.mu.Lock()
		if p.listener == l {
			p.accepted++
			c := newConn(p, client)
			p.conns[c] = struct{}{}
			p.running.Add(1)
			go c.run(p.target)
		} else {
			client.Close()
		}
		p.mu.Unlock()
	}
}
