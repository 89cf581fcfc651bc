// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"context"
	"errors"
	"fmt"
)

// Apply sends modifications and returns when the switch has carried them out, in their order but not at once. One that is
// refused does not keep the others from being applied: each is a *RequestError in the joined error. Where the
// connection or the context ends first, the error wraps ErrOutcomeUnknown: any number of them has been applied.
func (c *Conn) Apply(ctx context.Context, mods ...Modification) error {
	if len(mods) == 0 {
		return nil
	}
	if err := c.present(mods); err != nil {
		return err
	}
	return c.apply(ctx, len(mods), func(i int) Message { return mods[i] })
}

// apply sends n messages that have no replies, and a barrier.
func (c *Conn) apply(ctx context.Context, n int, message func(i int) Message) error {
	if ctx.Err() != nil {
		return c.gaveUp(ctx, message(0))
	}
	b, err := c.beginBatch(n+1, func(i int) Message {
		if i == n {
			return BarrierRequest{}
		}
		return message(i)
	})
	if err != nil {
		return err
	}
	defer b.end()
	for i := range n {
		b.add(i, message(i))
		if err := b.flush(ctx, chunkSize); err != nil {
			return outcomeUnknown(err)
		}
	}
	if err := b.ask(ctx, n, BarrierRequest{}); err != nil {
		return outcomeUnknown(err)
	}
	if err := b.wait(ctx, BarrierRequest{}); err != nil {
		return outcomeUnknown(err)
	}
	return b.refusals(n)
}

// outcomeUnknown marks an error after which nobody knows what the switch has done.
func outcomeUnknown(err error) error { return fmt.Errorf("%w: %w", err, ErrOutcomeUnknown) }

// Bundle applies modifications in their order and at once: all of them or, with an error, none. The error is or joins a
// *RequestError for each one that the switch refused or that cannot be expressed; errors.Is finds the reason by its
// ErrorCode, such as ErrOverlap. If the connection or the context ends while the switch commits, the error wraps
// ErrOutcomeUnknown: then, too, it is all or none.
func (c *Conn) Bundle(ctx context.Context, mods ...Modification) error {
	if len(mods) == 0 {
		return nil
	}
	if err := c.present(mods); err != nil {
		return err
	}
	id := c.bundleID.Add(1)
	control := func(t BundleType) BundleControl {
		return BundleControl{ID: id, Type: t, Flags: BundleAtomic | BundleOrdered}
	}
	// Requests are numbered so that the modifications have their own positions.
	n := len(mods)
	opening, closing, ending := n, n+1, n+2
	b, err := c.beginBatch(n+3, func(i int) Message {
		switch i {
		case opening:
			return control(BundleOpenRequest)
		case closing:
			return control(BundleCloseRequest)
		case ending:
			return control(BundleCommitRequest)
		}
		return mods[i]
	})
	if err != nil {
		return err
	}
	defer b.end()
	// abandon is for when nobody can wait any more. A bundle that is not committed expires in any case.
	abandon := func(err error) error {
		if request, encErr := Encode(c.version, control(BundleDiscardRequest), b.xid(ending)); encErr == nil {
			c.out.putNow(request)
		}
		return err
	}

	b.add(opening, control(BundleOpenRequest))
	for i := 0; i < n && !b.refused.Load(); i++ {
		b.add(i, BundleAdd{ID: id, Flags: BundleAtomic | BundleOrdered, Message: mods[i]})
		if err := b.flush(ctx, chunkSize); err != nil {
			return abandon(err)
		}
	}
	// What is wrong with a message is said before its bundle is closed, or else when it is committed.
	if !b.refused.Load() {
		if err := b.askAndWait(ctx, closing, control(BundleCloseRequest)); err != nil {
			return abandon(err)
		}
	}
	if b.refused.Load() {
		err := b.askAndWait(ctx, ending, control(BundleDiscardRequest))
		return errors.Join(b.refusals(n), err)
	}
	if err := b.ask(ctx, ending, control(BundleCommitRequest)); err != nil {
		return abandon(err)
	}
	if err := b.wait(ctx, control(BundleCommitRequest)); err != nil {
		return outcomeUnknown(err)
	}
	return b.refusals(n)
}
