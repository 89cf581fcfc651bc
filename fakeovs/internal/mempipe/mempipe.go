// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package mempipe makes connections in memory that behave like those of a socket: unlike [net.Pipe], a Write does not wait
// for a Read unless much is waiting already.
package mempipe

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// capacity is how many bytes may wait in one direction.
const capacity = 256 << 10

// New makes the two ends of a connection. What is written to one is read from the other, also after the one is closed.
// All methods may be called from any goroutine.
func New() (a, b net.Conn) {
	there, back := newStream(), newStream()
	return &end{in: back, out: there}, &end{in: there, out: back}
}

type end struct{ in, out *stream }

func (e *end) Read(b []byte) (int, error)  { return e.in.read(b) }
func (e *end) Write(b []byte) (int, error) { return e.out.write(b) }

func (e *end) Close() error {
	e.in.closeReader()
	e.out.closeWriter()
	return nil
}

func (e *end) LocalAddr() net.Addr  { return addr{} }
func (e *end) RemoteAddr() net.Addr { return addr{} }

func (e *end) SetReadDeadline(t time.Time) error {
	e.in.setDeadline(&e.in.reading, t)
	return nil
}

func (e *end) SetWriteDeadline(t time.Time) error {
	e.out.setDeadline(&e.out.writing, t)
	return nil
}

func (e *end) SetDeadline(t time.Time) error {
	e.SetReadDeadline(t)
	return e.SetWriteDeadline(t)
}

type addr struct{}

func (addr) Network() string { return "memory" }
func (addr) String() string  { return "pipe" }

// stream is one direction.
type stream struct {
	mu      sync.Mutex
	changed *sync.Cond
	waiting []byte
	// writerClosed ends the stream behind what is waiting, readerClosed at once.
	writerClosed, readerClosed bool
	reading, writing           deadline
}

type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

func newStream() *stream {
	s := &stream{}
	s.changed = sync.NewCond(&s.mu)
	return s
}

func (s *stream) read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.readerClosed:
			return 0, net.ErrClosed
		case s.reading.passed():
			return 0, os.ErrDeadlineExceeded
		case len(b) == 0:
			return 0, nil
		case len(s.waiting) > 0:
			n := copy(b, s.waiting)
			if s.waiting = s.waiting[n:]; len(s.waiting) == 0 {
				s.waiting = nil
			}
			s.changed.Broadcast()
			return n, nil
		case s.writerClosed:
			return 0, io.EOF
		}
		s.changed.Wait()
	}
}

func (s *stream) write(b []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.writerClosed:
			return n, net.ErrClosed
		case s.readerClosed:
			return n, syscall.EPIPE
		case s.writing.passed():
			return n, os.ErrDeadlineExceeded
		case n == len(b):
			return n, nil
		}
		if room := capacity - len(s.waiting); room > 0 {
			more := b[n:min(len(b), n+room)]
			s.waiting = append(s.waiting, more...)
			n += len(more)
			s.changed.Broadcast()
			continue
		}
		s.changed.Wait()
	}
}

func (s *stream) closeReader() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readerClosed, s.waiting = true, nil
	s.reading.set(time.Time{}, nil)
	s.changed.Broadcast()
}

func (s *stream) closeWriter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writerClosed = true
	s.writing.set(time.Time{}, nil)
	s.changed.Broadcast()
}

func (s *stream) setDeadline(d *deadline, t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.set(t, s.wake)
	s.changed.Broadcast()
}

func (s *stream) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed.Broadcast()
}

// set changes a deadline, at which passed is called.
func (d *deadline) set(t time.Time, passed func()) {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	d.at = t
	if until := time.Until(t); !t.IsZero() && until > 0 {
		d.timer = time.AfterFunc(until, passed)
	}
}
