// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/ovskit/ovskit/internal/endpoint"
	"github.com/ovskit/ovskit/internal/retry"
)

const (
	// dialTimeout bounds how long a server may take to accept a connection,
	// greetTimeout how long to say what it has: less at first if there are
	// others. What comes after may be large, and is the probe's business.
	dialTimeout  = 10 * time.Second
	greetTimeout = 30 * time.Second
	// electionBackoff bounds the pause while servers can be reached, but none
	// is fit for use: a cluster is about to elect its leader. That is so for
	// the first rounds only.
	electionBackoff = 250 * time.Millisecond
	electionRounds  = 100
)

// dial makes the first connection.
func (c *Client) dial(ctx context.Context) (*session, error) {
	if c.options.Retry {
		return c.connect(ctx, 0)
	}
	return c.round(ctx, greetTimeout)
}

// supervise keeps the client connected until it ends.
func (c *Client) supervise(s *session) {
	defer close(c.done)
	defer c.kill()
	backoff := c.options.MinBackoff
	for {
		since := time.Now()
		<-s.done
		// What the old connection has brought is taken over before the new
		// one brings anything.
		<-s.ended
		c.disconnected(s)
		if c.options.NoReconnect {
			c.end(s.err())
		}
		if c.Err() != nil {
			return
		}
		pause := time.Duration(0)
		if time.Since(since) < backoff {
			pause = backoff // it came to nothing: so may the next one
			backoff = min(2*backoff, c.options.MaxBackoff)
		} else {
			backoff = c.options.MinBackoff
		}
		var err error
		if s, err = c.connect(c.alive, pause); err != nil {
			return // Close was called
		}
	}
}

// end ends the client for a reason; only the first one counts.
func (c *Client) end(reason error) {
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return
	}
	c.err = reason
	c.state.Err = reason
	s := c.session
	c.signal()
	c.mu.Unlock()
	c.kill()
	if s != nil {
		s.end(reason)
	}
}

// disconnected takes a connection that has ended out of use.
func (c *Client) disconnected(s *session) {
	reason := s.err()
	c.mu.Lock()
	c.session = nil
	c.state.Endpoint, c.state.Failures, c.state.Err = "", 0, reason
	c.loseAll(s, reason)
	c.signal()
	c.mu.Unlock()
	if errors.Is(reason, ErrClosed) {
		s.log.Info("ovsdb connection closed")
	} else {
		s.log.Warn("ovsdb connection lost", "error", reason)
	}
	c.options.Hooks.disconnected(reason)
}

// connect makes rounds of attempts until one succeeds or the context ends. It
// begins with a pause.
func (c *Client) connect(ctx context.Context, pause time.Duration) (*session, error) {
	backoff := max(pause, c.options.MinBackoff)
	patience := greetTimeout
	if len(c.endpoints) > 1 {
		patience = time.Second // another one may be fit: do not wait for one that is stopped
	}
	for round := 1; ; round++ {
		if retry.Pause(ctx, pause) != nil {
			return nil, c.notConnected(reason(ctx))
		}
		s, err := c.round(ctx, patience)
		if err == nil {
			return s, nil
		}
		patience = min(2*patience, greetTimeout)
		pause = backoff
		if errors.Is(err, errUnfit) && round <= electionRounds {
			pause = min(pause, max(electionBackoff, c.options.MinBackoff))
		}
		backoff = min(2*backoff, c.options.MaxBackoff)
		c.log.Info("ovsdb connection failed", "error", err, "pause", pause)
	}
}

// notConnected is the error of a context that ended between two rounds.
func (c *Client) notConnected(err error) error {
	if last := c.State().Err; last != nil {
		return fmt.Errorf("%w: %w: %w", ErrDisconnected, last, err)
	}
	return err
}

// round tries each endpoint once, beginning with the one after that of the last
// connection.
func (c *Client) round(ctx context.Context, patience time.Duration) (*session, error) {
	var failures []error
	first := c.next
	for i := range c.endpoints {
		at := (first + i) % len(c.endpoints)
		s, err := c.open(ctx, c.endpoints[at], patience)
		if err == nil {
			c.next = at + 1
			return s, nil
		}
		failures = append(failures, fmt.Errorf("at %q: %w", c.endpoints[at], err))
		if ctx.Err() != nil {
			break
		}
	}
	err := errors.Join(failures...)
	if len(failures) == 1 {
		err = failures[0]
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.state.Failures += len(failures)
		c.state.Err = err
		c.signal()
	}
	return nil, err
}

// open connects to one server, brings the monitors up to date with it and takes
// the connection into use.
func (c *Client) open(ctx context.Context, e endpoint.Endpoint, patience time.Duration) (*session, error) {
	conn, err := c.dialEndpoint(ctx, e)
	if err != nil {
		return nil, err
	}
	s := newSession(sessionOptions{
		conn: conn, probe: c.options.Probe, maxMessage: c.options.MaxMessage,
		log: c.log.With("endpoint", e.String()), hooks: c.options.Hooks, notify: c.receiveNotification,
	})
	if err = c.prepare(ctx, s, patience); err == nil {
		err = c.publish(s, e)
	}
	if err != nil {
		s.end(err)
		<-s.ended
		return nil, err
	}
	s.log.Info("ovsdb connection made")
	c.options.Hooks.connected(e.String())
	return s, nil
}

func (c *Client) dialEndpoint(ctx context.Context, e endpoint.Endpoint) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if c.options.Dial != nil {
		return c.options.Dial(ctx, e.String())
	}
	return e.Dial(ctx, c.options.TLS)
}

// prepare does all that has to be done on a connection before others may use
// it.
func (c *Client) prepare(ctx context.Context, s *session, patience time.Duration) error {
	if err := c.greet(ctx, s, patience); err != nil {
		return err
	}
	c.mu.Lock()
	monitors := slices.Clone(c.monitors)
	c.mu.Unlock()
	for _, m := range monitors {
		err := m.register(ctx, s)
		switch {
		case refusesMonitor(err) && s.err() == nil:
			s.log.Warn("ovsdb monitor ended", "error", err)
			m.end(fmt.Errorf("monitor: %w", err))
		case err != nil:
			return err
		}
	}
	return nil
}

// greet follows the server unless that takes too long.
func (c *Client) greet(ctx context.Context, s *session, patience time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("server has not said within %v what it has", patience))
	defer cancel()
	return c.followServer(ctx, s)
}

// publish takes a connection into use.
func (c *Client) publish(s *session, e endpoint.Endpoint) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	if err := s.err(); err != nil {
		return err
	}
	c.schema.Store(s.schema)
	c.session, c.endpoint = s, e.String()
	c.state = State{Endpoint: e.String(), Connections: c.state.Connections + 1}
	c.signal()
	return nil
}
