// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// maxEcho is the largest echo request that is answered, in bytes.
const maxEcho = 64 << 10

// errConverted ends sessions, but not before a request for the conversion was
// answered.
var errConverted = errors.New("database was removed or converted")

// A session is one JSON-RPC connection. Its read loop takes every message of
// the server in order; its write loop sends what the two queues hold.
type session struct {
	sessionOptions
	schema *schema // of the client's database; set before the connection is used
	// schemaText is its text, if the server tells when that changes.
	schemaText atomic.Pointer[string]
	dialect    atomic.Int32  // the best way of monitoring that the server knows
	requests   chan outgoing // has room for as many as the next two
	calls      chan struct{} // has an element for each call among them; they wait for room
	posts      chan struct{} // has an element for each other one; they do not wait
	answers    chan []byte   // to the server's own requests; the read loop never waits
	done       chan struct{} // closed when the connection is over
	ended      chan struct{} // closed when the read loop has returned after that
	heard      atomic.Int64  // when the server last gave a sign of life, since began
	busy       atomic.Bool   // the read loop handles a message
	began      time.Time

	mu       sync.Mutex
	reason   error // why done was closed
	lastID   uint64
	pending  map[uint64]*call
	monitors map[string]*registration // by monitor id
}

type sessionOptions struct {
	conn       net.Conn
	probe      time.Duration // 0 or less: never
	maxMessage int
	log        *slog.Logger
	hooks      Hooks
	// notify is given the notifications that are no updates, in the read loop.
	notify func(s *session, method string, params json.RawMessage) error
}

// A call is a request that awaits its response.
type call struct {
	method string
	// receive, if set, is given the result in the read loop, that is before
	// any later message is looked at. The result is valid during the call.
	receive func(result json.RawMessage) error
	// check, if set, is asked right before the request is written. On an error
	// it is not written, and neither are those that are made later because of
	// what the error is about.
	check func() error
	reply chan reply // has room for the one reply
}

type reply struct {
	result json.RawMessage
	err    error
}

func newSession(o sessionOptions) *session {
	s := &session{
		sessionOptions: o,
		requests:       make(chan outgoing, maxQueued+maxPosts),
		calls:          make(chan struct{}, maxQueued),
		posts:          make(chan struct{}, maxPosts),
		answers:        make(chan []byte, maxQueued),
		done:           make(chan struct{}),
		ended:          make(chan struct{}),
		began:          time.Now(),
		pending:        map[uint64]*call{},
		monitors:       map[string]*registration{},
	}
	go s.read()
	go s.write()
	if o.probe > 0 {
		go s.watch()
	}
	return s
}

// end ends the session for a reason; only the first one counts.
func (s *session) end(reason error) {
	s.mu.Lock()
	if s.reason != nil {
		s.mu.Unlock()
		return
	}
	s.reason = reason
	s.mu.Unlock()
	close(s.done)
	hangUp(s.conn)
}

// hangUp closes a connection and does not wait for anything.
func hangUp(conn net.Conn) {
	if layered, ok := conn.(interface{ NetConn() net.Conn }); ok {
		// Saying goodbye, as TLS does, may block.
		layered.NetConn().Close()
		return
	}
	conn.Close()
}

func (s *session) err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reason
}

// call sends a request and waits for its result.
func (s *session) call(ctx context.Context, method string, params json.RawMessage) (json.RawMessage, error) {
	return s.do(ctx, &call{method: method}, params)
}

// exchange is do without telling anybody.
func (s *session) exchange(ctx context.Context, c *call, params json.RawMessage) (json.RawMessage, error) {
	c.reply = make(chan reply, 1)
	id, err := s.register(c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", c.method, ErrNotSent, err)
	}
	defer s.forget(id)

	if err := reason(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", c.method, ErrNotSent, err)
	}
	select {
	case s.calls <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("%s: %w: %w", c.method, ErrNotSent, reason(ctx))
	case <-s.done:
		return nil, fmt.Errorf("%s: %w: %w", c.method, ErrNotSent, s.err())
	}
	s.requests <- outgoing{encodeRequest(id, c.method, params), c}
	select {
	case r := <-c.reply:
		return r.result, r.err
	case <-ctx.Done():
		if s.forget(id) {
			s.cancel(c.method, id)
			return nil, fmt.Errorf("%s: no answer: %w", c.method, reason(ctx))
		}
		// The read loop has the answer and is about to give it.
		select {
		case r := <-c.reply:
			return r.result, r.err
		case <-s.done:
		}
	case <-s.done:
	}
	select {
	case r := <-c.reply: // came just before the end
		return r.result, r.err
	default:
		return nil, fmt.Errorf("%s: %w", c.method, s.err())
	}
}

func (s *session) register(c *call) (id uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reason != nil {
		return 0, s.reason
	}
	s.lastID++
	s.pending[s.lastID] = c
	return s.lastID, nil
}

// awaits reports whether there is a request whose answer has not come.
func (s *session) awaits(method string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.pending {
		if c.method == method {
			return true
		}
	}
	return false
}

// forget makes the answer to a call be ignored. It reports whether there was
// none yet.
func (s *session) forget(id uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.pending[id]
	delete(s.pending, id)
	return ok
}

func (s *session) read() {
	defer close(s.ended)
	f := newFramer(listener{s}, s.maxMessage)
	var converted error
	for {
		data, err := f.next()
		if err == nil {
			s.busy.Store(true)
			err = s.receive(data)
			s.busy.Store(false)
		} else {
			err = readError(err)
		}
		if errors.Is(err, errConverted) {
			converted, err = err, nil
		}
		if err == nil && converted != nil && !s.awaits("convert") {
			err = converted // whoever has asked for it has his answer
		}
		if err != nil {
			s.end(err)
			return
		}
	}
}

func readError(err error) error {
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("connection closed by the server: %w", err)
	case errors.Is(err, ErrProtocol):
		return err
	default:
		return fmt.Errorf("connection lost: %w", err)
	}
}

// receive handles one message. An error ends the session.
func (s *session) receive(data []byte) error {
	m, err := parseMessage(data)
	switch {
	case err != nil:
		return err
	case m.method == nil:
		return s.receiveResponse(m)
	}
	method, err := (&scanner{data: m.method}).string()
	if err != nil {
		return fmt.Errorf("method %s: %w", excerpt(m.method), ErrProtocol)
	}
	if m.id != nil {
		return s.receiveRequest(m.id, method, m.params)
	}
	return s.receiveNotification(method, m.params)
}

func (s *session) receiveResponse(m message) error {
	id, err := strconv.ParseUint(string(m.id), 10, 64)
	s.mu.Lock()
	c := s.pending[id]
	delete(s.pending, id)
	lastID := s.lastID
	s.mu.Unlock()
	switch {
	case err != nil || id == 0 || id > lastID:
		return fmt.Errorf("answer to a request %s that was never made: %w", excerpt(m.id), ErrProtocol)
	case c == nil:
		s.log.Debug("ovsdb answer nobody waits for", "id", id)
		return nil
	case m.err != nil:
		c.reply <- reply{err: parseServerError(c.method, m.err)}
		return nil
	case c.receive != nil:
		if err := c.receive(m.result); err != nil {
			return fmt.Errorf("answer to %s: %w: %w", c.method, err, ErrProtocol)
		}
		c.reply <- reply{}
		return nil
	default:
		c.reply <- reply{result: append(json.RawMessage(nil), m.result...)}
		return nil
	}
}

// receiveRequest answers the server: its echo, RFC 7047 section 4.1.11, with
// what it sent, anything else with an error.
func (s *session) receiveRequest(id json.RawMessage, method string, params json.RawMessage) error {
	var answer []byte
	if method == "echo" {
		if len(id)+len(params) > maxEcho {
			return fmt.Errorf("echo of %d bytes: %w", len(id)+len(params), ErrProtocol)
		}
		if params == nil {
			params = encodeParams()
		}
		answer = encodeResponse(id, params, "")
	} else {
		s.log.Debug("ovsdb request refused", "method", method)
		answer = encodeResponse(id, nil, ErrUnknownMethod.Error())
	}
	select {
	case s.answers <- answer:
		return nil
	default:
		return fmt.Errorf("server sends requests but does not read the answers: %w", ErrProtocol)
	}
}

// receiveNotification passes updates on to their monitor, and anything else to
// the client.
func (s *session) receiveNotification(method string, params json.RawMessage) error {
	var err error
	if d := dialectOfNotification(method); d >= 0 {
		err = s.receiveUpdate(params, d)
	} else {
		err = s.notify(s, method, params)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	return nil
}
