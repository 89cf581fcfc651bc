// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/ovskit/ovskit/internal/dbtest"
	"github.com/ovskit/ovskit/internal/faultproxy"
	"github.com/ovskit/ovskit/ovsdb"
)

// Hold returns what f returns, and leaves the lock to others however f ends.
func TestHoldGivesBack(t *testing.T) {
	failed := errors.New("failed")
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	type holder = func(ctx context.Context, l *ovsdb.Lock) error
	dbtest.Each(t, func(t *testing.T, s *dbtest.Server) {
		c := dial(t, s.Endpoint)
		for _, tt := range []struct {
			name string
			f    func(cancel func()) holder
			want error
		}{
			{"nil", func(func()) holder { return func(context.Context, *ovsdb.Lock) error { return nil } }, nil},
			{"an error", func(func()) holder { return func(context.Context, *ovsdb.Lock) error { return failed } }, failed},
			{"nil when the context ends", func(cancel func()) holder {
				return func(ctx context.Context, _ *ovsdb.Lock) error { cancel(); <-ctx.Done(); return nil }
			}, nil},
			{"the context's error", func(cancel func()) holder {
				return func(ctx context.Context, _ *ovsdb.Lock) error { cancel(); <-ctx.Done(); return ctx.Err() }
			}, canceled.Err()},
			{"nil after Unlock", func(func()) holder {
				return func(ctx context.Context, l *ovsdb.Lock) error { return errors.Join(l.Unlock(ctx), ctx.Err()) }
			}, nil},
			{"an error after Unlock", func(func()) holder {
				return func(ctx context.Context, l *ovsdb.Lock) error { return errors.Join(l.Unlock(ctx), failed) }
			}, failed},
		} {
			ctx, cancel := context.WithCancel(testContext(t))
			f, calls := tt.f(cancel), 0
			err := c.Hold(ctx, "l", func(ctx context.Context, l *ovsdb.Lock) error {
				calls++
				transact(t, c, ovsdb.Assert("l"))
				return f(ctx, l)
			})
			if !errors.Is(err, tt.want) || (tt.want == nil) != (err == nil) || calls != 1 {
				t.Errorf("%s: got error %v after %d calls, want %v after one", tt.name, err, calls, tt.want)
			}
			cancel()
			free(t, s.Endpoint)
		}
	})
}

// A panic goes through Hold, and so does the end of the goroutine.
func TestHoldPanics(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, s *dbtest.Server) {
		c := dial(t, s.Endpoint)
		for name, f := range map[string]func(){"panic": func() { panic("f") }, "Goexit": runtime.Goexit} {
			ended := make(chan any)
			go func() {
				defer func() { ended <- recover() }()
				c.Hold(context.Background(), "l", func(context.Context, *ovsdb.Lock) error { f(); return nil })
				t.Errorf("%s: Hold returned", name)
			}()
			if got := <-ended; name == "panic" && got != "f" {
				t.Errorf("got panic %v, want that of f", got)
			}
			unlock(t, lock(t, c))
			free(t, s.Endpoint)
		}
	})
}

// After a loss the context ends, and f is called again when the lock is there
// again, until it returns while it has the lock.
func TestHoldAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, s *dbtest.Server) {
		proxy := faultproxy.New(t, s.Endpoint)
		c, _ := dialQuickly(t, proxy.Endpoint(), "lock")
		var thief *ovsdb.Lock
		losses := []struct {
			lose   func()
			regain func()
			reason error
		}{
			{func() { thief = steal(t, dial(t, s.Endpoint)) }, func() { unlock(t, thief) }, ovsdb.ErrStolen},
			{proxy.Cut, func() {}, ovsdb.ErrLockLost},
			{func() { s.Kill(t) }, func() { s.Start(t) }, ovsdb.ErrLockLost},
		}
		var last *ovsdb.Lock
		calls := 0
		err := c.Hold(testContext(t), "l", func(ctx context.Context, l *ovsdb.Lock) error {
			if l == last || l.Err() != nil || ctx.Err() != nil {
				t.Errorf("call %d: got the old lock, or error %v, or context %v", calls, l.Err(), ctx.Err())
			}
			last = l
			calls++
			transact(t, c, count())
			if calls > len(losses) {
				return nil
			}
			loss := losses[calls-1]
			loss.lose()
			<-ctx.Done()
			cause := context.Cause(ctx)
			if !errors.As(cause, new(*ovsdb.LockLostError)) || cause != l.Err() || !errors.Is(cause, loss.reason) {
				t.Errorf("loss %d: got cause %v, lock %v; want a *LockLostError for %v", calls, cause, l.Err(), loss.reason)
			}
			_, err := c.Transact(context.Background(), count())
			if !errors.Is(err, ovsdb.ErrLockLost) {
				t.Errorf("loss %d: got error %v, want %v", calls, err, ovsdb.ErrLockLost)
			}
			loss.regain()
			if calls == 1 {
				return nil
			}
			return err
		})
		if err != nil || calls != len(losses)+1 {
			t.Errorf("got error %v after %d calls, want none after %d", err, calls, len(losses)+1)
		}
		if n := writes(t, c); n != int64(calls) {
			t.Errorf("got %d writes, want %d", n, calls)
		}
		free(t, s.Endpoint)
	})
}

// Hold ends with its context, and with the client, while it waits for the lock.
func TestHoldEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, s *dbtest.Server) {
		owner := lock(t, dial(t, s.Endpoint))
		c, answered := dialQuickly(t, s.Endpoint, "lock")
		hold := func(ctx context.Context, f func(context.Context, *ovsdb.Lock) error) <-chan error {
			ended := make(chan error, 1)
			go func() { ended <- c.Hold(ctx, "l", f) }()
			return ended
		}
		never := func(context.Context, *ovsdb.Lock) error {
			t.Error("f was called without the lock")
			return nil
		}
		ctx, cancel := context.WithCancel(testContext(t))
		ended := hold(ctx, never)
		<-answered
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("waiting: got error %v, want %v", err, context.Canceled)
		}
		unlock(t, owner)

		var thief *ovsdb.Lock
		failed := errors.New("failed")
		loser := func(ctx context.Context, _ *ovsdb.Lock) error {
			thief = steal(t, dial(t, s.Endpoint))
			<-ctx.Done()
			return failed
		}
		ctx, cancel = context.WithCancel(testContext(t))
		ended = hold(ctx, loser)
		<-answered // of Lock
		<-answered // of Regain
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) || !errors.Is(err, failed) {
			t.Errorf("regaining: got error %v, want %v and what f returned", err, context.Canceled)
		}
		transact(t, c, count()) // nothing of the lock is left
		unlock(t, thief)

		ended = hold(testContext(t), loser)
		<-answered
		<-answered
		c.Close()
		if err := <-ended; !errors.Is(err, ovsdb.ErrClosed) {
			t.Errorf("closed: got error %v, want %v", err, ovsdb.ErrClosed)
		}
		unlock(t, thief)
		free(t, s.Endpoint)
	})
}
