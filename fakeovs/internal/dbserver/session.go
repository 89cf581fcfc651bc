// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
)

// session is one client. All but its outbox and what has to do with probes is guarded by server.mu.
type session struct {
	server   *Server
	serial   uint64 // clients are numbered from 1 as they come
	conn     net.Conn
	out      *outbox
	remote   *remote       // that it came by; nil if it was given to ServeConn
	readOnly bool          // it may write nothing and take no locks
	role     string        // which it writes in; "" if nothing is kept from it
	ended    chan struct{} // closed when the server has done with it

	buffered atomic.Int64 // bytes that there is room for of a message that is being read

	probe  atomic.Int64 // the time.Duration after which it is asked for a sign of life when it is silent; 0: never
	probed atomic.Bool  // it has been asked
	// limited says that its connection has a deadline for reading; it is its goroutine's.
	limited bool

	unsent bool // it is in server.mu.unsent
	locks  map[string]*lockWaiter
	claims int // how many claims to locks it ever made
	// changeAware is whether the client has said that it keeps an eye on the databases that there are. Others are cut off
	// when these change, and are not answered a transaction that is canceled.
	changeAware bool
	// waiting is how many of its transactions wait, waitingSize how many bytes their requests had.
	waiting, waitingSize int
}

func newSession(s *Server, conn net.Conn) *session {
	return &session{
		server: s, conn: conn, out: newOutbox(conn, s.options.MaxBacklog, &s.goroutines), locks: map[string]*lockWaiter{},
		ended: make(chan struct{}),
	}
}

// maxUnread is how many bytes may wait for a client that is still listened to: like ovsdb-server, the server handles no
// request of a client that does not read.
const maxUnread = 256 << 10

// read handles messages in order until the connection ends or the client breaks the protocol.
func (s *session) read() {
	defer close(s.ended)
	defer s.out.close()
	defer s.server.remove(s)
	defer s.buffer(0)
	r := newFrameReader(s.conn, s.server.options.MaxMessage)
	r.resized = s.buffer
	for {
		s.out.await(maxUnread)
		frame, err := s.next(r)
		more := false
		if err == nil {
			// The replies to requests that came together go together.
			more = r.ready()
			s.out.hold(more)
			err = s.handle(frame)
		}
		if err != nil || !more {
			s.out.hold(false)
			s.out.flush()
		}
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
				s.server.log.Warn("OVSDB client cut off", "error", err)
			}
			return
		}
	}
}

// send queues a message, which is sent when server.mu is unlocked. A client whose backlog is full is cut off.
func (s *session) send(message []byte) { s.sendParcel(newParcel(message, &s.server.backlog)) }

// sendParcel is send for a message that other clients may get as well.
func (s *session) sendParcel(p *parcel) {
	if !s.out.put(p) {
		s.server.log.Warn("OVSDB client cut off: it does not read", "limit", s.server.options.MaxBacklog)
	}
	s.server.cutSlowest()
	if !s.unsent {
		s.unsent = true
		s.server.mu.unsent = append(s.server.mu.unsent, s)
	}
}

func (s *session) reply(id, result any) {
	b := append(make([]byte, 0, 128), `{"id":`...)
	b = append(appendJSON(b, id), `,"result":`...)
	s.send(append(appendJSON(b, result), `,"error":null}`...))
}

// replyError sends a reply that, like ovsdb-server's, has no result, not even null.
func (s *session) replyError(id, err any) {
	b := append(make([]byte, 0, 128), `{"id":`...)
	b = append(appendJSON(b, id), `,"error":`...)
	s.send(append(appendJSON(b, err), '}'))
}

func (s *session) notify(method string, params []any) {
	b := append(make([]byte, 0, 128), `{"id":null,"method":`...)
	b = append(appendString(b, method), `,"params":`...)
	s.send(append(appendJSON(b, params), '}'))
}

// guard is the mutex of a server. Unlocking it sends what was queued meanwhile.
type guard struct {
	sync.Mutex
	unsent []*session
}

func (g *guard) Unlock() {
	var few [4]*session
	unsent := g.unsent
	if len(unsent) <= len(few) {
		// A request mostly has a reply and no more: the list is used again.
		unsent = append(few[:0], unsent...)
		clear(g.unsent)
		g.unsent = g.unsent[:0]
	} else {
		g.unsent = nil
	}
	for _, s := range unsent {
		s.unsent = false
	}
	g.Mutex.Unlock()
	for _, s := range unsent {
		s.out.flush()
	}
}
