// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"fmt"
)

// State is the state of a client's connection.
type State struct {
	// Endpoint is the server in use; it is empty while there is none.
	Endpoint string
	// Connections counts the connections so far, the one in use included.
	Connections int
	// Failures counts the attempts that have failed since the last
	// connection.
	Failures int
	// Err is why the last connection ended or the last attempt failed; it is
	// nil while there is a connection.
	Err error
}

// State returns the state of the connection.
func (c *Client) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// StateChanged returns a channel that is closed after the next change of the
// state. To miss nothing, get the channel first, then look at the state.
func (c *Client) StateChanged() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stateChanged()
}

// stateChanged is StateChanged for whoever holds the lock.
func (c *Client) stateChanged() <-chan struct{} {
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	return c.changed
}

// signal tells of a change of the state. The caller holds the lock.
func (c *Client) signal() {
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

// connection returns the connection in use, and waits for one if there is none
// or only the one that is known to be broken, unless check has an error.
func (c *Client) connection(ctx context.Context, broken *session, check func() error) (*session, error) {
	for {
		c.mu.Lock()
		s, err, why := c.session, c.err, c.state.Err
		changed := c.stateChanged()
		c.mu.Unlock()
		switch {
		case err != nil:
			return nil, fmt.Errorf("%w: %w", ErrNotSent, err)
		case s != nil && s != broken:
			return s, nil
		case s != nil:
			why = s.err() // which is not in the state yet
		}
		if check != nil {
			if err := check(); err != nil {
				return nil, fmt.Errorf("%w: %w", ErrNotSent, err)
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w: %w: %w", ErrNotSent, ErrDisconnected, why, reason(ctx))
		}
	}
}
