// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
)

// want is the client's next message, which must be a request about one lock.
func (p *peer) want(method, name string) request {
	p.t.Helper()
	r := p.expect(method)
	if got, want := string(r.Params), fmt.Sprintf("[%q]", name); got != want {
		p.t.Errorf("%s: got params %s, want %s", method, got, want)
	}
	return r
}

func (p *peer) locked(r request, locked bool) { p.answer(r, fmt.Sprintf(`{"locked":%t}`, locked)) }

func (p *peer) tell(method, name string) {
	p.send(`{"id":null,"method":%q,"params":[%q]}`, method, name)
}

// grant answers a client that acquires lock l, by a method that is answered at
// once, and its fence.
func (p *peer) grant(method string) {
	p.locked(p.want(method, "l"), true)
	p.locked(p.want("steal", "ovskit_fence_l"), true)
}

// takeBack answers a client that gives up lock l.
func (p *peer) takeBack() {
	p.answer(p.want("unlock", "ovskit_fence_l"), `{}`)
	p.answer(p.want("unlock", "l"), `{}`)
}

// idle checks that there is no message before the echo of [settle].
func (p *peer) idle() {
	p.answer(p.expect("echo"), `["ovskit"]`)
}

// probe returns when the client has seen all that was sent before.
func (p *peer) probe() {
	p.send(`{"id":"probe","method":"echo","params":[]}`)
	if r, ok := p.next(); !ok || string(r.ID) != `"probe"` {
		p.t.Errorf("server got %q %s, want an answer to its echo", r.Method, r.Params)
	}
}

// settle returns when the peer has seen all that was sent before, and the client
// what the peer has sent before that.
func settle(t *testing.T, c *Client) {
	t.Helper()
	if err := c.Echo(testContext(t)); err != nil {
		t.Error(err)
	}
}

func mustLock(t *testing.T, c *Client) *Lock {
	t.Helper()
	l, err := c.Lock(testContext(t), "l")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// lostFor checks that an error is a *LockLostError of lock l for a reason.
func lostFor(t *testing.T, what string, err, reason error) {
	t.Helper()
	var lost *LockLostError
	if !errors.As(err, &lost) || lost.Lock != "l" || !errors.Is(err, ErrLockLost) || !errors.Is(err, reason) {
		t.Errorf("%s: got error %v, want a *LockLostError of lock l for %v", what, err, reason)
	}
}

const (
	assertsOfL = `{"op":"assert","lock":"l"},{"op":"assert","lock":"ovskit_fence_l"}`
	notOwner   = `{"error":"not owner","details":"Asserted lock l not held."}`
)

// What goes over the wire, and notifications that mean nothing.
func TestLockProtocol(t *testing.T) {
	var forgotten atomic.Bool
	c := dialPeer(t, func(p *peer) {
		r := p.want("lock", "l")
		p.tell("locked", "l") // of an earlier claim: it was not answered yet
		p.locked(r, false)
		r = p.want("unlock", "l")
		p.probe()
		forgotten.Store(true)
		p.answer(r, `{}`)

		p.locked(p.want("lock", "l"), false)
		p.tell("locked", "other")
		p.tell("locked", "ovskit_fence_l")
		p.tell("stolen", "l")
		p.probe()
		p.tell("locked", "l")
		p.locked(p.want("steal", "ovskit_fence_l"), true)
		p.tell("locked", "l") // another has left the queue
		p.tell("stolen", "other")
		r = p.expect("transact")
		if got, want := string(r.Params), `["Test",`+assertsOfL+`,{"op":"comment","comment":"x"}]`; got != want {
			t.Errorf("transaction of the owner: got %s, want %s", got, want)
		}
		p.answer(r, `[{},{},{}]`)
		p.takeBack()
		r = p.expect("transact")
		if got, want := string(r.Params), `["Test",{"op":"comment","comment":"x"}]`; got != want {
			t.Errorf("transaction afterwards: got %s, want %s", got, want)
		}
		p.answer(r, `[{}]`)
		p.wait()
	})
	ctx := testContext(t)
	if _, err := c.TryLock(ctx, "l"); !errors.Is(err, ErrLockHeld) {
		t.Errorf("TryLock of a lock that is held: got error %v, want %v", err, ErrLockHeld)
	}
	if !forgotten.Load() {
		t.Error("TryLock has left a claim with the server")
	}
	l := mustLock(t, c)
	if l.Name() != "l" || l.Err() != nil {
		t.Errorf("got lock %q, error %v; want lock l", l.Name(), l.Err())
	}
	if _, err := c.Transact(ctx, Comment("x")); err != nil {
		t.Errorf("transaction of the owner: %v", err)
	}
	if err := l.Unlock(ctx); err != nil {
		t.Error(err)
	}
	<-l.Lost()
	if err := l.Err(); err != ErrUnlocked {
		t.Errorf("after Unlock: got error %v, want %v", err, ErrUnlocked)
	}
	if err := l.Unlock(ctx); err != nil {
		t.Errorf("second Unlock: %v", err)
	}
	if _, err := l.Regain(ctx); !errors.Is(err, ErrUnlocked) {
		t.Errorf("Regain after Unlock: got error %v, want %v", err, ErrUnlocked)
	}
	if _, err := c.Transact(ctx, Comment("x")); err != nil {
		t.Errorf("transaction afterwards: %v", err)
	}
}

func TestLockNonsense(t *testing.T) {
	for name, script := range map[string]func(p *peer){
		"no answer":          func(p *peer) { p.answer(p.expect("lock"), `{}`) },
		"strange answer":     func(p *peer) { p.answer(p.expect("lock"), `{"locked":1}`) },
		"fence not stolen":   func(p *peer) { p.locked(p.expect("lock"), true); p.locked(p.expect("steal"), false) },
		"fence not answered": func(p *peer) { p.locked(p.expect("lock"), true); p.answer(p.expect("steal"), `[]`) },
		"no names":           func(p *peer) { p.expect("lock"); p.send(`{"id":null,"method":"locked","params":[]}`) },
		"two names":          func(p *peer) { p.expect("lock"); p.send(`{"id":null,"method":"stolen","params":["l","l"]}`) },
		"a number":           func(p *peer) { p.expect("lock"); p.send(`{"id":null,"method":"stolen","params":[1]}`) },
	} {
		t.Run(name, func(t *testing.T) {
			c := dialPeer(t, func(p *peer) { script(p); p.wait() })
			if _, err := c.Lock(testContext(t), "l"); !errors.Is(err, ErrProtocol) {
				t.Errorf("got error %v, want %v", err, ErrProtocol)
			}
			<-c.Done()
		})
	}
}

// The server's refusal of a claim is returned.
func TestLockRefused(t *testing.T) {
	c := dialPeer(t, func(p *peer) {
		p.refuse(p.want("lock", "l"), `{"error":"syntax error","details":"must issue \"unlock\" before new \"lock\""}`)
		p.answer(p.want("unlock", "l"), `{}`) // so that the next one is not refused as well
		p.grant("lock")
		p.wait()
	})
	var refused *ServerError
	if _, err := c.Lock(testContext(t), "l"); !errors.As(err, &refused) || refused.Name != "syntax error" {
		t.Errorf("got error %v, want a *ServerError", err)
	}
	mustLock(t, c)
}

// A lock that is stolen before its fence is there is acquired and lost.
func TestLockStolenAtOnce(t *testing.T) {
	c := dialPeer(t, func(p *peer) {
		p.locked(p.want("lock", "l"), true)
		r := p.want("steal", "ovskit_fence_l")
		p.tell("stolen", "l")
		p.answer(p.want("unlock", "l"), `{}`)
		p.locked(r, true)
		p.answer(p.want("unlock", "ovskit_fence_l"), `{}`)
		p.grant("lock")
		p.wait()
	})
	l := mustLock(t, c)
	<-l.Lost()
	lostFor(t, "Err", l.Err(), ErrStolen)
	next, err := l.Regain(testContext(t))
	if err != nil || next.Err() != nil {
		t.Errorf("Regain: got errors %v, %v", err, next.Err())
	}
}

// Whoever steals only the fence has taken the lock.
func TestFenceStolen(t *testing.T) {
	c := dialPeer(t, func(p *peer) {
		p.grant("lock")
		p.tell("stolen", "ovskit_fence_l")
		p.takeBack()
		p.idle()
		p.wait()
	})
	l := mustLock(t, c)
	<-l.Lost()
	_, err := c.Transact(testContext(t), Comment("x"))
	lostFor(t, "Transact", err, ErrStolen)
	settle(t, c)
}

// A lock can be acquired again when the server has let go of it, not before.
func TestUnlockTakesTime(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	c := dialPeer(t, func(p *peer) {
		p.grant("lock")
		p.answer(p.want("unlock", "ovskit_fence_l"), `{}`)
		r := p.want("unlock", "l")
		close(asked)
		<-answer
		p.answer(r, `{}`)
		p.grant("lock")
		p.wait()
	})
	ctx := testContext(t)
	l := mustLock(t, c)
	ended := make(chan error)
	go func() { ended <- l.Unlock(ctx) }()
	<-asked
	if _, err := c.Lock(ctx, "l"); !errors.Is(err, ErrLockInUse) {
		t.Errorf("Lock before the answer: got error %v, want %v", err, ErrLockInUse)
	}
	close(answer)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	mustLock(t, c)
}

// Unlock reports that the server does not take the lock back, which should never
// happen, and that the context has ended. The lock is given back all the same.
func TestUnlockFails(t *testing.T) {
	ctx, cancel := context.WithCancel(testContext(t))
	ended, cancelEnded := context.WithCancel(testContext(t))
	cancelEnded()
	c := dialPeer(t, func(p *peer) {
		p.grant("lock")
		p.answer(p.want("unlock", "ovskit_fence_l"), `{}`)
		p.refuse(p.want("unlock", "l"), `"surprise"`)
		p.grant("lock")
		p.want("unlock", "ovskit_fence_l")
		p.want("unlock", "l")
		cancel()
		p.grant("lock")
		p.takeBack()
		p.grant("lock")
	})
	var refused *ServerError
	if err := mustLock(t, c).Unlock(ctx); !errors.As(err, &refused) {
		t.Errorf("refused: got error %v, want a *ServerError", err)
	}
	if err := mustLock(t, c).Unlock(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("context that ends: got error %v, want %v", err, context.Canceled)
	}
	if err := mustLock(t, c).Unlock(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("context that has ended: got error %v, want %v", err, context.Canceled)
	}
	l := mustLock(t, c)
	<-c.Done()
	if err := l.Unlock(testContext(t)); err != nil {
		t.Errorf("without a connection: %v", err)
	}
}

// Unlock of a lost lock ends the attempt to regain it, and nothing remains.
func TestUnlockWhileRegaining(t *testing.T) {
	asked := make(chan struct{})
	c := dialPeer(t, func(p *peer) {
		p.grant("lock")
		p.tell("stolen", "l")
		p.takeBack()
		p.locked(p.want("lock", "l"), false)
		p.probe()
		close(asked)
		p.answer(p.want("unlock", "l"), `{}`)
		p.grant("lock")
		p.wait()
	})
	ctx := testContext(t)
	l := mustLock(t, c)
	<-l.Lost()
	ended := make(chan error)
	go func() {
		_, err := l.Regain(ctx)
		ended <- err
	}()
	<-asked
	if _, err := l.Regain(ctx); !errors.Is(err, ErrLockInUse) {
		t.Errorf("second Regain: got error %v, want %v", err, ErrLockInUse)
	}
	if err := l.Unlock(ctx); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, ErrUnlocked) {
		t.Errorf("Regain: got error %v, want %v", err, ErrUnlocked)
	}
	mustLock(t, c)
}

// Wherever the context ends, nothing of the claim remains with the server.
func TestLockContext(t *testing.T) {
	for _, tt := range []struct {
		name  string
		serve func(p *peer, cancel func())
	}{
		{"before the request", nil},
		{"before the answer", func(p *peer, cancel func()) {
			r := p.want("lock", "l")
			cancel()
			p.answer(p.want("unlock", "l"), `{}`)
			p.locked(r, true)
		}},
		{"while it waits", func(p *peer, cancel func()) {
			p.locked(p.want("lock", "l"), false)
			cancel()
			p.answer(p.want("unlock", "l"), `{}`)
			p.tell("locked", "l")
		}},
		{"before the fence", func(p *peer, cancel func()) {
			p.locked(p.want("lock", "l"), true)
			r := p.want("steal", "ovskit_fence_l")
			cancel()
			p.takeBack()
			p.locked(r, true)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(testContext(t))
			defer cancel()
			c := dialPeer(t, func(p *peer) {
				if tt.serve != nil {
					tt.serve(p, cancel)
				}
				p.idle()
				p.grant("lock")
				p.wait()
			})
			if tt.serve == nil {
				cancel()
			}
			if _, err := c.Lock(ctx, "l"); !errors.Is(err, context.Canceled) {
				t.Errorf("got error %v, want %v", err, context.Canceled)
			}
			settle(t, c)
			if l := mustLock(t, c); l.Err() != nil {
				t.Errorf("afterwards: %v", l.Err())
			}
		})
	}
}
