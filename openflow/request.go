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
	"syscall"
)

// maxReplies bounds the bytes of the parts of one reply. A flow has some 200.
const maxReplies = 512 << 20

// Ports returns the ports of the switch, its local one included.
func (c *Conn) Ports(ctx context.Context) ([]PortDesc, error) {
	var ports []PortDesc
	err := c.collect(ctx, PortDescRequest{}, func(m Message) (more, ok bool) {
		part, ok := m.(PortDescReply)
		ports = append(ports, part.Ports...)
		return part.More, ok
	})
	if err != nil {
		return nil, err
	}
	return ports, nil
}

// Flows returns the flows that a filter selects, with their counters, in no particular order. Their matches are
// canonical.
func (c *Conn) Flows(ctx context.Context, filter FlowFilter) ([]FlowStats, error) {
	var flows []FlowStats
	err := c.collect(ctx, FlowStatsRequest{filter}, func(m Message) (more, ok bool) {
		part, ok := m.(FlowStatsReply)
		flows = append(flows, part.Flows...)
		return part.More, ok
	})
	if err != nil {
		return nil, err
	}
	return flows, nil
}

// Desc returns what the switch says it is made of.
func (c *Conn) Desc(ctx context.Context) (DescReply, error) {
	m, err := c.roundTrip(ctx, DescRequest{})
	if err != nil {
		return DescReply{}, err
	}
	if reply, ok := m.(DescReply); ok {
		return reply, nil
	}
	return DescReply{}, c.unexpected(DescRequest{}, m)
}

// Echo returns when the switch has answered an echo request with the data that was in it.
func (c *Conn) Echo(ctx context.Context) error {
	request := EchoRequest{Data: be.AppendUint64(nil, rand.Uint64())}
	m, err := c.roundTrip(ctx, request)
	if err != nil {
		return err
	}
	reply, ok := m.(EchoReply)
	switch {
	case !ok:
		return c.unexpected(request, m)
	case !bytes.Equal(reply.Data, request.Data):
		return fmt.Errorf("switch %s: echo request answered with other data", c.endpoint)
	}
	return nil
}

// Barrier returns when the switch has carried out all that was sent before.
func (c *Conn) Barrier(ctx context.Context) error {
	return c.expect(ctx, BarrierRequest{}, func(m Message) bool { _, ok := m.(BarrierReply); return ok })
}

// expect makes a request whose reply satisfies a condition.
func (c *Conn) expect(ctx context.Context, request Message, is func(Message) bool) error {
	m, err := c.roundTrip(ctx, request)
	if err == nil && !is(m) {
		err = c.unexpected(request, m)
	}
	return err
}

// roundTrip makes a request and returns its one reply.
func (c *Conn) roundTrip(ctx context.Context, request Message) (reply Message, err error) {
	err = c.collect(ctx, request, func(m Message) (more, ok bool) {
		reply = m
		return false, true
	})
	return reply, err
}

// collect makes a request and hands each message of the answer to add, which says whether another follows and whether
// it was of the right kind.
func (c *Conn) collect(ctx context.Context, request Message, add func(Message) (more, ok bool)) error {
	result := make(chan error, 1)
	finished := false
	finish := func(err error) {
		finished = true
		result <- err
	}
	size := 0
	call := c.calls.begin(1, func(_ uint32, a answer) {
		if finished {
			return
		}
		if a.err != nil {
			finish(fmt.Errorf("switch %s: reply to %s: %w", c.endpoint, request.describe(), a.err))
			return
		}
		if refusal, ok := a.m.(Error); ok {
			finish(&RequestError{Endpoint: c.endpoint, Request: request, Err: refusal})
			return
		}
		if size += a.size; size > maxReplies {
			finish(fmt.Errorf("switch %s: reply to %s is longer than %d bytes", c.endpoint, request.describe(), maxReplies))
			return
		}
		switch more, ok := add(a.m); {
		case !ok:
			finish(c.unexpected(request, a.m))
		case !more:
			finish(nil)
		}
	})
	defer c.calls.end(call)
	if err := c.send(ctx, request, call.first); err != nil {
		return err
	}
	return c.wait(ctx, request, result)
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
