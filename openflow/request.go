// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"syscall"
)

// Ports returns the ports of the switch, its local one included.
func (c *Conn) Ports(ctx context.Context) ([]PortDesc, error) {
	return gather(ctx, c, PortDescRequest{}, func(m PortDescReply) []PortDesc { return m.Ports })
}

// Flows returns the flows that a filter selects, with their counters, in no particular order. Their matches are
// canonical.
func (c *Conn) Flows(ctx context.Context, filter FlowFilter) ([]FlowStats, error) {
	return gather(ctx, c, FlowStatsRequest{FlowFilter: filter}, func(m FlowStatsReply) []FlowStats { return m.Flows })
}

// Sum returns how many flows a filter selects, and the sum of their counters.
func (c *Conn) Sum(ctx context.Context, filter FlowFilter) (AggregateReply, error) {
	return fetch[AggregateReply](ctx, c, AggregateRequest{FlowFilter: filter})
}

// Desc returns what the switch says it is made of.
func (c *Conn) Desc(ctx context.Context) (DescReply, error) {
	return fetch[DescReply](ctx, c, DescRequest{})
}

// Echo returns when the switch has answered an echo request with the data that was in it.
func (c *Conn) Echo(ctx context.Context) error {
	request := EchoRequest{Data: be.AppendUint64(nil, rand.Uint64())}
	reply, err := fetch[EchoReply](ctx, c, request)
	if err == nil && !bytes.Equal(reply.Data, request.Data) {
		err = fmt.Errorf("switch %s: echo request answered with other data", c.endpoint)
	}
	return err
}

// Barrier returns when the switch has carried out all that was sent before.
func (c *Conn) Barrier(ctx context.Context) error {
	_, err := fetch[BarrierReply](ctx, c, BarrierRequest{})
	return err
}

// gather makes a request and returns what the parts of its answer hold.
func gather[T any, M Message](ctx context.Context, c *Conn, request Message, part func(M) []T) ([]T, error) {
	var parts [][]T
	err := c.collect(ctx, request, func(m Message) bool {
		reply, ok := m.(M)
		if ok {
			parts = append(parts, part(reply))
		}
		return ok
	})
	if err != nil {
		return nil, err
	}
	return slices.Concat(parts...), nil
}

// fetch makes a request and returns its one reply.
func fetch[M Message](ctx context.Context, c *Conn, request Message) (reply M, err error) {
	m, err := c.roundTrip(ctx, request)
	if err != nil {
		return reply, err
	}
	reply, ok := m.(M)
	if !ok {
		return reply, c.unexpected(request, m)
	}
	return reply, nil
}

// roundTrip makes a request and returns its one reply.
func (c *Conn) roundTrip(ctx context.Context, request Message) (reply Message, err error) {
	err = c.collect(ctx, request, func(m Message) bool {
		reply = m
		return true
	})
	return reply, err
}

// collect makes a request and hands each message of the answer to add, which says whether it was of the right kind.
func (c *Conn) collect(ctx context.Context, request Message, add func(Message) (ok bool)) error {
	return c.collectPrepared(ctx, request, nil, func(m Message, _ any) bool { return add(m) })
}

// collectPrepared is collect for an answer of which much is to be made: prepare works on several messages at once, add gets
// one after the other with what was made of it.
func (c *Conn) collectPrepared(
	ctx context.Context, request Message, prepare func(Message) any, add func(m Message, prepared any) (ok bool),
) error {
	q := newReplies()
	call := c.calls.begin(1, q.put)
	defer c.calls.end(call)
	if err := c.send(ctx, request, call.first); err != nil {
		return err
	}
	for {
		var ended error
		select {
		case <-q.ready:
		case <-ctx.Done():
			return c.gaveUp(ctx, request)
		case <-c.done:
			ended = c.err // but the answer may have come before the end
		}
		parts, whole := q.take()
		for len(parts) > 0 {
			if ctx.Err() != nil {
				return c.gaveUp(ctx, request)
			}
			if errors.Is(c.Err(), ErrClosed) {
				return c.Err()
			}
			some := parts[:min(len(parts), decodedAtOnce)]
			decode(some, prepare)
			for _, a := range some {
				if a.err != nil {
					return fmt.Errorf("switch %s: reply to %s: %w", c.endpoint, request.describe(), a.err)
				}
				if refusal, ok := a.m.(Error); ok {
					return &RequestError{Endpoint: c.endpoint, Request: request, Err: refusal}
				}
				if !add(a.m, a.prepared) {
					return c.unexpected(request, a.m)
				}
			}
			clear(some)
			parts = parts[len(some):]
		}
		if whole {
			return nil
		}
		if ended != nil {
			return ended
		}
	}
}

// wait returns the result, or why there will be none.
func (c *Conn) wait(ctx context.Context, request Message, result <-chan error) error {
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return c.gaveUp(ctx, request)
	case <-c.done:
		// The answer may have come before the end.
		select {
		case err := <-result:
			return err
		default:
			return c.err
		}
	}
}

// gaveUp is the error of a request whose context has ended.
func (c *Conn) gaveUp(ctx context.Context, request Message) error {
	return fmt.Errorf("switch %s: %s: %w", c.endpoint, request.describe(), ctx.Err())
}

// send encodes a message and hands it to the writer.
func (c *Conn) send(ctx context.Context, m Message, xid uint32) error {
	b, err := Encode(c.version, m, xid)
	if err != nil {
		return &RequestError{Endpoint: c.endpoint, Request: m, Err: err}
	}
	return c.write(ctx, m, b)
}

// write hands messages to the writer; m names them in errors.
func (c *Conn) write(ctx context.Context, m Message, b []byte) error {
	if err := ctx.Err(); err != nil {
		return c.gaveUp(ctx, m)
	}
	err := c.out.put(ctx, c.done, b)
	switch {
	case errors.Is(err, ErrClosed):
		return c.err
	case err != nil:
		return c.gaveUp(ctx, m)
	}
	return nil
}

// unexpected is the error of a reply of the wrong kind.
func (c *Conn) unexpected(request, reply Message) error {
	return fmt.Errorf("switch %s: %s answered by %s", c.endpoint, request.describe(), reply.describe())
}

// isHangup reports whether a write failed since the other side has closed.
func isHangup(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.ErrClosedPipe)
}
