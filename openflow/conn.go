// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options are the options of a connection. The zero value works.
type Options struct {
	// Logger takes what happens on the connection; nil discards it.
	Logger *slog.Logger
}

// ErrClosed is why calls fail on a connection that Close has ended.
var ErrClosed = errors.New("connection closed")

// ErrOutcomeUnknown is wrapped by the error of a call that ended while the switch may or may not have carried out what
// it was sent.
var ErrOutcomeUnknown = errors.New("outcome unknown")

// ConnError is why a connection ended, or could not be made.
type ConnError struct {
	// Endpoint is the switch.
	Endpoint string
	// Err is the reason, ErrClosed after Close.
	Err error
}

func (e *ConnError) Error() string { return fmt.Sprintf("switch %s: %v", e.Endpoint, e.Err) }

// Unwrap returns the reason.
func (e *ConnError) Unwrap() error { return e.Err }

// Conn is a connection to a switch by OpenFlow 1.3. Its methods may be called from any goroutine. Every error names the
// endpoint; it is or wraps a *RequestError if the switch refused something, a *ConnError if the connection ended, and
// the context's error if that ended first.
type Conn struct {
	endpoint string
	version  Version // what was agreed on in the greeting
	log      *slog.Logger
	nc       net.Conn
	out      *outbox
	calls    calls
	features FeaturesReply
	bundleID atomic.Uint32

	hello chan Message // takes the first message of the switch

	end  sync.Once
	done chan struct{}
	err  error // valid once done is closed
	wg   sync.WaitGroup
}

// greetingTimeout bounds the greeting where the context does not: something else than a switch may never answer.
const greetingTimeout = 10 * time.Second

// Dial connects to a switch and greets it. The endpoint is a unix socket such as "unix:/run/openvswitch/br0.mgmt".
func Dial(ctx context.Context, endpoint string, o Options) (*Conn, error) {
	path, ok := strings.CutPrefix(endpoint, "unix:")
	if !ok || path == "" {
		return nil, &ConnError{endpoint, errors.New(`not an endpoint of the form "unix:PATH"`)}
	}
	var d net.Dialer
	nc, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, &ConnError{endpoint, err}
	}
	return newConn(ctx, nc, endpoint, o)
}

// NewConn greets a switch over an established connection, which it takes over and closes even on failure.
func NewConn(ctx context.Context, nc net.Conn, o Options) (*Conn, error) {
	endpoint := "connection"
	if a := nc.RemoteAddr(); a != nil && a.String() != "" {
		endpoint = a.Network() + ":" + a.String()
	}
	return newConn(ctx, nc, endpoint, o)
}

func newConn(ctx context.Context, nc net.Conn, endpoint string, o Options) (*Conn, error) {
	c := &Conn{
		endpoint: endpoint, version: Version13, log: o.Logger, nc: nc, out: newOutbox(),
		hello: make(chan Message, 1), done: make(chan struct{}),
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	c.log = c.log.With("switch", endpoint)
	c.wg.Add(2)
	go c.readLoop()
	go c.writeLoop()
	ctx, cancel := context.WithTimeout(ctx, greetingTimeout)
	defer cancel()
	if err := c.greet(ctx); err != nil {
		c.fail(ErrClosed)
		c.wg.Wait()
		return nil, err
	}
	return c, nil
}

// greet exchanges hellos and asks for the features.
func (c *Conn) greet(ctx context.Context) error {
	if err := c.send(ctx, Hello{Version: Version13, Bitmap: 1 << Version13}, 0); err != nil {
		return err
	}
	var first Message
	select {
	case first = <-c.hello:
	case <-ctx.Done():
		return fmt.Errorf("switch %s: waiting for its greeting: %w", c.endpoint, ctx.Err())
	case <-c.done:
		// What came before the end says more.
		select {
		case first = <-c.hello:
		default:
			return c.err
		}
	}
	switch m := first.(type) {
	case Hello:
		if !m.Supports(Version13) {
			refusal, err := Encode(Version13, Error{Code: ErrIncompatible, Data: []byte("only OpenFlow 1.3 is supported")}, 0)
			if err == nil {
				c.out.putNow(refusal)
			}
			return &ConnError{c.endpoint, fmt.Errorf("does not speak OpenFlow 1.3: %w", ErrIncompatible)}
		}
	case Error:
		return &ConnError{c.endpoint, fmt.Errorf("refuses the greeting: %w", m)}
	default:
		return &ConnError{c.endpoint, fmt.Errorf("begins with a %s, not a greeting", m.describe())}
	}
	m, err := c.roundTrip(ctx, FeaturesRequest{})
	if err != nil {
		return err
	}
	features, ok := m.(FeaturesReply)
	if !ok {
		return c.unexpected(FeaturesRequest{}, m)
	}
	c.features = features
	return nil
}

// Close ends the connection and returns when its goroutines have. Calls under way fail with ErrClosed.
func (c *Conn) Close() error {
	c.fail(ErrClosed)
	c.wg.Wait()
	return nil
}

// Done is closed when the connection has ended.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err says why the connection has ended, as a *ConnError; nil while it has not.
func (c *Conn) Err() error {
	select {
	case <-c.done:
		return c.err
	default:
		return nil
	}
}

// Endpoint is what the connection was dialled with.
func (c *Conn) Endpoint() string { return c.endpoint }

// Features are what the switch said of itself in the greeting.
func (c *Conn) Features() FeaturesReply { return c.features }

// fail ends the connection for a reason, unless it has ended before.
func (c *Conn) fail(reason error) {
	c.end.Do(func() {
		c.err = &ConnError{c.endpoint, reason}
		close(c.done)
		c.nc.Close()
	})
}

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

func (c *Conn) readLoop() {
	defer c.wg.Done()
	r := bufio.NewReaderSize(c.nc, 64<<10)
	var buf []byte
	greeted := false
	for {
		b, err := readMessage(r, buf)
		if err != nil {
			if !greeted {
				err = fmt.Errorf("no OpenFlow greeting: %w", err)
			}
			c.fail(err)
			return
		}
		buf = b
		m, xid, err := Decode(b)
		if !greeted {
			if err != nil {
				c.fail(fmt.Errorf("no OpenFlow greeting: %w", err))
				return
			}
			greeted = true
			c.hello <- m
			continue
		}
		c.receive(xid, answer{m, err, len(b)})
	}
}

// readMessage reads one message into buf or, if that is too small, a larger one.
func readMessage(r *bufio.Reader, buf []byte) ([]byte, error) {
	header, err := r.Peek(HeaderLen)
	if len(header) > 0 && header[0] > 0x06 || len(header) > 1 && header[1] > 35 {
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
func (c *Conn) receive(xid uint32, a answer) {
	if echo, ok := a.m.(EchoRequest); ok {
		reply, err := Encode(c.version, EchoReply(echo), xid)
		if err != nil || !c.out.putNow(reply) {
			c.log.Warn("echo request not answered: the switch does not read", "err", err)
		}
		return
	}
	if c.calls.deliver(xid, a) {
		return
	}
	if refusal, ok := a.m.(Error); ok {
		a.err = refusal
	}
	if a.err != nil {
		c.log.Warn("answer to no request under way", "xid", xid, "err", a.err)
		return
	}
	c.log.Debug("message passed over", "xid", xid, "message", a.m.describe())
}
