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

	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/openflow"
)

const (
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
	// serial orders the connections of a switch by their coming.
	serial uint64
	// gone is closed when the connection is, ended when its goroutines have ended.
	gone, ended chan struct{}
	// allowed are the versions that may be negotiated.
	allowed uint32
	// service says that the connection came in by a listener; the others are those that the switch has made itself.
	service bool

	mu sync.Mutex
	// queue is what the writer has to write; wake tells it, room the ones who wait for room.
	queue   []byte
	writing bool
	closed  bool
	wake    *sync.Cond
	room    *sync.Cond
	// version is what was negotiated, 0 before.
	version openflow.Version
	role    openflow.Role
	config  openflow.SwitchConfig
	async   openflow.AsyncConfig
	// format and id say how packets are handed over, and which.
	format openflow.PacketInFormat
	id     uint16
	probe  probe
	// limiters hold packets back; nil: there are no limits.
	limiters [limiterCount]*limiter

	// monitors are the flow monitors, by their IDs. They belong to whoever has locked the switch.
	monitors map[uint32]*monitor
	updates  updates

	// tableIDs says that flow mods of OpenFlow 1.0 name their table. It belongs to the goroutine that reads.
	tableIDs bool
	// features are the tables of a request in parts so far, and what they take of the datapath's memory. They belong to the goroutine that reads.
	features       []openflow.TableFeatures
	featuresWeight int64

	// bundleMu guards the bundles and how many messages are in them.
	bundleMu sync.Mutex
	bundles  map[uint32]*bundle
	bundled  int
}

// start runs a connection in goroutines of its own. It returns nil if there are too many.
func (s *Switch) start(nc net.Conn, service bool, terms Terms) *conn {
	c := &conn{
		s: s, nc: nc, log: s.log, service: service, role: openflow.RoleEqual,
		bundles: make(map[uint32]*bundle), monitors: make(map[uint32]*monitor), probe: newProbe(terms.Probe, s.dp.Now()),
	}
	c.wake, c.room = sync.NewCond(&c.mu), sync.NewCond(&c.mu)
	c.limit(terms.Limits)
	c.gone, c.ended = make(chan struct{}), make(chan struct{})
	if !service {
		c.config.MissSendLen = defaultMissSendLen
	}
	s.connMu.Lock()
	defer s.connMu.Unlock()
	if s.closed || len(s.conns) >= maxConns {
		if !s.closed {
			s.log.Warn("OpenFlow connection refused: there are too many", "limit", maxConns)
		}
		_ = nc.Close()
		return nil
	}
	s.connSerial++
	c.serial, c.allowed = s.connSerial, s.versions
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
		c.dropBundles()
		c.dropMonitors()
		c.dropFeatures()
		s.connMu.Lock()
		delete(s.conns, c)
		s.connMu.Unlock()
		c.log.Debug("OpenFlow connection ended", "reason", err)
		close(c.ended)
	}()
	return c
}

// close ends both goroutines, at once and without a word.
func (c *conn) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closeLocked()
}

func (c *conn) closeLocked() {
	if c.closed {
		return
	}
	c.closed = true
	close(c.gone)
	c.s.dp.backlog.add(-int64(len(c.queue)))
	c.queue = nil
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

// read greets the controller and carries out its messages, one after the other.
func (c *conn) read() error {
	r := bufio.NewReaderSize(c.nc, 1<<16)
	b, err := c.greet(r)
	if err != nil {
		return err
	}
	for {
		if b, err = readMessage(r, b); err != nil {
			return err
		}
		now := c.s.dp.Now()
		c.hears(now)
		c.expireBundles(now)
		if v := openflow.Version(b[0]); v != c.version && !anyVersion(b[1]) {
			c.refuse(openflow.ErrBadVersion, b)
			continue
		}
		m, xid, err := decode(b)
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
		if cap(b) > maxSpare {
			b = nil
		}
		b, c.queue = c.queue, b[:0]
		c.writing = true
		updates := c.updates.waiting
		c.mu.Unlock()

		err := c.nc.SetWriteDeadline(time.Now().Add(stalled))
		if err == nil {
			_, err = c.nc.Write(b)
		}
		c.s.dp.backlog.add(-int64(len(b)))
		if err != nil {
			c.close()
			return
		}
		if updates > 0 {
			c.wroteUpdates(updates)
		}
	}
}

// wroteUpdates notes that updates of flow monitors have been written, and goes on with them if none is left.
func (c *conn) wroteUpdates(size int) {
	c.mu.Lock()
	c.updates.waiting -= size
	none := c.updates.waiting == 0
	c.mu.Unlock()
	if none {
		c.resumeUpdates()
	}
}

// reply queues an answer, and waits until there is room for it.
func (c *conn) reply(m openflow.Message, xid uint32) { c.replyIn(c.version, m, xid) }

// replyIn is reply in another version than was negotiated.
func (c *conn) replyIn(v openflow.Version, m openflow.Message, xid uint32) {
	b, err := encode(v, m, xid)
	if err != nil {
		c.log.Error("cannot encode a reply", "message", fmt.Sprintf("%T", m), "error", err)
		return
	}
	c.queueReply(b)
}

// waitForRoom waits until there is room for an answer.
func (c *conn) waitForRoom() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.roomy() && !c.closed {
		c.room.Wait()
	}
}

// hasRoom reports whether an answer need not wait.
func (c *conn) hasRoom() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.roomy()
}

// queueReply queues the bytes of an answer, and waits until there is room for them.
func (c *conn) queueReply(b []byte) {
	c.waitForRoom()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(b)
}

// encode turns a message into bytes of the connection's version.
func (c *conn) encode(m openflow.Message, xid uint32) ([]byte, error) {
	return encode(c.version, m, xid)
}

// refuse answers a message with an error, in the version of the message.
func (c *conn) refuse(err error, message []byte) {
	code := openflow.ErrBadRequestLen
	if !errors.As(err, &code) {
		c.log.Error("an error without a code", "error", err)
	}
	xid := binary.BigEndian.Uint32(message[4:])
	level := slog.LevelDebug
	if lack := (*flowcheck.UnsupportedError)(nil); errors.As(err, &lack) {
		level = slog.LevelWarn
	}
	c.log.Log(context.Background(), level, "refused a message", "xid", xid, "error", err)
	v := openflow.Version(message[0])
	if v < minVersion || v > maxVersion {
		v = minVersion
	}
	c.replyIn(v, openflow.Error{Code: code, Data: message[:min(len(message), errorData)]}, xid)
}

// errorData is how much of a refused message the error repeats: all that it has room for.
const errorData = openflow.MaxMessage - 24
