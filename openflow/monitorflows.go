// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"context"
	"errors"
	"fmt"
)

// ErrMonitorRefused is why a flow monitor is not made, changed or ended if the switch does not say it. Open vSwitch up to
// 3.1 answers with an error of OpenFlow 1.0 whose transaction number is any: the connection cannot tell whose it is.
var ErrMonitorRefused = errors.New("the switch refuses it without a reason")

// MonitorFlows makes the switch tell of changes of flows on this connection, as FlowUpdates with the transaction number
// 0. With MonitorInitial it returns the flows that there are, with the event UpdateInitial; the updates follow on them
// without a gap. The error wraps ErrMonitorRefused, or ErrMonitorExists and ErrBadMonitorFlags if the switch says so, for
// an ID that the connection has a monitor of or flags that cannot be.
func (c *Conn) MonitorFlows(ctx context.Context, m FlowMonitor) ([]FlowUpdate, error) {
	m.Command = MonitorAdd
	return c.monitor(ctx, m)
}

// CancelMonitor ends a monitor of this connection, and returns when it has ended. The error wraps ErrUnknownMonitor or
// ErrMonitorRefused if there is none of this ID.
func (c *Conn) CancelMonitor(ctx context.Context, id uint32) error {
	m := FlowMonitor{ID: id, Command: MonitorDelete}
	if c.version >= Version14 {
		_, err := c.monitor(ctx, m)
		return err
	}
	// It has no answer.
	return c.apply(ctx, 1, func(int) Message { return FlowMonitorRequest{[]FlowMonitor{m}} })
}

// monitor makes a request and returns the updates in its answer. A barrier behind it says when there will be none.
func (c *Conn) monitor(ctx context.Context, m FlowMonitor) ([]FlowUpdate, error) {
	request := FlowMonitorRequest{[]FlowMonitor{m}}
	var updates []FlowUpdate
	result := make(chan error, 1)
	size, whole, finished := 0, false, false
	finish := func(err error) {
		if !finished {
			finished = true
			result <- err
		}
	}
	call := c.calls.begin(2, func(i uint32, a answer) {
		if finished {
			return
		}
		size += a.size
		m, err := a.message()
		part, isPart := m.(FlowUpdates)
		refusal, refused := m.(Error)
		switch {
		case err != nil:
			finish(fmt.Errorf("switch %s: reply to %s: %w", c.endpoint, request.describe(), err))
		case refused:
			finish(&RequestError{Endpoint: c.endpoint, Request: request, Err: refusal})
		case size > maxReplies:
			finish(fmt.Errorf("switch %s: reply to %s is longer than %d bytes", c.endpoint, request.describe(), maxReplies))
		case i == 0 && isPart && !whole:
			for _, u := range part.Updates {
				if u.Event == UpdateAdded {
					u.Event = UpdateInitial
				}
				updates = append(updates, u)
			}
			whole = !part.More
		case i == 0:
			finish(c.unexpected(request, m))
		case !whole:
			finish(&RequestError{Endpoint: c.endpoint, Request: request, Err: ErrMonitorRefused})
		default:
			finish(nil)
		}
	})
	defer c.calls.end(call)
	if err := c.send(ctx, request, call.first); err != nil {
		return nil, err
	}
	if err := c.send(ctx, BarrierRequest{}, call.first+1); err != nil {
		return nil, err
	}
	if err := c.wait(ctx, request, result); err != nil {
		if ctx.Err() != nil && m.Command != MonitorDelete {
			// Nobody waits for what it would tell.
			m = FlowMonitor{ID: m.ID, Command: MonitorDelete}
			if b, err := Encode(c.version, FlowMonitorRequest{[]FlowMonitor{m}}, call.first); err == nil {
				c.out.putNow(b)
			}
		}
		return nil, err
	}
	return updates, nil
}
