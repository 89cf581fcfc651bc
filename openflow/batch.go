// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync/atomic"
)

// chunkSize is how many bytes of messages are collected before they are handed to the writer.
const chunkSize = 32 << 10

// batch is a series of requests that are sent without waiting for their answers, of which the refused ones are
// remembered. Those of its methods that take a context are for one goroutine.
type batch struct {
	c    *Conn
	call *call
	// request gives request i, for errors.
	request func(i int) Message
	// pending are encoded messages on their way to the writer.
	pending []byte
	// refused says that errs is not empty.
	refused atomic.Bool
	// answered is told when the request that was asked has its answer.
	answered chan error

	// The call's lock guards what follows.
	errs  map[int]error // by request
	asked int           // the request whose answer is waited for, -1 for none
	want  Message       // that request
}

// beginBatch begins a batch of n requests.
func (c *Conn) beginBatch(n int, request func(i int) Message) (*batch, error) {
	if n > math.MaxInt32 {
		return nil, fmt.Errorf("switch %s: %d messages are too many at once", c.endpoint, n)
	}
	b := &batch{c: c, request: request, errs: map[int]error{}, asked: -1, answered: make(chan error, 1)}
	b.call = c.calls.begin(uint32(n), b.handle)
	return b, nil
}

func (b *batch) end() { b.c.calls.end(b.call) }

func (b *batch) xid(i int) uint32 { return b.call.first + uint32(i) }

// handle takes an answer of the switch, with the call's lock held.
func (b *batch) handle(i uint32, a answer) {
	m, err := a.message()
	if refusal, ok := m.(Error); ok {
		// The request is known here; the copy of it in each of many errors is not kept.
		refusal.Data = nil
		err = refusal
	}
	if err == nil && int(i) == b.asked && !answersTo(b.want, m) {
		err = fmt.Errorf("answered by %s", m.describe())
	}
	if err != nil {
		b.note(int(i), err)
	}
	if int(i) == b.asked {
		b.asked = -1
		b.answered <- nil
	}
}

// answersTo reports whether a message is the answer to a request of a batch.
func answersTo(request, m Message) bool {
	switch request := request.(type) {
	case BarrierRequest:
		_, ok := m.(BarrierReply)
		return ok
	case BundleControl:
		reply, ok := m.(BundleControl)
		return ok && reply.ID == request.ID && reply.Type == request.Type+1
	}
	return false
}

// note keeps the first error of each request, with the call's lock held.
func (b *batch) note(i int, err error) {
	if b.errs[i] == nil {
		b.errs[i] = err
	}
	b.refused.Store(true)
}

// add encodes request i. One that cannot be encoded counts as refused.
func (b *batch) add(i int, m Message) {
	encoded, err := AppendMessage(b.pending, b.c.version, m, b.xid(i))
	b.pending = encoded
	if err != nil {
		b.call.mu.Lock()
		defer b.call.mu.Unlock()
		b.note(i, err)
	}
}

// flush hands the pending messages to the writer if they are least bytes or more.
func (b *batch) flush(ctx context.Context, least int) error {
	if len(b.pending) < least {
		return nil
	}
	err := b.c.write(ctx, b.request(0), b.pending)
	b.pending = b.pending[:0]
	return err
}

// ask sends request i, which is answered, and all before it.
func (b *batch) ask(ctx context.Context, i int, m Message) error {
	b.add(i, m)
	b.call.mu.Lock()
	b.asked, b.want = i, m
	b.call.mu.Unlock()
	return b.flush(ctx, 0)
}

// wait returns when the request that was asked has its answer. A refusal is an answer too, and noted.
func (b *batch) wait(ctx context.Context, m Message) error { return b.c.wait(ctx, m, b.answered) }

func (b *batch) askAndWait(ctx context.Context, i int, m Message) error {
	if err := b.ask(ctx, i, m); err != nil {
		return err
	}
	return b.wait(ctx, m)
}

// refusals is the errors of the first n requests or, if there are none, of the others, which then have no other reason.
func (b *batch) refusals(n int) error {
	b.call.mu.Lock()
	defer b.call.mu.Unlock()
	var errs []error
	for _, i := range slices.Sorted(maps.Keys(b.errs)) {
		if i >= n && len(errs) > 0 {
			break
		}
		e := &RequestError{Endpoint: b.c.endpoint, Request: b.request(i), Err: b.errs[i]}
		if i < n {
			e.Index = i
		}
		errs = append(errs, e)
	}
	if len(errs) == 1 {
		return errs[0]
	}
	return errors.Join(errs...)
}
