// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A change is what one caller of a [Batcher] wants.
type change struct {
	encoding
	locks []*Lock // that the client had when it came

	// ended is closed when the outcome below is there.
	ended    chan struct{}
	results  []Result
	epilogue []Result
	err      error

	// Guarded by the batcher's lock.
	over   bool    // ended is closed
	shared *shared // what the change is under way in
}

// finish sets the outcome.
func (c *change) finish(results, epilogue []Result, err error) {
	c.results, c.epilogue, c.err = results, epilogue, err
}

// shared is a transaction that is under way.
type shared struct {
	changes []*change
	waiting int // the changes that somebody waits for
	cancel  context.CancelCauseFunc
}

// enqueue adds a change to those that the next transaction takes up.
func (b *Batcher) enqueue(c *change) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.queue = append(b.queue, c)
	if !b.running {
		b.running = true
		go b.run()
	}
}

// wait waits for the end of a change, or gives it up with the context.
func (b *Batcher) wait(ctx context.Context, c *change) {
	select {
	case <-c.ended:
	case <-ctx.Done():
		b.giveUp(c, reason(ctx))
		<-c.ended
	}
}

// giveUp ends a change that nobody waits for any more, unless it has ended. The
// last one of a transaction ends with that, which is cancelled.
func (b *Batcher) giveUp(c *change, reason error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.over {
		return
	}
	switch {
	case c.shared == nil:
		c.err = fmt.Errorf("transact: %w: %w", ErrNotSent, reason)
	case c.shared.waiting == 1:
		c.shared.cancel(reason) // how it ends is the outcome
		return
	default:
		c.shared.waiting--
		c.err = &OutcomeUnknownError{Err: fmt.Errorf("transact: no answer: %w", reason)}
	}
	c.over = true
	close(c.ended)
}

// run makes transactions of the queue until it is empty.
func (b *Batcher) run() {
	for {
		changes := b.take()
		if changes == nil {
			return
		}
		b.settle(changes)
	}
}

// take returns the changes that may share the next transaction, nil if there
// are none and run is to end. They came while the client had the same locks.
func (b *Batcher) take() []*change {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, size := 0, len(b.epilogue.text)
	for n < len(b.queue) && (n == 0 || size+len(b.queue[n].text) <= b.maxSize && slices.Equal(b.queue[n].locks, b.queue[0].locks)) {
		size += len(b.queue[n].text)
		n++
	}
	if n == 0 {
		b.running, b.queue = false, nil
		return nil
	}
	changes := b.queue[:n:n]
	b.queue = b.queue[n:]
	return changes
}

// settle brings every change to its outcome, in order. Unless something is
// refused that takes one transaction. After a refusal the foremost changes are
// suspects: where the server said which operation it refused, those before it
// are tried, then the one that it belongs to; else ever smaller halves.
func (b *Batcher) settle(changes []*change) {
	trusted := len(changes) // how many to try together when none is a suspect
	suspects, last := 0, false
	for len(changes) > 0 {
		n := min(trusted, len(changes))
		switch {
		case last:
			n = max(1, suspects-1)
		case suspects > 0:
			n = max(1, suspects/2)
		}
		guilty, refused := b.try(changes[:n])
		switch {
		case !refused:
			changes = changes[n:]
			if suspects == 0 {
				trusted *= 2
			} else if suspects -= n; suspects == 0 {
				last = false
			}
			continue
		case suspects == 0:
			trusted = max(1, n/2)
		}
		if last = guilty >= 0; last {
			suspects = guilty + 1
		} else {
			suspects = n
		}
	}
}

// try runs changes in one transaction and gives them their outcome, unless the
// server refuses several together. Then it returns the one that the refused
// operation belongs to, -1 if it was refused at commit, as most constraints are,
// or if one of them does not fit the schema that the database has now.
func (b *Batcher) try(changes []*change) (guilty int, refused bool) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	s := b.begin(changes, cancel)
	if s == nil {
		return 0, false
	}
	start := time.Now()
	results, epilogue, err := b.commit(ctx, s.changes)
	b.client.options.Hooks.batch(BatchInfo{Changes: len(s.changes), Duration: time.Since(start), Err: err})
	var refusal *OperationError
	atOperation, misfit := errors.As(err, &refusal), errors.As(err, new(*SchemaError))
	if !atOperation && !misfit || len(s.changes) == 1 {
		b.end(s, results, epilogue, err)
		return 0, false
	}
	b.suspend(s)
	if misfit {
		return -1, true
	}
	index := refusal.Index
	for _, c := range s.changes {
		if index < len(c.ops) {
			return slices.Index(changes, c), true
		}
		index -= len(c.ops)
	}
	return -1, true
}

// commit runs changes and the epilogue as one transaction. The index of a
// refusal at commit is that behind the last change.
func (b *Batcher) commit(ctx context.Context, changes []*change) (results, epilogue []Result, err error) {
	n := len(b.epilogue.ops)
	for _, c := range changes {
		n += len(c.ops)
	}
	ops, pieces := make([]Operation, 0, n), make([]encoding, 0, len(changes)+1)
	for _, c := range changes {
		ops, pieces = append(ops, c.ops...), append(pieces, c.encoding)
	}
	ops, pieces = append(ops, b.epilogue.ops...), append(pieces, b.epilogue)
	all, err := b.client.transact(ctx, changes[0].locks, ops, pieces...)
	own := n - len(b.epilogue.ops)
	if refused := (*OperationError)(nil); errors.As(err, &refused) && refused.Index == n {
		atCommit := *refused
		atCommit.Index = own
		err = fmt.Errorf("transact: %w", &atCommit)
	}
	if err != nil {
		return nil, nil, err
	}
	return all[:own:own], all[own:], nil
}

// begin makes a transaction of the changes that somebody waits for, nil if
// there are none.
func (b *Batcher) begin(changes []*change, cancel context.CancelCauseFunc) *shared {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := &shared{cancel: cancel, changes: make([]*change, 0, len(changes))}
	for _, c := range changes {
		if !c.over {
			c.shared = s
			s.changes = append(s.changes, c)
		}
	}
	if s.waiting = len(s.changes); s.waiting == 0 {
		return nil
	}
	return s
}

// suspend takes note that nothing of a transaction was made.
func (b *Batcher) suspend(s *shared) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range s.changes {
		c.shared = nil
	}
}

// end gives the changes of a transaction their outcome.
func (b *Batcher) end(s *shared, results, epilogue []Result, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range s.changes {
		var own []Result
		if err == nil {
			n := len(c.ops)
			own, results = results[:n:n], results[n:]
		}
		if c.over {
			continue
		}
		c.finish(own, epilogue, err)
		c.over = true
		close(c.ended)
	}
}
