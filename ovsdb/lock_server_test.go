// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/dbtest"
	"github.com/ovskit/ovskit/internal/faultproxy"
	"github.com/ovskit/ovskit/ovsdb"
)

// dialQuickly dials a client that connects again soon, and tells of every answer
// to a request of a method.
func dialQuickly(t *testing.T, endpoint, method string) (c *ovsdb.Client, answered <-chan struct{}) {
	t.Helper()
	answers := make(chan struct{}, 100)
	c, err := ovsdb.Dial(testContext(t), ovsdb.Options{
		Endpoint: endpoint, MinBackoff: time.Millisecond, MaxBackoff: 10 * time.Millisecond,
		Hooks: ovsdb.Hooks{Request: func(i ovsdb.RequestInfo) {
			if i.Method == method && i.Err == nil {
				answers <- struct{}{}
			}
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, answers
}

func lock(t *testing.T, c *ovsdb.Client) *ovsdb.Lock {
	t.Helper()
	l, err := c.Lock(testContext(t), "l")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func steal(t *testing.T, c *ovsdb.Client) *ovsdb.Lock {
	t.Helper()
	l, err := c.Steal(testContext(t), "l")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func unlock(t *testing.T, l *ovsdb.Lock) {
	t.Helper()
	if err := l.Unlock(testContext(t)); err != nil {
		t.Error(err)
	}
}

// acquired is the outcome of an acquisition in the background.
type acquired struct {
	lock *ovsdb.Lock
	err  error
}

// background acquires the lock l in a way such as Client.Lock.
func background(ctx context.Context, acquire func(context.Context, string) (*ovsdb.Lock, error)) <-chan acquired {
	done := make(chan acquired, 1)
	go func() {
		l, err := acquire(ctx, "l")
		done <- acquired{l, err}
	}()
	return done
}

// free checks that nobody has the lock or waits for it.
func free(t *testing.T, endpoint string) {
	t.Helper()
	c := dial(t, endpoint)
	l := lock(t, c)
	unlock(t, l)
	if l, err := c.TryLock(testContext(t), "l"); err != nil {
		t.Errorf("lock after all: %v", err)
	} else {
		unlock(t, l)
	}
}

func call(t *testing.T, c *ovsdb.Client, method string, params ...any) json.RawMessage {
	t.Helper()
	result, err := c.Call(testContext(t), method, params...)
	if err != nil {
		t.Error(err)
	}
	return result
}

// writes is how often count was run.
func writes(t *testing.T, c *ovsdb.Client) int64 {
	t.Helper()
	return transact(t, c, ovsdb.Select("Open_vSwitch", []string{"cur_cfg"}))[0].Rows[0]["cur_cfg"].(int64)
}

func count() ovsdb.Operation {
	return ovsdb.Mutate("Open_vSwitch", []ovsdb.Mutation{ovsdb.Change("cur_cfg", ovsdb.Add, 1)})
}

// Whoever waits has the lock in the order of asking, one at a time.
func TestLockHandOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, s *dbtest.Server) {
		held := lock(t, dial(t, s.Endpoint))
		var waiting []<-chan acquired
		for range 3 {
			c, answered := dialQuickly(t, s.Endpoint, "lock")
			waiting = append(waiting, background(testContext(t), c.Lock))
			<-answered
		}
		for i, w := range waiting {
			select {
			case <-w:
				t.Fatalf("waiter %d has the lock before it was unlocked", i)
			default:
			}
			unlock(t, held)
			got := <-w
			if got.err != nil {
				t.Fatal(got.err)
			}
			if err := got.lock.Err(); err != nil || got.lock.Name() != "l" {
				t.Errorf("waiter %d: got lock %q, %v; want l", i, got.lock.Name(), err)
			}
			held = got.lock
		}
		unlock(t, held)
		free(t, s.Endpoint)
	})
}

func TestTryLock(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, s *dbtest.Server) {
		first, second, third := dial(t, s.Endpoint), dial(t, s.Endpoint), dial(t, s.Endpoint)
		l, err := first.TryLock(testContext(t), "l")
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := second.TryLock(testContext(t), "l"); !errors.Is(err, ovsdb.ErrLockHeld) {
				t.Errorf("held by another: got error %v, want %v", err, ovsdb.ErrLockHeld)
			}
			unlock(t, l)
			// The server hands the lock to nobody who has given up.
			if l, err = third.TryLock(testContext(t), "l"); err != nil {
				t.Fatalf("after a TryLock that failed: %v", err)
			}
		}
	})
}

func TestLockNames(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, s *dbtest.Server) {
		c := dial(t, s.Endpoint)
		for _, name := range []string{"", "1l", "a-b", "a b", "é", "a\n", "ovskit_fence_l"} {
			for what, acquire := range map[string]func(context.Context, string) (*ovsdb.Lock, error){
				"Lock": c.Lock, "TryLock": c.TryLock, "Steal": c.Steal,
			} {
				if l, err := acquire(testContext(t), name); err == nil {
					t.Errorf("%s(%q): got lock %q, want an error", what, name, l.Name())
				}
			}
			if err := c.Hold(testContext(t), name, nil); err == nil {
				t.Errorf("Hold(%q): got no error", name)
			}
		}
		for _, name := range []string{"l", "_", "a_1", "ovskit_fence", "ALL"} {
			if _, err := c.Lock(testContext(t), name); err != nil {
				t.Errorf("name %q: %v", name, err)
			}
		}
		transact(t, c, count()) // under all of them
	})
}

// A client has, or waits for, a lock once.
func TestLockInUse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, s *dbtest.Server) {
		c, answered := dialQuickly(t, s.Endpoint, "lock")
		inUse := func(when string) {
			t.Helper()
			for what, acquire := range map[string]func(context.Context, string) (*ovsdb.Lock, error){
				"Lock": c.Lock, "TryLock": c.TryLock, "Steal": c.Steal,
			} {
				if _, err := acquire(testContext(t), "l"); !errors.Is(err, ovsdb.ErrLockInUse) {
					t.Errorf("%s %s: got error %v, want %v", what, when, err, ovsdb.ErrLockInUse)
				}
			}
		}
		other := lock(t, dial(t, s.Endpoint))
		waiting := background(testContext(t), c.Lock)
		<-answered
		inUse("while it waits")
		unlock(t, other)
		got := <-waiting
		if got.err != nil {
			t.Fatal(got.err)
		}
		inUse("while it is held")
		thief := steal(t, dial(t, s.Endpoint))
		<-got.lock.Lost()
		inUse("while it is lost")
		unlock(t, got.lock)
		unlock(t, thief)
		unlock(t, lock(t, c))
	})
}

// The end of the context races with the grant: whatever Lock returns is true.
func TestLockContextRace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, s *dbtest.Server) {
		owner := dial(t, s.Endpoint)
		c, answered := dialQuickly(t, s.Endpoint, "lock")
		granted, ended := 0, 0
		random := rand.New(rand.NewPCG(1, 1))
		for i := range 300 {
			held := lock(t, owner)
			ctx, cancel := context.WithCancel(testContext(t))
			waiting := background(ctx, c.Lock)
			if i%3 != 0 {
				<-answered
			}
			go func() {
				// Some time between now and when the lock is given back.
				for range random.IntN(3) {
					owner.Echo(context.Background())
				}
				cancel()
			}()
			unlock(t, held)
			switch got := <-waiting; {
			case got.err == nil:
				granted++
				transact(t, c, count())
				unlock(t, got.lock)
			case errors.Is(got.err, context.Canceled):
				ended++
			default:
				t.Fatal(got.err)
			}
			<-ctx.Done()
			cancel()
			for len(answered) > 0 {
				<-answered
			}
		}
		t.Logf("granted %d times, given up %d times", granted, ended)
		free(t, s.Endpoint)
	})
}

// A claim outlives connections, of a proxy and of the server.
func TestLockWaitsAcrossConnections(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, s *dbtest.Server) {
		proxy := faultproxy.New(t, s.Endpoint)
		owner := dial(t, s.Endpoint)
		held := lock(t, owner)
		c, answered := dialQuickly(t, proxy.Endpoint(), "lock")
		waiting := background(testContext(t), c.Lock)
		<-answered
		for range 3 {
			proxy.Cut()
			<-answered // it asks again
		}
		proxy.Refuse(true)
		unlock(t, held)
		held = lock(t, owner)
		proxy.Refuse(false)
		<-answered
		select {
		case got := <-waiting:
			t.Fatalf("got a lock that another has, error %v", got.err)
		default:
		}

		s.Kill(t)
		<-held.Lost()
		unlock(t, held)
		s.Start(t)
		got := <-waiting
		if got.err != nil || got.lock.Err() != nil {
			t.Fatalf("got error %v, want the lock that nobody has", got.err)
		}
		transact(t, c, count())
	})
}

// Close ends whoever waits, and whoever owns.
func TestLockClose(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, s *dbtest.Server) {
		owner := dial(t, s.Endpoint)
		held := lock(t, owner)
		c, answered := dialQuickly(t, s.Endpoint, "lock")
		waiting := background(testContext(t), c.Lock)
		<-answered
		c.Close()
		if got := <-waiting; !errors.Is(got.err, ovsdb.ErrClosed) {
			t.Errorf("waiting: got error %v, want %v", got.err, ovsdb.ErrClosed)
		}
		if _, err := c.Lock(testContext(t), "l"); !errors.Is(err, ovsdb.ErrClosed) {
			t.Errorf("later: got error %v, want %v", err, ovsdb.ErrClosed)
		}
		owner.Close()
		<-held.Lost()
		if err := held.Err(); !errors.Is(err, ovsdb.ErrLockLost) || !errors.Is(err, ovsdb.ErrClosed) {
			t.Errorf("owner: got error %v, want that it lost the lock for %v", err, ovsdb.ErrClosed)
		}
		if _, err := held.Regain(testContext(t)); !errors.Is(err, ovsdb.ErrClosed) {
			t.Errorf("Regain: got error %v, want %v", err, ovsdb.ErrClosed)
		}
		unlock(t, held)
		free(t, s.Endpoint)
	})
}

// A victim that the server has made the owner again behind its back writes
// nothing, although it has not learnt yet that it was not the owner meanwhile.
func TestLockFence(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, s *dbtest.Server) {
		// A client that knows nothing of what it asks for does not unlock.
		victim := dial(t, s.Endpoint)
		call(t, victim, "lock", "l")
		call(t, victim, "steal", "ovskit_fence_l")
		late := []ovsdb.Operation{ovsdb.Assert("l"), ovsdb.Assert("ovskit_fence_l"), count()}
		transact(t, victim, late...)

		c := dial(t, s.Endpoint)
		thief := steal(t, c)
		transact(t, c, count())
		unlock(t, thief)
		transact(t, victim, ovsdb.Assert("l"))
		_, err := victim.Transact(testContext(t), late...)
		var refused *ovsdb.OperationError
		if !errors.Is(err, ovsdb.ErrNotOwner) || !errors.As(err, &refused) || refused.Index != 1 {
			t.Errorf("got error %v, want %v of operation 1, which asserts the fence", err, ovsdb.ErrNotOwner)
		}
		if n := writes(t, c); n != 2 {
			t.Errorf("got %d writes, want 2", n)
		}
	})
}

// Clients that know nothing of fences wait for the lock, and are waited for.
func TestLockOfOtherClients(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, s *dbtest.Server) {
		other := dial(t, s.Endpoint)
		call(t, other, "lock", "l")
		c, answered := dialQuickly(t, s.Endpoint, "lock")
		if _, err := c.TryLock(testContext(t), "l"); !errors.Is(err, ovsdb.ErrLockHeld) {
			t.Errorf("TryLock: got error %v, want %v", err, ovsdb.ErrLockHeld)
		}
		<-answered
		waiting := background(testContext(t), c.Lock)
		<-answered
		call(t, other, "unlock", "l")
		got := <-waiting
		if got.err != nil {
			t.Fatal(got.err)
		}
		call(t, other, "lock", "l")
		unlock(t, got.lock)
		transact(t, other, ovsdb.Assert("l"))
	})
}

// The index of a refusal counts the caller's operations, whatever is asserted
// before them.
func TestLockIndexes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, s *dbtest.Server) {
		c := dial(t, s.Endpoint)
		b := ovsdb.NewBatcher(c, ovsdb.BatchOptions{Epilogue: []ovsdb.Operation{ovsdb.Comment("end")}})
		transact(t, c, addBridge(ovsdb.Row{"name": "br0"})...)
		for _, name := range []string{"a", "b", "c"} {
			for _, tt := range []struct {
				ops   []ovsdb.Operation
				want  error
				index int
			}{
				{[]ovsdb.Operation{ovsdb.Abort()}, ovsdb.ErrAborted, 0},
				{[]ovsdb.Operation{count(), ovsdb.Comment("x"), ovsdb.Assert("mine")}, ovsdb.ErrNotOwner, 2},
				{append(addBridge(ovsdb.Row{"name": "br0"}), count()), ovsdb.ErrConstraintViolation, 3},
			} {
				for what, transact := range map[string]func() error{
					"Client":  func() error { _, err := c.Transact(testContext(t), tt.ops...); return err },
					"Batcher": func() error { _, _, err := b.Transact(testContext(t), tt.ops...); return err },
				} {
					var refused *ovsdb.OperationError
					if err := transact(); !errors.Is(err, tt.want) || !errors.As(err, &refused) || refused.Index != tt.index {
						t.Errorf("%s before lock %s: got error %v, want %v of operation %d", what, name, err, tt.want, tt.index)
					}
				}
			}
			results, epilogue, err := b.Transact(testContext(t), ovsdb.Comment("x"), count())
			if err != nil || len(results) != 2 || results[1].Count != 1 || len(epilogue) != 1 {
				t.Errorf("before lock %s: got results %v, %v, error %v; want 2 and 1", name, results, epilogue, err)
			}
			if _, err := c.Lock(testContext(t), name); err != nil {
				t.Fatal(err)
			}
		}
	})
}
