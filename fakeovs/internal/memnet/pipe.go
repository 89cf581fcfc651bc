// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package memnet

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// room is how many bytes a connection holds in each direction that nobody has read yet, as a socket does.
const room = 208 << 10

// Pipe returns the two ends of a connection. Unlike those of net.Pipe, what is written to one is held for the other to
// read, as far as there is room, and can be read still when the writer has closed.
func Pipe(name string) (client, server net.Conn) {
	up, down := newQueue(), newQueue()
	return &conn{name, down, up}, &conn{name, up, down}
}

// conn is one end: it reads from in and writes to out.
type conn struct {
	name    string
	in, out *queue
}

func (c *conn) Read(b []byte) (int, error)  { return c.in.read(b) }
func (c *conn) Write(b []byte) (int, error) { return c.out.write(b) }

// Close ends both directions: the other end reads what was written, and then the end.
func (c *conn) Close() error {
	c.in.close(true)
	c.out.close(false)
	return nil
}

func (c *conn) LocalAddr() net.Addr  { return Addr(c.name) }
func (c *conn) RemoteAddr() net.Addr { return Addr(c.name) }

func (c *conn) SetDeadline(t time.Time) error {
	c.in.readDeadline.set(c.in, t)
	c.out.writeDeadline.set(c.out, t)
	return nil
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.in.readDeadline.set(c.in, t)
	return nil
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.out.writeDeadline.set(c.out, t)
	return nil
}

// queue is one direction of a connection.
type queue struct {
	mu      sync.Mutex
	changed *sync.Cond
	data    []byte
	// ended says that the writer has closed, abandoned that the reader has.
	ended, abandoned            bool
	readDeadline, writeDeadline deadline
}

func newQueue() *queue {
	q := &queue{}
	q.changed = sync.NewCond(&q.mu)
	return q
}

func (q *queue) read(b []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		switch {
		case q.abandoned:
			return 0, net.ErrClosed
		case q.readDeadline.passed:
			return 0, os.ErrDeadlineExceeded
		case len(q.data) > 0:
			n := copy(b, q.data)
			q.data = q.data[n:]
			q.changed.Broadcast()
			return n, nil
		case q.ended:
			return 0, io.EOF
		case len(b) == 0:
			return 0, nil
		}
		q.changed.Wait()
	}
}

func (q *queue) write(b []byte) (n int, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		switch {
		case q.ended:
			return n, net.ErrClosed
		case q.abandoned:
			return n, io.ErrClosedPipe
		case q.writeDeadline.passed:
			return n, os.ErrDeadlineExceeded
		}
		if free := room - len(q.data); free > 0 {
			part := b[:min(free, len(b))]
			q.data = append(q.data, part...)
			n += len(part)
			b = b[len(part):]
			q.changed.Broadcast()
		}
		if len(b) == 0 {
			return n, nil
		}
		q.changed.Wait()
	}
}

func (q *queue) close(byReader bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if byReader {
		q.abandoned, q.data = true, nil
		q.readDeadline.stop()
	} else {
		q.ended = true
		q.writeDeadline.stop()
	}
	q.changed.Broadcast()
}

// deadline is one of a queue, whose mutex guards it.
type deadline struct {
	passed bool
	timer  *time.Timer
	serial int // of the last one that was set
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
	d.serial++
}

func (d *deadline) set(q *queue, t time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	d.stop()
	wait := time.Until(t)
	d.passed = !t.IsZero() && wait <= 0
	if !t.IsZero() && wait > 0 {
		serial := d.serial
		d.timer = time.AfterFunc(wait, func() {
			q.mu.Lock()
			defer q.mu.Unlock()
			if d.serial == serial {
				d.passed = true
				q.changed.Broadcast()
			}
		})
	}
	q.changed.Broadcast()
}
