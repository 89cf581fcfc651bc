// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
)

func (c *Conn) writeLoop() {
	defer c.wg.Done()
	var buf []byte
	for {
		if buf = c.out.take(c.done, buf); buf == nil {
			return
		}
		if _, err := c.nc.Write(buf); err != nil {
			// Where the switch has hung up, the read loop gets a moment for what the switch said last.
			if !isHangup(err) || c.nc.SetReadDeadline(time.Now().Add(time.Second)) != nil {
				c.fail(fmt.Errorf("write: %w", err))
			}
			return
		}
	}
}

// An ear reads from the connection and takes note of when bytes come.
type ear struct{ c *Conn }

func (e ear) Read(b []byte) (int, error) {
	n, err := e.c.nc.Read(b)
	e.c.heard.Store(int64(time.Since(e.c.began)))
	return n, err
}

// readLoop is the only one that reads. It blocks on nothing else.
func (c *Conn) readLoop() {
	defer c.wg.Done()
	r := bufio.NewReaderSize(ear{c}, 64<<10)
	buf, err := c.readGreeting(r)
	for err == nil && c.version != 0 {
		if buf, err = readMessage(r, buf); err == nil {
			c.receive(buf)
		}
	}
	if err != nil {
		c.fail(err)
	}
	// Without a version, greet hangs up when it has said why.
	<-c.done
	c.streams.end(c.err)
}

// readGreeting takes the first message and settles the version, which is 0 if the message is no hello or offers none in
// common.
func (c *Conn) readGreeting(r *bufio.Reader) ([]byte, error) {
	b, err := readMessage(r, nil)
	if err != nil {
		return b, fmt.Errorf("no OpenFlow greeting: %w", err)
	}
	m, _, err := Decode(b)
	if err != nil {
		return b, fmt.Errorf("no OpenFlow greeting: %w", err)
	}
	if hello, ok := m.(Hello); ok {
		c.version = highestCommon(c.options.Versions, hello)
	}
	c.greeting <- m
	return b, nil
}

// readMessage reads one message into buf or, if that is too small, a larger one.
func readMessage(r *bufio.Reader, buf []byte) ([]byte, error) {
	header, err := r.Peek(HeaderLen)
	if len(header) > 1 && (header[1] > lastType || Version(header[0]) > Version15 && header[1] != typeHello) {
		return nil, fmt.Errorf("it sends %q, which is not OpenFlow", header)
	}
	if err != nil {
		if errors.Is(err, io.EOF) || isHangup(err) {
			err = fmt.Errorf("it closed the connection: %w", err)
		}
		return nil, err
	}
	n := int(be.Uint16(header[2:]))
	if n < HeaderLen {
		return nil, fmt.Errorf("it sends a message of %d bytes", n)
	}
	if cap(buf) < n {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	if _, err := io.ReadFull(r, buf); err != nil {
		return nil, fmt.Errorf("the connection ended in a message of %d bytes: %w", n, err)
	}
	return buf, nil
}

// receive deals with one message after the greeting. It does not block.
func (c *Conn) receive(b []byte) {
	version, typ := Version(b[0]), b[1]
	if typ == typeMultipartReply && version == c.version &&
		c.calls.deliver(be.Uint32(b[4:]), answer{part: bytes.Clone(b), size: len(b)}) {
		return
	}
	m, xid, err := Decode(b)
	if err == nil && version != c.version && typ != typeHello && typ != typeError {
		m, err = nil, malformed(ErrBadVersion, "message of %v on a connection of %v", version, c.version)
	}
	if echo, ok := m.(EchoRequest); ok {
		reply, err := Encode(c.version, EchoReply(echo), xid)
		if err != nil || !c.out.putNow(reply) {
			c.log.Warn("echo request not answered: the switch does not read", "err", err)
		}
		return
	}
	if !unasked(typ) && c.calls.deliver(xid, answer{m: m, err: err, size: len(b)}) {
		return
	}
	refusal, refused := m.(Error)
	switch {
	case xid == probeXid:
		return
	case err == nil && xid != 0 && (answers(typ) || isBundleControl(m)):
		c.log.Debug("answer to no request under way", "xid", xid, "message", m.describe())
		return
	case err != nil:
		c.log.Warn("message cannot be decoded", "xid", xid, "err", err)
		m = Raw{Type: typ, Body: append([]byte(nil), b[HeaderLen:]...)}
	case refused:
		c.log.Warn("answer to no request under way", "xid", xid, "err", refusal)
	}
	if !c.streams.publish(m, len(b)) {
		c.log.Debug("message passed over", "xid", xid, "message", m.describe())
	}
}

// unasked reports whether messages of a type are never answers, whatever their transaction number: a forwarded request
// has that of another controller.
func unasked(typ uint8) bool {
	switch typ {
	case typePacketIn, typeFlowRemoved, typePortStatus, typeRoleStatus, typeTableStatus, typeRequestForward,
		typeControllerStatus:
		return true
	}
	return false
}

// answers reports whether messages of a type are answers if they have a transaction number.
func answers(typ uint8) bool {
	switch typ {
	case typeEchoReply, typeFeaturesReply, typeGetConfigReply, typeMultipartReply, typeBarrierReply,
		typeQueueGetConfigReply, typeRoleReply, typeGetAsyncReply:
		return true
	}
	return false
}

func isBundleControl(m Message) bool {
	_, ok := m.(BundleControl)
	return ok
}

// The types of further messages (OpenFlow 1.3.5, 7.1; 1.5.1, 7.1).
const (
	typeQueueGetConfigReply = 23
	typeControllerStatus    = 35

	lastType = typeControllerStatus
)
