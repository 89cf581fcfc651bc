// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/ovskit/ovskit/openflow"
)

const (
	// maxQueued is how many bytes wait for a controller that does not read. Replies wait for room, and with them the
	// requests after them; messages that nobody asked for are dropped.
	maxQueued = 1 << 20
	// stalled is after how long without taking a byte a controller is cut off.
	stalled = 10 * time.Second
	// maxConns is how many controllers may be connected at once.
	maxConns = 4096
)

// conn is an OpenFlow connection.
type conn struct {
	s   *Switch
	nc  net.Conn
	log *slog.Logger

	mu sync.Mutex
	// queue is what the writer has to write; wake tells it, room the ones who wait for room.
	queue   []byte
	writing bool
	closed  bool
	wake    *sync.Cond
	room    *sync.Cond
	role    openflow.Role
	config  openflow.SwitchConfig
	async   openflow.AsyncConfig
	// format and id say how packets are handed over, and which.
	format openflow.PacketInFormat
	id     uint16

	// bundles belong to the goroutine that reads.
	bundles map[uint32]*bundle
	bundled int
}

// Serve accepts OpenFlow connections until l is closed, and returns nil then. It may be called for several listeners.
func (s *Switch) Serve(l net.Listener) error {
	for {
		nc, err := l.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			return fmt.Errorf("switch %s: accept a connection: %w", s.name, err)
		}
		s.start(nc)
	}
}

// start runs a connection in goroutines of its own.
func (s *Switch) start(nc net.Conn) {
	c := &conn{s: s, nc: nc, log: s.log, role: openflow.RoleEqual, async: defaultAsync, bundles: make(map[uint32]*bundle)}
	c.wake, c.room = sync.NewCond(&c.mu), sync.NewCond(&c.mu)
	s.connMu.Lock()
	defer s.connMu.Unlock()
	if s.closed || len(s.conns) >= maxConns {
		if !s.closed {
			s.log.Warn("OpenFlow connection refused: there are too many", "limit", maxConns)
		}
		_ = nc.Close()
		return
	}
	s.conns[c] = struct{}{}
	s.running.Add(2)
	go func() {
		defer s.running.Done()
		c.write()
	}()
	go func() {
		defer s.running.Done()
		err := c.read()
		c.finish()
		c.close()
		s.connMu.Lock()
		delete(s.conns, c)
		s.connMu.Unlock()
		c.log.Debug("OpenFlow connection ended", "reason", err)
	}()
}

// Close closes the OpenFlow connections and waits for their goroutines. Listeners are closed by their owner, before.
// It must not be called from a Receive function.
func (s *Switch) Close() error {
	s.connMu.Lock()
	s.closed = true
	for c := range s.conns {
		c.close()
	}
	s.connMu.Unlock()
	s.running.Wait()
	return nil
}

// close ends both goroutines, at once and without a word.
func (c *conn) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.wake.Broadcast()
	c.room.Broadcast()
	_ = c.nc.Close()
}

// finish waits until everything queued has been written, or cannot be.
func (c *conn) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for (len(c.queue) > 0 || c.writing) && !c.closed {
		c.room.Wait()
	}
}

var errNotHello = errors.New("the first message is not a hello")

// read greets the controller and carries out its messages, one after the other.
func (c *conn) read() error {
	c.reply(openflow.Hello{Version: openflow.Version13, Bitmap: 1 << openflow.Version13}, 0)
	r := bufio.NewReaderSize(c.nc, 1<<16)
	b, err := readMessage(r, nil)
	if err != nil {
		return err
	}
	if b[1] != 0 {
		return errNotHello
	}
	m, xid, err := openflow.Decode(b)
	if err != nil {
		return err
	}
	if h, ok := m.(openflow.Hello); !ok || !h.Supports(openflow.Version13) {
		c.reply(openflow.Error{Code: openflow.ErrIncompatible, Data: []byte("We support OpenFlow 1.3 only.")}, xid)
		return openflow.ErrIncompatible
	}
	for {
		if b, err = readMessage(r, b); err != nil {
			return err
		}
		c.expireBundles()
		if openflow.Version(b[0]) != openflow.Version13 {
			c.refuse(openflow.ErrBadVersion, b)
			continue
		}
		m, xid, err := openflow.Decode(b)
		if err == nil {
			err = c.handle(m, xid, b)
		}
		if err != nil {
			c.refuse(err, b)
		}
	}
}

// readMessage reads one message into b, or into a longer slice.
func readMessage(r io.Reader, b []byte) ([]byte, error) {
	b = append(b[:0], make([]byte, openflow.HeaderLen)...)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if n < openflow.HeaderLen {
		return nil, fmt.Errorf("a message with a length of %d bytes", n)
	}
	b = append(b, make([]byte, n-openflow.HeaderLen)...)
	_, err := io.ReadFull(r, b[openflow.HeaderLen:])
	return b, err
}

// write writes what is queued.
func (c *conn) write() {
	var b []byte
	for {
		c.mu.Lock()
		c.writing = false
		c.room.Broadcast()
		for len(c.queue) == 0 && !c.closed {
			c.wake.Wait()
		}
		if c.closed {
			c.mu.Unlock()
			return
		}
		b, c.queue = c.queue, b[:0]
		c.writing = true
		c.mu.Unlock()

		err := c.nc.SetWriteDeadline(time.Now().Add(stalled))
		if err == nil {
			_, err = c.nc.Write(b)
		}
		if err != nil {
			c.close()
			return
		}
	}
}

// reply queues an answer, and waits until there is room for it.
func (c *conn) reply(m openflow.Message, xid uint32) {
	b, err := openflow.Encode(openflow.Version13, m, xid)
	if err != nil {
		c.log.Error("cannot encode a reply", "message", fmt.Sprintf("%T", m), "error", err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.queue) >= maxQueued && !c.closed {
		c.room.Wait()
	}
	c.queue = append(c.queue, b...)
	c.wake.Signal()
}

// refuse answers a message with an error.
func (c *conn) refuse(err error, message []byte) {
	code := openflow.ErrBadRequestLen
	if !errors.As(err, &code) {
		c.log.Error("an error without a code", "error", err)
	}
	xid := binary.BigEndian.Uint32(message[4:])
	level := slog.LevelDebug
	if lack := (*unsupportedError)(nil); errors.As(err, &lack) {
		level = slog.LevelWarn
	}
	c.log.Log(context.Background(), level, "refused a message", "xid", xid, "error", err)
	c.reply(openflow.Error{Code: code, Data: message[:min(len(message), errorData)]}, xid)
}

// errorData is how much of a refused message the error repeats.
const errorData = 64
