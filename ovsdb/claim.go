// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// A claim is what a client has or wants of a lock. All but its name is guarded
// by the client's lock. It is there until the lock is given back on the server,
// too: a client can have only one.
//
// The server keeps a victim of a steal in its queue, unless that is a thief
// itself, and makes it the owner again without being asked. So a victim unlocks
// at once: whoever wants the lock again asks for it. What the victim has sent
// before is kept out by the fence, a second lock that is always stolen.
type claim struct {
	name    string
	session *session      // where it was asked for last
	queued  bool          // there the server has answered that another client has the lock
	granted chan struct{} // closed when the server grants the lock; nil unless that is awaited
	next    *Lock         // what will be the lock when its fence is there; nil if nothing was granted
	lock    *Lock         // what the owner has, lost or not; nil before
	regain  *regain       // under way; nil if there is none
}

// A regain acquires a lock anew.
type regain struct {
	giveUp context.CancelCauseFunc
	ended  chan struct{} // closed at its end
}

// fencePrefix and its name make the name of a lock's fence.
const fencePrefix = "ovskit_fence_"

// acquire makes a claim and has it granted.
func (c *Client) acquire(ctx context.Context, name, method string, patient bool) (*Lock, error) {
	if !validID.MatchString(name) {
		return nil, fmt.Errorf("%s %q: not an <id> of letters, digits and underscores", method, name)
	}
	if strings.HasPrefix(name, fencePrefix) {
		return nil, fmt.Errorf("%s %q: names that begin with %q are reserved", method, name, fencePrefix)
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
	s, next := cl.session, cl.next
	cl.session, cl.granted, cl.next = nil, nil, nil
	c.mu.Unlock()
	switch {
	case s == nil:
	case next != nil:
		s.unlock(fencePrefix+cl.name, cl.name)
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

// askOn asks for a lock on one connection, and then for its fence.
func (c *Client) askOn(ctx context.Context, s *session, cl *claim, method string, patient bool) error {
	granted := make(chan struct{})
	c.mu.Lock()
	cl.session, cl.queued, cl.granted, cl.next = s, false, granted, nil
	c.mu.Unlock()
	request := &call{method: method, receive: func(result json.RawMessage) error { return c.receiveClaim(cl, s, result) }}
	if _, err := s.do(ctx, request, encodeParams(cl.name)); err != nil {
		if errors.Is(err, ErrNotSent) {
			c.mu.Lock()
			cl.session = nil
			c.mu.Unlock()
		}
		return err
	}
	if !patient {
		select {
		case <-granted:
		default:
			return ErrLockHeld
		}
	}
	select {
	case <-granted:
	case <-s.done:
		return errOver
	case <-ctx.Done():
		return reason(ctx)
	}
	fence := &call{method: "steal", receive: func(result json.RawMessage) error { return c.receiveFence(cl, s, result) }}
	_, err := s.do(ctx, fence, encodeParams(fencePrefix+cl.name))
	return err
}

// receiveClaim takes the answer to lock and steal.
func (c *Client) receiveClaim(cl *claim, s *session, result json.RawMessage) error {
	locked, err := parseLocked(result)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case cl.session != s || cl.granted == nil:
	case locked:
		c.grant(cl)
	default:
		cl.queued = true
	}
	return nil
}

// receiveFence takes the answer to the steal of a fence: from now on the client
// is the owner, unless the lock was stolen meanwhile, which the server has told
// before.
func (c *Client) receiveFence(cl *claim, s *session, result json.RawMessage) error {
	locked, err := parseLocked(result)
	if err == nil && !locked {
		err = errors.New("the fence could not be stolen")
	}
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if cl.session != s || cl.next == nil {
		return nil
	}
	cl.lock, cl.next = cl.next, nil
	if cl.lock.err != nil {
		s.unlock(fencePrefix + cl.name)
	}
	return nil
}

func parseLocked(result json.RawMessage) (bool, error) {
	var answer struct{ Locked *bool }
	if err := json.Unmarshal(result, &answer); err != nil || answer.Locked == nil {
		return false, fmt.Errorf("answer %s does not say whether it is locked", excerpt(result))
	}
	return *answer.Locked, nil
}

// grant takes note that the server has granted a lock. The caller holds the
// lock.
func (c *Client) grant(cl *claim) {
	cl.next = &Lock{client: c, name: cl.name, session: cl.session, lost: make(chan struct{})}
	close(cl.granted)
	cl.granted = nil
}

// release gives up whatever the session has of some locks, and waits for the
// last answer unless the context ends first.
func (s *session) release(ctx context.Context, names ...string) error {
	last := len(names) - 1
	s.unlock(names[:last]...)
	_, err := s.call(ctx, "unlock", encodeParams(names[last]))
	if errors.Is(err, ErrNotSent) {
		s.unlock(names[last])
	}
	if s.err() != nil {
		return nil // with its connection the lock is gone, too
	}
	return err
}

// unlock gives up whatever the session has of some locks, without waiting for
// answers. A server that does not read cannot be told; it will notice that the
// connection has ended.
func (s *session) unlock(names ...string) {
	for _, name := range names {
		if !s.post("unlock", encodeParams(name)) {
			s.end(fmt.Errorf("server does not read: lock %q cannot be given back", name))
		}
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
	name, isFence := strings.CutPrefix(name, fencePrefix)
	c.mu.Lock()
	defer c.mu.Unlock()
	cl := c.claims[name]
	switch {
	case cl == nil || cl.session != s:
	case stolen && !isFence && cl.next != nil && cl.next.err == nil:
		cl.next.lose(&LockLostError{Lock: name, Err: ErrStolen})
		s.unlock(name)
	case stolen && cl.lock != nil && cl.lock.err == nil:
		cl.lock.lose(&LockLostError{Lock: name, Err: ErrStolen})
		s.unlock(fencePrefix+name, name)
		s.log.Warn("ovsdb lock stolen", "lock", name)
	case !stolen && !isFence && cl.granted != nil && cl.queued:
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

// assertionsPerLock are for the lock and for its fence.
const assertionsPerLock = 2

// assertions returns the operations that assert the locks.
func assertions(locks []*Lock) []Operation {
	asserts := make([]Operation, 0, assertionsPerLock*len(locks))
	for _, l := range locks {
		asserts = append(asserts, Assert(l.name), Assert(fencePrefix+l.name))
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
		l.session.unlock(fencePrefix+l.name, l.name)
	}
	return l.lostError()
}
