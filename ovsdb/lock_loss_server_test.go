// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/dbtest"
	"github.com/ovskit/ovskit/internal/faultproxy"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// losses are the ways of losing a lock. They return how it is free again.
var losses = map[string]struct {
	reason error
	lose   func(t *testing.T, s *dbtest.Server, p *faultproxy.Proxy, l *ovsdb.Lock) (free func())
}{
	"stolen": {ovsdb.ErrStolen, func(t *testing.T, s *dbtest.Server, _ *faultproxy.Proxy, _ *ovsdb.Lock) func() {
		thief := steal(t, dial(t, s.Endpoint))
		return func() { unlock(t, thief) }
	}},
	"stolen by a client without fences": {ovsdb.ErrStolen, func(t *testing.T, s *dbtest.Server, _ *faultproxy.Proxy, _ *ovsdb.Lock) func() {
		thief := dial(t, s.Endpoint)
		call(t, thief, "steal", "l")
		return func() { call(t, thief, "unlock", "l") }
	}},
	"disconnected": {io.EOF, func(_ *testing.T, _ *dbtest.Server, p *faultproxy.Proxy, l *ovsdb.Lock) func() {
		p.Refuse(true)
		return func() { p.Refuse(false) }
	}},
	"server killed": {io.EOF, func(t *testing.T, s *dbtest.Server, _ *faultproxy.Proxy, l *ovsdb.Lock) func() {
		s.Kill(t)
		return func() { s.Start(t) }
	}},
}

// After a loss nothing is written any more, in any way, until the owner says
// that he knows.
func TestLockLoss(t *testing.T) {
	for how, loss := range losses {
		for _, then := range []string{"Regain", "Unlock"} {
			for _, acquire := range []string{"Lock", "Steal"} {
				t.Run(how+", "+acquire+", "+then, func(t *testing.T) {
					dbtest.Each(t, func(t *testing.T, s *dbtest.Server) {
						proxy := faultproxy.New(t, s.Endpoint)
						db, err := vswitch.Dial(testContext(t), ovsdb.Options{
							Endpoint: proxy.Endpoint(), MinBackoff: time.Millisecond, MaxBackoff: 10 * time.Millisecond})
						if err != nil {
							t.Fatal(err)
						}
						t.Cleanup(func() { db.Close() })
						c := db.Client()
						b := ovsdb.NewBatcher(c, ovsdb.BatchOptions{})
						l := map[string]func(*testing.T, *ovsdb.Client) *ovsdb.Lock{"Lock": lock, "Steal": steal}[acquire](t, c)
						transact(t, c, count())

						free := loss.lose(t, s, proxy, l)
						<-l.Lost()
						ways := map[string]func() error{
							"Err":             l.Err,
							"Client.Transact": func() error { _, err := c.Transact(testContext(t), count()); return err },
							"Batcher.Transact": func() error {
								_, _, err := b.Transact(testContext(t), count())
								return err
							},
							"Batcher.Transact alone": func() error {
								_, _, err := b.Transact(testContext(t), count(), ovsdb.Abort())
								return err
							},
							"DB.Apply": func() error { _, err := db.Apply(testContext(t), count()); return err },
						}
						check := func(when string) {
							t.Helper()
							for what, way := range ways {
								var lost *ovsdb.LockLostError
								if err := way(); !errors.As(err, &lost) || lost.Lock != "l" || !errors.Is(err, ovsdb.ErrLockLost) || !errors.Is(err, loss.reason) {
									t.Errorf("%s %s: got error %v, want a *LockLostError for %v", what, when, err, loss.reason)
								}
							}
						}
						check("after the loss")
						free()
						check("when it is free")

						if then == "Unlock" {
							unlock(t, l)
							if err := l.Err(); !errors.Is(err, loss.reason) {
								t.Errorf("after Unlock: got error %v, want the old one", err)
							}
							if _, err := l.Regain(testContext(t)); !errors.Is(err, ovsdb.ErrUnlocked) {
								t.Errorf("Regain after Unlock: got error %v, want %v", err, ovsdb.ErrUnlocked)
							}
						} else {
							regain(t, l)
						}
						transact(t, c, count())
						if n := writes(t, c); n != 2 {
							t.Errorf("got %d writes, want the 2 that did not fail", n)
						}
					})
				})
			}
		}
	}
}

// regain regains a lock and checks what the old one says.
func regain(t *testing.T, l *ovsdb.Lock) *ovsdb.Lock {
	t.Helper()
	before := l.Err()
	next, err := l.Regain(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-l.Lost():
	default:
		t.Error("after Regain the old lock is not lost any more")
	}
	if next == l || l.Err() != before || next.Err() != nil || next.Name() != "l" {
		t.Errorf("after Regain: got errors %v of the old lock, %v of the new one; want %v, none", l.Err(), next.Err(), before)
	}
	if _, err := l.Regain(testContext(t)); !errors.Is(err, ovsdb.ErrLockInUse) {
		t.Errorf("second Regain: got error %v, want %v", err, ovsdb.ErrLockInUse)
	}
	if same, err := next.Regain(testContext(t)); same != next || err != nil {
		t.Errorf("Regain of what is not lost: got another lock, error %v", err)
	}
	unlock(t, l) // does nothing: it has a successor
	if err := next.Err(); err != nil {
		t.Errorf("after Unlock of the old lock: %v", err)
	}
	return next
}

// Victims wait for the lock again like everybody else.
func TestRegainWaits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, s *dbtest.Server) {
		for _, acquire := range []func(*testing.T, *ovsdb.Client) *ovsdb.Lock{lock, steal} {
			c, answered := dialQuickly(t, s.Endpoint, "lock")
			l := acquire(t, c)
			for len(answered) > 0 {
				<-answered
			}
			thief := steal(t, dial(t, s.Endpoint))
			<-l.Lost()

			ctx, cancel := context.WithCancel(testContext(t))
			waiting := background(ctx, func(ctx context.Context, _ string) (*ovsdb.Lock, error) { return l.Regain(ctx) })
			<-answered
			cancel()
			if got := <-waiting; !errors.Is(got.err, context.Canceled) {
				t.Errorf("Regain whose context ends: got error %v, want %v", got.err, context.Canceled)
			}
			if _, err := c.Transact(testContext(t), count()); !errors.Is(err, ovsdb.ErrLockLost) {
				t.Errorf("after that: got error %v, want %v", err, ovsdb.ErrLockLost)
			}

			waiting = background(testContext(t), func(ctx context.Context, _ string) (*ovsdb.Lock, error) { return l.Regain(ctx) })
			<-answered
			if _, err := l.Regain(testContext(t)); !errors.Is(err, ovsdb.ErrLockInUse) {
				t.Errorf("Regain while one is under way: got error %v, want %v", err, ovsdb.ErrLockInUse)
			}
			if _, err := c.Transact(testContext(t), count()); !errors.Is(err, ovsdb.ErrLockLost) {
				t.Errorf("while Regain waits: got error %v, want %v", err, ovsdb.ErrLockLost)
			}
			unlock(t, thief)
			got := <-waiting
			if got.err != nil {
				t.Fatal(got.err)
			}
			transact(t, c, count())
			unlock(t, got.lock)
		}
		free(t, s.Endpoint)
	})
}

// Unlock ends the attempt to regain a lock.
func TestUnlockEndsRegain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, s *dbtest.Server) {
		c, answered := dialQuickly(t, s.Endpoint, "lock")
		for range 50 {
			l := lock(t, c)
			<-answered
			thief := steal(t, dial(t, s.Endpoint))
			<-l.Lost()
			waiting := background(testContext(t), func(ctx context.Context, _ string) (*ovsdb.Lock, error) { return l.Regain(ctx) })
			<-answered
			go unlock(t, thief)
			unlock(t, l)
			if got := <-waiting; got.err == nil {
				unlock(t, got.lock) // it was faster
			} else if !errors.Is(got.err, ovsdb.ErrUnlocked) {
				t.Errorf("got error %v, want %v", got.err, ovsdb.ErrUnlocked)
			}
			<-thief.Lost()
		}
		free(t, s.Endpoint)
	})
}
