// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
)

// A claim is what a client has or wants of a lock. All but its name is guarded
// by the client's lock.
//
// The server keeps a victim of a steal in its queue, unless that is a thief
// itself, and would make it the owner again without being asked. So a victim
// unlocks at once: whoever wants the lock again asks for it.
type claim struct {
	name    string
	session *session      // where it was asked for last
	queued  bool          // there the server has answered that another client has the lock
	granted chan struct{} // closed when the lock is acquired; nil unless that is awaited
	lock    *Lock         // what the owner has, lost or not; nil before
}

var validLock = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// acquire makes a claim and has it granted.
func (c *Client) acquire(ctx context.Context, name, method string, patient bool) (*Lock, error) {
	if !validLock.MatchString(name) {
		return nil, fmt.Errorf("%s %q: not an <id> of letters, digits and underscores", method, name)
	}
	cl := &claim{name: name, granted: make(chan struct{})}
	c.mu.Lock()
	if c.claims[name] != nil {
		c.mu.Unlock()
		return nil, fmt.Errorf("%s %q: %w", method, name, ErrLockInUse)
	}
	c.claims[name] = cl
	c.mu.Unlock()
	l, err := c.await(ctx, cl, method, patient)
	if err != nil {
		c.mu.Lock()
		delete(c.claims, name)
		c.mu.Unlock()
		return nil, fmt.Errorf("%s %q: %w", method, name, err)
	}
	return l, nil
}

// await asks for a lock, on every connection anew, until it is granted. What
// was granted although the context has ended counts.
func (c *Client) await(ctx context.Context, cl *claim, method string, patient bool) (*Lock, error) {
	c.mu.Lock()
	granted := cl.granted
	c.mu.Unlock()
	err := c.ask(ctx, cl, granted, method, patient)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil || cl.granted == nil {
		return cl.lock, nil
	}
	if cl.session != nil {
		cl.session.unlock(cl.name)
	}
	cl.session, cl.granted = nil, nil
	return nil, err
}

func (c *Client) ask(ctx context.Context, cl *claim, granted <-chan struct{}, method string, patient bool) error {
	var s *session
	for {
		var err error
		if s, err = c.connection(ctx, s); err != nil {
			return err
		}
		c.mu.Lock()
		cl.session, cl.queued = s, false
		c.mu.Unlock()
		request := &call{method: method, receive: func(result json.RawMessage) error { return c.receiveClaim(cl, s, result) }}
		_, err = s.do(ctx, request, encodeParams(cl.name))
		broken := s.err() != nil && ctx.Err() == nil && c.Err() == nil
		switch {
		case err != nil && broken && !errors.Is(err, ErrProtocol):
			continue
		case err != nil:
			return err
		case !patient:
			select {
			case <-granted:
				return nil
			default:
				return ErrLockHeld
			}
		}
		select {
		case <-granted:
			return nil
		case <-s.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// receiveClaim takes the answer to lock and steal.
func (c *Client) receiveClaim(cl *claim, s *session, result json.RawMessage) error {
	var answer struct{ Locked *bool }
	if err := json.Unmarshal(result, &answer); err != nil || answer.Locked == nil {
		return fmt.Errorf("answer %s does not say whether it is locked", excerpt(result))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if cl.session != s || cl.granted == nil {
		return nil
	}
	if *answer.Locked {
		c.grant(cl)
	} else {
		cl.queued = true
	}
	return nil
}

// grant makes the client the owner of a lock. The caller holds the lock.
func (c *Client) grant(cl *claim) {
	cl.lock = &Lock{client: c, name: cl.name, lost: make(chan struct{})}
	close(cl.granted)
	cl.granted = nil
}

// unlock gives up whatever the session has of a lock, without waiting for the
// answer. A server that does not read cannot be told; it will notice that the
// connection has ended.
func (s *session) unlock(name string) {
	if !s.post("unlock", encodeParams(name)) {
		s.end(fmt.Errorf("server does not read: lock %q cannot be given back", name))
	}
}

// receiveNotification takes notifications that are no updates. It ignores those
// that it does not know.
func (c *Client) receiveNotification(s *session, method string, params json.RawMessage) error {
	switch method {
	case "locked", "stolen":
		var names []string
		if err := json.Unmarshal(params, &names); err != nil || len(names) != 1 {
			return fmt.Errorf("params %s name no lock: %w", excerpt(params), ErrProtocol)
		}
		c.lockNotified(s, names[0], method == "stolen")
	case "monitor_canceled":
		// ovsdb-server(7) section 4.1.11: the database was removed or has
		// another schema now.
		return errConverted
	default:
		s.log.Debug("ovsdb notification ignored", "method", method)
	}
	return nil
}

// lockNotified takes note of a lock that was granted or stolen. A server may
// say locked to a client that has the lock already.
func (c *Client) lockNotified(s *session, name string, stolen bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	cl := c.claims[name]
	switch {
	case cl == nil || cl.session != s:
	case stolen && cl.granted == nil && cl.lock != nil && cl.lock.err == nil:
		cl.lock.lose(&LockLostError{Lock: name, Err: ErrStolen})
		s.unlock(name)
		s.log.Warn("ovsdb lock stolen", "lock", name)
	case !stolen && cl.granted != nil && cl.queued:
		c.grant(cl)
	}
}

// assertions returns operations that assert the locks of the client, or the
// error of one that was lost.
func (c *Client) assertions() (asserts []Operation, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range sortedKeys(c.claims) {
		switch cl := c.claims[name]; {
		case cl.lock == nil:
		case cl.lock.err != nil:
			return nil, cl.lock.err
		default:
			asserts = append(asserts, Assert(name))
		}
	}
	return asserts, nil
}

// refused takes note that the server does not know the client as the owner of
// a lock, and returns the error that this makes.
func (c *Client) refused(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	lost := &LockLostError{Lock: name, Err: ErrNotOwner}
	if cl := c.claims[name]; cl != nil && cl.lock != nil {
		cl.lock.lose(lost)
		return cl.lock.err
	}
	return lost
}
