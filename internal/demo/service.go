// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"sync"

	"github.com/ovskit/ovskit/internal/testbed"
)

// services answer questions on the stations until they are closed.
type services struct {
	wg sync.WaitGroup

	mu     sync.Mutex
	closed bool
	open   map[interface{ Close() error }]struct{} // listeners and connections
}

func newServices() *services {
	return &services{open: make(map[interface{ Close() error }]struct{})}
}

// start lets a station answer on TCP and UDP at an address.
func (s *services) start(ctx context.Context, st testbed.Station, at netip.AddrPort) error {
	l, err := st.ListenTCP(ctx, at)
	if err != nil {
		return err
	}
	s.run(l, func() { s.acceptAll(st.Name(), l) })
	p, err := st.ListenUDP(ctx, at)
	if err != nil {
		return err
	}
	s.run(p, func() { answerDatagrams(st.Name(), p) })
	return nil
}

// run runs fn, which ends when c is closed, on its own.
func (s *services) run(c interface{ Close() error }, fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		c.Close()
		return
	}
	s.open[c] = struct{}{}
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		fn()
		s.mu.Lock()
		delete(s.open, c)
		s.mu.Unlock()
		c.Close()
	}()
}

func (s *services) acceptAll(name string, l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		s.run(c, func() { answerStream(name, c) })
	}
}

func answerStream(name string, c net.Conn) {
	for {
		q, err := readMessage(c)
		if err != nil {
			return
		}
		a := answer{server: name, client: c.RemoteAddr().String()}
		if _, err := c.Write(appendMessage(nil, a.body(q))); err != nil {
			return
		}
	}
}

func answerDatagrams(name string, c net.PacketConn) {
	buf := make([]byte, messageHeader+maxBody)
	for {
		n, from, err := c.ReadFrom(buf)
		if err != nil {
			return
		}
		q, err := readMessage(bytes.NewReader(buf[:n]))
		if err != nil {
			continue
		}
		a := answer{server: name, client: from.String()}
		if _, err := c.WriteTo(appendMessage(nil, a.body(q)), from); err != nil {
			return
		}
	}
}

// close ends the services with all their connections.
func (s *services) close() {
	s.mu.Lock()
	s.closed = true
	open := make([]interface{ Close() error }, 0, len(s.open))
	for c := range s.open {
		open = append(open, c)
	}
	s.mu.Unlock()
	for _, c := range open {
		c.Close()
	}
	s.wg.Wait()
}
