// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"errors"
	"fmt"
)

// A Lock is the ownership of a lock of the server, RFC 7047 sections 4.1.8 to
// 4.1.10, from when it was acquired until it is lost or given back. Among the
// clients of a server at most one has a lock of a name. The servers of a cluster
// have locks of their own: its clients need Options.LeaderOnly.
//
// While a client has locks, each of its transactions asserts all of them. After
// a lock was lost all transactions of the client fail with a [*LockLostError],
// so that its owner learns of it before its next write, until he calls
// [Lock.Regain] or [Lock.Unlock].
//
// The guarantee is this: a transaction that is begun while the client has a lock
// is made before another client acquires the lock, or never. It does not matter
// whether the lock is stolen or the connection breaks while the transaction is
// under way, nor whether its outcome becomes known. It is begun when
// [Client.Transact] or [Batcher.Transact] is called; a program that has regained
// a lock must not call them for what it found out under the earlier ownership,
// nor for anything that needs a lock that it has given back.
//
// The protocol alone guarantees less. When a thief unlocks, the server makes the
// victim the owner again and accepts what that had sent before it learnt of the
// theft, although the thief has written in between. So whoever acquires a lock
// here also steals a second one, the fence, which is called ovskit_fence_ and the
// lock's name, and asserts it as well: a server never gives a stolen lock back.
// Thieves that do not know of fences, as ovsdb-client(1), still leave that gap.
type Lock struct {
	client  *Client
	name    string
	session *session // that has it
	lost    chan struct{}
	err     error // why it was lost; guarded by the client's lock
}

// Lock acquires a lock and waits until it has it, over any number of
// connections. The name is an <id>: letters, digits and underscores, not
// beginning with a digit or with ovskit_fence_. A client can have or await a lock
// only once: further claims fail with [ErrLockInUse].
//
// What is acquired may be lost again when Lock returns.
func (c *Client) Lock(ctx context.Context, name string) (*Lock, error) {
	return c.acquire(ctx, name, "lock", true)
}

// TryLock acquires a lock unless another client has it, which is [ErrLockHeld].
func (c *Client) TryLock(ctx context.Context, name string) (*Lock, error) {
	return c.acquire(ctx, name, "lock", false)
}

// Steal acquires a lock, taking it from the client that has it.
func (c *Client) Steal(ctx context.Context, name string) (*Lock, error) {
	return c.acquire(ctx, name, "steal", false)
}

// Hold acquires a lock and calls f with a context that ends when the lock is
// lost, with the [*LockLostError] as its cause. When f has returned and the lock
// was lost meanwhile, whatever f returned, Hold acquires it again and calls f
// again; else it gives the lock back and returns what f has returned. It does
// the latter as well when ctx has ended or f has given the lock back.
//
// If f panics the lock is given back, without waiting for the server, and the
// panic goes on.
func (c *Client) Hold(ctx context.Context, name string, f func(ctx context.Context, l *Lock) error) error {
	l, err := c.Lock(ctx, name)
	if err != nil {
		return err
	}
	for {
		result := l.while(ctx, f)
		if lost := l.Err(); lost == nil || errors.Is(lost, ErrUnlocked) || ctx.Err() != nil {
			err := l.Unlock(ctx)
			if ctx.Err() != nil {
				err = nil // it is given back all the same
			}
			return errors.Join(result, err)
		}
		next, err := l.Regain(ctx)
		if err != nil {
			l.Unlock(ctx)
			return errors.Join(result, err)
		}
		l = next
	}
}

// while calls f with a context that ends with the lock.
func (l *Lock) while(ctx context.Context, f func(context.Context, *Lock) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	returned := false
	defer func() {
		if !returned {
			cancel(nil) // so that nothing waits for the server
			l.Unlock(ctx)
		}
	}()
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-l.lost:
			if err := l.Err(); !errors.Is(err, ErrUnlocked) {
				cancel(err)
			}
		case <-ended:
		}
	}()
	result := f(ctx, l)
	returned = true
	return result
}

// Name returns the lock's name.
func (l *Lock) Name() string { return l.name }

// Lost is closed when the lock is lost: stolen, or gone with the connection. It
// is closed as well when the lock is given back.
func (l *Lock) Lost() <-chan struct{} { return l.lost }

// Err returns nil while the client has the lock, then a [*LockLostError] that
// says why it was lost, or [ErrUnlocked].
func (l *Lock) Err() error {
	l.client.mu.Lock()
	defer l.client.mu.Unlock()
	return l.err
}

// Regain acquires a lock that was lost again, waiting like [Client.Lock], and
// returns what is to be used instead of l, which stays lost. Until then
// transactions of the client fail. A lock that was not lost is returned as it is.
//
// It fails with [ErrLockInUse] if l was regained already or is just being
// regained, and with [ErrUnlocked] if l was given up by [Lock.Unlock], before or
// meanwhile.
func (l *Lock) Regain(ctx context.Context) (*Lock, error) {
	next, err := l.regain(ctx)
	if err != nil {
		return nil, fmt.Errorf("regain lock %q: %w", l.name, err)
	}
	return next, nil
}

func (l *Lock) regain(ctx context.Context) (*Lock, error) {
	c := l.client
	c.mu.Lock()
	cl := c.claims[l.name]
	switch {
	case cl == nil || cl.lock == nil || errors.Is(l.err, ErrUnlocked):
		c.mu.Unlock()
		return nil, ErrUnlocked
	case cl.lock != l || cl.regain != nil:
		c.mu.Unlock()
		return nil, ErrLockInUse
	case l.err == nil:
		c.mu.Unlock()
		return l, nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	cl.regain = &regain{giveUp: cancel, ended: make(chan struct{})}
	defer close(cl.regain.ended)
	c.mu.Unlock()
	next, err := c.await(ctx, cl, "lock", true)
	c.mu.Lock()
	defer c.mu.Unlock()
	cl.regain = nil
	if err != nil && errors.Is(context.Cause(ctx), ErrUnlocked) {
		delete(c.claims, l.name)
		return nil, ErrUnlocked
	}
	return next, err
}

// Unlock gives the lock back, or takes note that it was lost and ends the attempt
// to regain it. It counts as given back even if the context ends before the
// server has answered.
func (l *Lock) Unlock(ctx context.Context) error {
	c := l.client
	c.mu.Lock()
	cl := c.claims[l.name]
	if cl == nil || cl.lock != l || errors.Is(l.err, ErrUnlocked) {
		c.mu.Unlock()
		return nil
	}
	switch r := cl.regain; {
	case r != nil:
		c.mu.Unlock()
		r.giveUp(ErrUnlocked)
		select {
		case <-r.ended:
		case <-ctx.Done():
		}
		return nil
	case l.err != nil:
		delete(c.claims, l.name)
		c.mu.Unlock()
		return nil
	}
	l.lose(ErrUnlocked)
	c.mu.Unlock()
	defer c.forget(cl)
	if err := l.session.release(ctx, fencePrefix+l.name, l.name); err != nil {
		return fmt.Errorf("unlock %q: %w", l.name, err)
	}
	return nil
}

// lose ends the ownership. The caller holds the client's lock.
func (l *Lock) lose(reason error) {
	if l.err == nil {
		l.err = reason
		close(l.lost)
	}
}

// lostError is the error of transactions that rely on a lock that was lost or
// given back. The caller holds the client's lock.
func (l *Lock) lostError() error {
	if errors.Is(l.err, ErrUnlocked) {
		return &LockLostError{Lock: l.name, Err: ErrUnlocked}
	}
	return l.err
}

// loseAll takes note that the locks of a connection are gone. The caller holds
// the lock.
func (c *Client) loseAll(s *session, reason error) {
	for _, cl := range c.claims {
		if cl.session == s && cl.lock != nil {
			cl.lock.lose(&LockLostError{Lock: cl.name, Err: reason})
		}
	}
}
