// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"context"
	"fmt"
	"time"
)

// State is the state of a client.
type State struct {
	Phase Phase
	// Connections counts the connections so far, the one in use included.
	Connections int
	// Failures counts the attempts that have failed since the last connection.
	Failures int
	// Err is why the last connection ended or the last attempt failed; it is nil while there is a connection.
	Err error
}

// Phase is what a client is doing.
type Phase uint8

// The phases of a client: an attempt is under way, OnConnect included; there is a connection; the next attempt is waited
// for; Close was called.
const (
	Connecting Phase = iota
	Connected
	Waiting
	Closed
)

// String is the phase in a word, such as "connected".
func (p Phase) String() string {
	switch p {
	case Connecting:
		return "connecting"
	case Connected:
		return "connected"
	case Waiting:
		return "waiting"
	case Closed:
		return "closed"
	}
	return fmt.Sprintf("phase %d", uint8(p))
}

// State returns the state of the client.
func (c *Client) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// StateChanged returns a channel that is closed after the next change of the state. To miss nothing, get the channel
// first, then look at the state.
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

// update changes the state, unless the client has ended: it returns why.
func (c *Client) update(change func(*State)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	change(&c.state)
	c.signal()
	return nil
}

func (c *Client) connecting() { c.update(func(s *State) { s.Phase = Connecting }) }

// failed notes an attempt that has failed. If that is since its context has ended, the reason of the one before says
// more.
func (c *Client) failed(ctx context.Context, err error) {
	deadline, ok := ctx.Deadline()
	ended := ctx.Err() != nil || ok && !time.Now().Before(deadline)
	c.update(func(s *State) {
		s.Phase, s.Failures = Waiting, s.Failures+1
		if s.Err == nil || !ended {
			s.Err = err
		}
	})
}

// connected takes a connection into use unless it has ended already, or the client has.
func (c *Client) connected(conn *Conn) error {
	if err := conn.Err(); err != nil {
		return err
	}
	return c.update(func(s *State) {
		c.conn = conn
		*s = State{Phase: Connected, Connections: s.Connections + 1}
	})
}

// disconnected takes a connection that has ended out of use. It reports whether the client goes on.
func (c *Client) disconnected(conn *Conn) bool {
	c.log.Info("connection to switch ended", "err", conn.Err())
	return c.update(func(s *State) {
		c.conn = nil
		s.Phase, s.Failures, s.Err = Waiting, 0, conn.Err()
	}) == nil
}
