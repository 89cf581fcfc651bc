// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"context"
	"fmt"
	"slices"
	"sync"

	of "github.com/ovskit/ovskit/openflow"
)

// change is one that somebody waits for.
type change struct {
	edit  func() error // of the state
	prune bool
	plan  *of.Plan // what was done, if prune is set
	// tries is how many connections have ended while it was under way.
	tries int
	// gone says that nobody waits any more. The queue's lock guards it.
	gone bool
	done chan error // has room for the result
}

// queue is the changes that wait for their turn. All that have come while others were under way go together.
type queue struct {
	wake chan struct{} // has room for one

	mu      sync.Mutex
	waiting []*change
	running []*change
	cancel  context.CancelFunc // of those that are running
	err     error              // why no more are taken
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

// poke makes the goroutine of the switch look for something to do.
func (q *queue) poke() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// do has a change made and returns its result. If the context ends before it is the change's turn nothing happens.
func (q *queue) do(ctx context.Context, c *change) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	c.done = make(chan error, 1)
	q.mu.Lock()
	if q.err != nil {
		q.mu.Unlock()
		return q.err
	}
	q.waiting = append(q.waiting, c)
	q.mu.Unlock()
	q.poke()
	select {
	case err := <-c.done:
		return err
	case <-ctx.Done():
	}
	if waited, alone := q.leave(c); waited {
		return context.Cause(ctx)
	} else if !alone {
		select {
		case err := <-c.done:
			return err
		default:
			return fmt.Errorf("%w: %w", context.Cause(ctx), of.ErrOutcomeUnknown)
		}
	}
	err := <-c.done
	if err != nil {
		err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return err
}

// leave is for who does not wait for a change any more. It reports whether the change has not begun, in which case it
// never will, and else whether nobody waits for those it shares a bundle with, in which case they are given up.
func (q *queue) leave(c *change) (waited, alone bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := slices.Index(q.waiting, c); i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
		return true, false
	}
	c.gone = true
	if slices.ContainsFunc(q.running, func(c *change) bool { return !c.gone }) {
		return false, false
	}
	if q.cancel != nil {
		q.cancel()
	}
	return false, true
}

// take gives all changes that wait, and a context that ends when nobody waits for them any more.
func (q *queue) take(ctx context.Context) (context.Context, []*change) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.running, q.waiting = q.waiting, nil
	ctx, q.cancel = context.WithCancel(ctx)
	return ctx, q.running
}

// finish is for when those that were taken are made, but for some that are to be tried again.
func (q *queue) finish(again []*change) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.cancel()
	q.running, q.cancel = nil, nil
	if len(again) > 0 {
		q.waiting = append(again, q.waiting...)
		q.poke()
	}
}

// isGone reports whether nobody waits for a change any more.
func (q *queue) isGone(c *change) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return c.gone
}

// fail ends all changes that wait. With end, none is taken any more.
func (q *queue) fail(err error, end bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, c := range q.waiting {
		c.done <- err
	}
	q.waiting = nil
	if end && q.err == nil {
		q.err = err
	}
}
