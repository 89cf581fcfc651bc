// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// session is one client. All but its outbox is guarded by server.mu.
type session struct {
	server *Server
	conn   net.Conn
	out    *outbox
	locks  map[string]*lockWaiter
	// waiting is how many of its transactions wait, waitingSize how many bytes their requests had.
	waiting, waitingSize int
}

func newSession(s *Server, conn net.Conn) *session {
	return &session{server: s, conn: conn, out: newOutbox(s.options.MaxBacklog), locks: map[string]*lockWaiter{}}
}

// read handles messages in order until the connection ends or the client breaks the protocol.
func (s *session) read() {
	defer s.out.close()
	defer s.server.remove(s)
	r := newFrameReader(s.conn, s.server.options.MaxMessage)
	for {
		frame, err := r.next()
		if err == nil {
			err = s.handle(frame)
		}
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
				s.server.log.Warn("OVSDB client cut off", "error", err)
			}
			return
		}
	}
}

// write sends what is in the outbox until that is closed.
func (s *session) write() {
	defer s.conn.Close()
	stop := make(chan struct{})
	defer close(stop)
	// A client that does not read must not keep Write from ending when the session ends.
	s.server.goroutines.Add(1)
	go func() {
		defer s.server.goroutines.Done()
		select {
		case <-s.out.closed:
			s.conn.Close()
		case <-stop:
		}
	}()
	for {
		messages, ok := s.out.take()
		if !ok {
			return
		}
		buffers := net.Buffers(messages)
		if _, err := buffers.WriteTo(s.conn); err != nil {
			s.out.close()
			return
		}
	}
}

// send queues a message. A client whose backlog is full is cut off.
func (s *session) send(message any) {
	if !s.out.put(appendJSON(nil, message)) {
		s.server.log.Warn("OVSDB client cut off: it does not read", "limit", s.server.options.MaxBacklog)
	}
}

func (s *session) reply(id, result any) {
	s.send(map[string]any{"id": id, "result": result, "error": nil})
}

func (s *session) replyError(id, err any) {
	s.send(map[string]any{"id": id, "result": nil, "error": err})
}

func (s *session) notify(method string, params []any) {
	s.send(map[string]any{"id": nil, "method": method, "params": params})
}

// outbox is the queue of messages to a client. Whoever puts messages in never waits.
type outbox struct {
	mu       sync.Mutex
	messages [][]byte
	size     int
	limit    int
	filled   chan struct{} // has an element if there may be messages
	once     sync.Once
	closed   chan struct{}
}

func newOutbox(limit int) *outbox {
	return &outbox{limit: limit, filled: make(chan struct{}, 1), closed: make(chan struct{})}
}

// put returns false, and closes the outbox, if it is full. Messages to a closed one are dropped.
func (o *outbox) put(m []byte) bool {
	o.mu.Lock()
	full := o.size+len(m) > o.limit
	if !full {
		o.messages = append(o.messages, m)
		o.size += len(m)
	}
	o.mu.Unlock()
	if full {
		return !o.close()
	}
	select {
	case o.filled <- struct{}{}:
	default:
	}
	return true
}

// take waits for messages and returns all there are; false when the outbox is closed.
func (o *outbox) take() ([][]byte, bool) {
	select {
	case <-o.closed:
		return nil, false
	case <-o.filled:
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	m := o.messages
	o.messages, o.size = nil, 0
	return m, true
}

// close reports whether the outbox was open.
func (o *outbox) close() (first bool) {
	o.once.Do(func() {
		first = true
		close(o.closed)
	})
	return first
}

// frameReader splits a stream of JSON objects: RFC 7047, section 4, leaves no other mark between messages.
type frameReader struct {
	r     *bufio.Reader
	limit int
}

func newFrameReader(r io.Reader, limit int) *frameReader {
	return &frameReader{r: bufio.NewReaderSize(r, 64<<10), limit: limit}
}

// next returns the text of the next object. It is read no further than to its closing brace.
func (f *frameReader) next() ([]byte, error) {
	var frame []byte
	depth, inString, escaped := 0, false, false
	for {
		c, err := f.r.ReadByte()
		if err != nil {
			if err == io.EOF && depth > 0 {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		if depth == 0 {
			switch c {
			case ' ', '\t', '\r', '\n':
				continue
			case '{':
			default:
				return nil, fmt.Errorf("message does not begin with '{' but with %q", c)
			}
		}
		if len(frame) == f.limit {
			return nil, fmt.Errorf("message of more than %d bytes", f.limit)
		}
		frame = append(frame, c)
		switch {
		case escaped:
			escaped = false
		case inString:
			escaped = c == '\\'
			inString = c != '"'
		case c == '"':
			inString = true
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return nil, fmt.Errorf("message nested deeper than %d levels", maxDepth)
			}
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				return frame, nil
			}
		}
	}
}
