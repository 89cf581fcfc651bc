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
// by the client's lock. It is there until the lock is given back on the server,
// too: a client can have only one.
//
// The server keeps a victim of a steal in its queue, unless that is a thief
// itself, and would make it the owner again without being asked. So a victim
// unlocks at once: whoever wants the lock again asks for it.
type claim struct {
	name    string
	session *session      // where it was asked for last
	queued  bool          // there the server has answered that another client has the lock
	granted chan struct{} // closed when the server grants the lock; nil unless that is awaited
	lock    *Lock         // what the owner has, lost or not; nil before
	regain  *regain       // under way; nil if there is none
}

// A regain acquires a lock anew.
type regain struct {
	giveUp context.CancelCauseFunc
	ended  chan struct{} // closed at its end
}

var validLock = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// acquire makes a claim and has it granted.
func (c *Client) acquire(ctx context.Context, name, method string, patient bool) (*Lock, error) {
	if !validLock.MatchString(name) {
		return nil, fmt.Errorf("%s %q: not an <id> of letters, digits and underscores", method, name)
	}
	cl := &claim{name: name}
	c.mu.Lock()
	if c.claims[name] != nil {
		c.mu.Unlock()
		return nil, fmt.Errorf("%s %q: %w", method, name, ErrLockInUse)
	}
	c.claims[name] = cl
	c.mu.Unlock()
	l, err := c.await(ctx, cl, method, patient)
	if err != nil {
		c.forget(cl)
		return nil, fmt.Errorf("%s %q: %w", method, name, err)
	}
	return l, nil
}

// forget ends a claim of which the server knows nothing any more.
func (c *Client) forget(cl *claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.claims[cl.name] == cl {
		delete(c.claims, cl.name)
	}
}

// await asks for a lock, on every connection anew, until it is granted. What
// was granted although the context has ended counts.
func (c *Client) await(ctx context.Context, cl *claim, method string, patient bool) (*Lock, error) {
	c.mu.Lock()
	before := cl.lock
	c.mu.Unlock()
	err := c.ask(ctx, cl, method, patient)
	c.mu.Lock()
	if cl.lock != before {
		defer c.mu.Unlock()
		return cl.lock, nil
	}
	s := cl.session
	cl.session, cl.granted = nil, nil
	c.mu.Unlock()
	switch {
	case s == nil:
	case errors.Is(err, ErrLockHeld):
		s.release(ctx, cl.name)
	default:
		s.unlock(cl.name)
	}
	return nil, err
}

// errOver says that a connection has ended while the lock was awaited.
var errOver = errors.New("connection is over")

func (c *Client) ask(ctx context.Context, cl *claim, method string, patient bool) error {
	var s *session
	for {
		var err error
		if s, err = c.connection(ctx, s, nil); err != nil {
			return err
		}
		err = c.askOn(ctx, s, cl, method, patient)
		broken := s.err() != nil && !errors.Is(err, ErrProtocol)
		if err == nil || !broken && !errors.Is(err, errOver) {
			return err
		}
	}
}

// askOn asks for a lock on one connection.
func (c *Client) askOn(ctx context.Context, s *session, cl *claim, method string, patient bool) error {
	granted := make(chan struct{})
	c.mu.Lock()
	cl.session, cl.queued, cl.granted = s, false, granted
	c.mu.Unlock()
	request := &call{method: method, receive: func(result json.RawMessage) error { return c.receiveClaim(cl, s, result) }}
	if _, err := s.do(ctx, request, encodeParams(cl.name)); err != nil {
		return err
	}
	if !patient {
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
		return errOver
	case <-ctx.Done():
		return ctx.Err()
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
	cl.lock = &Lock{client: c, name: cl.name, session: cl.session, lost: make(chan struct{})}
	close(cl.granted)
	cl.granted = nil
}

// release gives up whatever the session has of a lock, and waits for the answer
// unless the context ends first.
func (s *session) release(ctx context.Context, name string) error {
	_, err := s.call(ctx, "unlock", encodeParams(name))
	if errors.Is(err, errUnsent) {
		s.unlock(name)
	}
	if s.err() != nil {
		return nil // with its connection the lock is gone, too
	}
	return err
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

// owned returns the locks of the client, or the error of one that was lost.
func (c *Client) owned() (locks []*Lock, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range sortedKeys(c.claims) {
		switch l := c.claims[name].lock; {
		case l == nil, errors.Is(l.err, ErrUnlocked):
		case l.err != nil:
			return nil, l.err
		default:
			locks = append(locks, l)
		}
	}
	return locks, nil
}

// check returns the error of the first of the locks that the client does not
// have any more.
func (c *Client) check(locks ...[]*Lock) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, some := range locks {
		for _, l := range some {
			if l.err != nil {
				return l.lostError()
			}
		}
	}
	return nil
}

// assertions returns an operation that asserts it for each lock.
func assertions(locks []*Lock) []Operation {
	asserts := make([]Operation, 0, len(locks))
	for _, l := range locks {
		asserts = append(asserts, Assert(l.name))
	}
	return asserts
}

// refused takes note that the server does not know the client as the owner of
// a lock, and returns the error that this makes.
func (c *Client) refused(l *Lock) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.err == nil {
		l.lose(&LockLostError{Lock: l.name, Err: ErrNotOwner})
		l.session.unlock(l.name)
	}
	return l.lostError()
}
