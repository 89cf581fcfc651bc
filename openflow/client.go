// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ovskit/ovskit/internal/retry"
)

// The pauses between attempts to connect when ClientOptions do not say otherwise. A socket on the machine itself costs
// nothing to try, and a bridge that has lost its flows waits for it.
const (
	DefaultMinBackoff      = 100 * time.Millisecond
	DefaultMaxBackoff      = 8 * time.Second
	DefaultMaxLocalBackoff = 200 * time.Millisecond
	// DefaultAbsentBackoff is the longest pause while nobody listens at such a socket.
	DefaultAbsentBackoff = 20 * time.Millisecond
)

// ClientOptions are the options of a client. The zero value works.
type ClientOptions struct {
	// Options are those of each connection.
	Options
	// OnConnect is called with every new connection before others get it, to bring the switch up to date. If it fails,
	// the connection is closed and the attempt has failed. Its context ends with the connection and with the client. It
	// must not call the client.
	OnConnect func(ctx context.Context, c *Conn) error
	// Retry makes Connect go on trying until its context ends.
	Retry bool
	// MinBackoff and MaxBackoff bound the pause between two attempts to connect, which grows twofold with every attempt
	// and is shortened by up to a half at random. 0 means DefaultMinBackoff and DefaultMaxBackoff, or to a "unix:" endpoint
	// DefaultMaxLocalBackoff; if both are 0, there it is at most DefaultAbsentBackoff while nobody listens.
	MinBackoff, MaxBackoff time.Duration

	absentBackoff time.Duration // bounds the pause behind an attempt that found nobody
}

func (o *ClientOptions) setDefaults(endpoint string) {
	local := strings.HasPrefix(endpoint, "unix:")
	if local && o.MinBackoff <= 0 && o.MaxBackoff <= 0 {
		o.absentBackoff = DefaultAbsentBackoff
	}
	if o.MinBackoff <= 0 {
		o.MinBackoff = DefaultMinBackoff
	}
	if o.MaxBackoff <= 0 {
		o.MaxBackoff = DefaultMaxBackoff
		if local {
			o.MaxBackoff = DefaultMaxLocalBackoff
		}
	}
	o.MaxBackoff = max(o.MinBackoff, o.MaxBackoff)
	if o.absentBackoff == 0 {
		o.absentBackoff = o.MaxBackoff
	}
}

// Client keeps a connection to a switch: when one ends it makes the next. [Connect] makes a client. Its methods may be
// called from any goroutine.
type Client struct {
	endpoint string
	options  ClientOptions
	log      *slog.Logger
	alive    context.Context // until Close
	kill     context.CancelFunc
	done     chan struct{}

	mu      sync.Mutex
	conn    *Conn // in use; nil while there is none
	err     error // why the client has ended
	state   State
	changed chan struct{} // closed at the next change of the state; nil while nobody waits
	hooks   []*hook       // of Prepare; replaced, not written to
}

// Connect connects to a switch, as [Dial] does, and returns a client. It tries once, or until the context ends if
// ClientOptions.Retry says so. The context bounds Connect only; the client lives until Close.
func Connect(ctx context.Context, endpoint string, o ClientOptions) (*Client, error) {
	o.setDefaults(endpoint)
	c := &Client{endpoint: endpoint, options: o, log: o.Logger, done: make(chan struct{})}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	c.log = c.log.With("switch", endpoint)
	c.alive, c.kill = context.WithCancel(context.Background())
	var conn *Conn
	var err error
	if o.Retry {
		conn, err = c.connect(ctx, 0)
	} else {
		conn, err = c.attempt(ctx)
	}
	if err != nil {
		c.kill()
		return nil, err
	}
	go c.supervise(conn)
	return c, nil
}

// Conn returns the connection in use, and waits for one if there is none. After Close, the error wraps ErrClosed; if
// the context ends first, it wraps also why there is no connection.
func (c *Client) Conn(ctx context.Context) (*Conn, error) {
	for {
		c.mu.Lock()
		conn, err, why := c.conn, c.err, c.state.Err
		changed := c.stateChanged()
		c.mu.Unlock()
		if err != nil {
			return nil, err
		}
		if conn != nil {
			if why = conn.Err(); why == nil {
				return conn, nil
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, c.notConnected(why, ctx.Err())
		}
	}
}

// Close ends the client and its connection and returns when the goroutines are gone.
func (c *Client) Close() error {
	c.mu.Lock()
	if c.err == nil {
		c.err = &ConnError{c.endpoint, ErrClosed}
		c.state = State{Phase: Closed, Connections: c.state.Connections, Err: c.err}
		c.signal()
	}
	c.mu.Unlock()
	c.kill()
	<-c.done
	return nil
}

// Endpoint is what the client connects to.
func (c *Client) Endpoint() string { return c.endpoint }

// supervise keeps the client connected until it ends.
func (c *Client) supervise(conn *Conn) {
	defer close(c.done)
	backoff := c.options.MinBackoff
	for {
		since := time.Now()
		select {
		case <-conn.Done():
		case <-c.alive.Done():
		}
		conn.Close()
		pause := time.Duration(0)
		if time.Since(since) < c.options.MaxBackoff {
			pause = backoff // it came to little: so may the next one
			backoff = min(2*backoff, c.options.MaxBackoff)
		} else {
			backoff = c.options.MinBackoff
		}
		if !c.disconnected(conn) {
			return
		}
		var err error
		if conn, err = c.connect(c.alive, pause); err != nil {
			return // Close was called
		}
	}
}

// connect makes attempts until one succeeds or the context ends. It begins with a pause.
func (c *Client) connect(ctx context.Context, pause time.Duration) (*Conn, error) {
	backoff := max(pause, c.options.MinBackoff)
	said := ""
	for {
		if err := retry.Pause(ctx, pause); err != nil {
			return nil, c.notConnected(c.State().Err, err)
		}
		conn, err := c.attempt(ctx)
		if err == nil {
			return conn, nil
		}
		if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNREFUSED) {
			pause = min(backoff, c.options.absentBackoff)
		} else {
			pause = backoff
		}
		backoff = min(2*backoff, c.options.MaxBackoff)
		if err.Error() != said {
			said = err.Error()
			c.log.Info("connection to switch failed", "err", err, "pause", pause)
		}
	}
}

// notConnected is the error of a context that ended while there was no connection.
func (c *Client) notConnected(why, err error) error {
	if why == nil {
		return fmt.Errorf("switch %s: waiting for a connection: %w", c.endpoint, err)
	}
	return fmt.Errorf("switch %s: waiting for a connection: %w: %w", c.endpoint, err, why)
}

// attempt connects once, has the switch brought up to date and takes the connection into use.
func (c *Client) attempt(ctx context.Context) (*Conn, error) {
	c.connecting()
	conn, err := Dial(ctx, c.endpoint, c.options.Options)
	if err == nil {
		if err = c.prepare(ctx, conn); err == nil {
			err = c.connected(conn)
		}
		if err != nil {
			conn.Close()
		}
	}
	if err != nil {
		c.failed(ctx, err)
		return nil, err
	}
	c.log.Info("connected to switch", "version", conn.Version())
	return conn, nil
}
