// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// ErrClosed is why calls fail on a connection that Close has ended.
var ErrClosed = errors.New("connection closed")

// ErrInactive is why a connection ended whose switch gave no sign of life for twice the time of Options.Probe.
var ErrInactive = errors.New("no sign of life")

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

// Conn is one connection to a switch. Its methods may be called from any goroutine. Every error names the endpoint; it
// is or wraps a *RequestError if the switch refused something, a *ConnError if the connection ended, and the context's
// error if that ended first.
//
// What the switch says is taken in its order: whatever it had to say of a request is known when a later request, such
// as a barrier, returns.
type Conn struct {
	endpoint string
	options  Options
	log      *slog.Logger
	nc       net.Conn
	out      *outbox
	calls    calls
	streams  streams
	bundleID atomic.Uint32

	began    time.Time
	heard    atomic.Int64 // when the switch was last heard, as time since began
	greeting chan Message // takes the first message of the switch
	version  Version      // set before the greeting is taken; 0 if there is none in common
	features FeaturesReply

	end  sync.Once
	done chan struct{}
	err  error // valid once done is closed
	wg   sync.WaitGroup
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
	if err := o.setDefaults(); err != nil {
		hangUp(nc)
		return nil, &ConnError{endpoint, err}
	}
	c := &Conn{
		endpoint: endpoint, options: o, log: o.Logger.With("switch", endpoint), nc: nc, out: newOutbox(),
		began: time.Now(), greeting: make(chan Message, 1), done: make(chan struct{}),
	}
	c.wg.Add(2)
	go c.readLoop()
	go c.writeLoop()
	if err := c.greet(ctx); err != nil {
		c.Close()
		return nil, err
	}
	if o.Probe > 0 {
		c.wg.Add(1)
		go c.probeLoop()
	}
	return c, nil
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

// Endpoint is what the connection was dialled with, or where a switch that has connected to a [Listener] comes from.
func (c *Conn) Endpoint() string { return c.endpoint }

// Version is the version of the protocol that the greeting has agreed on.
func (c *Conn) Version() Version { return c.version }

// Features are what the switch said of itself in the greeting.
func (c *Conn) Features() FeaturesReply { return c.features }

// fail ends the connection for a reason, unless it has ended before.
func (c *Conn) fail(reason error) {
	c.end.Do(func() {
		c.err = &ConnError{c.endpoint, reason}
		close(c.done)
	})
	hangUp(c.nc)
}

// hangUp closes a connection and does not wait for anything.
func hangUp(nc net.Conn) {
	if layered, ok := nc.(interface{ NetConn() net.Conn }); ok {
		nc = layered.NetConn() // saying goodbye, as TLS does, may block
	}
	nc.Close()
}
