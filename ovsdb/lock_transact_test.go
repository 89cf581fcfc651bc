// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// A server that refuses an assertion without having told of a theft is told that
// the lock is given up. Other refusals are those of the caller's operations.
func TestLockRefusals(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		want         error
		index        int // of an *OperationError; -1: the lock is lost
	}{
		{"lock", `[` + notOwner + `,null,null,null]`, ErrNotOwner, -1},
		{"fence", `[{},` + notOwner + `,null,null]`, ErrNotOwner, -1},
		{"the caller's assertion", `[{},{},` + notOwner + `,null]`, ErrNotOwner, 0},
		{"last operation", `[{},{},{},{"error":"aborted"}]`, ErrAborted, 1},
		{"commit", `[{},{},{},{},{"error":"constraint violation"}]`, ErrConstraintViolation, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := dialPeer(t, func(p *peer) {
				p.grant("steal")
				for range 2 {
					p.answer(p.expect("transact"), tt.answer)
					if tt.index < 0 {
						p.takeBack()
						p.grant("lock")
					}
				}
				p.wait()
			})
			ctx := testContext(t)
			l, err := c.Steal(ctx, "l")
			if err != nil {
				t.Fatal(err)
			}
			b := NewBatcher(c, BatchOptions{})
			for what, transact := range map[string]func() error{
				"Client":  func() error { _, err := c.Transact(ctx, Assert("mine"), Abort()); return err },
				"Batcher": func() error { _, _, err := b.Transact(ctx, Assert("mine"), Comment("x")); return err },
			} {
				err := transact()
				var refused *OperationError
				switch {
				case !errors.Is(err, tt.want):
					t.Errorf("%s: got error %v, want %v", what, err, tt.want)
				case tt.index < 0:
					lostFor(t, what, err, ErrNotOwner)
					if l, err = l.Regain(ctx); err != nil {
						t.Fatal(err)
					}
				case !errors.As(err, &refused) || refused.Index != tt.index || l.Err() != nil:
					t.Errorf("%s: got error %v and lock %v, want operation %d and no loss", what, err, l.Err(), tt.index)
				}
			}
		})
	}
}

// The answer to a transaction of an earlier ownership says nothing about the
// present one.
func TestLockLateRefusal(t *testing.T) {
	regained := make(chan struct{})
	c := dialPeer(t, func(p *peer) {
		p.grant("lock")
		r := p.expect("transact")
		p.tell("stolen", "l")
		p.takeBack()
		p.grant("lock")
		<-regained
		p.answer(r, `[`+notOwner+`,null,null]`)
		r = p.expect("transact")
		if !strings.Contains(string(r.Params), assertsOfL) {
			t.Errorf("transaction after Regain: got %s, want assertions", r.Params)
		}
		p.answer(r, `[{},{},{}]`)
		p.wait()
	})
	ctx := testContext(t)
	l := mustLock(t, c)
	ended := make(chan error)
	go func() {
		_, err := c.Transact(ctx, Comment("early"))
		ended <- err
	}()
	<-l.Lost()
	next, err := l.Regain(ctx)
	if err != nil {
		t.Fatal(err)
	}
	close(regained)
	lostFor(t, "the earlier transaction", <-ended, ErrStolen)
	if _, err := c.Transact(ctx, Comment("late")); err != nil || next.Err() != nil {
		t.Errorf("after Regain: got error %v, lock %v", err, next.Err())
	}
}

// What was begun under an ownership is not sent under a later one, wherever it
// has waited.
func TestLockLateTransaction(t *testing.T) {
	for what, end := range map[string]func(p *peer){
		"stolen":   func(p *peer) { p.tell("stolen", "l") },
		"unlocked": func(*peer) {},
	} {
		t.Run(what, func(t *testing.T) {
			began := make(chan struct{})
			c := dialPeer(t, func(p *peer) {
				p.grant("lock")
				<-began
				end(p)
				p.takeBack()
				p.grant("lock")
				r := p.expect("transact")
				if want := `["Test",` + assertsOfL + `,{"op":"comment","comment":"new"}]`; string(r.Params) != want {
					t.Errorf("got transaction %s, want %s", r.Params, want)
				}
				p.answer(r, `[{},{},{}]`)
				p.idle()
				p.wait()
			})
			ctx := testContext(t)
			l := mustLock(t, c)
			op := Comment("old")
			begun, err := c.owned()
			if err != nil {
				t.Fatal(err)
			}
			encoded, err := c.schema.Load().encode("", []Operation{op})
			if err != nil {
				t.Fatal(err)
			}
			b := NewBatcher(c, BatchOptions{})
			change, err := b.change([]Operation{op})
			if err != nil {
				t.Fatal(err)
			}

			close(began)
			reason := ErrStolen
			if what == "unlocked" {
				reason = ErrUnlocked
				if err := l.Unlock(ctx); err != nil {
					t.Fatal(err)
				}
				mustLock(t, c)
			} else {
				<-l.Lost()
				if _, err := l.Regain(ctx); err != nil {
					t.Fatal(err)
				}
			}
			_, err = c.transact(ctx, begun, []Operation{op}, encoded)
			lostFor(t, "Client", err, reason)
			// The change shares the queue with one that may be made.
			newer, err := b.change([]Operation{Comment("new")})
			if err != nil {
				t.Fatal(err)
			}
			b.mu.Lock()
			b.queue, b.running = append(b.queue, change), true
			b.mu.Unlock()
			b.enqueue(newer)
			go b.run()
			b.wait(ctx, change)
			lostFor(t, "Batcher", change.err, reason)
			b.wait(ctx, newer)
			if newer.err != nil {
				t.Errorf("newer change: %v", newer.err)
			}
			settle(t, c)
		})
	}
}

// A transaction without a connection does not wait for one when the lock that
// it was begun under is gone.
func TestLockLostWhileDisconnected(t *testing.T) {
	hangUp := make(chan struct{})
	endpoint := listen(t, func(p *peer) {
		p.schema()
		p.grant("lock")
		<-hangUp
	})
	c, err := Dial(testContext(t), Options{Endpoint: endpoint, Database: "Test"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	l := mustLock(t, c)
	begun, err := c.owned()
	if err != nil {
		t.Fatal(err)
	}
	close(hangUp)
	<-l.Lost()
	ops := []Operation{Comment("")}
	encoded, err := c.schema.Load().encode("", ops)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.transact(context.Background(), begun, ops, encoded)
	lostFor(t, "begun before", err, ErrLockLost)
	_, err = c.Transact(context.Background(), Comment(""))
	lostFor(t, "begun afterwards", err, ErrLockLost)
}

// A request that must not be sent any more when its turn comes is not.
func TestSessionCheck(t *testing.T) {
	c := dialPeer(t, func(p *peer) {
		p.answer(p.expect("second"), `2`)
		p.wait()
	})
	refused := errors.New("refused")
	_, err := c.session.do(testContext(t), &call{method: "first", check: func() error { return refused }}, encodeParams())
	if !errors.Is(err, refused) {
		t.Errorf("got error %v, want %v", err, refused)
	}
	result, err := c.session.do(testContext(t), &call{method: "second", check: func() error { return nil }}, encodeParams())
	if string(result) != "2" || err != nil {
		t.Errorf("got %s, %v; want 2", result, err)
	}
}

// Calls that wait for their turn do not keep a lock from being given up.
func TestLockStolenWhileManyCall(t *testing.T) {
	full := make(chan struct{})
	c := dialPeer(t, func(p *peer) {
		p.grant("lock")
		<-full
		p.tell("stolen", "l")
		p.takeBack()
		p.idle()
		p.wait()
	})
	l := mustLock(t, c)
	for range maxQueued {
		c.session.calls <- struct{}{}
	}
	close(full)
	<-l.Lost()
	for range maxQueued {
		<-c.session.calls
	}
	settle(t, c)
}
