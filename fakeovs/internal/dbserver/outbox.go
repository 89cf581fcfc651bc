// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"net"
	"sync"
	"syscall"
)

// outbox is the queue of messages to a client. Whoever puts messages in or flushes them never waits: what the socket does
// not take at once is written by a goroutine that there is only as long as it has something to do.
type outbox struct {
	conn  net.Conn
	raw   *rawWriter // writes as much as goes without waiting; nil where there is no such thing
	limit int        // of size
	// goroutines counts the goroutine that writes. It must not be waited for before the outbox is closed.
	goroutines *sync.WaitGroup

	mu       sync.Mutex
	changed  *sync.Cond // size is less, or the outbox closed
	messages []*parcel
	few      [4]*parcel // where they are while they are few
	current  *parcel    // that is being written
	size     int        // of messages and what of them is being written
	held     bool       // flushing is postponed
	writing  bool
	closed   bool
}

const (
	// maxHeld is how many bytes are held back at most.
	maxHeld = 64 << 10
	// maxJoined is how large messages together may be to be made one for a single write.
	maxJoined = 16 << 10
)

func newOutbox(conn net.Conn, limit int, goroutines *sync.WaitGroup) *outbox {
	o := &outbox{conn: conn, limit: limit, goroutines: goroutines}
	o.changed = sync.NewCond(&o.mu)
	if c, ok := conn.(syscall.Conn); ok {
		if raw, err := c.SyscallConn(); err == nil {
			o.raw = newRawWriter(raw)
		}
	}
	return o
}

// put returns false, and closes the outbox, if it is full. Messages to a closed one are dropped. The message must not be
// changed any more.
func (o *outbox) put(p *parcel) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return true
	}
	if o.size+len(p.b) > o.limit {
		o.closeLocked()
		return false
	}
	p.hold()
	if o.messages == nil {
		o.messages = o.few[:0]
	}
	o.messages = append(o.messages, p)
	o.size += len(p.b)
	return true
}

// hold postpones flushing, unless there is much.
func (o *outbox) hold(on bool) {
	o.mu.Lock()
	o.held = on
	o.mu.Unlock()
}

// flush sees to it that what is in the outbox is written.
func (o *outbox) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.writing || o.held && o.size <= maxHeld {
		return
	}
	for !o.closed && len(o.messages) > 0 {
		if o.raw == nil {
			o.writing = true
			o.goroutines.Add(1)
			go o.write(nil)
			return
		}
		chunk := o.take()
		o.writing = true
		o.mu.Unlock()
		n, err := o.raw.Write(chunk)
		o.mu.Lock()
		o.writing = false
		o.done(n)
		switch {
		case err != nil:
			o.closeLocked()
		case n < len(chunk) && !o.closed:
			o.writing = true
			o.goroutines.Add(1)
			go o.write(chunk[n:])
			return
		}
	}
}

// take takes messages out, small ones together.
func (o *outbox) take() []byte {
	o.current.drop()
	o.current = o.messages[0]
	o.messages[0] = nil
	o.messages = o.messages[1:]
	chunk := o.current.b
	if len(o.messages) == 0 || len(chunk)+len(o.messages[0].b) > maxJoined {
		return chunk
	}
	joined := append(make([]byte, 0, min(o.size, maxJoined)), chunk...)
	for len(o.messages) > 0 && len(joined)+len(o.messages[0].b) <= maxJoined {
		joined = append(joined, o.messages[0].b...)
		o.messages[0].drop()
		o.messages[0] = nil
		o.messages = o.messages[1:]
	}
	return joined
}

// done notes that bytes have been written.
func (o *outbox) done(n int) {
	if o.closed {
		return
	}
	o.size -= n
	if o.size == 0 {
		o.current.drop()
		o.current = nil
	}
	if len(o.messages) == 0 {
		o.messages = nil
	}
	o.changed.Broadcast()
}

// write writes the given bytes and then all that is in the outbox, waiting for the client to take it.
func (o *outbox) write(chunk []byte) {
	defer o.goroutines.Done()
	o.mu.Lock()
	defer o.mu.Unlock()
	defer func() { o.writing = false }()
	for !o.closed {
		if len(chunk) == 0 {
			if len(o.messages) == 0 {
				return
			}
			chunk = o.take()
		}
		o.mu.Unlock()
		n, err := o.conn.Write(chunk)
		o.mu.Lock()
		o.done(n)
		if err != nil {
			o.closeLocked()
		}
		chunk = nil
	}
}

// await waits until no more than size bytes are to be written, or the outbox is closed.
func (o *outbox) await(size int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.size > size && !o.closed {
		o.changed.Wait()
	}
}

// close closes the connection and drops what is to be written.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closeLocked()
}

func (o *outbox) closeLocked() {
	if o.closed {
		return
	}
	o.current.drop()
	for _, p := range o.messages {
		p.drop()
	}
	o.closed, o.current, o.messages, o.size = true, nil, nil, 0
	o.changed.Broadcast()
	if secured, ok := o.conn.(interface{ NetConn() net.Conn }); ok {
		// Close of a TLS connection would wait for a client that does not read.
		secured.NetConn().Close()
		return
	}
	o.conn.Close()
}
