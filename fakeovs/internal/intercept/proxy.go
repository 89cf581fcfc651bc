// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package intercept stands between a client and a server, and lets things happen to the messages that they exchange.
package intercept

import (
	"bufio"
	"net"
	"sync"
)

// Verdict is what happens to a message. The zero value lets it pass.
type Verdict struct {
	// Wait holds the message and all after it until it is closed.
	Wait <-chan struct{}
	// Until keeps the message back until it is closed, while others pass.
	Until <-chan struct{}
	// Drop loses the message.
	Drop bool
	// Reply is sent to whom the message comes from, if it is not nil.
	Reply []byte
	// Cut ends the connection after so many bytes of the message, if it is not nil.
	Cut *int
}

// Judge says what happens to a message, which it must not keep. It may be called by two goroutines for one connection.
type Judge func(fromServer bool, message []byte) Verdict

// Proxy copies messages between a client and a server until one of them hangs up.
type Proxy struct {
	client, server side
	split          Splitter
	judge          Judge
	once           sync.Once
	closed         chan struct{}
	goroutines     sync.WaitGroup
}

// side is one end of a proxy. What is written to it is written message by message.
type side struct {
	conn net.Conn
	mu   sync.Mutex
}

// Start makes a proxy that runs until it is closed, by itself or by Close.
func Start(client, server net.Conn, split Splitter, judge Judge) *Proxy {
	p := &Proxy{client: side{conn: client}, server: side{conn: server}, split: split, judge: judge, closed: make(chan struct{})}
	p.goroutines.Add(2)
	go p.pump(&p.client, &p.server, false)
	go p.pump(&p.server, &p.client, true)
	return p
}

// Close ends both connections and returns when nothing runs any more.
func (p *Proxy) Close() {
	p.hangUp()
	p.goroutines.Wait()
}

// Wait returns when nothing runs any more.
func (p *Proxy) Wait() { p.goroutines.Wait() }

func (p *Proxy) hangUp() {
	p.once.Do(func() {
		close(p.closed)
		p.client.conn.Close()
		p.server.conn.Close()
	})
}

func (s *side) write(b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.conn.Write(b)
	return err
}

// pump copies one direction.
func (p *Proxy) pump(from, to *side, fromServer bool) {
	defer p.goroutines.Done()
	defer p.hangUp()
	r := bufio.NewReader(from.conn)
	for {
		message, err := p.split(r)
		if err != nil {
			if len(message) > 0 {
				_ = to.write(message) // which is not whole
			}
			return
		}
		v := p.judge(fromServer, message)
		if v.Wait != nil && !p.await(v.Wait) {
			return
		}
		switch {
		case v.Cut != nil:
			_ = to.write(message[:min(*v.Cut, len(message))])
			return
		case v.Until != nil:
			p.goroutines.Add(1)
			go func() {
				defer p.goroutines.Done()
				if p.await(v.Until) && to.write(message) != nil {
					p.hangUp()
				}
			}()
		case !v.Drop:
			if to.write(message) != nil {
				return
			}
		}
		if v.Reply != nil && from.write(v.Reply) != nil {
			return
		}
	}
}

// await reports whether the connection still is when the channel is closed.
func (p *Proxy) await(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	case <-p.closed:
		return false
	}
}
